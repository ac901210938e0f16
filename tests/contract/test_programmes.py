"""Programmes and waves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from audit_api import problems
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import base, trail
from audit_api.operations import programmes
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.contract.programme_setup import PROGRAMME, WAVE, a_wave, planner


@pytest.fixture
def headers(people):
    return people.headers(planner(people))


def test_it_works(client, headers):
    answer = client.post("/v1/programmes", json=PROGRAMME, headers=headers)
    assert (answer.status_code, answer.get_json()) == (201, PROGRAMME)
    answer = client.post("/v1/waves", json=WAVE, headers=headers)
    assert answer.status_code == 201
    expected = WAVE | {
        "brand": "Aurora", "starts_at": "2026-09-30T16:00:00+00:00", "ends_at": "2026-12-31T16:00:00+00:00",
    }  # fmt: skip
    assert answer.get_json() == expected
    assert client.get("/v1/waves/W1", headers=headers).get_json() == expected
    assert client.get("/v1/programmes/P1", headers=headers).get_json() == PROGRAMME
    assert client.get("/v1/programmes", headers=headers).get_json() == {"items": [PROGRAMME], "next": None}
    assert client.get("/v1/waves?programme=P1", headers=headers).get_json() == {"items": [expected], "next": None}
    assert client.get("/v1/waves?programme=P2", headers=headers).get_json()["items"] == []
    assert [e["verb"] for e in trail.entries_of("wave", "W1")] == ["added"]


def test_the_same_again_changes_nothing_and_other_content_is_refused(client, headers):
    for path, body, change in (
        ("/v1/programmes", PROGRAMME, {"name_en": "Another"}),
        ("/v1/waves", WAVE, {"to_on": "2026-12-30"}),
    ):
        first = client.post(path, json=body, headers=headers)
        again = client.post(path, json=body, headers=headers)
        assert (again.status_code, again.get_json()) == (201, first.get_json())
        other = client.post(path, json=body | change, headers=headers)
        assert (other.status_code, other.get_json()["type"]) == (409, problems.ALREADY_EXISTS.uri)
        assert client.get(f"{path}/{body['code']}", headers=headers).get_json() == first.get_json()
    assert len(trail.entries_of("programme", "P1")) == len(trail.entries_of("wave", "W1")) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"programme": "P9"}, "programme"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"from_on": "2027-01-01"}, "to_on"),
        ({"to_on": "2035-01-01"}, "to_on"),
        ({"from_on": "0001-01-01"}, "to_on"),
        ({"to_on": "9999-12-31"}, "to_on"),
        ({"code": "W 2"}, "json.code"),
        ({"code": "W2\n"}, "json.code"),
        ({"brand": "Aurora"}, "json.brand"),
        ({"from_on": "soon"}, "json.from_on"),
    ],
)
def test_refused_waves(client, headers, change, field):
    client.post("/v1/programmes", json=PROGRAMME, headers=headers)
    answer = client.post("/v1/waves", json=WAVE | change, headers=headers)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == [field]
    assert client.get("/v1/waves", headers=headers).get_json()["items"] == []


@pytest.mark.parametrize(
    ("from_on", "to_on", "status"),
    [
        ("2026-12-31", "2027-03-31", 422), ("2026-11-01", "2026-11-30", 422), ("2026-01-01", "2027-01-31", 422),
        ("2027-01-01", "2027-03-31", 201), ("2026-07-01", "2026-09-30", 201),
    ],
)  # fmt: skip
def test_waves_of_a_programme_never_overlap(client, headers, from_on, to_on, status):
    a_wave()
    answer = client.post("/v1/waves", json=WAVE | {"code": "W2", "from_on": from_on, "to_on": to_on}, headers=headers)
    assert answer.status_code == status
    if status == 422:
        assert "W1" in answer.get_json()["detail"]
        assert "survey response" in answer.get_json()["detail"]


def test_two_writers_cannot_make_waves_that_overlap(app):
    programmes.add_programme(**PROGRAMME, actor=OPERATOR, at=NOW)

    def add(number):
        try:
            programmes.add_wave(
                code=f"W{number}", programme="P1", timezone="UTC", from_on=date(2026, 1, number),
                to_on=date(2026, 2, 1), actor=OPERATOR, at=NOW,
            )  # fmt: skip
        except Problem as problem:
            return problem.kind
        return None

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(add, range(1, 7)))
    assert outcomes.count(None) == 1
    assert outcomes.count(problems.INVALID) == 5
    assert base.collection("waves").count_documents({}) == 1


def test_scope_is_a_whole_brand(client, people):
    a_wave()
    for who in (
        people.add(Role.QUALITY_REVIEWER, brands=("Borealis",)),
        people.add(Role.QUALITY_REVIEWER, brands=("Aurora",), dealers=("D0001",)),
    ):
        signed = people.headers(who)
        assert client.get("/v1/programmes/P1", headers=signed).status_code == 404
        assert client.get("/v1/waves/W1", headers=signed).status_code == 404
        assert client.get("/v1/waves", headers=signed).get_json()["items"] == []
    other = people.headers(planner(people, brands=("Borealis",)))
    refused = client.post("/v1/programmes", json=PROGRAMME | {"code": "P2"}, headers=other)
    assert refused.status_code == 403
    hidden = client.post("/v1/waves", json=WAVE | {"code": "W2"}, headers=other)
    missing = client.post("/v1/waves", json=WAVE | {"code": "W2", "programme": "P9"}, headers=other)
    assert hidden.status_code == missing.status_code == 422
    assert hidden.get_json()["errors"][0]["field"] == missing.get_json()["errors"][0]["field"] == "programme"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DEALER, Role.QUALITY_REVIEWER])
def test_only_planners_write(client, people, role):
    signed = people.headers(people.add(role, dealers=("D0001",) if role is Role.DEALER else ()))
    assert client.post("/v1/programmes", json=PROGRAMME, headers=signed).status_code == 403
    assert client.post("/v1/waves", json=WAVE, headers=signed).status_code == 403
    reads = 200 if role is Role.QUALITY_REVIEWER else 403
    assert client.get("/v1/waves", headers=signed).status_code == reads


def test_recording_is_forbidden_unless_somebody_allows_it_and_says_why(client, headers, people):
    bare = {name: value for name, value in PROGRAMME.items() if name != "recording_allowed"}
    client.post("/v1/programmes", json=bare, headers=headers)
    assert client.get("/v1/programmes/P1", headers=headers).get_json()["recording_allowed"] is False
    url = "/v1/programmes/P1/recording"
    for _ in range(2):
        answer = client.put(url, json={"allowed": True, "reason": "Legal, file 118"}, headers=headers)
        assert (answer.status_code, answer.get_json()["recording_allowed"]) == (200, True)
    entries = trail.entries_of("programme", "P1")
    assert [entry["verb"] for entry in entries] == ["added", "recording_allowed"]
    assert entries[1]["details"] == {"reason": "Legal, file 118"}
    assert client.put(url, json={"allowed": False, "reason": "withdrawn"}, headers=headers).status_code == 200
    assert programmes.is_recording_allowed("P1") is False
    for body in ({"allowed": True}, {"allowed": 1, "reason": "x"}, {"allowed": "yes", "reason": "x"}):
        assert client.put(url, json=body, headers=headers).status_code == 422
    elsewhere = people.headers(planner(people, brands=("Borealis",)))
    assert client.put(url, json={"allowed": True, "reason": "x"}, headers=elsewhere).status_code == 404


def test_a_programme_from_before_there_was_the_setting(client, headers):
    client.post("/v1/programmes", json=PROGRAMME, headers=headers)
    base.collection("programmes").update_one({"_id": "P1"}, {"$unset": {"recording_allowed": 1}})
    assert client.post("/v1/programmes", json=PROGRAMME, headers=headers).status_code == 201
    assert client.get("/v1/programmes", headers=headers).get_json()["items"] == [PROGRAMME]
    assert programmes.is_recording_allowed("P1") is False
