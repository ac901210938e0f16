"""Thirty-odd broken import files: the good rows go in, the bad ones go aside by name, a second import changes nothing.

Each case says which responses go in, what the quarantine holds (row, column, value, a word of the reason in both
languages) or, where the whole file is refused, what the message says.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import openpyxl
import pytest

from audit_api import problems
from audit_api.domain.directory import OPERATOR
from audit_api.models.base import collection
from audit_api.operations import checklists, programmes
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.contract.test_surveys import SSQ

HEADER = ["response_id", "dealer", "event_at", "submitted_at", "channel", "contact", "SSQ-DRV-01", "SSQ-OUT-02"]
Refused = tuple[int, str, str, str, str]
"""Row, column, value, and a part of the reason in Chinese and in English."""


@dataclass(frozen=True)
class Case:
    """A file, what of it goes in, and what is said of the rest; `whole` where nothing can be read."""

    content: bytes
    taken: tuple[str, ...] = ()
    aside: tuple[Refused, ...] = ()
    whole: tuple[str, str] = ("", "")
    same: int = 0  # rows that repeat another row of the file
    changed: int = 0


def line(name, **changes):
    row = dict(zip(HEADER, (name, "D0001", "2026-02-03 10:00", "2026-02-12", "sms_link", "", "5", "9"), strict=True))
    return [(row | changes)[column] for column in HEADER]


def table(*rows, header=HEADER, delimiter=",", encoding="utf-8", ending="\r\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=ending).writerows([header, *rows])
    return out.getvalue().encode(encoding)


def sheet(*rows, header=HEADER, cut=0, **parts):
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    if parts:
        source, changed = zipfile.ZipFile(io.BytesIO(out.getvalue())), io.BytesIO()
        with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, parts.get(name.rsplit("/", 1)[-1]) or source.read(name))
        out = changed
    return out.getvalue()[: len(out.getvalue()) - cut]


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("readme.txt", "x")
    return out.getvalue()


def record(name, **changes):
    return dict(zip(HEADER, line(name, **changes), strict=True))


def lines(*rows, encoding="utf-8"):
    return "\n".join(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows).encode(encoding)


BAD_LEVEL = (3, "SSQ-DRV-01", "6", "不是本题的答案", "no answer of this item")
MARK = {"SSQ-DRV-01": "6"}
UNQUOTED = b'R2,D0001,2026-02-03,2026-02-12,"sms"_link,,5,9\r\n'
GOOD = b"\r\n".join(table(line("R1")).split(b"\r\n")[:2]) + b"\r\n"
NEXT = table(line("R3")).split(b"\r\n")[1] + b"\r\n"

CASES: dict[str, Case] = {
    # What spoils one cell or one row.
    "a level that the scale does not have": Case(table(line("R1"), line("R2", **MARK)), ("R1",), (BAD_LEVEL,)),
    "half a level": Case(
        table(line("R1"), line("R2", **{"SSQ-DRV-01": "4,5"})), ("R1",),
        ((3, "SSQ-DRV-01", "4,5", "可用", "use one of"),)
    ),
    "a decimal comma in a whole mark": Case(
        table(line("R1", **{"SSQ-DRV-01": "5,0"}), delimiter=";"), ("R1",)
    ),
    "a dealer nobody knows": Case(
        table(line("R1"), line("R2", dealer="D0009")), ("R1",),
        ((3, "dealer", "D0009", "没有这个经销商", "no such dealer"),)
    ),
    "a day that does not exist": Case(
        table(line("R1"), line("R2", event_at="2026/2/30")),
        ("R1",), ((3, "event_at", "2026/2/30", "没有这一天", "no such day"),),
    ),
    "a date with the day first": Case(
        table(line("R1"), line("R2", event_at="03.02.2026")),
        ("R1",), ((3, "event_at", "03.02.2026", "列映射", "column mapping"),),
    ),
    "a spreadsheet's day number is a date": Case(table(line("R1", event_at="46056.41667")), ("R1",)),
    "a date outside every wave": Case(
        table(line("R1"), line("R2", event_at="2025-02-03")),
        ("R1",), ((3, "event_at", "2025-02-03", "没有包含此时间的波次", "no wave"),),
    ),
    "no id": Case(table(line(""), line("R2")), ("R2",), ((2, "response_id", "", "可见字符", "visible characters"),)),
    "a shortened id": Case(
        table(line("1.23E+15"), line("R2")), ("R2",), ((2, "response_id", "1.23E+15", "设为文本|导出", "lost digits"),)
    ),
    "a shortened telephone number is not repeated": Case(
        table(line("R1", contact="1.38E+10"), line("R2")), ("R2",), ((2, "contact", "", "缩写", "shortened"),)
    ),
    "several faults in one row": Case(
        table(line("R1", channel="=cmd()", **MARK), line("R2")),
        ("R2",),
        ((2, "channel", "'=cmd()", "未知渠道", "unknown channel"), (2, "SSQ-DRV-01", "6", "可用", "use one of")),
    ),
    "no answer at all": Case(
        table(line("R1", **{"SSQ-DRV-01": "", "SSQ-OUT-02": " "}), line("R2")),
        ("R2",), ((2, "", "", "没有任何答案", "no answer at all"),),
    ),
    "the same id twice": Case(table(line("R1"), line("R1"), line("R2")), ("R1", "R2"), same=1),
    "the same id with another answer": Case(
        table(line("R1"), line("R1", **{"SSQ-DRV-01": "1"})), ("R1",), changed=1
    ),
    "more cells than the header": Case(
        table(line("R1"), [*line("R2"), "extra"]), ("R1",), ((3, "", "extra", "比表头多", "more cells"),)
    ),
    "a quote in the middle of a cell": Case(
        GOOD + UNQUOTED + NEXT, ("R1", "R3"), ((3, "", "", "引号使用有误", "quotes wrongly"),)
    ),
    "a quote never closed": Case(
        GOOD + b'R2,D0001,"2026-02-03,2026-02-12,,,5,9\r\n' + NEXT, ("R1",), ((3, "", "", "未闭合", "never closed"),)
    ),
    "blank rows and blank columns at the end": Case(
        table(line("R1"), [""] * 8, [*line("R3"), "", ""], header=[*HEADER, "", ""]), ("R1", "R3")
    ),
    # How a file is written.
    "GB18030 with semicolons": Case(
        table(line("R1", **{"SSQ-DRV-01": "很满意"}), line("R2", dealer="杭州"), delimiter=";", encoding="gb18030"),
        ("R1",), ((3, "dealer", "杭州", "经销商", "dealer"),),
    ),
    "UTF-16 with tabs, as spreadsheets save Unicode text": Case(
        codecs.BOM_UTF16_LE + table(line("R1"), line("R2", **MARK), delimiter="\t", encoding="utf-16-le"),
        ("R1",), (BAD_LEVEL,),
    ),
    "UTF-8 with its mark and old line ends": Case(
        codecs.BOM_UTF8 + table(line("R1"), line("R2", **MARK), ending="\r"), ("R1",), (BAD_LEVEL,)
    ),
    "bytes of no encoding": Case(GOOD + b"\xff\xff\xff\n", whole=("第 3 行无法识别", "encoding of line 3")),
    "a NUL": Case(GOOD + b"R2,\x00\n", whole=("NUL", "Line 3 holds a NUL")),
    "empty": Case(b"", whole=("文件是空的", "file is empty")),
    "a web page": Case(b"<html><body>login</body></html>", whole=("不是 CSV", "neither a CSV")),
    "an old workbook": Case(b"\xd0\xcf\x11\xe0" + b"\0" * 600, whole=("旧版 .xls", "old .xls")),
    "a misspelt column": Case(
        table(line("R1"), header=[*HEADER[:3], "submitted_att", *HEADER[4:]]),
        whole=("是否为 submitted_at", "did you mean submitted_at"),
    ),
    "a column named twice": Case(
        table([*line("R1"), "4"], header=[*HEADER, "SSQ-DRV-01"]),
        whole=("列名重复：SSQ-DRV-01", "named twice: SSQ-DRV-01")
    ),
    # Workbooks.
    "a workbook with dates, numbers and a formula gone wrong": Case(
        sheet(
            line("R1", event_at=datetime(2026, 2, 3, 10), submitted_at=date(2026, 2, 12), **{"SSQ-DRV-01": 5.0}),  # noqa: DTZ001
            line("R2", **{"SSQ-DRV-01": "#REF!"}),
            line("R3", **{"SSQ-DRV-01": True}),
        ),
        ("R1",),
        ((3, "SSQ-DRV-01", "#REF!", "公式", "formula"), (4, "SSQ-DRV-01", "true", "可用", "use one of")),
    ),
    "a workbook cut off": Case(sheet(line("R1"), cut=200), whole=("已损坏", "damaged")),
    "a workbook with a broken part": Case(
        sheet(line("R1"), **{"workbook.xml": b"<broken"}), whole=("无法打开", "cannot be opened")
    ),
    "an archive that is no workbook": Case(archive(), whole=("不是 XLSX", "not an XLSX workbook")),
    # JSON.
    "JSON Lines with a broken line": Case(
        lines(record("R1"), '{"response_id": "R2",', record("R3")), ("R1", "R3"),
        ((2, "", "", "不是有效的 JSON", "not valid JSON"),)
    ),
    "JSON Lines with a list for an answer": Case(
        lines(record("R1"), record("R2", **{"SSQ-DRV-01": [5]})), ("R1",), ((2, "", "", "单个值", "one value"),)
    ),
    "JSON in GB18030 with numbers": Case(
        lines(record("R1", **{"SSQ-DRV-01": 5}), record("R2", dealer="杭州"), encoding="gb18030"),
        ("R1",), ((2, "dealer", "杭州", "经销商", "dealer"),),
    ),
    "a JSON list cut off": Case(
        json.dumps([record("R1"), record("R2")]).encode()[:-30], ("R1",),
        ((2, "", "", "之后的内容无法读取", "rest cannot be read"),)
    ),
}  # fmt: skip
assert len(CASES) >= 30


@pytest.fixture
def load(command, dealers):
    programmes.add_programme(code="P", name_zh="项目", brand="Aurora", actor=OPERATOR, at=NOW)
    programmes.add_wave(
        code="W", programme="P", timezone="Asia/Shanghai", from_on=date(2026, 1, 1), to_on=date(2026, 3, 31),
        actor=OPERATOR, at=NOW,
    )  # fmt: skip
    checklists.publish(SSQ, actor=OPERATOR, at=NOW)
    return partial(command, "survey", "import", "--questionnaire", "SSQ")


def kept():
    return {row["_id"]: row for row in collection("responses").find()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_broken_file(load, tmp_path, case):
    path = tmp_path / "batch.dat"
    path.write_bytes(case.content)
    quarantine = tmp_path / "batch.dat.quarantine.csv"
    done = load(path)
    if case.whole[1]:
        assert isinstance(done.exception, Problem)
        assert done.exception.kind is problems.IMPORT_REFUSED
        assert case.whole[0] in done.exception.zh
        assert case.whole[1] in done.exception.en
        assert not quarantine.exists()
        assert kept() == {}
        return
    assert done.exit_code == 0, done.output
    rows = len(case.taken) + case.same + case.changed
    bad_rows = len({row for row, *_ in case.aside})
    assert (
        f"{len(case.taken)} new, {case.same} known already, {case.changed} with other content, "
        f"{bad_rows} refused, of {rows + bad_rows} rows"
    ) in done.output
    before = kept()
    assert sorted(before) == sorted(f"SSQ:{name}" for name in case.taken)
    assert all(row["answers"][1] in (5, None) for row in before.values()), "the first answer counts"
    assert _aside(quarantine, case) == [(str(row), column, value) for row, column, value, _, _ in case.aside]
    for _, _, _, _, en in case.aside[:1]:
        assert en in done.output
    again = load(path, language="zh")
    assert again.exit_code == 0, again.output
    assert f"新增 0，已有 {rows}，内容有变 0，拒绝 {bad_rows}" in again.output
    for _, _, _, zh, _ in case.aside[:1]:
        assert any(part in again.output for part in zh.split("|"))
    assert kept() == before
    assert _aside(quarantine, case) == [(str(row), column, value) for row, column, value, _, _ in case.aside]


def _aside(quarantine, case):
    """Read the quarantine; each reason must be there in both languages."""
    if not case.aside:
        assert not quarantine.exists()
        return []
    with quarantine.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    for entry, (_, _, _, zh, en) in zip(found, case.aside, strict=True):
        assert any(part in entry["reason_zh"] for part in zh.split("|"))
        assert en in entry["reason_en"]
    return [(entry["row"], entry["column"], entry["value"]) for entry in found]
