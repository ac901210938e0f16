"""A flag is a question: its states, who may end it how, and the look-alikes that must not be punished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from audit_api.domain.checklists import Text

LONGEST_REASON = 4_000
SHORTEST_REASON = 10


class FlagState(StrEnum):
    """Where a flag stands. `watch` is an internal note: the dealer is not told and nothing follows from it."""

    WATCH = "watch"
    OPEN = "open"
    ASKED = "asked"
    REPLIED = "replied"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"


class FlagEvent(StrEnum):
    """What can happen to a flag."""

    ASK = "ask"
    REPLY = "reply"
    FIRST_CONFIRM = "first_confirm"
    SECOND_CONFIRM = "second_confirm"
    DISMISS = "dismiss"
    LEAVE = "leave"


class Outcome(StrEnum):
    """What a reviewer decides."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"


_S, _E = FlagState, FlagEvent
TRANSITIONS: Mapping[tuple[FlagState, FlagEvent], FlagState] = MappingProxyType(
    {
        (_S.WATCH, _E.DISMISS): _S.DISMISSED,
        (_S.WATCH, _E.LEAVE): _S.INCONCLUSIVE,
        (_S.OPEN, _E.ASK): _S.ASKED,
        # One person's confirmation changes nothing yet: the flag waits for the second.
        (_S.OPEN, _E.FIRST_CONFIRM): _S.OPEN,
        (_S.OPEN, _E.SECOND_CONFIRM): _S.CONFIRMED,
        (_S.OPEN, _E.DISMISS): _S.DISMISSED,
        (_S.OPEN, _E.LEAVE): _S.INCONCLUSIVE,
        # While the dealer has been asked, nothing may be confirmed over its head.
        (_S.ASKED, _E.REPLY): _S.REPLIED,
        (_S.ASKED, _E.DISMISS): _S.DISMISSED,
        (_S.ASKED, _E.LEAVE): _S.INCONCLUSIVE,
        (_S.REPLIED, _E.FIRST_CONFIRM): _S.REPLIED,
        (_S.REPLIED, _E.SECOND_CONFIRM): _S.CONFIRMED,
        (_S.REPLIED, _E.DISMISS): _S.DISMISSED,
        (_S.REPLIED, _E.LEAVE): _S.INCONCLUSIVE,
    }
)
"""Every transition there is; a pair that is not here is refused."""

LOOK_ALIKES: Mapping[str, Text] = MappingProxyType(
    {
        "L01": Text("确实优秀的店", "Really excellent dealer"),
        "L02": Text("样本量小", "Small sample"),
        "L03": Text("本地忠诚客户多", "Loyal local customers"),
        "L04": Text("该地区或年龄层习惯给高分", "Acquiescent region or age group"),
        "L05": Text("大客户、租赁或团购", "Fleet, leasing, group buyers"),
        "L06": Text("一家多车", "Household with several cars"),
        "L07": Text("审核当天情况特殊", "Bad audit day"),
        "L08": Text("审核员偏严或偏松", "Strict or lenient auditor"),
        "L09": Text("近期已改进", "Recent improvement"),
        "L10": Text("新店或新团队", "New store or new team"),
        "L11": Text("批量发送邀请", "Batch invitation"),
        "L12": Text("客户以评分要挟", "Customer blackmail"),
        "L13": Text("天花板效应", "Ceiling effect"),
        "L14": Text("习惯性套话作答", "Cultural habit of stock answers"),
        "L15": Text("新车上市效应", "Product launch glow"),
        "L16": Text("二网或异地交付", "Delivery by a second-tier outlet or in another city"),
        "L17": Text("自店上牌、零公里二手车", "Self-registration, zero-kilometre used cars"),
        "L18": Text("员工内购", "Staff purchase"),
    }
)
"""Honest explanations of the gaming playbook; a dismissal names the one that applies."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about a flag, and why."""

    outcome: Outcome
    reason: str
    look_alike: str
    by: str
    at: datetime


class DecisionRefused(ValueError):
    """A decision cannot be taken; `field` names what to change, empty where the flag's state forbids it."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.field = field
        self.zh = zh
        self.en = en


def first_state(grade: str) -> FlagState:
    """Return the state a screening's grade begins with: a watch stays internal, a flag is open."""
    return FlagState.OPEN if grade == "flag" else FlagState.WATCH


def after(state: FlagState, event: FlagEvent) -> FlagState | None:
    """Return the state after an event, None where the event is refused."""
    return TRANSITIONS.get((state, event))


def decide(state: FlagState, taken: Sequence[Decision], decision: Decision) -> FlagState:
    """Return the state after a decision; `taken` are the decisions before it. Raises DecisionRefused.

    A decision needs a reason, a dismissal its look-alike, a confirmation a second person.
    """
    if len(decision.reason.strip()) < SHORTEST_REASON:
        raise DecisionRefused(
            "reason",
            f"请写明理由（至少 {SHORTEST_REASON} 个字符）",
            f"Give the reason in at least {SHORTEST_REASON} characters",
        )
    dismissed = decision.outcome is Outcome.DISMISSED
    if dismissed and decision.look_alike not in LOOK_ALIKES:
        raise DecisionRefused(
            "look_alike", "排除时须指明相似情形（L01 至 L18）", "A dismissal names the look-alike, L01 to L18"
        )
    if not dismissed and decision.look_alike:
        raise DecisionRefused("look_alike", "仅排除时填写相似情形", "Only a dismissal names a look-alike")
    event = _event(taken, decision)
    reached = after(state, event)
    if reached is None:
        raise DecisionRefused("", *_refusal(state))
    return reached


def _event(taken: Sequence[Decision], decision: Decision) -> FlagEvent:
    if decision.outcome is Outcome.DISMISSED:
        return FlagEvent.DISMISS
    if decision.outcome is Outcome.INCONCLUSIVE:
        return FlagEvent.LEAVE
    confirmed_by = {before.by for before in taken if before.outcome is Outcome.CONFIRMED}
    if decision.by in confirmed_by:
        raise DecisionRefused(
            "",
            "您已经确认过；需要另一位人员确认",
            "You have confirmed it already; a second person has to agree",
        )
    return FlagEvent.SECOND_CONFIRM if confirmed_by else FlagEvent.FIRST_CONFIRM


def _refusal(state: FlagState) -> tuple[str, str]:
    if state is FlagState.WATCH:
        return (
            "关注不能确认，只能排除或记为无法判断",
            "A watch cannot be confirmed; it can be dismissed or left inconclusive",
        )
    if state is FlagState.ASKED:
        return "已向经销商询问，须先等待其答复", "The dealer has been asked; its reply comes first"
    return "该标记已有结论", "The flag is decided already"
