"""What a reviewer is shown of a flag: everything, or, before the first step, nothing that tells a control from a flag.

Controls are unflagged dealers drawn at random, put into the queue so that misses become known. Their p and q would
give them away; so the first look shows what was seen, where and on what, without the figures that grade it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.flags import DECIDED, FlagState

WAITING = {
    "zh": "等待首次查看：请先看证据本身，再看统计结果",
    "en": "Waits for a first look: the evidence itself first, the statistics afterwards",
}
GRADING = ("score", "p", "q")
GRADING_IN_DOSSIER = ("grade", *GRADING, "groups", "ensemble_rank_share", "without", "held_back", "conclusion")
GRADING_IN_EVIDENCE = ("p", "z", "stands_out")


def is_blind(flag: Mapping[str, Any], person: str) -> bool:
    """Tell whether a person sees a flag without the figures that grade it."""
    return bool(flag.get("blind")) and flag["state"] == FlagState.OPEN and person not in (flag.get("unblinded") or ())


def shown(flag: Mapping[str, Any], person: str) -> dict[str, Any]:
    """Return a flag as a person sees it, with `blind` told and `control` null until it is decided."""
    blind = is_blind(flag, person)
    view = {name: value for name, value in flag.items() if name != "unblinded"}
    view |= {
        "flag": flag["_id"],
        "blind": blind,
        "control": bool(flag.get("control")) if flag["state"] in DECIDED else None,
    }
    if not blind:
        return view
    view |= dict.fromkeys(GRADING) | {"groups": [], "summary": dict(WAITING)}
    if "dossier" in flag:
        view["dossier"] = _without_grading(flag["dossier"])
    return view


def _without_grading(dossier: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in dossier.items() if name not in GRADING_IN_DOSSIER}
    pieces = [
        {name: value for name, value in piece.items() if name not in GRADING_IN_EVIDENCE}
        | {"sentence": piece.get("seen") or {}}
        for piece in dossier.get("evidence", ())
    ]
    # Their order would be that of their p.
    return kept | {"evidence": sorted(pieces, key=lambda piece: str(piece["indicator"]))}
