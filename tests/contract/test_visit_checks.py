"""Quality checks from submission to approval: noted, never refused, and answered for by a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit_api.domain.directory import Role
from audit_api.models.base import collection
from tests import worlds


@pytest.fixture
def network(mongodb_uri, tmp_path):
    with worlds.a_network(mongodb_uri, tmp_path) as made:
        yield made


def submitted(network, auditor, photos_of=None, **more):
    """Submit a visit; with the photos of another one where that is given."""
    assignment = network.assignment(auditor, dealer=more.get("dealer", "D0001"))
    visit = worlds.make_visit(assignment, **more)
    if photos_of is not None:
        old, new = list(photos_of.photos), list(visit.photos)
        swapped = dict(zip(new, old, strict=False))
        for observation in visit.body["observations"]:
            for photo in observation["photos"]:
                photo["sha256"] = swapped.get(photo["sha256"], photo["sha256"])
        visit.photos = {swapped.get(name, name): photos_of.photos.get(swapped.get(name), data)
                        for name, data in visit.photos.items()}  # fmt: skip
    headers = network.people.headers(auditor)
    assert worlds.send_visit(network.client, headers, visit).status_code == 201
    assert worlds.submit_visit(network.client, headers, visit).status_code == 200
    return visit


def checks_of(network, headers, visit):
    return network.client.get(f"/v1/visits/{visit.id}/checks", headers=headers).get_json()


def test_reused_photos_are_noted_and_approved_only_with_a_reason(network):
    auditor, own = network.person(Role.AUDITOR, brands=("Aurora",))
    reviewer, headers = network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))
    first = submitted(network, auditor)
    later = worlds.WHEN + timedelta(days=3)
    second = submitted(network, auditor, photos_of=first, seed=2, dealer="D0002", started_at=later)
    assert checks_of(network, headers, first)["counts"]["blocking"] == 0
    told = checks_of(network, headers, second)
    assert [c["check"] for c in told["items"] if c["blocking"] and c["passed"] is False] == ["reused_photos"]
    assert network.client.get(f"/v1/visits/{second.id}/checks", headers=own).status_code == 403
    assert "checks" not in network.client.get(f"/v1/visits/{second.id}", headers=own).get_json()

    # Many advisory remarks weigh less than one blocking check.
    collection("visits").update_one({"_id": first.id}, {"$set": {"check_counts.advisory": 7}})
    queue = network.client.get("/v1/review-queue", headers=headers).get_json()["items"]
    assert [v["visit"] for v in queue] == [second.id, first.id]  # the later one has more to look at
    assert queue[0]["check_counts"]["blocking"] == 1

    def post(step, **body):
        revision = collection("visits").find_one({"_id": second.id})["record_revision"]
        body = {"record_revision": revision, **body}
        return network.client.post(f"/v1/visits/{second.id}/{step}", json=body, headers=headers)

    assert post("review").status_code == 200
    refused = post("approval", unverified=[])
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/checks-open")
    assert [e["field"] for e in refused.get_json()["errors"]] == ["reused_photos"]
    reason = {"check": "reused_photos", "reason": "同一集团的宣传海报"}
    assert post("approval", unverified=[], cleared=[reason]).status_code == 200
    kept = checks_of(network, headers, second)["cleared"]
    assert [(c["check"], c["by"]) for c in kept] == [("reused_photos", reviewer.id)]
    entry = collection("trail").find_one({"details.cleared": {"$exists": True}})
    assert entry["details"]["cleared"] == [reason]
    assert [v["visit"] for v in network.client.get("/v1/review-queue", headers=headers).get_json()["items"]] == [
        first.id
    ]


def test_the_queue_keeps_to_the_scope(network):
    auditor, own = network.person(Role.AUDITOR, brands=("Aurora",))
    submitted(network, auditor)
    _, other = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))
    assert network.client.get("/v1/review-queue", headers=other).get_json()["items"] == []
    assert network.client.get("/v1/review-queue", headers=own).status_code == 403
