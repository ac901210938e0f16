"""Verbs on the versions of a visit: list them, compare two."""

from __future__ import annotations

from audit_api.domain import visit_versions as rules
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor, Role
from audit_api.models import visits
from audit_api.models.base import Row
from audit_api.operations.checklists import open_checklist
from audit_api.operations.visit_reading import find_visit, version_of

LISTED = (
    "revision", "content_hash", "started_at", "ended_at", "updated_at", "skew_seconds", "client", "correction",
    "replaced",
)  # fmt: skip
HIDDEN_FROM_AUDITOR = frozenset({"selected_by"})


def list_versions(actor: Actor, visit_id: str, *, limit: int, after: int | None = None) -> Row:
    """List the versions of a visit, the oldest first, without content; the last one is what is held now.

    `replaced` says by whom and why, where a person replaced it. Raises NOT_FOUND out of sight.
    """
    held = find_visit(actor, visit_id)
    wanted = {"visit": visit_id, "revision": {"$gt": after or 0}}
    old = visits.VisitRevision._get_collection().find(wanted, dict.fromkeys(LISTED, 1)).sort("revision", 1)
    rows = [_listed(row, current=False) for row in old.limit(limit + 1)]
    if len(rows) <= limit and held["revision"] > (after or 0):
        rows.append(_listed(held, current=True))
    return {"items": rows[:limit], "next": rows[limit - 1]["revision"] if len(rows) > limit else None}


def compare_versions(actor: Actor, visit_id: str, *, before: int, after: int | None = None) -> Row:
    """Compare two versions of a visit (`after` left out: what is held now), as data and in words.

    Raises NOT_FOUND for a visit out of sight and a version that never was.
    """
    held = find_visit(actor, visit_id)
    later = held["revision"] if after is None else after
    one, other = version_of(held, before), version_of(held, later)
    checklists = (_checklist(one, held), _checklist(other, held))
    hidden = HIDDEN_FROM_AUDITOR if actor.role is Role.AUDITOR else frozenset()
    found = [difference for difference in rules.differences(one, other, checklists) if difference.part not in hidden]
    return {
        "visit": visit_id,
        "before": before,
        "after": later,
        "differences": [difference.document() for difference in found],
    }


def _listed(row: Row, *, current: bool) -> Row:
    return {name: row[name] for name in LISTED if row.get(name) is not None} | {"current": current}


def _checklist(version: Row, held: Row) -> Checklist:
    named = version.get("checklist") or held["checklist"]
    return open_checklist(named["code"], named["version"])
