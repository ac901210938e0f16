"""Assignments: one by one and by file, and who sees which."""

import csv
import io

import openpyxl
import pytest

from audit_api import problems
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import base, trail
from audit_api.models.directory import Person
from audit_api.operations import programmes
from tests.conftest import NOW
from tests.contract.programme_setup import a_wave, assignment, planner, publish

COLUMNS = ["code", "wave", "dealer", "checklist", "version", "auditor", "window_from", "window_to", "scenario"]


@pytest.fixture
def auditor(people, dealers):
    a_wave()
    publish()
    return people.add(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def headers(people, auditor):
    return people.headers(planner(people, brands=("Aurora",)))


def row(auditor, /, **changes):
    return {
        "code": "A1", "wave": "W1", "dealer": "D0001", "checklist": "SMS", "version": "1", "auditor": auditor.email,
        "window_from": "2026-11-01", "window_to": "2026-11-30", "scenario": "家庭, SUV",
    } | changes  # fmt: skip


def table(*rows, columns=COLUMNS):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def send(client, headers, content, *, query="", content_type="text/csv"):
    return client.post(f"/v1/assignment-imports{query}", data=content, headers=headers, content_type=content_type)


def counts(report):
    return tuple(report[name] for name in ("read", "new", "changed", "same", "refused"))


def test_it_works(client, headers, auditor, people):
    answer = client.post("/v1/assignments", json=assignment(auditor), headers=headers)
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json() == {
        "code": "A1", "wave": "W1", "programme": "P1",
        "dealer": {
            "code": "D0001", "name_zh": "经销商D0001", "name_en": "Dealer D0001", "city": "杭州", "lat": 30.2741,
            "lon": 120.1551, "datum": "WGS-84", "fence_m": 300, "timezone": "Asia/Shanghai",
        },
        "checklist": {"code": "SMS", "version": 1}, "mode": "covert", "domain": "sales",
        "window_from": "2026-10-31T16:00:00+00:00", "window_to": "2026-11-29T16:00:00+00:00",
        "scenario": "家庭 SUV", "briefing": "周末除外", "visit": None, "auditor": auditor.id, "selected_by": "plan",
    }  # fmt: skip
    assert [e["verb"] for e in trail.entries_of("assignment", "A1")] == ["assigned"]
    assert client.get("/v1/assignments/A1", headers=headers).get_json() == answer.get_json()


def test_an_auditor_sees_own_ones_and_no_reason_for_the_choice(client, headers, auditor, people):
    other = people.add(Role.AUDITOR, brands=("Aurora",))
    client.post("/v1/assignments", json=assignment(auditor, selected_by="trigger"), headers=headers)
    client.post("/v1/assignments", json=assignment(other, code="A2"), headers=headers)
    base.collection("visits").insert_many(
        [
            {"_id": "v-void", "assignment": "A1", "active": False, "state": "void"},
            {"_id": "v-1", "assignment": "A1", "active": True, "state": "submitted"},
        ]
    )
    mine = client.get("/v1/assignments", headers=people.headers(auditor)).get_json()["items"]
    assert [item["code"] for item in mine] == ["A1"]
    assert mine[0]["visit"] == {"id": "v-1", "state": "submitted"}
    assert not {"selected_by", "auditor"} & set(mine[0])
    assert client.get("/v1/assignments/A1", headers=people.headers(auditor)).get_json() == mine[0]
    assert client.get("/v1/assignments/A2", headers=people.headers(auditor)).status_code == 404
    assert client.get("/v1/assignments/A9", headers=people.headers(auditor)).status_code == 404


def test_scope_and_filters_and_pages(client, headers, auditor, people):
    for number, dealer in enumerate(("D0001", "D0002", "D0001"), 1):
        made = client.post(
            "/v1/assignments", json=assignment(auditor, code=f"A{number}", dealer=dealer), headers=headers
        )
        assert made.status_code == 201

    def codes(who, query=""):
        return [i["code"] for i in client.get(f"/v1/assignments{query}", headers=who).get_json()["items"]]

    assert codes(headers) == ["A1", "A2", "A3"]
    assert codes(headers, "?dealer=D0001") == ["A1", "A3"]
    assert codes(headers, "?wave=W2") == []
    first = client.get("/v1/assignments?limit=2", headers=headers).get_json()
    assert ([i["code"] for i in first["items"]], first["next"]) == (["A1", "A2"], "A2")
    assert codes(headers, "?limit=2&after=A2") == ["A3"]
    narrow = people.headers(people.add(Role.QUALITY_REVIEWER, brands=("Aurora",), dealers=("D0002",)))
    assert codes(narrow) == ["A2"]
    assert client.get("/v1/assignments/A1", headers=narrow).status_code == 404
    elsewhere = people.headers(people.add(Role.QUALITY_REVIEWER, brands=("Borealis",)))
    assert codes(elsewhere) == []
    assert client.get("/v1/assignments/A1", headers=elsewhere).status_code == 404


def test_a_dealer_sees_no_assignment(client, headers, auditor, people):
    client.post("/v1/assignments", json=assignment(auditor), headers=headers)
    dealer = people.headers(people.add(Role.DEALER, dealers=("D0001",)))
    for path in ("/v1/assignments", "/v1/assignments/A1"):
        assert client.get(path, headers=dealer).status_code == 403


def test_auditors_and_reviewers_assign_nothing(client, auditor, people):
    for who in (auditor, people.add(Role.QUALITY_REVIEWER)):
        signed = people.headers(who)
        assert client.post("/v1/assignments", json=assignment(auditor), headers=signed).status_code == 403
        assert send(client, signed, table(row(auditor))).status_code == 403
    assert base.collection("assignments").count_documents({}) == 0


def test_the_same_again_changes_nothing_and_other_content_is_refused(client, headers, auditor):
    first = client.post("/v1/assignments", json=assignment(auditor), headers=headers)
    again = client.post("/v1/assignments", json=assignment(auditor, auditor=auditor.email.upper()), headers=headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    other = client.post("/v1/assignments", json=assignment(auditor, briefing="x"), headers=headers)
    assert (other.status_code, other.get_json()["type"]) == (409, problems.ALREADY_EXISTS.uri)
    assert "briefing" in other.get_json()["detail"]
    assert len(trail.entries_of("assignment", "A1")) == 1


REFUSED = [
    ({"wave": "W9"}, ["wave"]),
    ({"dealer": "D9999"}, ["dealer"]),
    ({"dealer": "D0003"}, ["dealer"]),
    ({"checklist": {"code": "SMS", "version": 2}}, ["checklist"]),
    ({"checklist": {"code": "XXX", "version": 1}}, ["checklist"]),
    ({"auditor": "nobody@example.com"}, ["auditor"]),
    ({"mode": "announced"}, ["mode"]),
    ({"domain": "after_sales"}, ["domain"]),
    ({"window_from": "2026-09-30T23:59:00+08:00"}, ["window_from"]),
    ({"window_to": "2027-01-01T00:00:01+08:00"}, ["window_to"]),
    ({"window_to": "2026-11-01T00:00:00+08:00"}, ["window_to"]),
    ({"wave": "W9", "dealer": "D9999", "auditor": "x"}, ["wave", "dealer", "auditor"]),
    ({"window_from": "2026-11-01T00:00:00"}, ["json.window_from"]),
    ({"selected_by": "whim"}, ["json.selected_by"]),
    ({"programme": "P1"}, ["json.programme"]),
    ({"checklist": {"code": "SMS", "version": "1"}}, ["json.checklist.version"]),
]


@pytest.mark.parametrize(("change", "fields"), REFUSED)
def test_each_refusal_names_its_field(client, headers, auditor, change, fields):
    answer = client.post("/v1/assignments", json=assignment(auditor, **change), headers=headers)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == fields
    assert base.collection("assignments").count_documents({}) == 0


def test_out_of_scope_reads_like_missing(client, auditor, people):
    elsewhere = people.headers(planner(people, brands=("Borealis",)))
    answer = client.post("/v1/assignments", json=assignment(auditor), headers=elsewhere).get_json()
    assert [e["message"] for e in answer["errors"]] == ["There is no wave W1", "There is no dealer D0001"]


def test_the_dealer_is_of_the_programmes_brand(client, auditor, people):
    everywhere = people.add(Role.AUDITOR)
    headers = people.headers(planner(people))
    answer = client.post("/v1/assignments", json=assignment(everywhere, dealer="D0003"), headers=headers)
    assert answer.get_json()["errors"] == [
        {"field": "dealer", "message": "The dealer is of brand Borealis, the wave of Aurora"}
    ]


def test_only_an_active_auditor_with_the_dealer_in_scope(client, headers, auditor, people):
    reviewer = people.add(Role.QUALITY_REVIEWER)
    elsewhere = people.add(Role.AUDITOR, brands=("Borealis",))
    for who in (reviewer, elsewhere):
        answer = client.post("/v1/assignments", json=assignment(who), headers=headers)
        assert [e["field"] for e in answer.get_json()["errors"]] == ["auditor"]
    Person._get_collection().update_one({"_id": auditor.id}, {"$set": {"active": False}})
    assert client.post("/v1/assignments", json=assignment(auditor), headers=headers).status_code == 422


def test_import(client, headers, auditor):
    content = table(row(auditor), row(auditor, code="A2", window_from="2026-11-05T09:00"))
    dry = send(client, headers, content, query="?dry_run=true").get_json()
    assert (dry["dry_run"], counts(dry)) == (True, (2, 2, 0, 0, 0))
    assert base.collection("assignments").count_documents({}) == 0
    answer = send(client, headers, content)
    assert (answer.status_code, counts(answer.get_json())) == (200, (2, 2, 0, 0, 0))
    again = send(client, headers, content).get_json()
    assert counts(again) == (2, 0, 0, 2, 0)
    found = client.get("/v1/assignments/A2", headers=headers).get_json()
    assert found["window_from"] == "2026-11-05T01:00:00+00:00"
    assert found["window_to"] == "2026-11-30T16:00:00+00:00", "the last day is inside"
    assert found["scenario"] == "家庭, SUV"
    assert len(trail.entries_of("assignment", "A1")) == 1


def test_import_of_a_workbook(client, headers, auditor, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.active.append([int(v) if v == "1" else v for v in row(auditor).values()])
    book.save(tmp_path / "a.xlsx")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = send(client, headers, (tmp_path / "a.xlsx").read_bytes(), content_type=kind)
    assert counts(answer.get_json()) == (1, 1, 0, 0, 0)


def test_good_rows_go_in_and_bad_ones_are_named(client, headers, auditor):
    content = table(
        row(auditor),
        row(auditor, code="A2", dealer="D9999"),
        row(auditor, code="A 3"),
        row(auditor, code="A1", scenario="y"),
        row(auditor, code="A4", window_to="soon"),
        row(auditor, code="A5", window_from="2027-02-01", window_to="2027-02-02"),
        row(auditor, code="A6"),
    )
    report = send(client, headers, content).get_json()
    assert counts(report) == (7, 2, 0, 0, 5)
    assert [(e["row"], e["column"]) for e in report["errors"]] == [
        (3, "dealer"), (4, "code"), (5, "code"), (6, "window_to"), (7, "window_to"),
    ]  # fmt: skip
    assert report["errors"][2]["en"] == "The code stands in row 2 already"
    changed = send(client, headers, table(row(auditor, scenario="y"), row(auditor, code="A6"))).get_json()
    assert counts(changed) == (2, 0, 0, 1, 1)
    assert "scenario" in changed["errors"][0]["en"]


def test_more_rows_than_one_batch(client, headers, auditor):
    rows = [row(auditor, code=f"A{n}") for n in range(450)]
    assert counts(send(client, headers, table(*rows)).get_json()) == (450, 450, 0, 0, 0)
    assert counts(send(client, headers, table(*rows[::-1])).get_json()) == (450, 0, 0, 450, 0)


@pytest.mark.parametrize(
    ("content", "content_type", "status", "kind"),
    [
        (b"", "text/csv", 422, problems.IMPORT_REFUSED),
        (b"code,wave\nA1,W1\n", "text/csv", 422, problems.IMPORT_REFUSED),
        (b"{}", "application/json", 415, problems.UNSUPPORTED_MEDIA_TYPE),
        (b"a" * 3000, "text/csv", 413, problems.TOO_LARGE),
    ],
)
def test_refused_files(app, client, headers, content, content_type, status, kind):
    app.extensions["audit"].settings.__dict__["max_import_bytes"] = 2000
    answer = send(client, headers, content, content_type=content_type)
    assert (answer.status_code, answer.get_json()["type"]) == (status, kind.uri)


def test_an_unknown_column_is_named(client, headers, auditor):
    answer = send(client, headers, table(row(auditor, colour="red"), columns=[*COLUMNS, "colour"]))
    assert answer.status_code == 422
    assert "columns unknown: colour" in answer.get_json()["detail"]


def test_an_import_may_exceed_the_ordinary_body_limit(app, client, headers, auditor):
    app.config["MAX_CONTENT_LENGTH"] = 100
    assert send(client, headers, table(row(auditor))).status_code == 200


def test_a_programme_of_another_brand_is_out_of_reach(client, headers, auditor, people):
    programmes.add_programme(code="P2", name_zh="二", brand="Borealis", actor=OPERATOR, at=NOW)
    report = send(client, headers, table(row(auditor, wave="P2"))).get_json()
    assert [(e["column"], e["en"]) for e in report["errors"]] == [("wave", "There is no wave P2")]
