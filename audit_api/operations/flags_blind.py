"""Which waves are under blind review, and for whom; asking for the figures all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.flag_views import may_decide
from audit_api.domain.flags import DECIDED
from audit_api.models import flags, trail
from audit_api.models.base import Row, in_transaction
from audit_api.problems import Problem

UNDECIDED = {"$nin": sorted(DECIDED)}


@dataclass(frozen=True)
class UnderReview:
    """The dealers whose blind flags wait for a decision, by wave and questionnaire."""

    dealers: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a flag, watch or run belongs to a wave and questionnaire under review."""
        return (row["wave"], row["questionnaire"]) in self.dealers

    def hides(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a watch would tell a flag from a control: one on a dealer that is in the queue blind."""
        waiting = self.dealers.get((row["wave"], row["questionnaire"]), frozenset())
        return row["dealer"] in waiting and not row.get("blind") and row["state"] not in DECIDED

    def without_hidden(self) -> list[Row]:
        """Give the conditions that leave out what `hides` hides."""
        return [
            {
                "$nor": [
                    {"wave": wave, "questionnaire": questionnaire, "dealer": {"$in": sorted(waiting)},
                     "blind": {"$ne": True}, "state": UNDECIDED}
                ]
            }
            for (wave, questionnaire), waiting in sorted(self.dealers.items())
        ]  # fmt: skip


def under_review(actor: Actor) -> UnderReview:
    """Find what waits for a blind decision, empty for who does not decide: they see every figure."""
    if not may_decide(actor):
        return UnderReview()
    wanted = {"blind": True, "state": UNDECIDED}
    found: dict[tuple[str, str], set[str]] = {}
    for row in flags.Flag._get_collection().find(wanted, {"wave": 1, "questionnaire": 1, "dealer": 1, "_id": 0}):
        found.setdefault((row["wave"], row["questionnaire"]), set()).add(row["dealer"])
    return UnderReview({place: frozenset(dealers) for place, dealers in found.items()})


def waiting_dealers(wave: str, questionnaire: str) -> frozenset[str]:
    """Name the dealers with a blind flag on a wave and questionnaire that is not decided."""
    wanted = {"blind": True, "state": UNDECIDED, "wave": wave, "questionnaire": questionnaire}
    return frozenset(row["dealer"] for row in flags.Flag._get_collection().find(wanted, {"dealer": 1, "_id": 0}))


def show_figures(row: Row, actor: Actor, at: datetime) -> Row:
    """Note that a person has asked for the figures of a blind flag; returns the flag. They no longer decide it."""

    def write(session: ClientSession) -> None:
        wanted = {"_id": row["_id"], "unblinded": {"$ne": actor.id}}
        change = {"$push": {"unblinded": actor.id}}
        if flags.Flag._get_collection().update_one(wanted, change, session=session).modified_count:
            trail.append("flag", row["_id"], "figures_shown", actor_id=actor.id, at=at, session=session)

    in_transaction(write)
    return {**row, "unblinded": [*(row.get("unblinded") or ()), actor.id]}


def require_blind(flag: Mapping[str, Any], actor: Actor) -> None:
    """Raise FORBIDDEN for somebody who has asked for the figures of a flag that is to be decided blind."""
    if flag.get("blind") and flag["state"] not in DECIDED and actor.id in (flag.get("unblinded") or ()):
        raise Problem(
            problems.FORBIDDEN,
            zh="您已查看过这个标记的统计结果，不能再参与盲审；须由他人处理",
            en="You have seen the figures of this flag, which is decided blind; somebody else has to act",
        )
