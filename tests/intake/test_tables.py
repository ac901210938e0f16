"""Foreign tables: encodings, dialects, canonical text, hostile files."""

import codecs
import csv
import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audit_api import problems
from audit_api.intake import tables
from audit_api.intake.tables import check_columns, read_table
from audit_api.problems import Problem

TEXT = "code,name\nD1,杭州一店\nD2,上海\n"


@pytest.fixture
def kept(tmp_path):
    def keep(content: bytes | str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return keep


def rows_of(path):
    return [(row.number, row.values) for row in read_table(path)]


def refusal(path):
    with pytest.raises(Problem) as caught:
        list(read_table(path))
    assert caught.value.kind is problems.IMPORT_REFUSED
    assert caught.value.zh
    return caught.value.en


def workbook(path: Path, rows, *, formats=None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, number_format in (formats or {}).items():
        book.active[cell].number_format = number_format
    book.save(path)
    return path


def test_it_works(kept):
    table = read_table(kept(TEXT))
    assert table.columns == ("code", "name")
    assert [(r.number, r.values, r.error) for r in table] == [
        (2, {"code": "D1", "name": "杭州一店"}, None),
        (3, {"code": "D2", "name": "上海"}, None),
    ]
    assert len(list(table)) == 2, "a table can be read again from its start"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"),
        ("gb2312", "gb18030"), ("utf-16", "utf-16"),
    ],
)  # fmt: skip
def test_encodings(kept, encoding, told):
    table = read_table(kept(TEXT.encode(encoding)))
    assert table.encoding == told
    assert [r.values["name"] for r in table] == ["杭州一店", "上海"]


def test_utf16_big_endian_with_bom(kept):
    path = kept(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    assert rows_of(path)[0] == (2, {"code": "D1", "name": "杭州一店"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_endings(kept, delimiter, ending):
    content = ending.join([delimiter.join(r) for r in (["code", "name"], ["D1", "x"], ["D2", "y"])])
    assert [values for _, values in rows_of(kept(content))] == [
        {"code": "D1", "name": "x"},
        {"code": "D2", "name": "y"},
    ]


def test_other_delimiters_inside_cells_do_not_confuse(kept):
    assert rows_of(kept("code;name\nD1;a,b,c\nD2;d,e,f\n")) == [
        (2, {"code": "D1", "name": "a,b,c"}),
        (3, {"code": "D2", "name": "d,e,f"}),
    ]


def test_header_and_cells_are_trimmed_and_blank_rows_keep_their_number(kept):
    assert rows_of(kept(" code ,\u3000name\u3000\n\n , \nD1 , x\n")) == [(4, {"code": "D1", "name": "x"})]


def test_spreadsheets_leave_out_cells_at_the_end(kept):
    assert rows_of(kept("a,b,c,,\n1\n1,2,3,,\n")) == [
        (2, {"a": "1", "b": "", "c": ""}),
        (3, {"a": "1", "b": "2", "c": "3"}),
    ]


def test_a_bad_row_comes_with_its_reason_and_the_next_is_read(kept):
    table = read_table(kept('a,b\n1,2,3\n"x"y,2\n4,5\n"open,1\n6,7\n'))
    found = list(table)
    assert [(r.number, r.values) for r in found] == [(2, {}), (3, {}), (4, {"a": "4", "b": "5"}), (5, {})]
    assert [bool(r.error) for r in found] == [True, True, False, True]
    assert found[0].error.value == "3"
    assert "quote" in found[3].error.en


def test_a_cell_too_long_spoils_its_row_only(kept):
    found = list(read_table(kept("a,b\n" + "x" * 200_000 + ",1\n2,3\n")))
    assert found[0].error is not None
    assert found[-1].values == {"a": "2", "b": "3"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "names of the columns"),
        (b"\r\n" * 20, "names of the columns"),
        (b",,\n1,2,3\n", "names of the columns"),
        (b"a,,c\n1,2,3\n", "Column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "named twice: a"),
        (b"a,b\n1,\x00\n", "Line 2 holds a NUL"),
        (b"a,b\n1,2\n1,\xff\xff\xff\n", "encoding of line 3"),
        (codecs.BOM_UTF8 + b"a,b\n1,\xd0\xc5\n", "encoding of line 2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old .xls"),
        (b"<html><table><tr><td>code</td></tr></table></html>", "neither"),
        (b"%PDF-1.7\n", "neither"),
        (b'{"code": "D1"', "broken"),
        (b"[1, 2]", "no JSON object"),
        (b"{}", "no JSON object"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (",".join(f"c{n}" for n in range(1001)).encode(), "more than 1000 columns"),
        (b'"open,b\n1,2\n', "header cannot be read"),
    ],
)  # fmt: skip
def test_refused_whole(kept, content, reason):
    assert reason in refusal(kept(content))


def test_the_name_of_the_file_says_nothing(kept, tmp_path):
    path = workbook(tmp_path / "table.csv", [["code"], ["D1"]])
    assert rows_of(path) == [(2, {"code": "D1"})]
    assert rows_of(kept(TEXT, "table.xlsx"))[0][0] == 2


def test_workbook_cells_become_canonical_text(tmp_path):
    rows = [
        ["code", "when", "day", "midnight", "clock", "n", "x", "yes", "none"],
        [
            " D1 ",
            datetime(2026, 3, 1, 10, 2),  # noqa: DTZ001 - spreadsheets know no zones
            date(2026, 3, 1),
            datetime(2026, 3, 1),  # noqa: DTZ001 - likewise
            time(9, 30),
            3.0,
            0.5,
            True,
            None,
        ],
        [None] * 9,
        ["007", "2026-03-01", None, None, None, 12345678901, -1e-3, False, None],
    ]
    formats = {"C2": "yyyy-mm-dd", "D2": "yyyy-mm-dd hh:mm"}
    found = rows_of(workbook(tmp_path / "t.xlsx", rows, formats=formats))
    assert [number for number, _ in found] == [2, 4]
    assert found[0][1] == {
        "code": "D1", "when": "2026-03-01T10:02:00", "day": "2026-03-01", "midnight": "2026-03-01T00:00:00",
        "clock": "09:30:00", "n": "3", "x": "0.5", "yes": "true", "none": "",
    }  # fmt: skip
    assert found[1][1]["code"] == "007"
    assert found[1][1]["n"] == "12345678901"
    assert found[1][1]["x"] == "-0.001"


def test_a_formula_error_spoils_its_row_only(tmp_path):
    path = workbook(tmp_path / "t.xlsx", [["a", "b"], ["#DIV/0!", 1], [2, 3]])
    found = list(read_table(path))
    assert "#DIV/0!" in found[0].error.en
    assert found[1].values == {"a": "2", "b": "3"}


def repacked(path: Path, changes: dict[str, bytes]) -> Path:
    source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in dict.fromkeys([*source.namelist(), *changes]):
            target.writestr(name, changes.get(name) or source.read(name))
    return path


def test_a_workbook_that_unfolds_too_far_is_refused_unopened(tmp_path, monkeypatch):
    path = workbook(tmp_path / "t.xlsx", [["a"], [1]])
    repacked(path, {"xl/media/padding.xml": b"<c/>" * 10_000_000})
    monkeypatch.setattr(tables.workbooks.openpyxl, "load_workbook", lambda *_, **__: pytest.fail("was opened"))
    assert "too large" in refusal(path)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("readme.txt", "x")
    assert "not an XLSX workbook" in refusal(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"])
def test_damaged_parts_are_refused(tmp_path, part):
    path = repacked(workbook(tmp_path / "t.xlsx", [["a"], [1]]), {part: b"<broken"})
    assert "cannot be opened" in refusal(path)


def sheet(*rows: str) -> bytes:
    ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = f'<dimension ref="A1:XFD1048576"/><sheetData>{"".join(rows)}</sheetData>'
    return f'<worksheet xmlns="{ns}">{data}</worksheet>'.encode()


HEADER = '<row r="1"><c r="A1" t="str"><v>a</v></c></row>'
GOOD = '<row r="2"><c r="A2"><v>7</v></c></row>'


def test_a_sheet_damaged_half_way_gives_the_rows_before(tmp_path):
    whole = sheet(HEADER, GOOD, '<row r="3"><c r="A3"><v>8')
    path = repacked(workbook(tmp_path / "t.xlsx", [["a"]]), {"xl/worksheets/sheet1.xml": whole})
    found = list(read_table(path))
    assert found[0].values == {"a": "7"}
    assert "damaged" in found[-1].error.en


def test_what_a_sheet_says_of_its_extent_is_not_believed(tmp_path):
    wide = '<row r="2"><c r="A2"><v>7</v></c><c r="B2"><v>8</v></c></row>'
    header = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
    content = sheet(header, wide).replace(b"A1:XFD1048576", b"A1:A1")
    path = repacked(workbook(tmp_path / "t.xlsx", [["a"]]), {"xl/worksheets/sheet1.xml": content})
    assert rows_of(path) == [(2, {"a": "7", "b": "8"})]


def test_rows_and_columns_beyond_every_sheet_end_in_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 1000)
    monkeypatch.setattr(tables.workbooks, "MAX_ROWS", 1000)
    far = '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'
    path = repacked(workbook(tmp_path / "t.xlsx", [["a"]]), {"xl/worksheets/sheet1.xml": sheet(HEADER, GOOD, far)})
    found = list(read_table(path))
    assert found[0].values == {"a": "7"}
    assert "over 1000 rows" in found[-1].error.en
    assert len(found) == 2


def test_entities_do_not_unfold(tmp_path):
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 1000 + b'">' + b"".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 100}">'.encode() for n in range(6)
    ) + b"]>"  # fmt: skip
    ns = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    body = b'<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="2"><c r="A2" t="str"><v>&g;</v></c></row>'
    path = repacked(
        workbook(tmp_path / "t.xlsx", [["a"]]),
        {"xl/worksheets/sheet1.xml": bomb + ns + body + b"</sheetData></worksheet>"},
    )
    found = list(read_table(path)) if not isinstance(_try(path), str) else []
    assert all(row.error for row in found)


def _try(path):
    try:
        return read_table(path)
    except Problem as problem:
        return str(problem)


def test_csv_rows_are_bounded(kept, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    found = list(read_table(kept("a\n1\n2\n3\n4\n5\n")))
    assert [r.values.get("a") for r in found] == ["1", "2", "3", None]
    assert "over 3 rows" in found[-1].error.en


def test_a_large_file_is_not_held_in_memory(kept):
    import tracemalloc

    path = kept("a,b\n" + ("1," + "x" * 2000 + "\n") * 10_000)
    assert path.stat().st_size > 16_000_000
    tracemalloc.start()
    assert sum(1 for _ in read_table(path)) == 10_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_columns_are_refused_by_name():
    with pytest.raises(Problem) as caught:
        check_columns(["code", "nmae"], required=["code", "name"], optional=["city"])
    assert "columns missing: name" in caught.value.en
    assert "columns unknown: nmae" in caught.value.en
    check_columns(["name", "code"], required=["code", "name"], optional=["city"])


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
NAME = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,9}", fullmatch=True)


@given(
    columns=st.lists(NAME, min_size=1, max_size=5, unique=True),
    data=st.data(),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_what_is_written_is_read(tmp_path, columns, data, delimiter, encoding):
    """A round trip through the standard writer.

    GB18030 that happens to be valid UTF-8 cannot be told apart, nor the delimiter of a single column.
    """
    assume(len(columns) > 1 or delimiter == ",")
    lines = data.draw(st.lists(st.lists(CELL, min_size=len(columns), max_size=len(columns)), max_size=8))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([columns, *lines])
    content = out.getvalue().encode(encoding)
    if encoding == "gb18030":
        try:
            content.decode()
        except UnicodeDecodeError:
            pass
        else:
            return
    path = tmp_path / "round.csv"
    path.write_bytes(content)
    expected = [(n, dict(zip(columns, line, strict=True))) for n, line in enumerate(lines, 2) if any(line)]
    assert rows_of(path) == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        for row in read_table(path):
            assert row.values or row.error
    except Problem as problem:
        assert problem.kind is problems.IMPORT_REFUSED
