"""Column mappings, and files translated by them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.directory import Role
from audit_api.domain.survey_mappings import RESPONSES
from audit_api.intake import plain_columns
from audit_api.intake.records import TextColumns
from audit_api.intake.tables import read_table
from audit_api.models.base import collection
from audit_api.operations.survey_mappings import TranslatedTable
from tests.contract.test_surveys import SSQ, manager, survey, wave  # noqa: F401 - fixtures

MAPPING = """
questionnaire: SSQ
columns:
  问卷编号: response_id
  店代码: dealer
  交车时间: event_at
  提交时间: submitted_at
  手机: contact
  网上回应: SSQ-DRV-01
  电话沟通: SSQ-DRV-02
  推荐: SSQ-OUT-02
  提车: SSQ-SCR-01
ignore: [序号]
constants: {channel: sms_link}
values:
  SAT5: {非常满意: 5, 一般: 3, 没用过: na}
  SSQ-SCR-01: {对: yes}
  dealer: {杭州一店: D0001}
dates: ['%d.%m.%Y %H:%M', '%d.%m.%Y']
timezone: Europe/Berlin
decimal_comma: true
"""
FILE = """序号;问卷编号;店代码;交车时间;提交时间;手机;网上回应;电话沟通;推荐;提车
1;R1;杭州一店;03.02.2026 10:00;12.02.2026;13812345678;非常满意;没用过;9,0;对
2;R2;D0001;2026/2/3 10:00;46065.5;;一般;很满意;10;是
3;R3;D0001;03.02.2026 10:00;31.02.2026;;还行;5;7,5;对
"""


@pytest.fixture
def saved(client, wave, manager):  # noqa: F811 - fixtures
    answer = client.put("/v1/survey-mappings/callcentre", json={"source": MAPPING}, headers=manager)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def post(client, headers, content=FILE, query="?mapping=callcentre", kind="text/csv"):
    data = content.encode() if isinstance(content, str) else content
    return client.post("/v1/surveys/SSQ/imports" + query, data=data, content_type=kind, headers=headers)


def test_a_file_is_translated(client, saved, manager):  # noqa: F811
    dry = post(client, manager, query="?mapping=callcentre&dry_run=true").get_json()
    assert (dry["new"], dry["refused"], dry["dry_run"]) == (2, 1, True)
    first = dry["preview"][0]
    assert (first["row"], first["dealer"], first["contact"]) == (2, "D0001", "***")
    assert first["answers"] == {"SSQ-SCR-01": "yes", "SSQ-DRV-01": 5, "SSQ-DRV-02": "na", "SSQ-OUT-02": 9}
    assert collection("responses").count_documents({}) == 0
    body = post(client, manager).get_json()
    assert (body["new"], body["refused"], body["preview"]) == (2, 1, [])
    one, two = collection("responses").find().sort("_id", 1)
    assert one["event_at"].isoformat() == "2026-02-03T09:00:00+00:00"  # ten o'clock in Berlin
    assert one["submitted_at"].isoformat() == "2026-02-11T23:00:00+00:00"
    assert two["submitted_at"].isoformat() == "2026-02-12T11:00:00+00:00"  # a spreadsheet's day number
    assert (one["channel"], two["channel"], two["answers"][0:3]) == ("sms_link", "sms_link", ["yes", 3, 5])
    errors = {(e["row"], e["column"]): e["value"] for e in body["errors"]}
    assert errors == {(4, "提交时间"): "31.02.2026", (4, "网上回应"): "还行", (4, "推荐"): "7.5"}
    again = post(client, manager).get_json()
    assert (again["new"], again["same"], again["refused"]) == (0, 2, 1)


def test_versions_and_lists(client, saved, manager, people):  # noqa: F811
    url = "/v1/survey-mappings/callcentre"
    assert (saved["version"], saved["unchanged"]) == (1, False)
    again = client.put(url, json={"source": MAPPING + "# a remark\n"}, headers=manager).get_json()
    assert (again["version"], again["unchanged"]) == (1, True)
    in_utc = json.dumps(yaml.safe_load(MAPPING) | {"timezone": "UTC"})
    as_json = client.put(url, json={"source": in_utc}, headers=manager)
    assert as_json.status_code == 200, as_json.get_json()
    assert as_json.get_json()["version"] == 2
    assert client.get(url, headers=manager).get_json()["version"] == 2
    assert client.get(url + "?version=1", headers=manager).get_json()["mapping"]["timezone"] == "Europe/Berlin"
    assert client.get(url + "?version=9", headers=manager).status_code == 404
    listed = client.get("/v1/survey-mappings", headers=manager).get_json()
    assert [(m["name"], m["version"]) for m in listed["items"]] == [("callcentre", 2)]
    reviewer = people.headers(people.add(Role.QUALITY_REVIEWER))
    assert client.put(url, json={"source": MAPPING}, headers=reviewer).status_code == 403
    assert collection("trail").count_documents({"kind": "column_mapping"}) == 2


MISTAKES = [
    ("questionnaire: SSQ", "questionnaire: NOPE", 404, ""),
    ("questionnaire: SSQ", "", 422, "'questionnaire' is missing"),
    ("SSQ-DRV-02", "SSQ-DRV-99", 422, "did you mean SSQ-DRV-"),
    ("response_id", "responseid", 422, "did you mean response_id"),
    ("电话沟通: SSQ-DRV-02", "电话沟通: SSQ-DRV-01", 422, "two columns lead to the same: SSQ-DRV-01"),
    ("  SAT5:", "  SAT7:", 422, "did you mean SAT5"),
    ("Europe/Berlin", "Europe/Nowhere", 422, "no such time zone"),
    ("Europe/Berlin", "../etc/passwd", 422, "no such time zone"),
    ("'%d.%m.%Y'", "'dd.mm.yyyy'", 422, "write 'dd.mm.yyyy' like"),
    ("decimal_comma: true", "decimal_comma: ja", 422, "true or false"),
    ("ignore:", "ignored:", 422, "did you mean 'ignore'"),
    ("columns:", "columns: [", 422, "not valid YAML"),
]


@pytest.mark.parametrize(("old", "new", "status", "reason"), MISTAKES)
def test_each_mistake_is_named(client, saved, manager, old, new, status, reason):  # noqa: F811
    assert old in MAPPING
    answer = client.put("/v1/survey-mappings/x", json={"source": MAPPING.replace(old, new)}, headers=manager)
    assert answer.status_code == status, answer.get_json()
    assert reason in answer.get_data(as_text=True)
    assert collection("column_mappings").count_documents({}) == 1


@pytest.mark.parametrize(
    ("old", "new", "query", "reason"),
    [
        ("序号", "备注", "?mapping=callcentre", "unknown columns: 备注; add them to columns or ignore"),
        ("网上回应", "网上的回应", "?mapping=callcentre", "网上的回应 (did you mean 网上回应?)"),
        ("店代码", "经销商", "?mapping=callcentre", "missing columns: 店代码"),
        ("序号", "序号", "", "unknown columns"),
    ],
)
def test_a_header_that_does_not_fit_is_named(client, saved, manager, old, new, query, reason):  # noqa: F811
    answer = post(client, manager, FILE.replace(old, new), query)
    assert answer.status_code == 422
    assert reason in answer.get_json()["detail"]
    assert collection("responses").count_documents({}) == 0


def test_other_mappings_are_refused(client, saved, manager):  # noqa: F811
    assert post(client, manager, query="?mapping=nope").status_code == 404
    source = "kind: staff\ncolumns: {店: dealer, 手机: contact}\n"
    assert client.put("/v1/survey-mappings/staff", json={"source": source}, headers=manager).status_code == 200
    answer = post(client, manager, query="?mapping=staff")
    assert "is for staff, not for responses" in answer.get_json()["detail"]
    for name in ("a%20b", "7", "null", "A", "x" * 41):
        answer = client.put(f"/v1/survey-mappings/{name}", json={"source": MAPPING}, headers=manager)
        assert answer.status_code == 422, name


def test_json_lines_over_http(client, wave, manager):  # noqa: F811
    rows = [
        {"response_id": "J1", "dealer": "D0001", "event_at": "2026-02-03", "submitted_at": "2026-02-12",
         "answers": {"SSQ-DRV-01": 5, "SSQ-SCR-01": "yes"}},
        {"response_id": "J2", "dealer": "D0001", "event_at": "2026-02-03", "submitted_at": "2026-02-12",
         "answers": {"SSQ-DRV-01": True}},
    ]  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    body = post(client, manager, lines, "", "application/x-ndjson").get_json()
    assert (body["new"], body["refused"]) == (1, 1)
    assert (body["errors"][0]["row"], body["errors"][0]["column"]) == (2, "SSQ-DRV-01")
    assert post(client, manager, "x" * 60_000_000, "").status_code == 413
    assert post(client, manager, lines, "", "application/json").status_code == 415
    assert post(client, manager, lines, "?version=7", "application/x-ndjson").status_code == 404


def test_the_commands(survey, tmp_path):  # noqa: F811
    path = tmp_path / "callcentre.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    assert survey("mapping", "save", "callcentre", path).output == "callcentre version 1\n"
    assert survey("mapping", "save", "callcentre", path).output == "callcentre version 1, unchanged\n"
    assert survey("mapping", "list").output == "callcentre\t1\tresponses\tSSQ\n"
    assert survey("mapping", "show", "callcentre").output.strip() == MAPPING.strip()
    file = tmp_path / "export.csv"
    file.write_text(FILE, encoding="gb18030")
    dry = survey("import", file, "--mapping", "callcentre", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "── row 2" in dry.output
    assert "SSQ-DRV-01 Speed of the reply to your online enquiry: 5 (Very satisfied)" in dry.output
    assert "contact: ***" in dry.output
    assert "13812345678" not in dry.output
    chinese = survey("import", file, "--mapping", "callcentre", "--dry-run", language="zh").output
    assert "SSQ-DRV-02 电话沟通与到店预约: 不适用" in chinese
    assert "读取 3 行：新增 2" in chinese
    done = survey("import", file, "--mapping", "callcentre", language="zh")
    assert "第 4 行, 网上回应 '还行'" in done.output
    assert collection("responses").count_documents({}) == 2


def test_a_mapping_that_is_no_utf8_is_named(survey, tmp_path):  # noqa: F811
    path = tmp_path / "m.yaml"
    path.write_bytes(MAPPING.encode("gb18030"))
    done = survey("mapping", "save", "x", path)
    assert "UTF-8" in str(done.exception)


def test_the_mapping_in_the_documents_is_one(client, wave, manager):  # noqa: F811
    text = (Path(__file__).parents[2] / "docs" / "surveys.md").read_text("utf-8")
    source = text.split("```yaml\n")[1].split("```")[0]
    answer = client.put("/v1/survey-mappings/x", json={"source": source}, headers=manager)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["mapping"]["values"] == {"SAT5": {"非常满意": "5", "没用过": "na"}}


CELLS = {
    "问卷编号": ["R1", " R2 ", "", "1.2E+11"], "店代码": ["杭州一店", " 杭州一店", "D0001", "", "三店"],
    "交车时间": ["03.02.2026 10:00", "2026/2/3 10:00", "46065.5", "2026-02-03T10:00:00Z", "", "soon"],
    "提交时间": ["12.02.2026", " 12.02.2026", "31.02.2026"], "手机": ["", "13812345678"],
    "网上回应": ["非常满意", "很满意", "还行", " 5", "5", "4,0"], "电话沟通": ["没用过", "NA", ""],
    "推荐": ["9,0", "7,5", "10"], "提车": ["对", "是", "\u3000"], "序号": ["1", ""],
}  # fmt: skip


@given(data=st.data())
def test_any_file_is_translated_the_same_as_columns(saved, tmp_path_factory, data):
    row = st.one_of(st.tuples(*map(st.sampled_from, CELLS.values())), st.just((" ",) * len(CELLS)))
    rows = data.draw(st.lists(row, min_size=1, max_size=12))
    path = tmp_path_factory.mktemp("mapped") / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([CELLS, *rows])
    table = TranslatedTable(read_table(path), RESPONSES, "callcentre", SSQ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_columns, "PIECE", data.draw(st.sampled_from([1, 200, 5000])))
        parts = list(table.parts())
    found = [row for part in parts for row in (part.rows() if isinstance(part, TextColumns) else [part])]
    assert [(number, tuple(cells)) for number, cells in found] == list(table.rows())
