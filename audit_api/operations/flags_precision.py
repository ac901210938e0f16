"""Verb on decisions: how precise the detectors were."""

from __future__ import annotations

from audit_api.domain.directory import Actor
from audit_api.domain.flag_precision import precision
from audit_api.domain.flags import DECIDED
from audit_api.models import flags
from audit_api.models.base import Row
from audit_api.operations.directory import scope_filter

MOST_DECIDED = 20_000
FIELDS = {"state": 1, "groups": 1, "control": 1, "first_step_blind": 1, "dossier.evidence.indicator": 1,
          "dossier.evidence.stands_out": 1, "dossier.evidence.title": 1, "dossier.groups.group": 1,
          "dossier.groups.title": 1}  # fmt: skip


def measure_precision(actor: Actor, *, wave: str | None = None) -> Row:
    """Count the decisions in scope by indicator and evidence group, with 95 % intervals; it changes nothing.

    Watches are left out: one person closes them, and nobody is asked.
    """
    wanted: Row = {"state": {"$in": sorted(DECIDED)}, "grade": "flag"} | ({"wave": wave} if wave else {})
    found = flags.Flag._get_collection().find({"$and": [scope_filter(actor), wanted]}, FIELDS).sort("_id", -1)
    decided = list(found.limit(MOST_DECIDED))
    rows = [
        {
            "state": row["state"],
            "control": bool(row.get("control")),
            "blind": bool(row.get("first_step_blind")),
            "groups": row["groups"],
            "indicators": [
                piece["indicator"] for piece in row["dossier"].get("evidence", ()) if piece.get("stands_out")
            ],
        }
        for row in decided
    ]
    counted = precision(rows)
    titles = _titles(decided)
    for tallied in (*counted["indicators"], *counted["groups"]):
        tallied["title"] = titles.get(tallied["name"])
    return counted


def _titles(decided: list[Row]) -> dict[str, Row]:
    """Name indicators and groups as the newest dossier that holds them does."""
    titles: dict[str, Row] = {}
    for row in decided:
        for piece in row["dossier"].get("evidence", ()):
            titles.setdefault(piece["indicator"], piece.get("title"))
        for group in row["dossier"].get("groups", ()):
            titles.setdefault(group["group"], group.get("title"))
    return {name: title for name, title in titles.items() if title}
