"""Verbs of a dealer's hearing: ask, reply, appeal, decide the appeal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.domain.flag_hearing import (
    HIDDEN_GROUPS,
    MOST_QUESTIONS,
    MOST_REPLIES,
    after_working_days,
    dealers_part,
    names_in_rows,
    tell_tale,
)
from audit_api.domain.flags import (
    DECIDED,
    Decision,
    DecisionRefused,
    FlagEvent,
    FlagState,
    Outcome,
    decide_appeal,
    step,
)
from audit_api.models import flags
from audit_api.models.base import Row, to_milliseconds
from audit_api.models.directory import Person
from audit_api.models.visits import Visit
from audit_api.operations.directory import scope_filter
from audit_api.operations.flags import (
    FLAGS,
    close_questions,
    find_flag,
    first_step,
    open_flag,
    require_no_interest,
    suppress,
    visits_used,
)
from audit_api.operations.flags_blind import require_blind
from audit_api.operations.flags_files import require_sent
from audit_api.operations.revisions import step_refused
from audit_api.operations.submissions import dealer_timezone
from audit_api.problems import Problem

ATTEMPTS = 5
DEALERS_FIELDS = ("dealer", "text_zh", "text_en", "evidence", "asked_at", "reply_until", "outcome", "decided_at",
                  "appeal_until")  # fmt: skip


def ask_dealer(
    flag_id: str,
    *,
    text_zh: str,
    text_en: str,
    indicators: list[str],
    interests: list[str] | None = None,
    revision: int,
    reply_days: int,
    actor: Actor,
    at: datetime,
) -> Row:
    """Ask the dealer about a flag, showing it the chosen pieces of evidence in its own form; returns the flag.

    Raises NOT_FOUND, STALE_REVISION, FORBIDDEN for an interested person and for one who has seen the figures of a
    blind flag, TRANSITION_REFUSED; INVALID for a piece
    that the flag has not, that no dealer may see, or a text that names a respondent, a visit or an auditor.
    """
    flag = find_flag(actor, flag_id)
    FLAGS.require_current(flag, revision)
    require_no_interest(flag, interests or [], actor, at)
    require_blind(flag, actor)
    try:
        reached = step(FlagState(flag["state"]), FlagEvent.ASK)
    except DecisionRefused as refused:
        raise step_refused(refused) from None
    pieces = _chosen(flag, indicators)
    _refuse_tell_tale(flag, {"text_zh": text_zh, "text_en": text_en})
    asked = flags.Question._get_collection().count_documents({"flag": flag_id}, limit=MOST_QUESTIONS)
    if asked >= MOST_QUESTIONS:
        raise _invalid("text_zh", f"每个标记至多询问 {MOST_QUESTIONS} 次", f"A flag takes {MOST_QUESTIONS} questions")
    question: Row = {
        "_id": uuid.uuid4().hex,
        **{name: flag[name] for name in ("dealer", "brand", "wave")},
        "flag": flag_id,
        "text_zh": text_zh,
        "text_en": text_en,
        "evidence": [dealers_part(piece) for piece in pieces],
        "asked_by": actor.id,
        "asked_at": to_milliseconds(at),
        "reply_until": after_working_days(at, reply_days, dealer_timezone(flag["dealer"])),
        "replies": [],
        "outcome": None,
        "decided_at": None,
        "appeal_until": None,
        "appeal": None,
    }

    def also(session: ClientSession) -> None:
        flags.Question._get_collection().insert_one(question, session=session)

    values = {
        "state": reached.value,
        "reply_until": question["reply_until"],
        "heard_revision": revision + 1,
        **first_step(flag, actor),
    }
    details = {"question": question["_id"], "indicators": indicators}
    FLAGS.change(flag, values, verb="asked", details=details, actor=actor, at=at, also=also)
    return open_flag(actor, flag_id)


def _chosen(flag: Row, indicators: list[str]) -> list[Row]:
    pieces = {piece["indicator"]: piece for piece in flag["dossier"].get("evidence", ())}
    for code in indicators:
        if code not in pieces:
            raise _invalid("indicators", f"该标记没有证据 {code}", f"The flag holds no evidence {code}")
        if pieces[code].get("group") in HIDDEN_GROUPS:
            raise _invalid(
                "indicators",
                f"{code} 涉及诚信问项，不得向经销商展示",
                f"{code} rests on integrity answers, which no dealer is shown",
            )
    return [pieces[code] for code in dict.fromkeys(indicators)]


def _refuse_tell_tale(flag: Row, texts: dict[str, str]) -> None:
    """Refuse a text that names a respondent, a visit, a photo or an auditor of the evidence."""
    names = {name for piece in flag["dossier"].get("evidence", ()) for name in names_in_rows(piece.get("rows"))}
    visits = visits_used(flag)
    auditors = Visit._get_collection().distinct("auditor", {"_id": {"$in": visits}})
    people = Person._get_collection().find({"_id": {"$in": auditors}}, {"email": 1, "name": 1})
    names |= {*visits, *map(str, auditors), *(p[field] for p in people for field in ("email", "name"))}
    for field, text in texts.items():
        if tell_tale(text, names):
            raise _invalid(
                field,
                "文字中出现了受访者、走访或审核员的编号或姓名，不得告知经销商",
                "The text names a respondent, a visit or an auditor; a dealer is told none of them",
            )


def list_questions(actor: Actor, *, limit: int, after: str | None = None) -> Row:
    """List the questions put to the actor's dealers by id, in the dealer's form."""
    conditions: list[Row] = [scope_filter(actor)]
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = flags.Question._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1)
    items = [dealers_view(row) for row in found]
    return {"items": items[:limit], "next": items[limit - 1]["question"] if len(items) > limit else None}


def open_question(actor: Actor, question_id: str) -> Row:
    """Read one question in the dealer's form; raises NOT_FOUND."""
    return dealers_view(find_question(actor, question_id))


def dealers_view(row: Row) -> Row:
    """Give a question as its dealer sees it: no flag, no names of staff, nothing of how the flag came about."""
    status = "closed" if row["outcome"] else "replied" if row["replies"] else "open"
    view = {name: row[name] for name in DEALERS_FIELDS}
    appeal = row["appeal"]
    return view | {
        "question": row["_id"],
        "status": status,
        "replies": [_own_words(reply, "at", "text", "photos") for reply in row["replies"]],
        "appeal": _own_words(appeal, "at", "text", "photos", "outcome", "decided_at") if appeal else None,
    }


def _own_words(said: Row, *names: str) -> Row:
    """Give a reply or appeal; those from before there were attachments have none."""
    return {name: said[name] for name in names} | {"attachments": said.get("attachments", [])}


def _again_when_overtaken(act: Callable[[], Row]) -> Row:
    """Repeat a dealer's step that a reviewer's overtook: a dealer knows no revisions and is told of none."""
    for _ in range(ATTEMPTS):
        try:
            return act()
        except Problem as problem:
            if problem.kind is not problems.STALE_REVISION:
                raise
    raise Problem(problems.UNAVAILABLE, headers={"Retry-After": "5"})


def reply_to_question(
    question_id: str, *, text: str, photos: list[str], attachments: list[str] | None = None, actor: Actor, at: datetime
) -> Row:
    """Keep a dealer's reply; returns the question. The same reply again changes nothing.

    Raises NOT_FOUND; PHOTOS_MISSING for photos or attachments this person has not sent; RECORDING_NOT_ALLOWED for sound
    where the programme allows none; TRANSITION_REFUSED once it is decided.
    """
    said = {"text": text, "photos": photos, "attachments": attachments or []}
    return _again_when_overtaken(lambda: _reply(question_id, said, actor, at))


def _reply(question_id: str, said: Row, actor: Actor, at: datetime) -> Row:
    question = find_question(actor, question_id)
    require_sent(actor, question, said)
    reply = {"by": actor.id, "at": to_milliseconds(at), **said}
    if any(_is_same(kept, reply) for kept in question["replies"]):
        return dealers_view(question)
    if len(question["replies"]) >= MOST_REPLIES:
        raise _invalid("text", f"每个问题至多答复 {MOST_REPLIES} 次", f"A question takes {MOST_REPLIES} replies")
    flag = _flag_of(question)
    try:
        reached = step(FlagState(flag["state"]), FlagEvent.REPLY)
    except DecisionRefused:
        raise Problem(
            problems.TRANSITION_REFUSED,
            zh="该问题已结束；如有异议，可在期限内申诉",
            en="The question is closed; where it was confirmed, you can appeal in time",
        ) from None

    def also(session: ClientSession) -> None:
        flags.Question._get_collection().update_one(
            {"_id": question_id}, {"$push": {"replies": reply}}, session=session
        )

    values = {"state": reached.value, "heard_revision": flag["revision"] + 1}
    details = {"question": question_id, **_named(said)}
    FLAGS.change(flag, values, verb="replied", details=details, actor=actor, at=at, also=also)
    return open_question(actor, question_id)


def appeal_decision(
    question_id: str, *, text: str, photos: list[str], attachments: list[str] | None = None, actor: Actor, at: datetime
) -> Row:
    """Keep a dealer's appeal of a confirmed flag, one for each; returns the question.

    Raises NOT_FOUND; PHOTOS_MISSING; RECORDING_NOT_ALLOWED; TRANSITION_REFUSED where nothing was confirmed, the time is
    over, or an appeal is there.
    """
    said = {"text": text, "photos": photos, "attachments": attachments or []}
    return _again_when_overtaken(lambda: _appeal(question_id, said, actor, at))


def _appeal(question_id: str, said: Row, actor: Actor, at: datetime) -> Row:
    question = find_question(actor, question_id)
    require_sent(actor, question, said)
    flag = _flag_of(question)
    kept = question["appeal"]
    if kept and _is_same(kept, {"by": actor.id, **said}):
        return dealers_view(question)
    if flag["state"] != FlagState.CONFIRMED or question["appeal_until"] is None:
        raise _refused("没有可申诉的决定", "There is no decision to appeal")
    if flag.get("appeal"):
        raise _refused("已提出过申诉", "It has been appealed already")
    if question["appeal_until"] < at:
        raise _refused("申诉期限已过", "The time to appeal is over")
    appeal = {
        "question": question_id, "by": actor.id, "at": to_milliseconds(at), **said, "outcome": None, "decided_at": None,
    }  # fmt: skip

    def also(session: ClientSession) -> None:
        flags.Question._get_collection().update_one({"_id": question_id}, {"$set": {"appeal": appeal}}, session=session)

    details = {"question": question_id, **_named(said)}
    FLAGS.change(flag, {"appeal": appeal}, verb="appealed", details=details, actor=actor, at=at, also=also)
    return open_question(actor, question_id)


def decide_flag_appeal(
    flag_id: str,
    *,
    outcome: str,
    reason: str,
    look_alike: str = "",
    interests: list[str] | None = None,
    revision: int,
    actor: Actor,
    at: datetime,
) -> Row:
    """Decide an appeal: `confirmed` upholds the decision, anything else overturns it; returns the flag.

    Raises NOT_FOUND, STALE_REVISION, FORBIDDEN for an interested person, INVALID, and TRANSITION_REFUSED where no
    appeal waits or the person asked or decided before.
    """
    flag = find_flag(actor, flag_id)
    FLAGS.require_current(flag, revision)
    require_no_interest(flag, interests or [], actor, at)
    askers = flags.Question._get_collection().distinct("asked_by", {"flag": flag_id})
    involved = frozenset({*askers, *(taken["by"] for taken in flag["decisions"])})
    decision = Decision(Outcome(outcome), reason.strip(), look_alike, actor.id, to_milliseconds(at), revision)
    appeal = flag.get("appeal") or {}
    pending = bool(appeal) and appeal["outcome"] is None
    try:
        reached = decide_appeal(FlagState(flag["state"]), involved, decision, pending=pending)
    except DecisionRefused as refused:
        raise step_refused(refused) from None
    told = {"outcome": outcome, "decided_at": decision.at}

    def also(session: ClientSession) -> None:
        questions = flags.Question._get_collection()
        questions.update_one(
            {"_id": appeal["question"]}, {"$set": {f"appeal.{k}": v for k, v in told.items()}}, session=session
        )
        if reached is not FlagState.CONFIRMED:
            close_questions(flag, reached, decision.at, 0, session)
            suppress(flag, reached, look_alike, decision.at, session)

    entry = asdict(decision) | {"outcome": decision.outcome.value, "blind": False, "appeal": True}
    values: Row = {"state": reached.value, "appeal": appeal | told}
    if reached in DECIDED - {FlagState.CONFIRMED}:
        values["response"] = None
    details = {"outcome": outcome, "look_alike": look_alike, "reason": decision.reason}
    FLAGS.change(
        flag, values, push={"decisions": entry}, verb="appeal_decided", details=details, actor=actor, at=at, also=also
    )
    return open_flag(actor, flag_id)


def find_question(actor: Actor, question_id: str) -> Row:
    """Find a question to one's dealers; raises NOT_FOUND."""
    wanted = {"$and": [{"_id": question_id}, scope_filter(actor)]}
    row: Row | None = flags.Question._get_collection().find_one(wanted)
    if row is None or actor.role is not Role.DEALER:
        raise Problem(problems.NOT_FOUND)
    return row


def _flag_of(question: Row) -> Row:
    row: Row | None = flags.Flag._get_collection().find_one({"_id": question["flag"]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return row


def _is_same(kept: Row, said: Row) -> bool:
    return all(kept.get(name, []) == said[name] for name in ("by", "text", "photos", "attachments"))


def _named(said: Row) -> Row:
    """Give what the trail says of a reply: its files."""
    return {name: said[name] for name in ("photos", "attachments") if said[name] or name == "photos"}


def _refused(zh: str, en: str) -> Problem:
    return Problem(problems.TRANSITION_REFUSED, zh=zh, en=en)


def _invalid(field: str, zh: str, en: str) -> Problem:
    error = {"field": field, "message": {"zh": zh, "en": en}}
    return Problem(problems.INVALID, zh=zh, en=en, members={"errors": [error]})
