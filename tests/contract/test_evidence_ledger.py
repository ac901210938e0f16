"""GET /v1/visits/{id}/evidence, its page and command: expected against received, and never another word than a
submission's."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_api.domain.directory import Role
from audit_api.models.base import collection
from audit_api.operations import photo_refusals
from tests import worlds
from tests.conftest import commands_on

GOOD = worlds.make_visit("-", checklist="SMS", quality=0.3, seed=21)


@pytest.fixture
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))


def ledger(network, headers, visit):
    answer = network.client.get(f"{visit.url}/evidence", headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def put_photo(network, headers, data, sha256=None):
    name = sha256 or hashlib.sha256(data).hexdigest()
    return network.client.put(f"/v1/photos/{name}", data=data, headers={**headers, "Content-Type": "image/jpeg"})


def lines(found):
    return {line["item"]: line for line in found["items"]}


def test_from_expected_to_received(network, auditor, reviewer):
    actor, own = auditor
    visit = worlds.make_visit(network.assignment(actor), seed=31)
    assert worlds.send_visit(network.client, own, visit, photos=False).status_code == 201
    before = ledger(network, own, visit)
    line = lines(before)["SMS-VIS-05"]
    assert (line["rule"], line["needed"], line["named"], line["arrived"]) == ("always", 1, 1, 0)
    assert line["of"] == {"zh": "门头与店名", "en": "Fascia with dealer name"}
    assert line["photos"][0]["state"] == "missing"
    assert (before["complete"], before["errors"], before["totals"]["arrived"]) == (False, [], 0)

    # One upload is cut off on the way, one is no picture at all: both are refused, and the visit's ledger says why.
    front = line["photos"][0]["sha256"]
    assert put_photo(network, own, visit.photos[front][:-50], front).status_code == 422
    assert put_photo(network, own, visit.photos[front][:-40], front).status_code == 422
    text = b"a text renamed .jpg"
    name = hashlib.sha256(text).hexdigest()
    visit.observation("SMS-VIS-04")["photos"] = [{"slot": "x", "sha256": name}]
    visit.body["revision"] = 2
    assert worlds.send_visit(network.client, own, visit, photos=False).status_code == 201
    assert put_photo(network, own, text).status_code == 415
    refused = lines(ledger(network, own, visit))
    told = refused["SMS-VIS-05"]["photos"][0]
    assert (told["state"], told["refusal"]["reason"], told["refusal"]["times"]) == ("refused", "hash-mismatch", 2)
    told = refused["SMS-VIS-04"]["photos"][0]
    assert (told["state"], told["refusal"]["status"]) == ("refused", 415)
    assert "JPEG" in told["refusal"]["message"]["zh"] and "JPEG" in told["refusal"]["message"]["en"]
    late = network.client.post(f"{visit.url}/submission", json={}, headers=own)
    assert late.status_code == 424
    assert {entry["sha256"]: entry["reason"] for entry in late.get_json()["refused"]} == {
        front: "hash-mismatch", name: "unsupported_format",
    }  # fmt: skip

    # What can never arrive is replaced; what was cut off is sent again; the rest comes.
    visit.observation("SMS-VIS-04")["photos"] = []
    visit.body["revision"] = 3
    assert worlds.send_visit(network.client, own, visit).status_code == 201
    after = ledger(network, own, visit)
    assert (after["complete"], after["missing"], after["totals"]["refused"]) == (True, [], 0)
    assert [(photo["sha256"], photo["items"]) for photo in after["replaced"]] == [(name, ["SMS-VIS-04"])]
    arrived = lines(after)["SMS-VIS-05"]["photos"][0]
    assert (arrived["state"], arrived["refusal"]) == ("arrived", None)
    assert arrived["received_at"] is not None
    assert "exif_absent" in [said["code"] for said in arrived["remarks"]]
    assert worlds.submit_visit(network.client, own, visit).status_code == 200
    assert ledger(network, reviewer[1], visit) == after | {"state": "submitted"}


def test_the_same_bytes_in_two_slots_are_marked(network, auditor):
    actor, own = auditor
    visit = worlds.make_visit(network.assignment(actor), seed=32)
    named = [o for o in visit.body["observations"] if o["photos"]]
    named[1]["photos"][0]["sha256"] = named[0]["photos"][0]["sha256"]
    worlds.send_visit(network.client, own, visit)
    found = ledger(network, own, visit)
    assert found["totals"]["repeated"] == 2
    first, second = (lines(found)[o["item"]]["photos"][0] for o in named[:2])
    assert first["repeats"] == [{"item": named[1]["item"], "slot": second["slot"]}]
    assert second["repeats"] == [{"item": named[0]["item"], "slot": first["slot"]}]
    assert found["complete"]


DAMAGES = st.lists(
    st.tuples(st.sampled_from(["value", "comment", "photos", "photo", "observation", "end"]), st.integers(0, 10_000)),
    max_size=4,
)


@pytest.fixture(scope="module")
def sender(network):
    """An auditor whose photos have all arrived."""
    actor, own = network.person(Role.AUDITOR, brands=("Aurora",))
    for data in GOOD.photos.values():
        assert put_photo(network, own, data).status_code == 201
    return actor, own


@given(damages=DAMAGES, away=st.sets(st.integers(0, 30), max_size=2), far=st.booleans())
@settings(max_examples=200 if os.environ.get("FULL") else 25)
def test_ledger_and_submission_never_disagree(network, sender, damages, away, far):
    """Whatever is taken out of a visit: what the ledger lacks is, word for word, what a submission is refused for."""
    actor, own = sender
    visit = worlds.SentVisit(str(uuid.uuid4()), copy.deepcopy(GOOD.body))
    visit.body["assignment"] = network.assignment(actor)
    for kind, number in damages:
        damage(visit, kind, number)
    if far:
        visit.observation("SMS-VIS-02")["value"]["lat"] += 0.02
    named = [photo for o in visit.body["observations"] for photo in o["photos"]]
    for number in away & set(range(len(named))):
        named[number]["sha256"] = f"{number:064x}"
    assert worlds.send_visit(network.client, own, visit).status_code == 201
    found = ledger(network, own, visit)
    answer = network.client.post(f"{visit.url}/submission", json={}, headers=own | {"Accept-Language": "zh"})
    told = answer.get_json()
    if answer.status_code == 424:
        assert told["missing"] == found["missing"] != []
    elif answer.status_code == 422:
        said = [in_chinese(error) for error in found["errors"]]
        assert (told["errors"], found["missing"]) == (said, [])
    else:
        assert answer.status_code == 200
        assert (found["missing"], found["errors"]) == ([], [])
    assert found["complete"] is (answer.status_code == 200)


def damage(visit, kind, number):
    observations = visit.body["observations"]
    chosen = [o for o in observations if o["photos"]] if kind in ("photos", "photo") else observations
    if kind == "end":
        visit.body["ended_at"] = None
    if kind == "end" or not chosen:
        return
    observation = chosen[number % len(chosen)]
    if kind == "observation":
        if observation["item"] != "SMS-VIS-02":
            observations.remove(observation)
    elif kind == "photo":
        observation["photos"].pop()
    elif observation["item"] != "SMS-VIS-02" or kind == "comment":
        observation[kind] = [] if kind == "photos" else None


def in_chinese(value):
    if isinstance(value, dict):
        return value["zh"] if set(value) == {"zh", "en"} else {key: in_chinese(inner) for key, inner in value.items()}
    return [in_chinese(inner) for inner in value] if isinstance(value, list) else value


def test_a_returned_visit_is_held_to_what_was_asked_in_both(network, auditor, reviewer):
    actor, own = auditor
    visit = network.submitted(actor, seed=33)

    def post(step, **body):
        revision = collection("visits").find_one({"_id": visit.id})["record_revision"]
        return network.client.post(
            f"{visit.url}/{step}", json={"record_revision": revision, **body}, headers=reviewer[1]
        )

    post("review")
    assert post("return", reason="核对", notes=[{"item": "SMS-VIS-05", "note": "重拍"}]).status_code == 200
    visit.observation("SMS-NAR-02")["value"] = "最好：接待。最弱：试驾邀约不主动。"
    visit.body["revision"] = 2
    worlds.send_visit(network.client, own, visit)
    found = ledger(network, own, visit)
    assert [(error["item"], error["code"]) for error in found["errors"]] == [("SMS-NAR-02", "not_asked")]
    refused = worlds.submit_visit(network.client, own, visit)
    assert [error["item"] for error in refused.get_json()["errors"]] == ["SMS-NAR-02"]


def test_what_somebody_else_sent_or_had_refused_is_not_told(network, auditor):
    actor, own = auditor
    visit = worlds.make_visit(network.assignment(actor), seed=34)
    worlds.send_visit(network.client, own, visit, photos=False)
    front = visit.observation("SMS-VIS-05")["photos"][0]["sha256"]
    _, other = network.person(Role.AUDITOR, brands=("Aurora",))
    assert put_photo(network, other, b"no picture", front).status_code == 422
    assert lines(ledger(network, own, visit))["SMS-VIS-05"]["photos"][0]["state"] == "missing"
    assert put_photo(network, other, visit.photos[front]).status_code == 201
    assert lines(ledger(network, own, visit))["SMS-VIS-05"]["photos"][0]["state"] == "missing"


def test_an_upload_too_large_is_remembered_though_not_a_byte_is_read(network, auditor):
    actor, own = auditor
    name = "ab" * 32
    limit = network.app.extensions["audit"].settings.max_photo_bytes
    answer = network.client.put(f"/v1/photos/{name}", headers=own, content_length=limit + 1)
    assert (answer.status_code, answer.get_json()["reason"]) == (413, "too_many_bytes")
    kept = photo_refusals.refusals_of(actor.id, [name])[name]
    assert (kept["status"], kept["reason"]) == (413, "too_many_bytes")


def test_what_is_remembered_is_bounded_and_the_latest_stays(network, auditor, monkeypatch):
    monkeypatch.setattr(photo_refusals, "MOST_REFUSALS", 3)
    actor, own = auditor
    _, other = network.person(Role.AUDITOR, brands=("Aurora",))
    put_photo(network, other, b"not mine")
    names = [f"{n:064x}" for n in range(5)]
    for name in names:
        assert put_photo(network, own, b"", name).status_code == 422
    assert set(photo_refusals.refusals_since(actor.id)) == set(names[2:])
    assert collection("photo_refusals").count_documents({"person": actor.id}) == 3
    assert collection("photo_refusals").count_documents({"person": {"$ne": actor.id}}) >= 1
    assert put_photo(network, own, b"", "A" * 64).status_code == 404
    assert len(photo_refusals.refusals_since(actor.id)) == 3


def test_the_page_says_it_in_both_languages(network, auditor, reviewer):
    actor, own = auditor
    visit = worlds.make_visit(network.assignment(actor), seed=35)
    visit.body["ended_at"] = None
    worlds.send_visit(network.client, own, visit, photos=False)
    front = visit.observation("SMS-VIS-05")["photos"][0]["sha256"]
    put_photo(network, own, b"", front)
    put_photo(network, own, visit.photos[front], front)
    path = f"/visits/{visit.id}/evidence"
    said = {
        "zh": ("取证对照", "门头与店名", "已到", "未到", "请填写结束时间"),
        "en": ("expected against received", "Fascia with dealer name", "arrived", "missing", "give its ended_at"),
    }
    for lang, words in said.items():
        text = network.client.get(f"{path}?lang={lang}", headers=reviewer[1]).get_data(as_text=True)
        for word in words:
            assert word in text
        assert front[:8] in text
    assert network.client.get(path, headers=own).status_code == 403
    elsewhere = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))[1]
    page = network.client.get(path, headers={**elsewhere, "Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_the_command_prints_the_ledger(network, auditor, monkeypatch):
    actor, own = auditor
    visit = worlds.make_visit(network.assignment(actor), seed=36)
    worlds.send_visit(network.client, own, visit, photos=False)
    front = visit.observation("SMS-VIS-05")["photos"][0]["sha256"]
    put_photo(network, own, b"", front)
    missing = ledger(network, own, visit)["missing"]
    run = commands_on(network.app.extensions["audit"].settings, monkeypatch)
    told = run("visit", "evidence", visit.id, language="zh")
    data = run("visit", "evidence", visit.id, "--json", language="zh")
    assert "SMS-VIS-05\talways\t0/1\t门头与店名" in told.output, told.output
    assert f"\t1\t{front}\t被拒收\t" in told.output
    assert told.output.rstrip().endswith("尚不能提交")
    assert json.loads(data.output)["missing"] == missing
