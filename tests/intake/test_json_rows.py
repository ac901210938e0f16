"""JSON and JSON Lines become the same rows as a CSV file; what is broken spoils its own row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api import problems
from audit_api.intake import json_rows
from audit_api.intake.tables import read_table
from audit_api.problems import Problem


@pytest.fixture
def kept(tmp_path):
    def keep(content: bytes | str) -> Path:
        path = tmp_path / "table.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return keep


def found(path):
    return [(row.number, row.values or row.error.en) for row in read_table(path)]


ROWS = [{"code": "D1", "n": 5, "answers": {"A": 1.0, "B": None}}, {"code": "杭州", "yes": True}]
READ = [
    {"code": "D1", "n": "5", "A": "1", "B": "", "yes": ""},
    {"code": "杭州", "n": "", "A": "", "B": "", "yes": "true"},
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ("\n\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), [1, 3]),
        (json.dumps(ROWS, ensure_ascii=False), [1, 2]),
        (" \n" + json.dumps(ROWS, ensure_ascii=False, indent=2), [1, 2]),
        (json.dumps({"version": 1, "responses": ROWS}, ensure_ascii=False), [1, 2]),
        (json.dumps({"version": 1, "responses": ROWS}, ensure_ascii=False, indent=2), [1, 2]),
    ],
    ids=["lines", "a list", "a printed list", "a batch", "a printed batch"],
)
def test_it_works(kept, content, numbers, encoding):
    table = read_table(kept(content.encode(encoding)))
    assert table.columns == ("code", "n", "A", "B", "yes")
    assert [(row.number, row.values) for row in table] == list(zip(numbers, READ, strict=True))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"code": "x",, }', "not valid JSON"),
        ('{"code": NaN}', "NaN is not a JSON number"),
        ('{"code": "x", "code": "y"}', "named twice"),
        ('{"code": "x", "answers": {"code": 1}}', "named twice"),
        ('{"code": ["x"]}', "must hold one value"),
        ('{"code": {"$gt": ""}}', "must hold one value"),
        ('{"code": "\\ud800"}', "cannot be kept"),
        ('{"code": "a\\u0000b"}', "cannot be kept"),
        ("[1]", "not an object"),
        ('{"code": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"code": ' + "[" * 100_000 + "]" * 100_000 + "}", "not valid JSON"),
    ],
)
def test_a_broken_line_spoils_itself_only(kept, broken, reason):
    lines = found(kept(f'{{"code": "D1"}}\n{broken}\n{{"code": "D2"}}\n'))
    assert lines[0] == (1, {"code": "D1"})
    assert reason in lines[1][1]
    assert lines[2] == (3, {"code": "D2"})


def test_a_line_too_long_spoils_itself_only(kept, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_OBJECT", 50)
    lines = found(kept(f'{{"code": "D1"}}\n{{"code": "{"x" * 500}"}}\n{{"code": "D2"}}'))
    assert [number for number, _ in lines] == [1, 2, 3]
    assert lines[1][1] == "The line is too long"


def test_a_broken_element_of_a_list_spoils_itself_only(kept):
    lines = found(kept('[{"code": "D1"}, {"code": "x",, }, {"code": "D2"}, 7]'))
    assert lines[0] == (1, {"code": "D1"})
    assert "not valid JSON" in lines[1][1]
    assert lines[2] == (3, {"code": "D2"})
    assert "not an object" in lines[3][1]


def test_a_list_cut_off_gives_what_came_before(kept):
    lines = found(kept('[{"code": "D1"}, {"code": "D'))
    assert lines[0] == (1, {"code": "D1"})
    assert "rest cannot be read" in lines[1][1]
    assert "does not end" in found(kept('[{"code": "D1"}, '))[1][1]


def test_names_are_bounded(kept):
    with pytest.raises(Problem) as caught:
        read_table(kept("\n".join(json.dumps({f"c{n}": 1}) for n in range(1001))))
    assert caught.value.kind is problems.IMPORT_REFUSED


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(str.strip)


@given(rows=st.lists(st.dictionaries(st.sampled_from("abcde"), WORDS, min_size=1), min_size=1, max_size=30))
def test_what_is_written_is_read_in_pieces_of_any_size(tmp_path, rows):
    """Whatever the border between two pieces falls on."""
    path = tmp_path / "t.json"
    piece, json_rows.PIECE = json_rows.PIECE, 7
    try:
        for text in (
            json.dumps(rows),
            json.dumps(rows, ensure_ascii=False, indent=1),
            "\n".join(map(json.dumps, rows)),
        ):
            path.write_text(text, encoding="utf-8")
            table = read_table(path)
            expected = [{name: row.get(name, "") for name in table.columns} for row in rows]
            assert [row.values for row in table] == [row for row in expected if any(row.values())]
    finally:
        json_rows.PIECE = piece


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    for begin in (b"[", b"{", b'[{"a": 1}', b'{"a": 1}\n'):
        path = tmp_path / "any.json"
        path.write_bytes(begin + content)
        try:
            for row in read_table(path):
                assert row.values or row.error
        except Problem as problem:
            assert problem.kind is problems.IMPORT_REFUSED


def test_a_long_list_is_not_held_in_memory(kept):
    import tracemalloc

    path = kept(json.dumps([{"a": "1", "b": "x" * 2000}] * 5_000))
    tracemalloc.start()
    assert sum(1 for _ in read_table(path)) == 5_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_answers_of_several_choices_and_comments_lie_in_objects(kept):
    path = kept(b'{"id": "1", "answers": {"A-B-01": ["x", "y"], "A-B-02": []}, "comments": {"A-B-01": "said"}}\n')
    (row,) = read_table(path)
    assert row.values == {"id": "1", "A-B-01": "x;y", "A-B-02": "[]", "A-B-01 comment": "said"}
