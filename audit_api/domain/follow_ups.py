"""Late follow-up items: watched for hours or days after the visit, open after its submission, stamped apart.

An item marked `follow_up_hours` may be unanswered when the visit is submitted. It then stays open until the watch,
counted from the end of the visit, and a grace for reporting it are over; only such items may still change. What was
not answered by then is left out of the score like N/A and counted in its coverage: the auditor's omission never
becomes the dealer's fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from audit_api.domain.answers import AnswerProblem
from audit_api.domain.checklists import Checklist, Item
from audit_api.domain.condition_format import items_in
from audit_api.domain.item_rules import is_answered, is_not_applicable
from audit_api.domain.relevance import visible_items
from audit_api.domain.visit_versions import changed_items

Observation = Mapping[str, Any]
FollowUp = Mapping[str, Any]
"""{item, open_until, answered_at, received_at}: times aware UTC; the last two None until it is answered late."""

NOT_A_FOLLOW_UP = (
    "报告已提交，此处不是未到期的跟进项，不能再改",
    "the visit is submitted and this is no open follow-up item",
)
OVER = ("跟进期限已于 {until} 结束", "its follow-up window ended at {until}")


def marked(checklist: Checklist) -> tuple[Item, ...]:
    """Return the items that may follow later."""
    return tuple(item for item in checklist.items if item.follow_up_hours)


def open_until(item: Item, ended_at: datetime, grace_hours: float) -> datetime:
    """Return when the window of an item ends: the watch, and the grace for reporting its last hour."""
    return ended_at + timedelta(hours=item.follow_up_hours + grace_hours)


def begin(
    checklist: Checklist, answers: Mapping[str, Any], ended_at: datetime, grace_hours: float, at: datetime
) -> list[dict[str, Any]]:
    """Return the follow-ups of a visit submitted at a moment: marked items without an answer whose window is open.

    Of hidden items those that the answer to another follow-up may show.
    """
    shown = visible_items(checklist, answers)
    found: dict[str, dict[str, Any]] = {}
    for item in marked(checklist):
        until = open_until(item, ended_at, grace_hours)
        asked = item.id in shown or any(name in found for name in items_in(item.show_if))
        if asked and at < until and not _is_settled(item, answers):
            found[item.id] = {"item": item.id, "open_until": until, "answered_at": None, "received_at": None}
    return list(found.values())


def _is_settled(item: Item, answers: Mapping[str, Any]) -> bool:
    value = answers.get(item.id)
    return is_answered(item, value) or is_not_applicable(item, value)


def outstanding(
    checklist: Checklist, follow_ups: Sequence[FollowUp], answers: Mapping[str, Any], at: datetime | None = None
) -> list[FollowUp]:
    """Return the follow-ups that are asked and not answered; at a moment: those whose window is still open."""
    shown = visible_items(checklist, answers)
    return [
        row
        for row in follow_ups
        if row["item"] in shown
        and not _is_settled(checklist.item(row["item"]), answers)
        and (at is None or at < row["open_until"])
    ]


def refused_changes(
    follow_ups: Sequence[FollowUp], before: Sequence[Observation], after: Sequence[Observation], at: datetime
) -> list[AnswerProblem]:
    """Return what a revision of a submitted visit changes though it may not; empty: it touches open follow-ups only.

    Of other items nothing may differ, not even the time of the answer. Codes: not_a_follow_up, follow_up_over.
    """
    windows = {row["item"]: row["open_until"] for row in follow_ups}
    old, new = ({o["item"]: o for o in observations} for observations in (before, after))
    found = []
    for item in dict.fromkeys([*old, *new]):
        if old.get(item) == new.get(item):
            continue
        if item not in windows:
            found.append(AnswerProblem(item, "not_a_follow_up", *NOT_A_FOLLOW_UP))
        elif at >= windows[item]:
            until = windows[item].isoformat(timespec="minutes")
            found.append(AnswerProblem(item, "follow_up_over", *(words.format(until=until) for words in OVER)))
    return found


def stamped(
    follow_ups: Sequence[FollowUp], before: Sequence[Observation], after: Sequence[Observation], at: datetime
) -> list[dict[str, Any]]:
    """Return the follow-ups with the times of what a revision brings: the phone's of the answer, the server's."""
    changed = changed_items(before, after)
    given = {o["item"]: o for o in after}
    return [
        {**row, "answered_at": given[row["item"]].get("answered_at"), "received_at": at}
        if row["item"] in changed and row["item"] in given
        else dict(row)
        for row in follow_ups
    ]


def standing_of(follow_ups: Sequence[FollowUp]) -> dict[str, dict[str, Any]]:
    """Return the times of each follow-up by item, as the ledger shows them."""
    return {row["item"]: {name: value for name, value in row.items() if name != "item"} for row in follow_ups}
