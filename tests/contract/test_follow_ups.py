"""Follow-up items from an early submission to the closing of their window; every time is given, none is looked up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import evidence_ledger, follow_ups, photos, receipts, reviews, submissions, visits
from audit_api.problems import Problem
from tests import worlds

HOUR = timedelta(hours=1)
LATE = {"SMS-NUR-01", "SMS-NUR-02"}


class Shop:
    """A covert visit submitted without its follow-ups; `self.late` holds the observations kept back."""

    def __init__(self, network):
        self.services = network.app.extensions["audit"]
        self.auditor = network.person(Role.AUDITOR, brands=("Aurora",))[0]
        self.reviewer = network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))[0]
        self.visit = worlds.make_visit(network.assignment(self.auditor), seed=41)
        self.ended_at = datetime.fromisoformat(self.visit.body["ended_at"]).replace(microsecond=0)
        self.visit.body["ended_at"] = self.ended_at.isoformat()
        observations = self.visit.body["observations"]
        self.late = [o for o in observations if o["item"] in LATE]
        self.late[0]["value"] = "d2"
        self.late = [self.late[0], answer("SMS-NUR-02", "yes")]
        for observation in self.late:
            observation["answered_at"] = (self.ended_at + 40 * HOUR).isoformat()
        assert self.late[0]["photos"]
        self.visit.body["observations"] = [o for o in observations if o["item"] not in LATE]

    @property
    def row(self):
        return collection("visits").find_one({"_id": self.visit.id})

    def send(self, hours, *, revision=1, extra=(), change=None):
        body = self.visit.body | {"revision": revision}
        body["observations"] = [*self.visit.body["observations"], *extra]
        body |= change or {}
        return visits.receive_visit(self.visit.id, body, actor=self.auditor, at=self.ended_at + hours * HOUR)

    def upload(self, hours, but=()):
        for sha256, data in self.visit.photos.items():
            if sha256 in but or photos.photos.sent_by(self.auditor.id, [sha256]):
                continue
            photos.receive_photo(
                self.services.store, BytesIO(data), sha256, settings=self.services.settings, actor=self.auditor,
                at=self.ended_at + hours * HOUR,
            )  # fmt: skip

    def submit(self, hours):
        at = self.ended_at + hours * HOUR
        return submissions.submit_visit(self.visit.id, settings=self.services.settings, actor=self.auditor, at=at)

    def ledger(self, hours):
        at = self.ended_at + hours * HOUR
        found = evidence_ledger.open_ledger(self.auditor, self.visit.id, settings=self.services.settings, at=at)
        return found, {line["item"]: line for line in found["items"]}

    def decide(self, verb, hours, **more):
        read = {"record_revision": self.row["record_revision"], "actor": self.reviewer}
        return verb(self.visit.id, **read, at=self.ended_at + hours * HOUR, **more)

    def early(self):
        """Submit two hours after the visit, without its follow-ups."""
        self.send(1)
        self.upload(1, but={photo["sha256"] for photo in self.late[0]["photos"]})
        self.submit(2)
        return self


def answer(item, value):
    return {"item": item, "value": value, "comment": None, "answered_at": None, "photos": []}


@pytest.fixture
def shop(network):
    return Shop(network)


def coverage(row):
    return row["score"]["coverage"]


def test_late_answers_make_a_further_score_with_their_own_times(shop):
    shop.send(1)
    found, lines = shop.ledger(1)
    until = shop.ended_at + 96 * HOUR
    assert lines["SMS-NUR-01"]["follow_up"]["open_until"] == until
    assert lines["SMS-NUR-01"]["errors"] == found["errors"] == []
    shop.early()
    first = shop.row
    assert [(f["item"], f["open_until"]) for f in first["follow_ups"]] == [("SMS-NUR-01", until), ("SMS-NUR-02", until)]
    assert (first["state"], first["follow_ups_until"]) == ("submitted", until)
    shop.decide(reviews.take_up_visit, 5)

    shop.send(80, revision=2, extra=shop.late)
    assert (shop.row["revision"], shop.row["submitted_revision"], shop.row["state"]) == (2, 1, "in_qc")
    assert shop.row["score"] == first["score"]
    with pytest.raises(Problem) as refused:
        shop.submit(81)
    assert refused.value.kind.slug == "photos-missing"
    assert shop.ledger(81)[0]["missing"] == refused.value.members["missing"]
    shop.upload(97)  # the answer came in time; its photo may take longer
    receipt = shop.submit(98)
    row = shop.row
    assert receipt["revision"] == row["submitted_revision"] == 2
    assert [s["reason"] for s in row["scores"]] == ["submission", "follow_up"]
    assert row["scores"][0]["score"] == first["score"]
    assert coverage(row) > coverage(first)
    assert row["submitted_at"] == first["submitted_at"]
    stamps = {f["item"]: (f["answered_at"], f["received_at"]) for f in row["follow_ups"]}
    assert stamps == {o["item"]: (o["answered_at"], shop.ended_at + 80 * HOUR) for o in shop.late}
    assert "follow_ups_until" not in row
    assert shop.ledger(99)[1]["SMS-NUR-01"]["follow_up"]["received_at"] == shop.ended_at + 80 * HOUR
    assert shop.submit(99) == receipt == receipts.open_receipt(shop.auditor, shop.visit.id)
    verbs = [entry["verb"] for entry in trail.entries_of("visit", shop.visit.id)]
    assert verbs == ["submitted", "taken_up", "followed_up"]
    late = {check["check"] for check in row["checks"] if check["passed"] is False}
    assert not late & {"late_answers", "photo_times"}
    assert shop.decide(reviews.approve_visit, 99, unverified=[])["state"] == "approved"
    with pytest.raises(Problem):
        shop.send(99, revision=3, extra=shop.late)


def test_anything_else_is_locked_and_said_why(shop):
    shop.early()

    def refused(hours, **more):
        with pytest.raises(Problem) as locked:
            shop.send(hours, revision=2, **more)
        assert locked.value.kind.slug == "visit-locked"
        return [(e.get("item") or e["field"], e["code"]) for e in locked.value.members["errors"]]

    other = answer("SMS-DEC-02", "no")
    without = [o for o in shop.visit.body["observations"] if o["item"] != "SMS-DEC-02"]
    changed = {"observations": [*without, other, *shop.late]}
    assert refused(80, change=changed) == [("SMS-DEC-02", "not_a_follow_up")]
    longer = {"ended_at": (shop.ended_at + HOUR).isoformat()}
    assert refused(80, extra=shop.late, change=longer) == [("ended_at", "not_a_follow_up")]
    assert refused(96, extra=shop.late) == [("SMS-NUR-01", "follow_up_over"), ("SMS-NUR-02", "follow_up_over")]
    with pytest.raises(Problem) as nothing_new:
        shop.send(80, revision=2)
    assert nothing_new.value.kind.slug == "visit-locked"
    assert shop.row["revision"] == 1
    kept = collection("visit_conflicts").count_documents({"visit": shop.visit.id, "reason": "locked"})
    assert kept == 4


def test_approval_waits_for_the_window_and_what_never_came_is_left_out(shop):
    shop.early()
    shop.decide(reviews.take_up_visit, 5)
    with pytest.raises(Problem) as refused:
        shop.decide(reviews.approve_visit, 95, unverified=[])
    assert refused.value.kind.slug == "follow-ups-open"
    assert [entry["item"] for entry in refused.value.members["items"]] == ["SMS-NUR-01"]
    approved = shop.decide(reviews.approve_visit, 96, unverified=[])
    assert approved["state"] == "approved"
    reasons = {i["item"]: i["reason"] for i in shop.row["score"]["items"]}
    assert (reasons["SMS-NUR-01"], reasons["SMS-NUR-02"]) == ("unanswered", "hidden")
    assert not collection("findings").count_documents({"visit": shop.visit.id, "item": "SMS-NUR-01"})


def test_a_late_answer_whose_evidence_never_came_is_unverified(shop):
    shop.early()
    shop.decide(reviews.take_up_visit, 5)
    shop.send(80, revision=2, extra=shop.late)
    with pytest.raises(Problem):
        shop.decide(reviews.approve_visit, 90, unverified=[])
    shop.decide(reviews.approve_visit, 97, unverified=[])
    reasons = {i["item"]: i["reason"] for i in shop.row["score"]["items"]}
    assert reasons["SMS-NUR-01"] == "unverified"
    assert set(shop.row["unverified"]) == LATE


def test_a_window_that_ends_unanswered_makes_a_version_of_the_score(shop):
    shop.early()

    def close(hours):
        return follow_ups.close_follow_ups(actor=OPERATOR, at=shop.ended_at + hours * HOUR)

    before = shop.row
    close(95)
    assert shop.row == before
    assert close(96) >= 1
    row = shop.row
    assert [s["reason"] for s in row["scores"]] == ["submission", "follow_up_closed"]
    assert row["scores"][1]["score"] == before["score"] == row["score"]
    assert (row["record_revision"], "follow_ups_until" in row) == (before["record_revision"] + 1, False)
    entry = trail.entries_of("visit", shop.visit.id)[-1]
    assert (entry["verb"], entry["details"]["unanswered"]) == ("follow_ups_closed", ["SMS-NUR-01"])
    close(97)
    assert shop.row == row


def test_no_follow_up_seen_settles_the_rest(shop):
    shop.early()
    shop.late[0] |= {"value": "none"}
    shop.send(75, revision=2, extra=shop.late[:1])
    shop.upload(75)
    shop.submit(76)
    shop.decide(reviews.take_up_visit, 77)
    assert shop.decide(reviews.approve_visit, 77, unverified=[])["state"] == "approved"
    assert collection("findings").count_documents({"visit": shop.visit.id, "item": "SMS-NUR-01", "state": "open"}) == 1


def test_submitted_after_the_watch_it_is_asked_like_any_other(shop):
    shop.send(100)
    shop.upload(100, but={photo["sha256"] for photo in shop.late[0]["photos"]})
    with pytest.raises(Problem) as refused:
        shop.submit(101)
    assert [(e["item"], e["code"]) for e in refused.value.members["errors"]] == [("SMS-NUR-01", "required")]
    assert shop.ledger(101)[0]["errors"] == refused.value.members["errors"]


def test_a_returned_visit_may_bring_its_follow_ups_without_being_asked(shop):
    shop.early()
    shop.decide(reviews.take_up_visit, 5)
    note = {"item": "SMS-VIS-05", "note": "请重拍"}
    shop.decide(reviews.return_visit, 6, reason="门头不清", notes=[note])
    shop.send(80, revision=2, extra=shop.late)
    shop.upload(80)
    shop.submit(81)
    row = shop.row
    assert [s["reason"] for s in row["scores"]] == ["submission", "submission"]
    assert {f["item"]: f["received_at"] for f in row["follow_ups"]} == dict.fromkeys(LATE, shop.ended_at + 80 * HOUR)


def test_on_the_wire(network):
    """A visit of this very hour: what is open is shown, what is locked is told by item."""
    actor, own = network.person(Role.AUDITOR, brands=("Aurora",))
    began = datetime.now(UTC) - timedelta(hours=3)
    visit = worlds.make_visit(network.assignment(actor), seed=42, started_at=began)
    whole = visit.body["observations"]
    visit.body["observations"] = [o for o in whole if o["item"] not in LATE]
    assert worlds.send_visit(network.client, own, visit).status_code == 201
    assert worlds.submit_visit(network.client, own, visit).status_code == 200
    shown = network.client.get(visit.url, headers=own).get_json()["follow_ups"]
    assert [(f["item"], f["received_at"]) for f in shown] == [("SMS-NUR-01", None), ("SMS-NUR-02", None)]
    visit.body |= {"revision": 2, "observations": whole}
    visit.observation("SMS-VIS-04")["comment"] = "补充"
    locked = network.client.put(visit.url, json=visit.body, headers=own)
    assert (locked.status_code, [e["item"] for e in locked.get_json()["errors"]]) == (423, ["SMS-VIS-04"])
    visit.observation("SMS-VIS-04")["comment"] = None
    assert network.client.put(visit.url, json=visit.body, headers=own).status_code == 201
    assert worlds.submit_visit(network.client, own, visit).status_code == 200
    page = network.client.get(
        f"/visits/{visit.id}/evidence?lang=zh", headers=network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))[1]
    ).get_data(as_text=True)
    assert "可补录至" in page
    assert "补录收到" in page
