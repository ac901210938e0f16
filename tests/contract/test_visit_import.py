"""Past visits from files: POST /v1/visits/imports, `audit-api import visits`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.scoring import score_visit
from audit_api.domain.visit_cells import NOT_IMPORTED
from audit_api.intake.tables import read_table
from audit_api.models import visits
from audit_api.models.base import collection
from audit_api.operations import programmes, visit_import_writing
from audit_api.operations.visit_import import FileOptions, import_visits
from audit_api.settings import Settings
from audit_api.simulator.observations import draw_visit
from tests.conftest import NOW
from tests.worlds import checklist_named, publish_all

URL = "/v1/visits/imports"
HEAD = ["visit_id", "dealer", "auditor", "checklist", "version", "started_at", "ended_at"]
TIMES = ("2025-02-03 10:00:00", "2025-02-03 12:30:00")
BEGIN = datetime(2025, 2, 3, 2, 0, tzinfo=UTC)
SAA = checklist_named("SAA")
ITEMS = [item.id for item in SAA.items if item.type not in NOT_IMPORTED]


@pytest.fixture
def past(dealers, people):
    """Give the e-mail address of an auditor who left; waves of 2025 for both brands; checklists published."""
    publish_all()
    for brand in ("Aurora", "Borealis"):
        programmes.add_programme(code=f"P-{brand}", name_zh="项目", brand=brand, actor=OPERATOR, at=NOW)
        programmes.add_wave(
            code=f"W25-{brand}", programme=f"P-{brand}", timezone="Asia/Shanghai", from_on=date(2025, 1, 1),
            to_on=date(2025, 6, 30), actor=OPERATOR, at=NOW,
        )  # fmt: skip
    left = people.add(Role.AUDITOR, name="li")
    collection("people").update_one({"_id": left.id}, {"$set": {"active": False}})
    return left.id


@pytest.fixture
def manager(people, past):
    return people.headers(people.add(Role.PROGRAMME_MANAGER))


def answers(number):
    """Draw the answers of a visit, without photos and positions."""
    drawn = draw_visit(SAA, 0.7, np.random.default_rng(number), started_at=BEGIN, position=(30.0, 120.0))
    return {o["item"]: (o["value"], o["comment"]) for o in drawn.observations if o["item"] in ITEMS}


def cell(value):
    return "" if value is None else ";".join(value) if isinstance(value, list) else str(value)


def head(number, **changes):
    told = {
        "visit_id": f"V{number}", "dealer": "D0001", "auditor": "li@example.com", "checklist": "SAA", "version": 1,
        "started_at": "2025-02-03 10:00:00", "ended_at": "2025-02-03 12:30:00",
    }  # fmt: skip
    return told | changes


def wide(numbers, delimiter=",", **changes):
    """Write one row a visit."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*HEAD, *ITEMS, *(f"{i} comment" for i in ITEMS)], delimiter=delimiter)
    writer.writeheader()
    for number in numbers:
        drawn = answers(number)
        row = {i: cell(value) for i, (value, _) in drawn.items()}
        row |= {f"{i} comment": comment or "" for i, (_, comment) in drawn.items()}
        writer.writerow({**head(number), **row, **changes})
    return out.getvalue()


def long(numbers):
    """Write one row an answer; what holds for the visit stands in its first row alone."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEAD, "item", "value", "comment"])
    for number in numbers:
        for place, (item, (value, comment)) in enumerate(reversed(answers(number).items())):
            told = list(head(number).values())
            writer.writerow([*(told if not place else [told[0], *[""] * 6]), item, cell(value), comment or ""])
    return out.getvalue()


def post(client, headers, content, query="?source=agency", kind="text/csv"):
    data = content.encode() if isinstance(content, str) else content
    return client.post(URL + query, data=data, content_type=kind, headers=headers)


def taken(client, headers, content, query="?source=agency", kind="text/csv"):
    answer = post(client, headers, content, query, kind)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def everything():
    """Give all that is kept, to see that nothing changed."""
    names = ("visits", "assignments", "visit_conflicts", "visit_revisions", "trail", "findings")
    return {name: list(collection(name).find().sort("_id", 1)) for name in names}


def test_past_visits_go_in_and_again_change_nothing(client, past, manager, people):
    body = taken(client, manager, wide(range(3)))
    assert (body["new"], body["refused"], body["read"], body["rows"]) == (3, 0, 3, 3)
    assert body["waves"] == {"W25-Aurora": 3}
    assert body["selected_by"] == {"unknown": 3}
    kept = collection("visits").find_one({"imported.visit_id": "V1"})
    assert (kept["state"], kept["auditor"], kept["wave"], kept["programme"]) == (
        "approved", past, "W25-Aurora", "P-Aurora",
    )  # fmt: skip
    assert (kept["mode"], kept["domain"], kept["selected_by"]) == (SAA.mode, SAA.domain, "unknown")
    assert kept["started_at"] == BEGIN  # ten o'clock at the dealer's
    assert kept["submitted_at"] == datetime(2025, 2, 3, 4, 30, tzinfo=UTC)
    assert kept["received_at"].year >= 2026  # when the server took it in is not made up
    stamp = kept["imported"]
    assert (stamp["source"], stamp["visit_id"], stamp["row"], stamp["batch"]) == ("agency", "V1", 3, body["batch"])
    given = {item: value for item, (value, _) in answers(1).items()}
    score = score_visit(SAA, {i: v for i, v in given.items() if v is not None}).as_document()
    assert kept["score"] == score
    assert kept["scores"][0]["score"] == score
    assert {o["item"]: o["comment"] for o in kept["observations"] if o["comment"]} == {
        item: comment for item, (_, comment) in answers(1).items() if comment
    }
    before = everything()
    again = taken(client, manager, wide(reversed(range(3))))
    assert (again["new"], again["same"], again["changed"]) == (0, 3, 0)
    assert everything() == before
    assert [entry["verb"] for entry in before["trail"] if entry["kind"] == "visit_import"] == ["begun", "imported"]


def test_an_assignment_is_made_that_is_nobodys_task(client, past, manager, people):
    taken(client, manager, wide([1]))
    visit = collection("visits").find_one()
    got = client.get(f"/v1/assignments/{visit['assignment']}", headers=manager).get_json()
    assert (got["dealer"]["code"], got["visit"]["id"], got["auditor"]) == ("D0001", visit["_id"], past)
    collection("people").update_one({"_id": past}, {"$set": {"active": True}})
    auditor = {"Authorization": f"Bearer {people.tokens[past]}"}
    assert client.get("/v1/assignments", headers=auditor).get_json()["items"] == []
    seen = client.get(f"/v1/visits/{visit['_id']}", headers=auditor).get_json()
    assert "imported" not in seen
    assert "selected_by" not in seen


def test_a_past_visit_is_read_and_released_as_any_other(client, past, manager):
    taken(client, manager, wide([1]))
    visit = collection("visits").find_one()["_id"]
    shown = client.get(f"/v1/visits/{visit}", headers=manager).get_json()
    assert shown["imported"]["source"] == "agency"
    result = client.get(f"/v1/visits/{visit}/result", headers=manager).get_json()
    assert result["scores"][0]["reason"] == "import"
    done = client.post(f"/v1/visits/{visit}/release", json={"record_revision": 1}, headers=manager)
    assert done.status_code == 200, done.get_json()


@pytest.mark.parametrize("form", ["long", "jsonl", "xlsx", "semicolons"])
def test_every_form_is_the_same_visit(client, past, manager, form):
    """One row an answer, JSON, a workbook with dates: all known already after the plain CSV."""
    taken(client, manager, wide(range(4)))
    before = everything()
    if form == "long":
        content, kind = long(range(4)), "text/csv"
    elif form == "jsonl":
        rows = []
        for n in range(4):
            drawn = answers(n)
            values = {i: v for i, (v, _) in drawn.items() if v is not None}
            rows.append(head(n) | {"answers": values, "comments": {i: c for i, (_, c) in drawn.items() if c}})
        content, kind = "\n".join(json.dumps(row) for row in rows), "application/x-ndjson"
    elif form == "xlsx":
        book = openpyxl.Workbook()
        for row in csv.reader(io.StringIO(wide(range(4)))):
            book.active.append([datetime.fromisoformat(c) if c in TIMES else c for c in row])
        out = io.BytesIO()
        book.save(out)
        content, kind = out.getvalue(), "application/octet-stream"
    else:
        content, kind = wide(range(4), ";").encode("gb18030"), "text/csv"
    body = taken(client, manager, content, kind=kind)
    assert (body["same"], body["new"], body["changed"], body["refused"]) == (4, 0, 0, 0), body["errors"]
    assert everything() == before


MAPPING = """
kind: visits
checklist: SAA
checklist_version: 1
columns: {编号: visit_id, 店: dealer, 审核员: auditor, 开始: started_at, 展厅: SAA-SHW-01, 说明: SAA-SHW-01 comment}
ignore: [序号]
constants: {selected_by: plan}
values:
  yes_no: {√: yes, ×: no}
  dealer: {杭州一店: D0001}
  auditor: {李: li@example.com}
dates: ['%d.%m.%Y %H:%M']
"""


@pytest.fixture
def yes_no():
    return next(item.id for item in SAA.items if item.type == "yes_no" and item.weight and item.critical is None)


def test_a_mapping_translates(client, past, manager, yes_no):
    source = MAPPING.replace("SAA-SHW-01", yes_no)
    saved = client.put("/v1/survey-mappings/old", json={"source": source}, headers=manager)
    assert saved.status_code == 200, saved.get_json()
    file = (
        "序号;编号;店;审核员;开始;展厅;说明\n1;7;杭州一店;李;03.02.2025 10:00;√;干净\n2;8;二店;李;03.02.2025 10:00;?;\n"
    )
    dry = taken(client, manager, file, "?mapping=old&dry_run=true")
    assert (dry["new"], dry["refused"], dry["source"], dry["unknown_names"]) == (1, 1, "old", {"dealer": {"二店": 1}})
    first = dry["preview"][0]
    assert (first["row"], first["answers"], first["comments"]) == (2, {yes_no: "yes"}, {yes_no: "干净"})
    assert first["score"]["raw"] == 100.0
    assert (
        collection("visits").count_documents({}) == collection("trail").count_documents({"kind": "visit_import"}) == 0
    )
    body = taken(client, manager, file, "?mapping=old")
    assert (body["new"], body["selected_by"]) == (1, {"plan": 1})
    assert [(e["row"], e["column"], e["value"]) for e in body["errors"]] == [(3, "店", "二店")]
    assert collection("visits").find_one()["selected_by"] == "plan"
    answer_rows = f"编号,店,审核员,开始,item,value\n9,杭州一店,李,03.02.2025 10:00,{yes_no},×\n"
    other = source.replace(f"展厅: {yes_no}, 说明: {yes_no} comment", "项: item, 值: value")
    other = other.replace("ignore: [序号]\n", "")
    answer = client.put("/v1/survey-mappings/rows", json={"source": other}, headers=manager)
    assert answer.status_code == 200, answer.get_json()
    rows = taken(client, manager, answer_rows.replace("item,value", "项,值"), "?mapping=rows")
    assert (rows["new"], rows["errors"]) == (1, [])
    assert collection("visits").find_one({"imported.visit_id": "9"})["score"]["raw"] == 0.0


def test_the_mapping_in_the_documents_is_one(client, past, manager):
    text = (Path(__file__).parents[2] / "docs" / "past-visits.md").read_text("utf-8")
    source = text.split("```yaml\n")[1].split("```")[0]
    answer = client.put("/v1/survey-mappings/x", json={"source": source}, headers=manager)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["mapping"]["values"]["yes_no"] == {"√": "yes", "×": "no"}


def test_a_mapping_names_only_what_is_there(client, past, manager):
    for old, new, reason in (
        ("SAA-SHW-01 comment", "SAA-SHW-99 comment", "no item of a published"),
        ("yes_no:", "yes_or_no:", "no item of a published"),
        ("checklist_version: 1", "checklist_version: 9", "version 9"),
        ("编号: visit_id", "编号: visitid", "did you mean visit_id"),
    ):
        answer = client.put("/v1/survey-mappings/old", json={"source": MAPPING.replace(old, new)}, headers=manager)
        assert answer.status_code in (404, 422)
        assert reason in answer.get_data(as_text=True), answer.get_json()


MISTAKES = [
    ({"dealer": "D0009"}, "dealer", "no such dealer"),
    ({"auditor": "nobody@example.com"}, "auditor", "no such auditor"),
    ({"version": "7"}, "version", "not published"),
    ({"version": ""}, "version", "name the checklist and its version"),
    ({"started_at": ""}, "started_at", "must not be empty"),
    ({"started_at": "2024-12-31 12:00"}, "started_at", "no wave of brand"),
    ({"started_at": "soon"}, "started_at", "ISO 8601"),
    ({"started_at": "2099-01-01"}, "started_at", "future"),
    ({"ended_at": "2025-02-03 09:00"}, "ended_at", "before started_at"),
    ({"visit_id": ""}, "visit_id", "visible characters"),
    ({"visit_id": "1.38E+10"}, "visit_id", "shortened"),
]


@pytest.mark.parametrize(("change", "column", "reason"), MISTAKES)
def test_each_mistake_is_named_and_spoils_its_visit_alone(client, past, manager, change, column, reason):
    bad = wide([1], **change).splitlines(keepends=True)[-1]
    body = taken(client, manager, wide([2]) + bad)
    assert (body["new"], body["refused"]) == (1, 1)
    assert [e["row"] for e in body["errors"]] == [3] * len(body["errors"])
    assert column in [e["column"] for e in body["errors"]]
    assert reason in " ".join(e["en"] for e in body["errors"])
    assert all(e["zh"] != e["en"] for e in body["errors"])


def test_a_wrong_answer_is_named_in_both_forms(client, past, manager, yes_no):
    body = taken(client, manager, wide([1], **{yes_no: "perhaps"}))
    assert [(e["row"], e["column"], e["value"]) for e in body["errors"]] == [(2, yes_no, "perhaps")]
    rows = long([1]).splitlines(keepends=True)
    place = next(n for n, row in enumerate(rows) if f",{yes_no}," in row)
    rows[place] = f"V1,,,,,,,{yes_no},perhaps,\n"
    body = taken(client, manager, "".join(rows))
    assert [(e["row"], e["column"], e["value"]) for e in body["errors"]] == [(place + 1, "value", "perhaps")]
    assert collection("visits").count_documents({}) == 0


def test_a_visit_with_rows_apart_or_torn_is_refused_whole(client, past, manager):
    one, two = long([1]).splitlines(keepends=True), long([2]).splitlines(keepends=True)[1:]
    apart = "".join([*one[:9], *two, *one[9:]])
    body = taken(client, manager, apart)
    assert (body["new"], body["refused"]) == (1, 2)  # each part of the torn visit is named
    assert "sort by visit_id" in body["errors"][0]["en"]
    assert collection("visits").find_one()["imported"]["visit_id"] == "V2"
    three = long([3]).splitlines(keepends=True)[1:]
    torn = "".join([*one, "V1,,,,,,,x,y,z,too,many\n", *two, *three])
    body = taken(client, manager, torn)
    assert (body["new"], body["same"], body["refused"]) == (1, 0, 3)  # the row, and the visits before and after it
    assert "may be an answer of it" in body["errors"][1]["en"]
    assert collection("visits").count_documents({"imported.visit_id": "V1"}) == 0


def test_changed_content_is_kept_beside_until_somebody_says_why(client, past, manager):
    taken(client, manager, wide([1]))
    first = collection("visits").find_one()
    changed = wide([1], ended_at="2025-02-03 13:00")
    body = taken(client, manager, changed, "?source=agency&dry_run=true")
    assert (body["changed"], body["corrected"]) == (1, 0)
    assert collection("visit_conflicts").count_documents({}) == 0
    body = taken(client, manager, changed)
    assert body["changes"] == [{"row": 2, "visit_id": "V1", "visit": first["_id"], "corrected": False}]
    assert collection("visits").find_one() == first
    offered = client.get(f"/v1/visits/{first['_id']}/conflicts", headers=manager).get_json()["items"]
    assert [(o["reason"], o["content"]["ended_at"][:16]) for o in offered] == [("import_changed", "2025-02-03T05:00")]
    assert taken(client, manager, changed)["same"] == 1
    done = taken(client, manager, changed, "?source=agency&correct=Agency+mended+the+end")
    assert (done["changed"], done["corrected"]) == (1, 1)
    now = collection("visits").find_one()
    assert (now["revision"], now["ended_at"].hour, now["assignment"]) == (2, 5, first["assignment"])
    assert [s["reason"] for s in now["scores"]] == ["import", "correction"]
    old = collection("visit_revisions").find_one()
    assert (old["content_hash"], old["replaced"]["reason"]) == (first["content_hash"], "Agency mended the end")
    trail = [(e["verb"], e["details"].get("reason")) for e in collection("trail").find({"kind": "visit"})]
    assert trail == [("corrected", "Agency mended the end")]
    before = everything()
    assert taken(client, manager, changed)["same"] == 1
    assert taken(client, manager, wide([1]))["same"] == 1  # the replaced content is known, too
    assert everything() == before


def test_an_id_shared_by_many_visits_is_refused_at_some_point(client, past, manager, monkeypatch):
    monkeypatch.setattr(visits, "MOST_CONFLICTS", 2)
    ends = [f"2025-02-03 13:0{n}" for n in range(4)]
    rows = [wide([1], ended_at=end).splitlines(keepends=True) for end in ends]
    body = taken(client, manager, rows[0][0] + "".join(row[1] for row in rows))
    assert (body["new"], body["changed"], body["refused"]) == (1, 2, 1)
    assert (body["errors"][0]["row"], body["errors"][0]["column"]) == (5, "visit_id")
    assert "is the id shared" in body["errors"][0]["en"]


def test_what_is_released_is_not_corrected_by_a_file(client, past, manager):
    taken(client, manager, wide([1]))
    visit = collection("visits").find_one()["_id"]
    client.post(f"/v1/visits/{visit}/release", json={"record_revision": 1}, headers=manager)
    body = taken(client, manager, wide([1], ended_at="2025-02-03 13:00"), "?source=agency&correct=why")
    assert (body["changed"], body["corrected"]) == (1, 0)
    assert collection("visits").find_one()["revision"] == 1


def test_an_id_is_one_visits_within_its_source_and_brand(client, past, manager):
    taken(client, manager, wide([1]))
    assert taken(client, manager, wide([1]), "?source=other")["new"] == 1
    named = wide([1]).replace("visit_id,", "source,visit_id,", 1).replace("V1,", "other,V1,", 1)
    assert taken(client, manager, named)["same"] == 1  # what the file says goes before
    assert taken(client, manager, named, "")["same"] == 1
    assert taken(client, manager, wide([1], dealer="D0003"))["new"] == 1
    assert taken(client, manager, wide([1], dealer="D0002"))["changed"] == 1


def test_a_repeated_row_counts_once(client, past, manager):
    twice = wide([1, 1]) + wide([1], ended_at="2025-02-03 13:00").splitlines(keepends=True)[-1]
    dry = taken(client, manager, twice, "?source=agency&dry_run=true")
    body = taken(client, manager, twice)
    for report in (dry, body):
        assert (report["new"], report["same"], report["changed"]) == (1, 1, 1)
    assert collection("visits").count_documents({}) == 1


def test_a_scope_holds(client, past, people):
    aurora = people.headers(people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",)))
    body = taken(client, aurora, wide([1], dealer="D0003"))
    assert (body["new"], body["unknown_names"]) == (0, {"dealer": {"D0003": 1}})
    auditor = people.headers(people.add(Role.AUDITOR))
    assert post(client, auditor, wide([1])).status_code == 403


@pytest.mark.parametrize(
    ("content", "query", "reason"),
    [
        (wide([1]), "", "Name the source"),
        (wide([1]).replace("dealer", "dealers", 1), "?source=a", "dealers (did you mean dealer?)"),
        (wide([1]).replace(ITEMS[0], "SAA-NONE-99", 1), "?source=a", "SAA-NONE-99"),
        (wide([1]), "?mapping=none", "no column mapping"),
        (long([1]).replace(",value", ",answer", 1), "?source=a", "one row an answer"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(client, past, manager, content, query, reason):
    answer = post(client, manager, content, query)
    assert answer.status_code in (404, 422)
    assert reason in answer.get_json()["detail"]
    assert collection("visits").count_documents({}) == 0


def test_a_killed_import_goes_on(client, past, manager, monkeypatch, tmp_path):
    """The process dies between assignments and visits; the file sent again heals it."""

    def die(collection_, documents):
        if collection_.name == "visits":
            raise KeyboardInterrupt
        return insert(collection_, documents)

    insert = visit_import_writing._insert
    monkeypatch.setattr(visit_import_writing, "_insert", die)
    settings = Settings(mongodb_uri="mongodb://x", database="x", secret_key="s" * 40, contact_key="c" * 40)
    path = tmp_path / "visits.csv"
    path.write_text(wide(range(3)), encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        import_visits(read_table(path), FileOptions(source="agency"), settings=settings, actor=OPERATOR, at=NOW)
    assert collection("assignments").count_documents({}) == 3
    assert collection("visits").count_documents({}) == 0
    monkeypatch.undo()
    assert taken(client, manager, wide(range(3)))["new"] == 3
    assert collection("assignments").count_documents({}) == 3


def test_unknown_reasons_are_no_evidence(client, past, manager):
    from audit_api.operations.screening_inputs import _visits

    taken(client, manager, wide([1]))
    taken(client, manager, wide([2]), "?source=agency&selected_by=plan")
    wave = collection("waves").find_one({"_id": "W25-Aurora"})
    assert Counter(v["selected_by"] for v in _visits(wave, "sales")) == {"plan": 1}


def test_the_command(command, past, tmp_path, yes_no):
    run = partial(command, "import", "visits")
    path = tmp_path / "visits.csv"
    path.write_text(wide([1]) + wide([2], **{yes_no: "=1+1"}).splitlines(keepends=True)[-1], encoding="utf-8")
    dry = run(path, "--source", "agency", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "── row 2" in dry.output
    assert "would be: 1 new" in dry.output
    assert collection("visits").count_documents({}) == 0
    done = run(path, "--source", "agency", "--selected-by", "plan")
    assert "1 new, 0 known already, 0 with other content kept beside, 0 corrected, 1 refused" in done.output
    quarantine = (tmp_path / "visits.csv.quarantine.csv").read_text("utf-8-sig")
    assert f"3,{yes_no},'=1+1," in quarantine
    assert (
        "读取 2 行，2 次走访：新增 0，已有 0，内容有变而并存 1" in run(path, "--source", "agency", language="zh").output
    )
