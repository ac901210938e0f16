"""Gather what the quality checks read, run them, and read what they said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import DEFAULT_FENCE_M, Actor
from audit_api.domain.evidence_rules import answers_of, photo_hashes
from audit_api.domain.visit_checks.check import Limits, PreviousVisit, VisitFacts
from audit_api.domain.visit_checks.registry import run_checks
from audit_api.models.base import Row
from audit_api.models.directory import Dealer
from audit_api.models.visits import Visit
from audit_api.operations.visit_reading import find_visit
from audit_api.settings import Settings

ONE_DAY = timedelta(days=1)
WGS_84 = "WGS-84"


def check_visit(visit: Row, checklist: Checklist, settings: Settings) -> list[dict[str, Any]]:
    """Run the quality checks on a visit as it stands."""
    dealer = _dealer(visit["dealer"])
    facts = VisitFacts(
        checklist=checklist,
        answers=answers_of(checklist, visit["observations"]),
        observations=visit["observations"],
        mode=visit["mode"],
        started_at=visit["started_at"],
        ended_at=visit["ended_at"],
        skew_seconds=visit.get("skew_seconds"),
        dealer_position=_position(dealer),
        fence_m=float(dealer.get("fence_m") or DEFAULT_FENCE_M),
        reused_photos=_reused(visit),
        previous=_previous(visit),
    )
    return run_checks(facts, limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """Read the thresholds from the settings."""
    return Limits(
        shortest_share=settings.check_shortest_share,
        longest_share=settings.check_longest_share,
        clock_skew_seconds=settings.clock_skew_seconds,
        late_minutes=settings.check_late_minutes,
        covert_characters=settings.check_covert_characters,
        announced_characters=settings.check_announced_characters,
        photo_minutes=settings.check_photo_minutes,
        identical_fixes=settings.check_identical_fixes,
    )


def list_checks(actor: Actor, visit_id: str) -> Row:
    """Read what the quality checks said of a submitted visit; empty before its submission. Raises NOT_FOUND."""
    visit = find_visit(actor, visit_id)
    counts = visit.get("check_counts") or {"blocking": 0, "advisory": 0}
    return {
        "visit": visit["_id"],
        "items": visit.get("checks") or [],
        "counts": counts,
        "cleared": visit.get("cleared") or [],
    }


def _dealer(code: str) -> Row:
    fields = {"lat": 1, "lon": 1, "datum": 1, "fence_m": 1}
    return Dealer._get_collection().find_one({"_id": code}, fields) or {}


def _position(dealer: Row) -> tuple[float, float] | None:
    """Give a position in WGS-84; another datum is hundreds of metres off, and no map accuses an honest auditor."""
    known = dealer.get("datum") == WGS_84 and dealer.get("lat") is not None and dealer.get("lon") is not None
    return (dealer["lat"], dealer["lon"]) if known else None


def _reused(visit: Row) -> dict[str, str]:
    """Find photos that an earlier visit to another dealer, or one more than a day before, names too."""
    named = photo_hashes(visit["observations"])
    earlier = {
        "observations.photos.sha256": {"$in": named},
        "_id": {"$ne": visit["_id"]},
        "$or": [
            {"dealer": {"$ne": visit["dealer"]}, "started_at": {"$lte": visit["started_at"]}},
            {"started_at": {"$lt": visit["started_at"] - ONE_DAY}},
        ],
    }
    found: dict[str, str] = {}
    if named:
        for other in Visit._get_collection().find(earlier, {"observations.photos.sha256": 1}).limit(50):
            found |= dict.fromkeys(set(named) & set(photo_hashes(other["observations"])), other["_id"])
    return found


def _previous(visit: Row) -> PreviousVisit | None:
    """Find the auditor's visit that began last before this one, where its end and place are known."""
    wanted = {"auditor": visit["auditor"], "started_at": {"$lt": visit["started_at"]}, "active": True}
    fields = {"ended_at": 1, "dealer": 1}
    row = Visit._get_collection().find_one(wanted, fields, sort=[("started_at", -1)])
    place = _position(_dealer(row["dealer"])) if row else None
    if row is None or place is None or row.get("ended_at") is None:
        return None
    return PreviousVisit(row["_id"], row["ended_at"], place)
