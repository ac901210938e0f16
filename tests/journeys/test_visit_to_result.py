"""A phone sends a visit over a bad line; quality control reads it; the dealer reads its result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain.directory import Role
from tests import worlds


@pytest.mark.parametrize(("checklist", "days_ago"), [("SMS", 9), ("AAA", 0)])
def test_from_the_phone_to_the_dealer(network, checklist, days_ago):
    client, brand, dealer_code, assignment = network.client, f"Brand-{checklist}", f"DJ-{checklist}", f"J-{checklist}"
    network.add_dealer(dealer_code, brand)
    auditor, phone = network.person(Role.AUDITOR, brands=(brand,))
    _, reviewer = network.person(Role.QUALITY_REVIEWER, brands=(brand,))
    _, dealer = network.person(Role.DEALER, dealers=(dealer_code,))
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago, hours=6)
    worlds.make_wave(f"W-{checklist}", brand, from_on=(started_at - timedelta(days=10)).date())
    first, last = ((started_at + timedelta(days=d)).date().isoformat() for d in (-2, 2))
    worlds.make_assignment(
        assignment, auditor, checklist=checklist, dealer=dealer_code, wave=f"W-{checklist}", window=(first, last)
    )

    # A draft on the way, then the whole visit; every answer is lost once and asked for again.
    visit = worlds.make_visit(
        assignment, checklist=checklist, dealer=dealer_code, quality=0.6, seed=12 + days_ago, started_at=started_at
    )
    draft = visit.body | {"observations": visit.body["observations"][:5], "ended_at": None}
    assert [client.put(visit.url, json=draft, headers=phone).status_code for _ in range(2)] == [201, 200]
    visit.body["revision"] = 2
    assert [client.put(visit.url, json=visit.body, headers=phone).status_code for _ in range(2)] == [201, 200]
    refused = worlds.submit_visit(client, phone, visit)
    assert refused.status_code == 424
    assert set(refused.get_json()["missing"]) == set(visit.photos)
    for sha256, data in visit.photos.items():
        headers = phone | {"Content-Type": "image/jpeg", "If-None-Match": "*"}
        answers = [client.put(f"/v1/photos/{sha256}", data=data, headers=headers).status_code for _ in range(2)]
        assert answers == [201, 412]
    receipts = [worlds.submit_visit(client, phone, visit) for _ in range(2)]
    assert [r.status_code for r in receipts] == [200, 200]
    assert receipts[0].data == receipts[1].data

    # Nothing reaches the dealer before a person has read it.
    assert client.get(f"{visit.url}/result", headers=dealer).status_code == 404
    (listed,) = client.get("/v1/visits?state=submitted", headers=reviewer).get_json()["items"]
    result = client.get(f"{visit.url}/result", headers=reviewer).get_json()
    photo = next(p["sha256"] for item in result["items"] for p in item["photos"])
    assert client.get(f"/v1/photos/{photo}/thumbnail", headers=reviewer).status_code == 200
    read = listed["record_revision"]
    for verb in ("review", "approval", "release"):
        answer = client.post(f"{visit.url}/{verb}", json={"record_revision": read}, headers=reviewer)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        read = answer.get_json()["record_revision"]

    told = client.get(f"{visit.url}/result", headers=dealer).get_json()
    assert told["score"]["raw"] == result["score"]["raw"]
    assert [f["item"] for f in told["findings"]] == [f["item"] for f in result["findings"]]
    assert ("at" in told["visited"]) == (told["mode"] == "announced")
    assert client.get("/v1/results", headers=dealer).get_json()["items"][0]["visit"] == visit.id
