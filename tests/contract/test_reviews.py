"""POST /v1/visits/{id}/review, /return, /approval, /release, /void."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain.directory import Role
from audit_api.models import trail
from audit_api.models.base import collection
from tests import worlds


@pytest.fixture(scope="module")
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture(scope="module")
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",))


class Desk:
    """A submitted visit on a reviewer's desk; each decision names the record revision last read."""

    def __init__(self, network, auditor, reviewer, **more):
        self.network, self.auditor, self.reviewer = network, auditor, reviewer
        self.visit = network.submitted(auditor[0], **more)

    @property
    def row(self):
        return collection("visits").find_one({"_id": self.visit.id})

    def post(self, verb, headers=None, **body):
        read = {"record_revision": self.row["record_revision"], **body}
        return self.network.client.post(f"{self.visit.url}/{verb}", json=read, headers=headers or self.reviewer[1])

    def bring_to(self, state):
        for verb, reached in (("review", "in_qc"), ("approval", "approved")):
            if self.row["state"] != state:
                answer = self.post(verb)
                assert (answer.status_code, answer.get_json()["state"]) == (200, reached), answer.get_json()

    def age(self, **by):
        """Let the hold end that long ago."""
        ended = datetime.now(UTC) - timedelta(**by)
        collection("visits").update_one({"_id": self.visit.id}, {"$set": {"earliest_release_at": ended}})


@pytest.fixture
def desk(network, auditor, reviewer):
    return Desk(network, auditor, reviewer, quality=0.5)


def test_it_works(desk):
    taken = desk.post("review")
    assert taken.status_code == 200
    assert taken.get_json()["state"] == "in_qc"
    assert taken.get_json()["record_revision"] == desk.row["record_revision"]
    assert desk.row["reviewer"] == desk.reviewer[0].id
    approved = desk.post("approval")
    assert approved.get_json()["state"] == "approved"
    assert [s["reason"] for s in desk.row["scores"]] == ["submission", "approval"]
    assert desk.row["scores"][0]["score"] == desk.row["scores"][1]["score"]
    desk.age(minutes=1)
    assert desk.post("release").get_json()["state"] == "released"
    assert desk.row["released_at"] is not None
    entries = trail.entries_of("visit", desk.visit.id)
    assert [e["verb"] for e in entries] == ["submitted", "taken_up", "approved", "released"]
    assert {e["actor"] for e in entries[1:]} == {desk.reviewer[0].id}


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("submitted", ["return", "approval", "release"]),
        ("in_qc", ["review", "release"]),
        ("approved", ["review", "return", "approval"]),
    ],
)
def test_a_decision_that_the_state_does_not_allow(desk, state, refused):
    desk.bring_to(state)
    before = desk.row
    for verb in refused:
        answer = desk.post(verb, **({"reason": "照片不清"} if verb == "return" else {}))
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "/problems/transition-refused"
    assert desk.row == before


def test_a_stale_decision_is_refused(desk):
    read = desk.row["record_revision"]
    desk.post("review")
    answer = desk.post("approval", record_revision=read)
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/stale-revision"
    assert answer.get_json()["current_revision"] == desk.row["record_revision"]
    assert desk.row["state"] == "in_qc"


def test_of_reviewers_racing_one_decides(desk):
    desk.bring_to("in_qc")
    read = {"record_revision": desk.row["record_revision"]}
    requests = [("approval", read), ("return", read | {"reason": "请补充"}), ("void", read | {"reason": "重复"})]
    barrier, statuses = threading.Barrier(3), []

    def send(verb, body):
        client = desk.network.app.test_client()
        barrier.wait()
        statuses.append(client.post(f"{desk.visit.url}/{verb}", json=body, headers=desk.reviewer[1]).status_code)

    threads = [threading.Thread(target=send, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409]
    assert len(trail.entries_of("visit", desk.visit.id)) == 3


def test_a_covert_result_is_held(desk):
    desk.bring_to("approved")
    earliest = datetime.now(UTC) + timedelta(hours=1)
    collection("visits").update_one({"_id": desk.visit.id}, {"$set": {"earliest_release_at": earliest}})
    answer = desk.post("release")
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/release-held"
    assert datetime.fromisoformat(answer.get_json()["earliest_release_at"]) == desk.row["earliest_release_at"]
    assert desk.row["state"] == "approved"


def test_the_hold_counts_from_the_visit_within_its_window(network, auditor):
    # The phone says 20 November, the test's clock may be before or after: never later than the submission.
    row = collection("visits").find_one({"_id": network.submitted(auditor[0]).id})
    window_from = collection("assignments").find_one({"_id": row["assignment"]})["window_from"]
    ended = min(max(row["ended_at"], window_from), row["submitted_at"])
    assert row["earliest_release_at"] == ended + timedelta(days=7)
    announced = collection("visits").find_one({"_id": network.submitted(auditor[0], checklist="SAA").id})
    assert announced["earliest_release_at"] <= announced["submitted_at"]


def test_returned_corrected_and_submitted_again(desk):
    desk.bring_to("in_qc")
    notes = [{"item": "SMS-VIS-05", "note": "招牌未入镜"}]
    answer = desk.post("return", reason="请补拍门头", notes=notes)
    assert answer.get_json()["state"] == "returned"
    client, headers, visit = desk.network.client, desk.auditor[1], desk.visit
    read = client.get(visit.url, headers=headers).get_json()
    assert read["returned"]["reason"] == "请补拍门头"
    assert read["returned"]["notes"] == notes
    failing = {f["item"] for f in collection("findings").find({"visit": visit.id, "state": "open"})}
    # A late repetition of the first submission is answered with its receipt and submits nothing.
    assert worlds.submit_visit(client, headers, visit).status_code == 200
    assert desk.row["state"] == "returned"
    mended = next(i for i in sorted(failing) if visit.observation(i)["value"] in ("yes", "no"))
    value = visit.observation(mended)["value"]
    visit.observation(mended)["value"] = "no" if value == "yes" else "yes"
    visit.body |= {"revision": 2, "correction": "复核时发现此题填错"}
    assert worlds.send_visit(client, headers, visit, photos=False).status_code == 201
    assert desk.row["state"] == "returned"
    answer = worlds.submit_visit(client, headers, visit)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert desk.row["state"] == "submitted"
    assert [s["revision"] for s in desk.row["scores"]] == [1, 2]
    assert desk.row["scores"][0]["score"]["raw"] < desk.row["scores"][1]["score"]["raw"]
    states = {f["item"]: f["state"] for f in collection("findings").find({"visit": visit.id})}
    assert states[mended] == "withdrawn"
    assert {item for item, state in states.items() if state == "open"} == failing - {mended}
    assert collection("visit_revisions").find_one({"_id": f"{visit.id}:1"}) is not None


def test_rejected_evidence_takes_an_item_out_of_the_score(desk):
    desk.bring_to("in_qc")
    failed = collection("findings").find_one({"visit": desk.visit.id, "state": "open"})["item"]
    assert desk.post("approval", unverified=[failed]).status_code == 200
    reasons = {i["item"]: i["reason"] for i in desk.row["score"]["items"]}
    assert reasons[failed] == "unverified"
    assert collection("findings").find_one({"_id": f"{desk.visit.id}:{failed}"})["state"] == "withdrawn"
    assert len(desk.row["scores"]) == 2


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("approval", {"unverified": ["X-1"]}),
        ("return", {"reason": "x", "notes": [{"item": "X-1", "note": "y"}]}),
    ],
)
def test_an_unknown_item_is_named(desk, verb, body):
    desk.bring_to("in_qc")
    answer = desk.post(verb, **body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["item"] == "X-1"


def test_void_makes_room_for_another_visit(desk):
    answer = desk.post("void", reason="门店当日停业")
    assert answer.get_json()["state"] == "void"
    client, headers = desk.network.client, desk.auditor[1]
    assert client.put(desk.visit.url, json=desk.visit.body | {"revision": 2}, headers=headers).status_code == 423
    states = {f["state"] for f in collection("findings").find({"visit": desk.visit.id})}
    assert states <= {"withdrawn"}
    second = worlds.make_visit(desk.visit.body["assignment"], seed=9)
    assert worlds.send_visit(client, headers, second, photos=False).status_code == 201
    assert desk.post("void", reason="x").status_code == 409


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("review", {"record_revision": "1"}),
        ("review", {"record_revision": 2**70}),
        ("review", {"state": "released"}),
        ("return", {}),
        ("return", {"reason": ""}),
        ("return", {"reason": "a\x00"}),
        ("void", {}),
        ("approval", {"unverified": "SMS-VIS-05"}),
        ("approval", {"score": 100}),
    ],
)
def test_a_malformed_decision_is_refused(desk, verb, body):
    before = desk.row
    assert desk.post(verb, **body).status_code == 422
    assert desk.row == before


def test_decisions_are_for_staff_in_scope(network, desk):
    _, foreign = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))
    _, other_dealer = network.person(Role.PROGRAMME_MANAGER, brands=("Aurora",), dealers=("D0002",))
    _, dealer = network.person(Role.DEALER, dealers=("D0001",))
    for headers, status in ((foreign, 404), (other_dealer, 404), (dealer, 403), (desk.auditor[1], 403)):
        for verb in ("review", "return", "approval", "release", "void"):
            body = {"reason": "x"} if verb in ("return", "void") else {}
            assert desk.post(verb, headers, **body).status_code == status


def test_nobody_reviews_a_visit_of_their_own(network, desk):
    # Roles change: today's reviewer may have been the auditor of last month's visit.
    collection("visits").update_one({"_id": desk.visit.id}, {"$set": {"auditor": desk.reviewer[0].id}})
    assert desk.post("review").status_code == 403
    assert desk.row["state"] == "submitted"
