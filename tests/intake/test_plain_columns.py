"""A CSV read as columns says what it says row by row: cells, numbers, reasons."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.intake import delimited, plain_columns, tables
from audit_api.intake.records import TextColumns
from audit_api.intake.tables import read_table

HEADER = ["a", "b", "c"]
CHARACTERS = st.sampled_from(list("12xé中\"',;\t\n\r\n  \u3000\u2028\x85\x1f\ufeff"))
CELL = st.one_of(st.sampled_from(["", "x", "1", "杭州", "a b"]), st.text(CHARACTERS, max_size=6))
ROW = st.one_of(st.tuples(CELL, CELL, CELL), st.just(("", "", "")), st.lists(CELL, max_size=5))


def same(path, monkeypatch, piece=64):
    """Read both ways; gives the rows, and how many of them came as columns."""
    monkeypatch.setattr(plain_columns, "PIECE", piece)
    table = read_table(path)
    rows, as_columns = [], 0
    for part in table.parts():
        if isinstance(part, TextColumns):
            found = list(part.rows())
            as_columns += len(found)
            rows += found
        else:
            rows.append(part)
    assert rows == list(table.cells())
    return rows, as_columns


def test_a_mark_of_byte_order_inside_the_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_bytes("a,b,c\r\n\ufeff,,\r\nx,y,z\r\n".encode())
    rows, _ = same(path, monkeypatch, piece=1)
    assert rows[0] == (2, ("\ufeff", "", ""))


@given(data=st.data())
def test_any_file_reads_the_same_both_ways(tmp_path_factory, data):
    """Written by the rules, then spoilt here and there by a character too many or too few."""
    out = io.StringIO(newline="")
    delimiter = data.draw(st.sampled_from(delimited.DELIMITERS))
    writer = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=data.draw(st.sampled_from(["\r\n", "\n"])),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerow(HEADER)
    head = len(out.getvalue())
    writer.writerows(data.draw(st.lists(ROW, max_size=30)))
    text = out.getvalue()
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(head, len(text)))
        text = text[:place] + data.draw(st.sampled_from(['"', "\n", "\r", "", ","])) + text[place + 1 :]
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(text.encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))))
    with pytest.MonkeyPatch.context() as patch:
        same(path, patch, data.draw(st.sampled_from([1, 20, 64, 1000])))


def write(path, text):
    path.write_bytes(text.encode())
    return path


def test_only_the_piece_that_is_not_plain_is_read_row_by_row(tmp_path, monkeypatch):
    plain = [f'{n},"x, ""y""\n{n}",z\r\n' for n in range(100)]
    spoilt = [*plain[:50], 'no,"quo"te,x\r\n', *plain[50:]]
    rows, as_columns = same(write(tmp_path / "a.csv", "a,b,c\r\n" + "".join(spoilt)), monkeypatch)
    assert len(rows) == 101
    assert "uses quotes wrongly" in rows[50][1].en
    assert "Line 102 " in rows[50][1].en  # every row before it has two lines
    assert rows[-1] == (102, ("99", 'x, "y"\n99', "z"))
    assert 80 < as_columns < 101


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n\n4,5,6\n",
        ",,\n , ,\n1,,\n",
        "1,2\n1,2,3\n",
        "1,2,3,\n1,2,3,4\n",
        '1,"2,3\n4,5,6\n',
        f"1,{'x' * 140_000},3\n4,5,6\n",
        "1,2,3\r4,5,6\r",
        "1,2,3",
    ],
)
def test_what_is_unusual_in_a_file(tmp_path, monkeypatch, text):
    same(write(tmp_path / "a.csv", "a,b,c\n" + text), monkeypatch)


def test_the_bound_of_rows_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 5)
    path = write(tmp_path / "a.csv", "a,b,c\n" + "1,2,3\n" * 9)
    for piece in (1, 12, 36, 1000):
        rows, _ = same(path, monkeypatch, piece)
        assert [number for number, _ in rows] == [2, 3, 4, 5, 6, 7]
        assert "over 5 rows" in rows[-1][1].en
