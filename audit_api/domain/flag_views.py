"""What a person is shown of a screening: everything, or, for who may still decide, nothing that grades.

Controls are unflagged dealers drawn at random, put into the queue so that misses become known. Every figure that
grades a dealer would give them away: p and q, the other dealers' q (from which one can count those in front), how
many were flagged. So who may decide reads what was seen, where and on what, until the decision is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.directory import Actor, Role
from audit_api.domain.flags import DECIDED

DECIDERS = (Role.QUALITY_REVIEWER, Role.ADMIN)
"""Who asks dealers and decides flags; others on the staff see every figure at once."""
WAITING = {
    "zh": "盲审中：先看证据本身，作出决定之后再看统计结果",
    "en": "Read blind: the evidence itself now, the statistics once it is decided",
}
GRADING = ("score", "p", "q")
GRADING_IN_DOSSIER = ("grade", *GRADING, "groups", "ensemble_rank_share", "without", "held_back", "conclusion")
GRADING_IN_EVIDENCE = ("p", "z", "stands_out")
GRADING_IN_OUTCOME = (*GRADING, "flag", "grade", "ensemble_rank_share")
GRADING_LISTS = ("groups", "top_indicators")
GRADED_COUNTS = ("none", "watch", "flag")


def may_decide(actor: Actor) -> bool:
    """Tell whether a person's role asks dealers and decides."""
    return actor.role in DECIDERS


def is_blind(flag: Mapping[str, Any], actor: Actor) -> bool:
    """Tell whether a person reads a flag without the figures that grade it: until it is decided or they asked."""
    waits = bool(flag.get("blind")) and flag["state"] not in DECIDED
    return waits and may_decide(actor) and actor.id not in (flag.get("unblinded") or ())


def shown(flag: Mapping[str, Any], actor: Actor, *, reviewed: bool = False) -> dict[str, Any]:
    """Return a flag or watch as a person sees it, with `blind` told; `control` is null for deciders until decided.

    `reviewed`: blind flags on the same wave and questionnaire still wait for a decision; then a watch of any run
    on them holds its figures back too.
    """
    decided = flag["state"] in DECIDED
    blind = is_blind(flag, actor) or (reviewed and may_decide(actor) and not decided and not flag.get("blind"))
    view = {name: value for name, value in flag.items() if name != "unblinded"}
    view |= {
        "flag": flag["_id"],
        "blind": blind,
        "control": bool(flag.get("control")) if decided or not may_decide(actor) else None,
    }
    if not blind:
        return view
    view |= dict.fromkeys(GRADING) | {"groups": [], "summary": dict(WAITING)}
    if "dossier" in flag:
        view["dossier"] = without_grading(flag["dossier"])
    return view


def without_grading(dossier: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dossier with what was seen and compared, and nothing that says how unusual it is."""
    kept = {name: value for name, value in dossier.items() if name not in GRADING_IN_DOSSIER}
    pieces = [
        {name: value for name, value in piece.items() if name not in GRADING_IN_EVIDENCE}
        | {"sentence": piece.get("seen") or {}}
        for piece in dossier.get("evidence", ())
    ]
    # Their order would be that of their p.
    return kept | {"blind": True, "evidence": sorted(pieces, key=lambda piece: str(piece["indicator"]))}


def shown_run(run: Mapping[str, Any], *, blind: bool) -> dict[str, Any]:
    """Return a run as a person sees it; blind, without how many dealers it graded how."""
    view = {name: value for name, value in run.items() if name not in ("controls", "suppressed")}
    view |= {"code": run["_id"], "blind": blind}
    if not blind:
        return view
    record = dict(run["run"])
    counts = record.get("counts") or {}
    record["counts"] = {name: None if name in GRADED_COUNTS else count for name, count in counts.items()}
    record["peer_groups"] = [
        {name: None if name in GRADED_COUNTS else value for name, value in group.items()}
        for group in record.get("peer_groups") or ()
    ]
    return view | {"run": record}


def shown_dealer(row: Mapping[str, Any], *, blind: bool) -> dict[str, Any]:
    """Return one dealer of a run as a person sees it; blind, what was observed and expected but no grade."""
    if not blind:
        return {**row, "blind": False}
    outcome = {**row["outcome"], **dict.fromkeys(GRADING_IN_OUTCOME), **{name: [] for name in GRADING_LISTS}}
    indicators = [{**indicator, "z": None, "p": None} for indicator in row["indicators"]]
    return {**row, "outcome": outcome, "indicators": indicators, "blind": True}
