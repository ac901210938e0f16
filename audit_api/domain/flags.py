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
    """What can happen to a flag; `unanswered` means that the dealer's time to reply has passed without a reply."""

    ASK = "ask"
    REPLY = "reply"
    FIRST_CONFIRM = "first_confirm"
    SECOND_CONFIRM = "second_confirm"
    FIRST_CONFIRM_UNANSWERED = "first_confirm_unanswered"
    SECOND_CONFIRM_UNANSWERED = "second_confirm_unanswered"
    FIRST_DISMISS = "first_dismiss"
    SECOND_DISMISS = "second_dismiss"
    FIRST_LEAVE = "first_leave"
    SECOND_LEAVE = "second_leave"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    OVERTURN_DISMISS = "overturn_dismiss"
    OVERTURN_LEAVE = "overturn_leave"


class Outcome(StrEnum):
    """What a reviewer decides."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"


class Interest(StrEnum):
    """Why somebody should not decide about a dealer."""

    EMPLOYMENT = "employment"
    FAMILY = "family"
    FINANCIAL = "financial"
    AUDITED = "audited"
    OTHER = "other"


_S, _E = FlagState, FlagEvent
TRANSITIONS: Mapping[tuple[FlagState, FlagEvent], FlagState] = MappingProxyType(
    {
        # A watch is a note of the reviewers': one person may close it, nobody can confirm it.
        (_S.WATCH, _E.FIRST_DISMISS): _S.DISMISSED,
        (_S.WATCH, _E.FIRST_LEAVE): _S.INCONCLUSIVE,
        (_S.OPEN, _E.ASK): _S.ASKED,
        # One person's word changes nothing yet: the flag waits for the second.
        (_S.OPEN, _E.FIRST_DISMISS): _S.OPEN,
        (_S.OPEN, _E.SECOND_DISMISS): _S.DISMISSED,
        (_S.OPEN, _E.FIRST_LEAVE): _S.OPEN,
        (_S.OPEN, _E.SECOND_LEAVE): _S.INCONCLUSIVE,
        (_S.ASKED, _E.REPLY): _S.REPLIED,
        # Nothing is confirmed over the dealer's head: it has replied, or its time to do so has passed.
        (_S.ASKED, _E.FIRST_CONFIRM_UNANSWERED): _S.ASKED,
        (_S.ASKED, _E.SECOND_CONFIRM_UNANSWERED): _S.CONFIRMED,
        (_S.ASKED, _E.FIRST_DISMISS): _S.ASKED,
        (_S.ASKED, _E.SECOND_DISMISS): _S.DISMISSED,
        (_S.ASKED, _E.FIRST_LEAVE): _S.ASKED,
        (_S.ASKED, _E.SECOND_LEAVE): _S.INCONCLUSIVE,
        (_S.REPLIED, _E.ASK): _S.ASKED,
        (_S.REPLIED, _E.REPLY): _S.REPLIED,
        (_S.REPLIED, _E.FIRST_CONFIRM): _S.REPLIED,
        (_S.REPLIED, _E.SECOND_CONFIRM): _S.CONFIRMED,
        (_S.REPLIED, _E.FIRST_DISMISS): _S.REPLIED,
        (_S.REPLIED, _E.SECOND_DISMISS): _S.DISMISSED,
        (_S.REPLIED, _E.FIRST_LEAVE): _S.REPLIED,
        (_S.REPLIED, _E.SECOND_LEAVE): _S.INCONCLUSIVE,
        (_S.CONFIRMED, _E.APPEAL): _S.CONFIRMED,
        (_S.CONFIRMED, _E.UPHOLD): _S.CONFIRMED,
        (_S.CONFIRMED, _E.OVERTURN_DISMISS): _S.DISMISSED,
        (_S.CONFIRMED, _E.OVERTURN_LEAVE): _S.INCONCLUSIVE,
    }
)
"""Every transition there is; a pair that is not here is refused."""

DECIDED = frozenset({FlagState.CONFIRMED, FlagState.DISMISSED, FlagState.INCONCLUSIVE})

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
    """What one person decided about a flag, and why; `revision` is the one that person had read."""

    outcome: Outcome
    reason: str
    look_alike: str
    by: str
    at: datetime
    revision: int = 1


class DecisionRefused(ValueError):
    """A step cannot be taken; `field` names what to change, empty where the flag's state forbids it."""

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


def step(state: FlagState, event: FlagEvent) -> FlagState:
    """Return the state after an event; raises DecisionRefused where the state forbids it."""
    reached = after(state, event)
    if reached is None:
        raise DecisionRefused("", *_refusal(state, event))
    return reached


def decide(
    state: FlagState, taken: Sequence[Decision], decision: Decision, *, heard_revision: int = 1, silent: bool = False
) -> FlagState:
    """Return the state after a decision; `taken` are the decisions before it. Raises DecisionRefused.

    A decision needs a reason and a dismissal its look-alike; a flag ends when two people say the same. Decisions
    on a revision before `heard_revision` (the last question or reply) no longer count: that person has not read
    what was said since. `silent`: the dealer's time to reply has passed without a reply.
    """
    check_content(decision.outcome, decision.reason, decision.look_alike)
    latest = {before.by: before for before in taken if before.revision >= heard_revision}
    if (own := latest.pop(decision.by, None)) is not None and _same(own, decision):
        raise said_before()
    agreed = any(_same(other, decision) for other in latest.values())
    return step(state, _event(decision.outcome, agreed=agreed, unanswered=state is FlagState.ASKED and silent))


def decide_appeal(state: FlagState, involved: frozenset[str], decision: Decision, *, pending: bool) -> FlagState:
    """Return the state after an appeal is decided: `confirmed` upholds it. Raises DecisionRefused.

    `involved`: everybody who asked or decided before; `pending`: an appeal waits.
    """
    check_content(decision.outcome, decision.reason, decision.look_alike)
    if not pending:
        raise DecisionRefused("", "没有待决定的申诉", "No appeal is waiting for a decision")
    if decision.by in involved:
        raise DecisionRefused(
            "",
            "您参与过此前的询问或决定；申诉须由未参与者决定",
            "You took part before; an appeal is decided by somebody uninvolved",
        )
    events = {
        Outcome.CONFIRMED: FlagEvent.UPHOLD,
        Outcome.DISMISSED: FlagEvent.OVERTURN_DISMISS,
        Outcome.INCONCLUSIVE: FlagEvent.OVERTURN_LEAVE,
    }
    return step(state, events[decision.outcome])


def check_content(outcome: Outcome, reason: str, look_alike: str) -> None:
    """Check that a decision has its reason, and its look-alike exactly where it dismisses; raises DecisionRefused."""
    check_reason(reason)
    dismissed = outcome is Outcome.DISMISSED
    if dismissed and look_alike not in LOOK_ALIKES:
        raise DecisionRefused(
            "look_alike", "排除时须指明相似情形（L01 至 L18）", "A dismissal names the look-alike, L01 to L18"
        )
    if not dismissed and look_alike:
        raise DecisionRefused("look_alike", "仅排除时填写相似情形", "Only a dismissal names a look-alike")


def check_reason(reason: str) -> None:
    """Check that a decision says why; raises DecisionRefused."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise DecisionRefused(
            "reason",
            f"请写明理由（至少 {SHORTEST_REASON} 个字符）",
            f"Give the reason in at least {SHORTEST_REASON} characters",
        )


def said_before() -> DecisionRefused:
    """Refuse a decision that its author has taken already: two people are wanted, not one twice."""
    return DecisionRefused(
        "",
        "您已经这样决定过；需要另一位人员作出同样的决定",
        "You have decided so already; a second person has to agree",
    )


def _same(one: Decision, other: Decision) -> bool:
    return (one.outcome, one.look_alike) == (other.outcome, other.look_alike)


def _event(outcome: Outcome, *, agreed: bool, unanswered: bool) -> FlagEvent:
    if outcome is Outcome.CONFIRMED and unanswered:
        return FlagEvent.SECOND_CONFIRM_UNANSWERED if agreed else FlagEvent.FIRST_CONFIRM_UNANSWERED
    first, second = {
        Outcome.CONFIRMED: (FlagEvent.FIRST_CONFIRM, FlagEvent.SECOND_CONFIRM),
        Outcome.DISMISSED: (FlagEvent.FIRST_DISMISS, FlagEvent.SECOND_DISMISS),
        Outcome.INCONCLUSIVE: (FlagEvent.FIRST_LEAVE, FlagEvent.SECOND_LEAVE),
    }[outcome]
    return second if agreed else first


def _refusal(state: FlagState, event: FlagEvent) -> tuple[str, str]:
    if state is FlagState.WATCH:
        return (
            "关注只是内部记录：不询问经销商，也不能确认，只能排除或记为无法判断",
            "A watch is an internal note: no question goes out and nothing is confirmed; "
            "it can be dismissed or left inconclusive",
        )
    if state is FlagState.OPEN:
        return "须先向经销商询问并听取其说明", "The dealer has to be asked and heard first"
    if state is FlagState.ASKED:
        return (
            "已向经销商询问，须先等待其答复或期限届满",
            "The dealer has been asked; its reply or the end of its time comes first",
        )
    if event in (FlagEvent.APPEAL, FlagEvent.UPHOLD, FlagEvent.OVERTURN_DISMISS, FlagEvent.OVERTURN_LEAVE):
        return "只有经确认的标记可以申诉", "Only a confirmed flag can be appealed"
    if state in DECIDED:
        return "该标记已有结论", "The flag is decided already"
    return "当前状态下不能执行此操作", "This cannot be done in the present state"
