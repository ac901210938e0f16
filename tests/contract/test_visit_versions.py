"""Versions of a visit: GET /v1/visits/{id}/versions and /differences; what a returned visit may change."""

from __future__ import annotations

import json
import uuid

import pytest

from audit_api.domain.directory import Role
from tests.conftest import commands_on
from tests.contract.test_reviews import Desk, auditor, desk, reviewer  # noqa: F401 - fixtures
from tests.worlds import checklist_named, send_visit, submit_visit

SMS = checklist_named("SMS")


def answered(visit, kind, *, but=()):
    """Find an answered item of a kind that no other item depends on."""
    depended = json.dumps([str(item.show_if) for item in SMS.items])
    return next(
        o
        for o in visit.body["observations"]
        if SMS.item(o["item"]).type == kind
        and o["value"] not in (None, "na")
        and o["item"] not in but
        and o["item"] not in depended
        and SMS.item(o["item"]).evidence.rule == "none"
        and SMS.item(o["item"]).critical is None
    )


@pytest.fixture
def returned(desk):  # noqa: F811
    """Return a visit with a note on one item; gives the desk and the observation that is asked about."""
    asked = answered(desk.visit, "scale5")
    desk.post("review")
    answer = desk.post("return", reason="请核对", notes=[{"item": asked["item"], "note": "与备注不符"}])
    assert answer.status_code == 200, answer.get_json()
    return desk, asked


def sent_again(desk, **more):  # noqa: F811
    """Send the next revision and submit it; gives the answer to the submission."""
    body = desk.visit.body
    body["revision"] += 1
    body.update(more)
    headers = desk.network.people.headers(desk.auditor[0])
    put = send_visit(desk.network.client, headers, desk.visit, photos=False)
    assert put.status_code == 201, put.get_json()
    return submit_visit(desk.network.client, headers, desk.visit)


def get(desk, path, headers=None):  # noqa: F811
    return desk.network.client.get(f"{desk.visit.url}/{path}", headers=headers or desk.reviewer[1])


def test_what_was_asked_is_corrected_and_can_be_compared(returned):
    desk, asked = returned  # noqa: F811
    old = asked["value"]
    asked["value"], asked["comment"] = 1 + old % 5, "重新核对"
    assert sent_again(desk).status_code == 200
    versions = get(desk, "versions").get_json()
    assert [(v["revision"], v["current"]) for v in versions["items"]] == [(1, False), (2, True)]
    assert versions["next"] is None
    first = get(desk, "versions?limit=1").get_json()
    assert ([v["revision"] for v in first["items"]], first["next"]) == ([1], 1)
    assert [v["revision"] for v in get(desk, "versions?limit=1&after=1").get_json()["items"]] == [2]
    found = get(desk, "differences").get_json()
    assert (found["before"], found["after"]) == (1, 2)
    told = {(d["item"], d["part"]): d for d in found["differences"]}
    value = told[asked["item"], "value"]
    assert (value["before"], value["after"]) == (old, asked["value"])
    assert f"changed from “{old}” to “{asked['value']}”" in value["words"]["en"]
    assert "由“" in value["words"]["zh"]
    assert told[asked["item"], "comment"]["after"] == "重新核对"
    back = get(desk, "differences?before=2&after=1").get_json()["differences"]
    assert [(d["before"], d["after"]) for d in back] == [(d["after"], d["before"]) for d in found["differences"]]
    assert get(desk, "differences?before=2").get_json()["differences"] == []
    assert get(desk, "differences?before=7").status_code == 404


def test_whoever_changes_more_says_why(returned):
    desk, asked = returned  # noqa: F811
    other = answered(desk.visit, "scale5", but=(asked["item"],))
    other["value"] = 1 + other["value"] % 5
    refused = sent_again(desk)
    assert refused.status_code == 422, refused.get_json()
    assert [(e["item"], e["code"]) for e in refused.get_json()["errors"]] == [(other["item"], "not_asked")]
    assert desk.row["state"] == "returned"
    taken = sent_again(desk, correction="复核时发现此题也填错")
    assert taken.status_code == 200, taken.get_json()
    assert get(desk, "versions").get_json()["items"][-1]["correction"] == "复核时发现此题也填错"
    words = [d["words"]["zh"] for d in get(desk, "differences").get_json()["differences"]]
    assert any(text.startswith(other["item"]) for text in words)
    assert any("复核时发现此题也填错" in text for text in words)


def test_changing_back_needs_no_reason(returned):
    desk, asked = returned  # noqa: F811
    other = answered(desk.visit, "scale5", but=(asked["item"],))
    before = other["value"]
    other["value"] = 1 + before % 5
    assert sent_again(desk).status_code == 422
    other["value"] = before
    assert sent_again(desk).status_code == 200
    assert get(desk, "differences?before=1&after=3").get_json()["differences"] == []


def test_without_notes_on_items_everything_was_asked(desk):  # noqa: F811
    desk.post("review")
    desk.post("return", reason="请全部核对", notes=[])
    one = answered(desk.visit, "scale5")
    one["value"] = 1 + one["value"] % 5
    assert sent_again(desk).status_code == 200


def test_versions_are_seen_by_whom_the_visit_is_seen(returned, network):
    desk, _ = returned  # noqa: F811
    own = network.people.headers(desk.auditor[0])
    assert get(desk, "versions", own).status_code == 200
    stranger = network.person(Role.AUDITOR, brands=("Aurora",))[1]
    dealer = network.person(Role.DEALER, dealers=("D0001",))[1]
    for path in ("versions", "differences"):
        assert get(desk, path, stranger).status_code == 404
        assert get(desk, path, dealer).status_code == 403
        assert network.client.get(f"/v1/visits/{uuid.uuid4()}/{path}", headers=desk.reviewer[1]).status_code == 404


def test_voiding_needs_a_reason(desk):  # noqa: F811
    for body in ({}, {"reason": ""}, {"reason": None}):
        assert desk.post("void", **body).status_code == 422
    assert desk.row["state"] == "submitted"


def test_the_commands(returned, monkeypatch):
    desk, asked = returned  # noqa: F811
    asked["value"] = 1 + asked["value"] % 5
    assert sent_again(desk).status_code == 200
    run = commands_on(desk.network.app.extensions["audit"].settings, monkeypatch)
    listed = run("visit", "versions", desk.visit.id, language="zh")
    told = run("visit", "compare", desk.visit.id, "1", language="zh")
    data = run("visit", "compare", desk.visit.id, "1", "2", "--json", language="zh")
    assert [line.split("\t")[0] for line in listed.output.splitlines()] == ["1", "2"], listed.output
    assert f"{asked['item']} {SMS.item(asked['item']).text.zh}，答案：由“" in told.output
    assert json.loads(data.output)["differences"][0]["item"] == asked["item"]
