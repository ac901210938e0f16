"""POST /v1/visits/{id}/submission."""

from __future__ import annotations

import base64
import json
import threading
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit_api.domain.directory import Role
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.scoring import score_visit
from audit_api.models import trail
from audit_api.models.base import collection
from tests import worlds


@pytest.fixture
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def sent(network, auditor):
    """A complete visit with its photos, not yet submitted."""
    actor, headers = auditor
    visit = worlds.make_visit(network.assignment(actor), quality=0.4, seed=7)
    assert worlds.send_visit(network.client, headers, visit).status_code == 201
    return visit


def submit(network, headers, visit, **body):
    return network.client.post(f"{visit.url}/submission", json=body, headers=headers)


def stored(visit):
    return collection("visits").find_one({"_id": visit.id})


@pytest.mark.parametrize("checklist", packaged_checklists(), ids=lambda c: c.code)
def test_it_works_for_every_checklist(network, auditor, checklist):
    visit = network.submitted(auditor[0], checklist=checklist.code, quality=0.6, seed=3)
    row = stored(visit)
    assert row["state"] == "submitted"
    expected = score_visit(checklist, answers_of(checklist, visit.body["observations"]))
    assert row["score"] == json.loads(json.dumps(expected.as_document()))
    assert [kept["reason"] for kept in row["scores"]] == ["submission"]
    found = {f["item"] for f in collection("findings").find({"visit": visit.id, "state": "open"})}
    assert found == {result.item for result in expected.failed_items()}
    assert found, "a middling dealer fails something"


def test_the_receipt_names_what_was_taken_in_and_is_signed(network, auditor, sent):
    receipt = submit(network, auditor[1], sent, revision=1).get_json()
    assert receipt["visit"] == sent.id
    assert receipt["content_hash"] == stored(sent)["content_hash"]
    named = {(o["item"], p["slot"], p["sha256"]) for o in sent.body["observations"] for p in o["photos"]}
    assert {(p["item"], p["slot"], p["sha256"]) for p in receipt["photos"]} == named
    signature = base64.b64decode(receipt.pop("signature"))
    canonical = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    (key,) = [k for k in network.client.get("/v1/receipt-keys").get_json()["items"] if k["key_id"] == receipt["key_id"]]
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"])).verify(signature, canonical)


def test_a_replay_gives_the_same_bytes_and_writes_nothing(network, auditor, sent):
    first = submit(network, auditor[1], sent, revision=1)
    before = stored(sent)
    for body in ({"revision": 1}, {}):
        again = submit(network, auditor[1], sent, **body)
        assert (again.status_code, again.data) == (200, first.data)
    without_body = network.client.post(f"{sent.url}/submission", headers=auditor[1])
    assert (without_body.status_code, without_body.data) == (200, first.data)
    assert stored(sent) == before
    assert [e["verb"] for e in trail.entries_of("visit", sent.id)] == ["submitted"]


def test_photos_that_have_not_arrived_are_named(network, auditor):
    visit = worlds.make_visit(network.assignment(auditor[0]), seed=11)
    worlds.send_visit(network.client, auditor[1], visit, photos=False)
    absent = sorted(visit.photos)[0]
    for sha256, data in visit.photos.items():
        if sha256 != absent:
            network.client.put(f"/v1/photos/{sha256}", data=data, headers=auditor[1])
    answer = submit(network, auditor[1], visit, revision=1)
    assert answer.status_code == 424
    assert answer.get_json()["missing"] == [absent]
    assert stored(visit)["state"] == "started"


def test_photos_that_only_somebody_else_has_sent_are_missing(network, auditor, sent):
    other, headers = network.person(Role.AUDITOR, brands=("Aurora",))
    visit = worlds.make_visit(network.assignment(other), quality=0.4, seed=7)
    assert visit.photos.keys() == sent.photos.keys()
    worlds.send_visit(network.client, headers, visit, photos=False)
    assert submit(network, headers, visit, revision=1).status_code == 424


def test_what_is_missing_is_named_by_item(network, auditor):
    visit = worlds.make_visit(network.assignment(auditor[0]), seed=5)
    visit.observation("SMS-VIS-04")["value"] = None
    visit.observation("SMS-VIS-05")["photos"] = []
    visit.observation("SMS-NAR-02")["value"] = "short"
    visit.body["ended_at"] = None
    worlds.send_visit(network.client, auditor[1], visit)
    answer = submit(network, auditor[1], visit, revision=1)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/evidence-missing"
    errors = {(e.get("item") or e["field"]): e for e in answer.get_json()["errors"]}
    assert set(errors) == {"ended_at", "SMS-VIS-04", "SMS-VIS-05", "SMS-NAR-02"}
    assert errors["SMS-VIS-04"]["code"] == "required"
    assert isinstance(errors["SMS-VIS-04"]["message"], str)
    chinese = network.client.post(
        f"{visit.url}/submission", json={}, headers=auditor[1] | {"Accept-Language": "zh"}
    ).get_json()["errors"]
    assert {e["message"] for e in chinese} != {e["message"] for e in errors.values()}


def test_comments_are_required_for_adverse_far_and_critical(network, auditor):
    far = (worlds.POSITION[0] + 0.02, worlds.POSITION[1])
    visit = worlds.make_visit(network.assignment(auditor[0]), seed=6, quality=0.0, adverse_share=1.0)
    for observation in visit.body["observations"]:
        observation["comment"] = None
    visit.observation("SMS-VIS-02")["value"] |= {"lat": far[0], "lon": far[1]}
    worlds.send_visit(network.client, auditor[1], visit)
    errors = submit(network, auditor[1], visit, revision=1).get_json()["errors"]
    codes = {e["item"]: e["code"] for e in errors}
    assert codes["SMS-VIS-02"] == "comment_distance"
    assert codes["SMS-INT-03"] == "comment_adverse"
    assert "comment_critical" in codes.values()
    # Mended by the next revision, as the contract says.
    for item in codes:
        visit.observation(item)["comment"] = "门口施工，定位漂移；原话如实记录。"
    visit.body["revision"] = 2
    assert worlds.send_visit(network.client, auditor[1], visit, photos=False).status_code == 201
    assert submit(network, auditor[1], visit, revision=2).status_code == 200


def test_a_dealer_mapped_in_another_datum_accuses_nobody(network, auditor):
    collection("dealers").update_one({"_id": "D0002"}, {"$set": {"datum": "GCJ-02"}})
    visit = worlds.make_visit(network.assignment(auditor[0], dealer="D0002"), dealer="D0002", seed=6)
    visit.observation("SMS-VIS-02")["value"] |= {"lat": worlds.POSITION[0] + 0.02}
    visit.observation("SMS-VIS-02")["comment"] = None
    worlds.send_visit(network.client, auditor[1], visit)
    assert submit(network, auditor[1], visit, revision=1).status_code == 200


def test_hidden_answers_are_kept_but_not_scored(network, auditor):
    visit = worlds.make_visit(network.assignment(auditor[0]), seed=8)
    visit.observation("SMS-TD-01").update(value="refused", comment="顾问说今日没有试驾车。")
    hidden = [f"SMS-TD-0{n}" for n in range(2, 7)]
    present = {o["item"] for o in visit.body["observations"]}
    visit.body["observations"] += [
        {"item": item, "value": "no", "comment": None, "answered_at": None, "photos": []}
        for item in ("SMS-TD-02", "SMS-TD-03", "SMS-TD-06")
        if item not in present
    ]
    answer = worlds.send_visit(network.client, auditor[1], visit)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert submit(network, auditor[1], visit, revision=1).status_code == 200
    row = stored(visit)
    reasons = {i["item"]: i["reason"] for i in row["score"]["items"]}
    assert {reasons[item] for item in hidden} == {"hidden"}
    assert {o["item"] for o in row["observations"]} >= {"SMS-TD-02", "SMS-TD-03"}
    assert not {f["item"] for f in collection("findings").find({"visit": visit.id})} & set(hidden)


def test_a_stale_revision_is_not_submitted(network, auditor, sent):
    answer = submit(network, auditor[1], sent, revision=2)
    assert answer.status_code == 409
    assert answer.get_json()["current_revision"] == 1
    assert stored(sent)["state"] == "started"


def test_a_submitted_visit_is_locked_but_a_late_put_is_still_recognised(network, auditor, sent):
    submit(network, auditor[1], sent, revision=1)

    def put(**changes):
        return network.client.put(sent.url, json=sent.body | changes, headers=auditor[1])

    assert put().status_code == 200
    assert put(revision=2).status_code == 423
    assert put(locale="en").status_code == 409
    reasons = {c["reason"] for c in collection("visit_conflicts").find({"visit": sent.id})}
    assert reasons == {"locked", "same_revision"}
    assert stored(sent)["revision"] == 1


@pytest.mark.parametrize("body", [{"revision": "1"}, {"revision": 0}, {"revision": 2**70}, {"state": "approved"}, []])
def test_a_malformed_body_is_refused(network, auditor, sent, body):
    answer = network.client.post(f"{sent.url}/submission", json=body, headers=auditor[1])
    assert answer.status_code == 422
    assert stored(sent)["state"] == "started"


def test_only_the_auditor_submits(network, auditor, sent):
    _, other = network.person(Role.AUDITOR, brands=("Aurora",))
    _, reviewer = network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))
    assert submit(network, other, sent).status_code == 404
    assert submit(network, reviewer, sent).status_code == 403
    nowhere = worlds.SentVisit(str(uuid.uuid4()), {})
    assert submit(network, auditor[1], nowhere).status_code == 404


def test_of_submissions_racing_one_counts_and_all_get_the_same_receipt(network, auditor, sent):
    barrier, answers = threading.Barrier(6), []

    def send():
        client = network.app.test_client()
        barrier.wait()
        answers.append(client.post(f"{sent.url}/submission", json={"revision": 1}, headers=auditor[1]))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {200}
    assert len({a.data for a in answers}) == 1
    assert len(stored(sent)["scores"]) == 1
    assert [e["verb"] for e in trail.entries_of("visit", sent.id)] == ["submitted"]
    assert collection("visit_receipts").count_documents({"visit": sent.id}) == 1


def test_nothing_is_half_written_when_the_transaction_fails(network, auditor, sent, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(trail, "append", broken)
        assert submit(network, auditor[1], sent, revision=1).status_code == 500
    assert stored(sent)["state"] == "started"
    assert collection("findings").count_documents({"visit": sent.id}) == 0
    assert collection("visit_receipts").count_documents({"visit": sent.id}) == 0
    assert submit(network, auditor[1], sent, revision=1).status_code == 200
