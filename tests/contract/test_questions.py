"""The hearing on the wire: question, reply with photos, decision, appeal; what the dealer may see and must not."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit_api.domain.directory import Role
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import flags, flags_hearing
from audit_api.problems import Problem
from tests import pdfs, worlds
from tests.conftest import NOW
from tests.contract.population_surveys import PIECE
from tests.contract.test_flags import decide, kept_flag

PICTURE = worlds.picture(3)
SHA = hashlib.sha256(PICTURE).hexdigest()
TEXT = {"text_zh": "请说明满意度与审核结果的差距", "text_en": "Please explain the gap between survey and audit"}


@pytest.fixture
def kept(dealers):
    row = kept_flag("D0001")
    hidden = PIECE | {"indicator": "mention", "group": "statement"}
    piece = PIECE | {"rows": {"visits": ["visit-one"], "responses": ["RESPONSE-0001"]}}
    row["dossier"] = {"dealer_id": "D0001", "evidence": [piece, hidden]}
    collection("flags").insert_many([row, kept_flag("D0002")])
    return row["_id"]


@pytest.fixture
def cast(people):
    """Three reviewers, and a dealer's person of each dealer."""
    who = {name: people.add(Role.QUALITY_REVIEWER, name=name) for name in ("anna", "ben", "cleo")}
    who |= {code: people.add(Role.DEALER, name=f"dealer-{code}", dealers=(code,)) for code in ("D0001", "D0002")}
    return {name: people.headers(actor) for name, actor in who.items()} | {"actors": who}


def ask(client, headers, flag, revision=1, **more):
    body = TEXT | {"revision": revision, "indicators": ["discordance"]} | more
    return client.post(f"/v1/flags/{flag}/questions", json=body, headers=headers)


def the_question(client, headers):
    return client.get("/v1/questions", headers=headers).get_json()["items"][0]


def say(client, headers, question, text="客户多为老客户", photos=(), verb="replies"):
    body = {"text": text, "photos": list(photos)}
    return client.post(f"/v1/questions/{question}/{verb}", json=body, headers=headers)


def test_from_question_to_confirmation_and_appeal(client, kept, cast):
    asked = ask(client, cast["anna"], kept)
    assert asked.status_code == 201, asked.get_json()
    assert (asked.get_json()["state"], asked.get_json()["revision"]) == ("asked", 2)
    assert decide(client, cast["anna"], kept, revision=2).status_code == 409

    dealer = cast["D0001"]
    question = the_question(client, dealer)
    assert (question["status"], question["text_en"]) == ("open", TEXT["text_en"])
    assert say(client, dealer, question["question"], photos=[SHA]).status_code == 424
    sent = client.put(f"/v1/photos/{SHA}", data=PICTURE, content_type="image/jpeg", headers=dealer)
    assert sent.status_code == 201
    replied = say(client, dealer, question["question"], photos=[SHA])
    assert (replied.status_code, replied.get_json()["status"]) == (201, "replied")
    assert say(client, dealer, question["question"], photos=[SHA]).get_json() == replied.get_json()
    staff = client.get(f"/v1/flags/{kept}", headers=cast["ben"]).get_json()
    assert (staff["state"], staff["revision"]) == ("replied", 3)
    assert staff["questions"][0]["replies"][0]["photos"] == [SHA]
    assert client.get(f"/v1/photos/{SHA}/thumbnail", headers=cast["ben"]).status_code == 200

    decide(client, cast["anna"], kept, revision=3)
    done = decide(client, cast["ben"], kept, revision=4).get_json()
    assert done["state"] == "confirmed"
    assert done["response"]["proposed"] == 1
    closed = the_question(client, dealer)
    assert (closed["status"], closed["outcome"]) == ("closed", "confirmed")
    assert say(client, dealer, question["question"], "one more").status_code == 409

    appealed = say(client, dealer, question["question"], "我们不同意", verb="appeals")
    assert appealed.status_code == 201
    assert say(client, dealer, question["question"], "第二次", verb="appeals").status_code == 409

    def settle(headers, revision, **more):
        body = {"outcome": "dismissed", "look_alike": "L09", "reason": "The records show the change", **more}
        return client.post(f"/v1/flags/{kept}/appeal-decisions", json=body | {"revision": revision}, headers=headers)

    involved = settle(cast["ben"], 6)
    assert involved.status_code == 409
    assert "uninvolved" in involved.get_json()["detail"]
    settled = settle(cast["cleo"], 6).get_json()
    assert (settled["state"], settled["response"], settled["appeal"]["outcome"]) == ("dismissed", None, "dismissed")
    assert the_question(client, dealer)["appeal"]["outcome"] == "dismissed"
    verbs = [entry["verb"] for entry in trail.entries_of("flag", kept)]
    assert verbs == ["asked", "replied", "decided", "decided", "appealed", "appeal_decided"]


def test_a_silent_dealer_can_be_decided_about_after_its_time(app, kept, cast):
    anna, ben = cast["actors"]["anna"], cast["actors"]["ben"]
    flags_hearing.ask_dealer(
        kept, **TEXT, indicators=[], revision=1, reply_days=10, actor=anna, at=datetime(2026, 11, 16, tzinfo=UTC)
    )  # fmt: skip
    with pytest.raises(Problem):
        flags.decide_flag(kept, outcome="confirmed", reason="No answer so far", revision=2, actor=anna, at=NOW)
    late = datetime(2026, 12, 1, tzinfo=UTC)
    flags.decide_flag(kept, outcome="confirmed", reason="No answer in time", revision=2, actor=anna, at=late)
    done = flags.decide_flag(kept, outcome="confirmed", reason="No answer in time", revision=3, actor=ben, at=late)
    assert done["state"] == "confirmed"
    question = collection("questions").find_one({"flag": kept})
    appeal = {"text": "late", "photos": [], "actor": cast["actors"]["D0001"]}
    with pytest.raises(Problem, match="time to appeal"):
        flags_hearing.appeal_decision(question["_id"], **appeal, at=late + timedelta(days=30))
    flags_hearing.appeal_decision(question["_id"], **appeal, at=late + timedelta(days=3))


def test_the_dealer_sees_its_own_question_and_nothing_of_the_flag(client, kept, cast):
    ask(client, cast["anna"], kept)
    question = the_question(client, cast["D0001"])
    text = client.get(f"/v1/questions/{question['question']}", headers=cast["D0001"]).get_data(as_text=True)
    hidden = [
        "RESPONSE-0001",
        "visit-one",
        kept,
        "flag",
        "0.001",
        "anna",
        cast["actors"]["anna"].id,
        "score",
        "revision",
    ]
    assert [word for word in hidden if word in text] == []
    assert "Improved" in text
    assert client.get(f"/v1/questions/{question['question']}", headers=cast["D0002"]).status_code == 404
    assert client.get("/v1/questions", headers=cast["D0002"]).get_json()["items"] == []
    assert say(client, cast["D0002"], question["question"]).status_code == 404
    assert client.get("/v1/questions", headers=cast["anna"]).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"indicators": ["mention"]}, "indicators"),
        ({"indicators": ["no_such"]}, "indicators"),
        ({"text_en": "Please explain response-0001 to us"}, "text_en"),
        ({"text_zh": "请解释走访 visit-one 的结果，谢谢"}, "text_zh"),
    ],
)
def test_what_must_not_reach_a_dealer_is_refused(client, kept, cast, change, field):
    answer = ask(client, cast["anna"], kept, **change)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == field
    assert collection("questions").count_documents({}) == 0


def test_a_reply_voids_what_was_decided_before_it(client, kept, cast):
    """Anna's word on revision 2 was given before the reply; she and Ben both have to read it."""
    ask(client, cast["anna"], kept)
    decide(client, cast["anna"], kept, "inconclusive", revision=2)
    say(client, cast["D0001"], the_question(client, cast["D0001"])["question"])
    assert decide(client, cast["ben"], kept, "inconclusive", revision=4).get_json()["state"] == "replied"
    assert decide(client, cast["anna"], kept, "inconclusive", revision=5).get_json()["state"] == "inconclusive"


def test_a_watch_is_never_asked_about(client, kept, cast):
    collection("flags").update_one({"_id": kept}, {"$set": {"state": "watch", "grade": "watch"}})
    assert ask(client, cast["anna"], kept).status_code == 409


def attach(client, headers, data):
    name = hashlib.sha256(data).hexdigest()
    return name, client.put(f"/v1/attachments/{name}", data=data, headers=headers)


def test_a_reply_and_an_appeal_carry_files(client, kept, cast):
    """Named only once they have arrived, saved by reviewers, told to the dealer by hash alone."""
    ask(client, cast["anna"], kept)
    url = f"/v1/questions/{the_question(client, cast['D0001'])['question']}"
    document = hashlib.sha256(pdfs.plain()).hexdigest()
    said = {"text": "见维修记录", "photos": [], "attachments": [document]}
    early = client.post(f"{url}/replies", json=said, headers=cast["D0001"])
    assert (early.status_code, early.get_json()["missing_attachments"]) == (424, [document])
    assert attach(client, cast["D0001"], pdfs.plain())[1].status_code == 201
    replied = client.post(f"{url}/replies", json=said, headers=cast["D0001"])
    assert replied.status_code == 201
    assert replied.get_json()["replies"][0]["attachments"] == [document]
    assert client.post(f"{url}/replies", json=said, headers=cast["D0001"]).get_json() == replied.get_json()
    staff = client.get(f"/v1/flags/{kept}", headers=cast["anna"]).get_json()
    assert staff["questions"][0]["replies"][0]["attachments"] == [document]
    page = client.get(f"/flags/{kept}", headers=cast["anna"] | {"Accept": "text/html"}).get_data(as_text=True)
    assert f"attachments/{document}" in page
    for path in (f"/v1/attachments/{document}", f"/flags/{kept}/attachments/{document}"):
        assert client.get(path, headers=cast["ben"]).get_data() == pdfs.plain()
        assert client.get(path, headers=cast["D0001"]).status_code == 403
    assert client.get(f"/flags/{kept}/attachments/{'0' * 64}", headers=cast["ben"]).status_code == 404
    other = client.get(f"/v1/attachments/{document}", headers=cast["D0002"])
    assert other.status_code == 403


def test_a_reply_from_before_there_were_attachments(client, kept, cast):
    ask(client, cast["anna"], kept)
    old = {"by": cast["actors"]["D0001"].id, "at": NOW, "text": "旧的答复", "photos": []}
    collection("questions").update_one({"flag": kept}, {"$push": {"replies": old}})
    question = the_question(client, cast["D0001"])
    assert question["replies"][0]["attachments"] == []
    again = say(client, cast["D0001"], question["question"], text="旧的答复")
    assert len(again.get_json()["replies"]) == 1, "the same reply again changes nothing"


def test_sound_in_a_reply_only_where_the_programme_allows_it(client, kept, cast):
    ask(client, cast["anna"], kept)
    url = f"/v1/questions/{the_question(client, cast['D0001'])['question']}/replies"
    wave = collection("flags").find_one({"_id": kept})["wave"]
    sound = (Path(__file__).parent.parent / "recordings" / "tone.m4a").read_bytes()
    name, refused = attach(client, cast["D0001"], sound)
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/recording-not-allowed")
    collection("programmes").insert_one({"_id": "P-other", "brand": "Aurora", "recording_allowed": True})
    assert attach(client, cast["D0001"], sound)[1].status_code == 201
    said = {"text": "见录音", "photos": [], "attachments": [name]}
    collection("programmes").insert_one({"_id": "P-own", "brand": "Aurora", "recording_allowed": False})
    bounds = {"starts_at": NOW, "ends_at": NOW, "timezone": "UTC", "brand": "Aurora"}
    collection("waves").update_one({"_id": wave}, {"$set": {"programme": "P-own", **bounds}}, upsert=True)
    assert client.post(url, json=said, headers=cast["D0001"]).status_code == 422
    collection("programmes").update_one({"_id": "P-own"}, {"$set": {"recording_allowed": True}})
    assert client.post(url, json=said, headers=cast["D0001"]).status_code == 201


def test_nobody_reads_a_photo_by_naming_it_in_a_reply(client, kept, cast, people):
    """A hash somebody else has sent opens nothing to who names it."""
    auditor = people.headers(people.add(Role.AUDITOR))
    client.put(f"/v1/photos/{SHA}", data=PICTURE, content_type="image/jpeg", headers=auditor)
    ask(client, cast["anna"], kept)
    assert say(client, cast["D0001"], the_question(client, cast["D0001"])["question"], photos=[SHA]).status_code == 424
    assert client.get(f"/v1/photos/{SHA}/thumbnail", headers=cast["anna"]).status_code == 404


def test_the_dealer_sees_what_its_answers_name_and_what_was_refused(client, kept, cast):
    ask(client, cast["anna"], kept)
    dealer = cast["D0001"]
    question = the_question(client, dealer)["question"]
    text = b"no picture"
    name = hashlib.sha256(text).hexdigest()
    assert client.put(f"/v1/photos/{name}", data=text, headers=dealer).status_code == 415
    waiting = say(client, dealer, question, photos=[name, SHA]).get_json()
    assert (set(waiting["missing"]), [r["reason"] for r in waiting["refused"]]) == ({name, SHA}, ["unsupported_format"])
    assert client.put(f"/v1/photos/{SHA}", data=PICTURE, headers=dealer).status_code == 201
    say(client, dealer, question, photos=[SHA])
    say(client, dealer, question, text="另附一张", photos=[SHA])

    found = client.get(f"/v1/questions/{question}/evidence", headers=dealer).get_json()
    assert found["totals"] == {"named": 2, "arrived": 2, "missing": 0, "refused": 0, "repeated": 2}
    first, second = found["items"]
    assert (first["answer"], first["sha256"], first["state"]) == ("reply", SHA, "arrived")
    assert first["repeats"] == [{"answer": "reply", "at": second["at"]}]
    assert [(r["sha256"], r["refusal"]["status"]) for r in found["refused"]] == [(name, 415)]
    assert client.get(f"/v1/questions/{question}/evidence", headers=cast["D0002"]).status_code == 404
    assert client.get(f"/v1/questions/{question}/evidence", headers=cast["ben"]).status_code == 403
    # Nothing of who replied, nor of the visits behind the flag and their photographs.
    told = json.dumps(found)
    assert cast["actors"]["D0001"].id not in told
    assert not {"visit", "visits", "auditor", "item", "slot"} & set(re.findall(r'"(\w+)":', told))
