"""A whole hearing after a real screening: question, reply with a photograph, two people, three ends, appeal."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import pytest

from audit_api.anomaly.screening import Parameters
from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.flag_hearing import names_in_rows
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.surveys import read_responses
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import screening, surveys
from tests import worlds
from tests.conftest import NOW
from tests.journeys.networks import WAVE, make_network, write_survey

PICTURE = worlds.picture(7)
SHA = hashlib.sha256(PICTURE).hexdigest()
SSQ = next(q for q in packaged_questionnaires() if q.code == "SSQ")
QUICK = Parameters(action=True, draws=5_000, near_duplicate_draws=8, ensemble=False)
REASON = "The customers called know nothing of a survey"
TEXT = {"text_zh": "请说明这些答卷是怎么来的", "text_en": "Please explain how these responses came about"}
DEALERS_VIEW = {"question", "dealer", "status", "text_zh", "text_en", "evidence", "asked_at", "reply_until", "replies",
                "outcome", "decided_at", "appeal_until", "appeal"}  # fmt: skip


@pytest.fixture
def case(app, client, people, settings, tmp_path):
    """A screened wave with flags and controls in its queue, and everybody who takes part in hearings."""
    world = make_network(NOW, seed=5, intensity=0.9, tactics=("copied", "staff_phones"))
    file = read_responses(write_survey(world, tmp_path / "responses.csv"))
    surveys.import_responses(
        file.rows(), columns=file.columns, questionnaire=SSQ, hasher=ContactHasher.of(settings), actor=OPERATOR, at=NOW
    )
    run = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=QUICK, control_share=0.3)
    queue = list(collection("flags").find({"run": run["code"], "grade": "flag"}).sort("_id", 1))
    who = {name: people.add(Role.QUALITY_REVIEWER, name=name) for name in ("anna", "ben", "cleo", "dana", "emil")}
    who["mia"] = people.add(Role.PROGRAMME_MANAGER, name="mia")
    return SimpleNamespace(
        run=run["code"],
        flags=[row for row in queue if not row["control"]],
        controls=[row for row in queue if row["control"]],
        watches=list(collection("flags").find({"run": run["code"], "grade": "watch"})),
        actors=who,
        client=client,
        people=people,
        **{name: people.headers(actor) for name, actor in who.items()},
    )


def dealer_of(case, row):
    return case.people.headers(case.people.add(Role.DEALER, name=f"of-{row['dealer']}", dealers=(row["dealer"],)))


def revision(case, row):
    return collection("flags").find_one({"_id": row["_id"]})["revision"]


def step(case, headers, row, verb, **body):
    body = {"revision": revision(case, row)} | body
    return case.client.post(f"/v1/flags/{row['_id']}/{verb}", json=body, headers=headers)


def decide(case, headers, row, outcome, **more):
    return step(case, headers, row, "decisions", outcome=outcome, reason=REASON, **more)


def answer(case, headers, question, verb="replies", text="客户都是自己填写的", photos=()):
    body = {"text": text, "photos": list(photos)}
    return case.client.post(f"/v1/questions/{question}/{verb}", json=body, headers=headers)


def asked(case, row):
    """Ask about a flag; returns the question's id and the dealer's headers."""
    assert step(case, case.anna, row, "questions", **TEXT).status_code == 201
    dealer = dealer_of(case, row)
    return case.client.get("/v1/questions", headers=dealer).get_json()["items"][0]["question"], dealer


def test_from_the_screening_to_an_appeal(case):
    client, row = case.client, case.flags[0]
    pieces = {piece["indicator"]: piece for piece in row["dossier"]["evidence"]}
    shown = [code for code, piece in pieces.items() if piece["stands_out"] and piece["group"] != "statement"]

    # Nothing before the dealer was heard.
    assert decide(case, case.anna, row, "confirmed").status_code == 409
    names = sorted(name for name in names_in_rows(pieces[shown[0]]["rows"]) if len(name) >= 5)
    telling = TEXT | {"text_en": f"Please explain {names[0]}"}
    assert step(case, case.anna, row, "questions", **telling).status_code == 422
    assert step(case, case.mia, row, "questions", **TEXT).status_code == 403
    question_body = TEXT | {"indicators": shown}
    assert step(case, case.anna, row, "questions", **question_body).get_json()["state"] == "asked"
    assert step(case, case.anna, row, "questions", **TEXT).status_code == 409, "it waits for the reply"

    # The dealer sees its question and two figures for each piece; other dealers see nothing.
    dealer, other = dealer_of(case, row), dealer_of(case, case.flags[1])
    question = client.get("/v1/questions", headers=dealer).get_json()["items"][0]
    assert set(question) == DEALERS_VIEW
    assert [set(piece) for piece in question["evidence"]] == [{"title", "sentence", "possible_explanations"}] * len(
        shown
    )
    told = json.dumps(question, ensure_ascii=False)
    hidden = {row["_id"], row["run"], case.actors["anna"].id, "anna", *names}
    hidden |= {str(visit["auditor"]) for visit in collection("visits").find({"dealer": row["dealer"]})}
    assert [name for name in hidden if name in told] == []
    address = f"/v1/questions/{question['question']}"
    for refused in (client.get(address, headers=other), answer(case, other, question["question"])):
        assert refused.status_code == 404
    assert client.get("/v1/questions", headers=other).get_json()["items"] == []
    assert client.get(f"/v1/flags/{row['_id']}", headers=dealer).status_code == 403
    assert answer(case, dealer, question["question"], "appeals").status_code == 409, "nothing to appeal yet"

    # A reply with a photograph, which has to be there first.
    assert answer(case, dealer, question["question"], photos=[SHA]).status_code == 424
    sent = client.put(f"/v1/photos/{SHA}", data=PICTURE, content_type="image/jpeg", headers=dealer)
    assert sent.status_code == 201
    replied = answer(case, dealer, question["question"], photos=[SHA])
    assert (replied.status_code, replied.get_json()["status"]) == (201, "replied")
    assert answer(case, dealer, question["question"], photos=[SHA]).get_json() == replied.get_json()
    assert client.get(f"/v1/photos/{SHA}", headers=case.ben).get_data() == PICTURE
    assert client.get(f"/v1/photos/{SHA}", headers=other).status_code in (403, 404)

    # Two people, the second not the first, neither with an interest.
    assert decide(case, case.mia, row, "confirmed").status_code == 403
    assert decide(case, dealer, row, "confirmed").status_code == 403
    assert decide(case, case.anna, row, "confirmed").get_json()["state"] == "replied"
    assert decide(case, case.anna, row, "confirmed").status_code == 409, "the same person again"
    assert decide(case, case.ben, row, "confirmed", interests=["family"]).status_code == 403
    assert decide(case, case.ben, row, "confirmed").status_code == 403, "what was declared stays"
    used = next(piece["rows"]["visits"] for piece in pieces.values() if piece["rows"].get("visits"))
    collection("visits").update_one({"_id": used[0]}, {"$set": {"auditor": case.actors["emil"].id}})
    assert decide(case, case.emil, row, "confirmed").status_code == 403, "who audited it"
    stale = decide(case, case.cleo, row, "confirmed", revision=1)
    assert stale.status_code == 409
    assert [change["verb"] for change in stale.get_json()["changes"]][:2] == ["asked", "replied"]
    confirmed = decide(case, case.cleo, row, "confirmed").get_json()
    assert (confirmed["state"], confirmed["control"]) == ("confirmed", False)
    assert {taken["by"] for taken in confirmed["decisions"]} == {case.actors["anna"].id, case.actors["cleo"].id}

    # A rung is proposed; nothing happens by itself.
    assert (confirmed["response"]["proposed"], len(confirmed["response"]["ladder"])) == (1, 3)
    assert "person decides" in confirmed["response"]["why"]["en"]
    assert collection("flag_suppressions").count_documents({}) == 0
    assert collection("responses").count_documents({"dealer": row["dealer"], "void": {"$exists": True}}) == 0
    for headers in (case.anna, case.dana):
        assert decide(case, headers, row, "inconclusive").status_code == 409
        assert step(case, headers, row, "questions", **TEXT).status_code == 409
        early = step(case, headers, row, "appeal-decisions", outcome="confirmed", reason=REASON)
        assert early.status_code == 409, "no appeal waits"
    assert answer(case, dealer, question["question"]).status_code == 409

    # The appeal goes to somebody uninvolved.
    assert answer(case, other, question["question"], "appeals").status_code == 404
    appealed = answer(case, dealer, question["question"], "appeals", text="我们不同意", photos=[SHA])
    assert (appealed.status_code, appealed.get_json()["appeal"]["outcome"]) == (201, None)
    for name in ("anna", "cleo"):
        body = {"outcome": "confirmed", "reason": REASON}
        assert step(case, getattr(case, name), row, "appeal-decisions", **body).status_code == 409
    upheld = step(case, case.dana, row, "appeal-decisions", outcome="confirmed", reason=REASON).get_json()
    assert (upheld["state"], upheld["appeal"]["outcome"]) == ("confirmed", "confirmed")
    assert answer(case, dealer, question["question"], "appeals", text="再次申诉").status_code == 409
    assert client.get(address, headers=dealer).get_json()["appeal"]["outcome"] == "confirmed"
    verbs = [entry["verb"] for entry in trail.entries_of("flag", row["_id"])]
    assert verbs == ["raised", "asked", "replied", "decided", "interest_declared", "decided", "appealed",
                     "appeal_decided"]  # fmt: skip
    chain = trail.entries_of("flag", row["_id"])
    assert all(trail.entry_hash(entry) == entry["hash"] for entry in chain)


def test_dismissed_left_open_and_what_it_says_of_the_detectors(case):
    """A dismissal names one look-alike, agreed by both; a control ends like a flag; precision counts each apart."""
    dismissed, control = case.flags[0], case.controls[0]
    assert decide(case, case.anna, dismissed, "dismissed").status_code == 422
    assert decide(case, case.anna, dismissed, "dismissed", look_alike="L05").get_json()["state"] == "open"
    assert decide(case, case.ben, dismissed, "dismissed", look_alike="L06").get_json()["state"] == "open"
    assert collection("flag_suppressions").count_documents({}) == 0
    done = decide(case, case.cleo, dismissed, "dismissed", look_alike="L05").get_json()
    assert done["state"] == "dismissed"
    kept = collection("flag_suppressions").find_one({"_id": dismissed["_id"]})
    assert (kept["look_alike"], kept["groups"]) == ("L05", dismissed["groups"])

    question, dealer = asked(case, control)
    answer(case, dealer, question)
    assert decide(case, case.anna, control, "inconclusive").get_json()["control"] is None
    ended = decide(case, case.ben, control, "inconclusive").get_json()
    assert (ended["state"], ended["control"], ended.get("response")) == ("inconclusive", True, None)
    assert answer(case, dealer, question, "appeals").status_code == 409, "nothing was confirmed"
    assert collection("flag_suppressions").count_documents({}) == 1, "a control has no pattern"

    second = case.controls[1]
    question, dealer = asked(case, second)
    answer(case, dealer, question)
    decide(case, case.anna, second, "confirmed")
    missed = decide(case, case.ben, second, "confirmed").get_json()
    assert (missed["state"], missed["control"]) == ("confirmed", True)

    found = case.client.get("/v1/detector-precision", headers=case.mia).get_json()
    assert (found["flags"]["dismissed"], found["flags"]["confirmed"], found["flags"]["inconclusive"]) == (1, 0, 0)
    assert (found["controls"]["confirmed"], found["controls"]["inconclusive"]) == (1, 1)
    assert {row["name"] for row in found["groups"]} == set(dismissed["groups"])
    strong = {piece["indicator"] for piece in dismissed["dossier"]["evidence"] if piece["stands_out"]}
    assert {row["name"] for row in found["indicators"]} == strong
    for counted in [found["flags"], found["controls"], *found["groups"], *found["indicators"]]:
        assert 0 <= counted["low"] <= counted["precision"] <= counted["high"] <= 1
        assert counted["high"] - counted["low"] > 0.5, "one decision tells little, and the interval says so"


def test_a_watch_is_nobodys_case(case):
    """No question goes out and nothing is confirmed; one person may close it."""
    collection("flags").update_many({"run": case.run, "grade": "flag"}, {"$set": {"blind": False}})
    row = (case.watches or case.flags)[0]
    if not case.watches:
        collection("flags").update_one({"_id": row["_id"]}, {"$set": {"grade": "watch", "state": "watch"}})
    assert step(case, case.anna, row, "questions", **TEXT).status_code == 409
    assert decide(case, case.anna, row, "confirmed").status_code == 409
    assert decide(case, case.anna, row, "inconclusive").get_json()["state"] == "inconclusive"
    assert collection("questions").count_documents({}) == 0
