"""GET /v1/visits/{id}/result and /v1/results: what each reader sees, to the field."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain.directory import Role
from audit_api.domain.packaged import packaged_checklists
from audit_api.models.base import collection
from tests import worlds

BILINGUAL = {"zh", "en"}
# Whatever a dealer receives, field by field: adding one is a decision, not an accident.
DEALER_FIELDS = {
    "": {
        "visit", "wave", "programme", "dealer", "mode", "domain", "state", "checklist", "score", "sections",
        "touchpoints", "visited", "released", "items", "findings",
    },
    "checklist": {"code", "version", "title"},
    "checklist.title": BILINGUAL,
    "score": {"raw", "capped", "triggered_by", "coverage", "sufficient", "pass_at", "watch_at"},
    "sections": {"code", "title", "weight", "score", "coverage", "insufficient"},
    "sections.title": BILINGUAL,
    "touchpoints": {"code", "name", "raw", "capped", "triggered_by"},
    "touchpoints.name": BILINGUAL,
    "visited": {"date", "half"},
    "released": {"date", "half"},
    "items": {
        "item", "section", "touchpoint", "type", "text", "weight", "score", "reason", "value", "answer", "comment",
        "cap", "photos",
    },
    "items.text": BILINGUAL,
    "items.answer": BILINGUAL,
    "items.cap": {"cap", "max"},
    "items.photos": {"name", "ready"},
    "findings": {
        "finding", "visit", "item", "text", "touchpoint", "score", "dealer", "brand", "wave", "mode", "critical",
        "state",
    },
    "findings.text": BILINGUAL,
}  # fmt: skip


def fields_of(value, path=""):
    """Give the names of all fields by path, lists counted as one."""
    found = {}
    if isinstance(value, dict):
        found[path] = set(value)
        for name, inner in value.items():
            for deeper, names in fields_of(inner, f"{path}.{name}".strip(".")).items():
                found.setdefault(deeper, set()).update(names)
    elif isinstance(value, list):
        for inner in value:
            for deeper, names in fields_of(inner, path).items():
                found.setdefault(deeper, set()).update(names)
    return found


@pytest.fixture(scope="module")
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",), name="auditor-secret-shopper")


@pytest.fixture(scope="module")
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture(scope="module")
def dealer(network):
    return network.person(Role.DEALER, dealers=("D0001",))[1]


@pytest.fixture(scope="module")
def released(network, auditor, reviewer):
    """One released visit for each checklist, with adverse integrity answers."""
    made = {}
    for checklist in packaged_checklists():
        visit = network.submitted(auditor[0], checklist=checklist.code, quality=0.35, seed=4, adverse_share=1.0)
        collection("visits").update_one(
            {"_id": visit.id}, {"$set": {"earliest_release_at": datetime.now(UTC) - timedelta(hours=1)}}
        )
        for verb in ("review", "approval", "release"):
            read = {"record_revision": collection("visits").find_one({"_id": visit.id})["record_revision"]}
            answer = network.client.post(f"{visit.url}/{verb}", json=read, headers=reviewer[1])
            assert answer.status_code == 200, answer.get_data(as_text=True)
        made[checklist.code] = visit
    return made


@pytest.mark.parametrize("code", ["SMS", "AMS", "SAA", "AAA"])
def test_it_works_for_the_dealer(network, dealer, released, code):
    answer = network.client.get(f"{released[code].url}/result", headers=dealer)
    assert answer.status_code == 200
    result = answer.get_json()
    row = collection("visits").find_one({"_id": released[code].id})
    assert result["score"]["raw"] == row["score"]["raw"]
    assert result["score"]["capped"] == row["score"]["capped"]
    assert {s["code"]: s["score"] for s in result["sections"]} == {
        s["code"]: s["score"] for s in row["score"]["sections"] if s["weight"]
    }
    assert result["findings"]
    assert {f["item"] for f in result["findings"]} <= {i["item"] for i in result["items"]}


@pytest.mark.parametrize("code", ["SMS", "AMS", "SAA", "AAA"])
def test_the_dealers_fields_are_exactly_these(network, dealer, released, code):
    result = network.client.get(f"{released[code].url}/result", headers=dealer).get_json()
    for item in result["items"]:
        del item["value"]  # a value has no fields of ours; positions are tested below
    expected = {path: set(names) for path, names in DEALER_FIELDS.items()}
    expected["items"] -= {"value"}
    if result["mode"] == "announced":
        expected["visited"] |= {"at"}
        expected["released"] |= {"at"}
    assert fields_of(result) == expected


@pytest.mark.parametrize("code", ["SMS", "AMS", "SAA", "AAA"])
def test_the_dealer_learns_nothing_it_must_not(network, dealer, auditor, released, code):
    checklist = worlds.checklist_named(code)
    text = network.client.get(f"{released[code].url}/result", headers=dealer).get_data(as_text=True)
    integrity = [item for item in checklist.items if item.integrity]
    assert integrity
    assert not [item.id for item in integrity if f'"{item.id}"' in text or item.text.en in text]
    for secret in (auditor[0].id, auditor[0].name, "accuracy_m", '"lat"', "field/1.2", "G02", "adverse", "selected_by"):
        assert secret not in text
    if checklist.mode == "covert":
        assert not re.search(r"\d\d:\d\d", text), "a clock time"
        unscored = [item.id for item in checklist.items if not item.weight]
        assert not [item for item in unscored if f'"{item}"' in text]


def test_a_covert_visit_is_placed_in_a_half_day_of_the_dealers(network, dealer, released):
    result = network.client.get(f"{released['SMS'].url}/result", headers=dealer).get_json()
    assert result["visited"] == {"date": "2026-11-20", "half": "am"}  # 02:02 UTC is 10:02 in Shanghai


def test_staff_sees_everything(network, reviewer, auditor, released):
    result = network.client.get(f"{released['SMS'].url}/result", headers=reviewer[1]).get_json()
    assert result["auditor"] == auditor[0].id
    by_item = {i["item"]: i for i in result["items"]}
    assert by_item["SMS-INT-04"]["integrity_signal"].startswith("G")
    assert by_item["SMS-INT-04"]["adverse"] is True
    assert by_item["SMS-VIS-02"]["value"]["lat"] == pytest.approx(worlds.POSITION[0], abs=0.01)
    assert by_item["SMS-VIS-05"]["photos"][0]["sha256"] in released["SMS"].photos
    assert [s["reason"] for s in result["scores"]] == ["submission", "approval"]
    assert len(result["items"]) == len(worlds.checklist_named("SMS").items)


@pytest.mark.parametrize("state", ["started", "submitted", "in_qc", "returned", "approved", "void"])
def test_a_dealer_sees_no_result_before_its_release(network, auditor, dealer, reviewer, state):
    visit = network.submitted(auditor[0], seed=5)
    collection("visits").update_one({"_id": visit.id}, {"$set": {"state": state}})
    assert network.client.get(f"{visit.url}/result", headers=dealer).status_code == 404
    listed = network.client.get("/v1/results?limit=200", headers=dealer).get_json()["items"]
    assert visit.id not in [r["visit"] for r in listed]
    findings = network.client.get("/v1/findings?limit=200", headers=dealer).get_json()["items"]
    assert visit.id not in [f["visit"] for f in findings]


def test_results_are_scoped(network, auditor, reviewer, released):
    visit = released["SMS"]
    _, other = network.person(Role.DEALER, dealers=("D0002",))
    _, foreign = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))
    started = worlds.make_visit(network.assignment(auditor[0]))
    worlds.send_visit(network.client, auditor[1], started, photos=False)
    for headers, url, status in (
        (other, visit.url, 404),
        (foreign, visit.url, 404),
        (auditor[1], visit.url, 403),
        (reviewer[1], started.url, 404),
        (reviewer[1], f"/v1/visits/{uuid.uuid4()}", 404),
    ):
        assert network.client.get(f"{url}/result", headers=headers).status_code == status
    for headers in (other, foreign):
        assert network.client.get("/v1/results", headers=headers).get_json()["items"] == []
        assert network.client.get("/v1/findings", headers=headers).get_json()["items"] == []
        finding = collection("findings").find_one({"visit": visit.id})["_id"]
        assert network.client.get(f"/v1/findings/{finding}", headers=headers).status_code == 404
    assert network.client.get("/v1/results", headers=auditor[1]).status_code == 403
    assert network.client.get("/v1/findings", headers=auditor[1]).status_code == 403


def test_the_list_of_results_tells_half_days_and_totals(network, dealer, released):
    items = network.client.get("/v1/results", headers=dealer).get_json()["items"]
    assert {r["visit"] for r in items} == {v.id for v in released.values()}
    assert all(set(r["visited"]) == {"date", "half"} for r in items)
    assert not re.search(r"\d\d:\d\d", json.dumps(items))
    one = next(r for r in items if r["visit"] == released["SMS"].id)
    assert one["capped"] <= one["raw"]


def test_findings_are_listed_and_read(network, dealer, reviewer, released):
    listed = network.client.get(f"/v1/findings?visit={released['AAA'].id}&limit=200", headers=dealer).get_json()[
        "items"
    ]
    result = network.client.get(f"{released['AAA'].url}/result", headers=dealer).get_json()
    assert listed == result["findings"]
    one = listed[0]
    assert one["score"] < 50
    for headers in (dealer, reviewer[1]):
        assert network.client.get(f"/v1/findings/{one['finding']}", headers=headers).get_json() == one
    touchpoint = f"/v1/findings?touchpoint={one['touchpoint']}&state=open&wave=AUR-2026-Q4&dealer=D0001"
    assert one in network.client.get(touchpoint, headers=dealer).get_json()["items"]
    assert network.client.get("/v1/findings/nothing", headers=dealer).status_code == 404


def test_a_voided_result_disappears(network, auditor, reviewer, dealer, released):
    visit = network.submitted(auditor[0], seed=6, quality=0.3)
    collection("visits").update_one(
        {"_id": visit.id}, {"$set": {"state": "released", "released_at": datetime.now(UTC)}}
    )
    collection("findings").update_many({"visit": visit.id}, {"$set": {"released": True}})
    assert network.client.get(f"{visit.url}/result", headers=dealer).status_code == 200
    read = {"record_revision": collection("visits").find_one({"_id": visit.id})["record_revision"], "reason": "串店"}
    assert network.client.post(f"{visit.url}/void", json=read, headers=reviewer[1]).status_code == 200
    assert network.client.get(f"{visit.url}/result", headers=dealer).status_code == 404
    findings = network.client.get("/v1/findings?limit=200", headers=dealer).get_json()["items"]
    assert visit.id not in [f["visit"] for f in findings]
