"""Survey responses, and a frozen screening of each brand with its flags."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from audit_api.domain.directory import OPERATOR, Actor
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.intake.contacts import ContactHasher
from audit_api.models.base import collection
from audit_api.operations import attachments, checklists, survey_frame, survey_mappings, surveys
from tests import pdfs, worlds

if TYPE_CHECKING:
    from tests.contract.world import World

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
# One flag for each thing that can be done to a flag, in the state in which it can be done.
STAGES = {"read": "open", "decision": "open", "ask": "open", "reply": "asked", "appeal": "confirmed",
          "appealed": "confirmed"}  # fmt: skip
MAPPING = """
questionnaire: SSQ
columns: {问卷编号: response_id, 店代码: dealer, 交车时间: event_at, 提交时间: submitted_at, 速度: SSQ-DRV-01}
values: {SAT5: {非常满意: 5}}
dates: ['%d.%m.%Y']
"""
REPLYING = ("dealer", "dealer of D0002", "dealer of D0003")
FLAGS = {"own": "D0001", "other_dealer": "D0002", "other_brand": "D0003"}


def response(number: int, dealer: str) -> dict[str, Any]:
    """Answer the sales questionnaire."""
    answers: dict[str, Any] = {}
    questionnaire = next(q for q in packaged_questionnaires() if q.code == "SSQ")
    for item in questionnaire.items:
        if item.role == "driver":
            answers[item.id] = 4
    return {
        "response_id": f"R-{number}", "dealer": dealer, "event_id": f"E-{number}",
        "event_at": "2026-11-01T10:00:00+08:00",
        "submitted_at": "2026-11-12T10:00:00+08:00", "channel": "app", "contact": "+8613800000000", "device": "d1",
        "comment": "很好", "answers": answers,
    }  # fmt: skip


def make_surveys(world: World) -> None:
    """Import responses of three dealers; keep a run and flags as a screening leaves them."""
    for questionnaire in packaged_questionnaires():
        checklists.publish(questionnaire, actor=OPERATOR, at=AT)
    hasher = ContactHasher.of(world.app.extensions["audit"].settings)
    surveys.receive_responses(
        "SSQ", version=1, responses=[response(n, dealer) for n, dealer in enumerate(FLAGS.values())], hasher=hasher,
        actor=OPERATOR, at=AT,
    )  # fmt: skip
    survey_mappings.save_mapping("callcentre", MAPPING, actor=OPERATOR, at=AT)
    frame = [(n, (f"E-{n}", dealer, "delivery", "2026-11-01")) for n, dealer in enumerate(FLAGS.values())]
    columns = ("event_id", "dealer", "kind", "event_at")
    survey_frame.import_events(frame, columns=columns, hasher=hasher, actor=OPERATOR, at=AT)
    staff = [(n, (dealer, f"1390000000{n}")) for n, dealer in enumerate(FLAGS.values())]
    survey_frame.import_staff(staff, columns=("dealer", "contact"), hasher=hasher, actor=OPERATOR, at=AT)
    for brand, wave in worlds.WAVES.items():
        collection("screening_runs").insert_one(
            {
                "_id": f"{wave}-SSQ-abc", "wave": wave, "programme": f"P-{brand}", "brand": brand,
                "questionnaire": "SSQ", "action": True, "started_at": AT, "finished_at": AT, "by": "operator",
                "scope": {}, "run": {"version": "0.1.0", "seed": 1},
            }
        )  # fmt: skip
    collection("flags").insert_many([_flag(dealer, what) for dealer in FLAGS.values() for what in STAGES])
    for whose, dealer in FLAGS.items():
        behind = {"item": "SAA-PRI-01", "touchpoint": "SAL_PRICE", "sha256": next(iter(world.sent[whose]))}
        collection("flags").update_many({"dealer": dealer}, {"$set": {"dossier.photos": [behind]}})
    collection("questions").insert_many(
        [_question(dealer, what) for dealer in FLAGS.values() for what, state in STAGES.items() if state != "open"]
    )
    for number, (dealer, name) in enumerate(zip(FLAGS.values(), REPLYING, strict=True)):
        _reply_with_a_file(world, dealer, world.actors[name], pdfs.plain(number + 11))


def _reply_with_a_file(world: World, dealer: str, person: Actor, data: bytes) -> None:
    """Keep a file that a dealer's person sent with a reply."""
    services, sha256 = world.app.extensions["audit"], hashlib.sha256(data).hexdigest()
    attachments.receive_attachment(
        services.store, BytesIO(data), sha256, settings=services.settings, actor=person, at=AT
    )
    reply = {"by": person.id, "at": AT, "text": "见附件", "photos": [], "attachments": [sha256]}
    collection("questions").update_one({"_id": question_of(dealer, "appealed")}, {"$push": {"replies": reply}})
    world.replied[dealer] = sha256


def run_of(dealer: str) -> str:
    """Name the run that screened a dealer."""
    return f"{worlds.WAVES[worlds.DEALERS[dealer]['brand']]}-SSQ-abc"


def flag_of(dealer: str, what: str = "read") -> str:
    """Name the flag of a dealer on which something can be done."""
    return f"{run_of(dealer)}-{what}:{dealer}"


def question_of(dealer: str, what: str = "reply") -> str:
    """Name the question about a flag."""
    return f"question-{what}-{dealer}"


def _flag(dealer: str, what: str) -> dict[str, Any]:
    brand = worlds.DEALERS[dealer]["brand"]
    state = STAGES[what]
    return {
        "_id": flag_of(dealer, what), "run": run_of(dealer), "wave": worlds.WAVES[brand], "questionnaire": "SSQ",
        "dealer": dealer, "brand": brand, "grade": "flag", "state": state, "revision": 1, "score": 41.5, "p": 7e-5,
        "q": 0.03, "groups": ["level", "copying"], "summary": {"zh": "证据", "en": "Evidence"}, "decisions": [],
        "dossier": {"dealer_id": dealer, "evidence": [PIECE], "charts": CHARTS}, "created_at": AT, "decided_at": None,
        "appeal": _appeal(dealer, what),
    }  # fmt: skip


CHARTS = {"distribution": [{"from": 0.9, "to": 1.0, "dealer": 0.4, "others": 0.3}]}


def _appeal(dealer: str, what: str) -> dict[str, Any] | None:
    if what != "appealed":
        return None
    return {
        "question": question_of(dealer, what), "by": "x", "at": AT, "text": "不同意", "photos": [], "outcome": None,
        "decided_at": None,
    }  # fmt: skip


PIECE = {
    "indicator": "discordance", "group": "level", "title": {"zh": "差距", "en": "Gap"}, "unit": "SD", "observed": 0.5,
    "expected": 0.1, "n": 40, "p": 0.001, "z": 3.1, "stands_out": True, "sentence": {"zh": "证据", "en": "Evidence"},
    "honest_explanations": [{"code": "L09", "zh": "已改进", "en": "Improved"}],
    "rows": {"visits": ["visit-one"], "touchpoints": []},
}  # fmt: skip


def _question(dealer: str, what: str) -> dict[str, Any]:
    brand = worlds.DEALERS[dealer]["brand"]
    confirmed = STAGES[what] == "confirmed"
    return {
        "_id": question_of(dealer, what), "flag": flag_of(dealer, what), "dealer": dealer, "brand": brand,
        "wave": worlds.WAVES[brand], "text_zh": "请说明", "text_en": "Please explain", "evidence": [],
        "asked_by": "somebody", "asked_at": AT, "reply_until": LATER, "replies": [],
        "outcome": "confirmed" if confirmed else None, "decided_at": AT if confirmed else None,
        "appeal_until": LATER if confirmed else None, "appeal": _appeal(dealer, what),
    }  # fmt: skip
