"""Documents written from columns are, byte for byte, those that the rows become one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import bson
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit_api.domain.packaged import packaged_questionnaires
from audit_api.domain.programmes import Wave
from audit_api.domain.surveys import COLUMNS, DealerPlace, ResponseReader
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.records import TextColumns
from audit_api.operations.survey_columns import ColumnImport
from audit_api.operations.survey_import import row_documents
from tests.conftest import NOW

QUESTIONNAIRES = {q.code: q for q in packaged_questionnaires()}
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu")
DEALERS = {f"D{n}": DealerPlace(f"D{n}", "AB"[n % 2], zone) for n, zone in enumerate(ZONES)}
HASHERS = (ContactHasher("c" * 40, "k1"), ContactHasher("d" * 40, "k2", [("k1", "c" * 40)]))


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


WAVES = [
    Wave("W1", "P", "A", "UTC", at(2026, 1, 1), at(2026, 4, 1)),
    Wave("W2", "P", "A", "UTC", at(2026, 4, 1), at(2026, 7, 1)),
    Wave("W3", "P", "A", "UTC", at(2026, 6, 1), at(2026, 9, 1)),  # June has two
    Wave("W4", "P", "B", "UTC", at(2000, 1, 1), at(2101, 1, 1)),
]

CLOCKS = st.datetimes(datetime(1999, 12, 30), datetime(2101, 1, 2)).map(lambda m: m.replace(microsecond=0))  # noqa: DTZ001
NEAR = st.datetimes(datetime(2026, 2, 25), datetime(2026, 6, 3)).map(lambda m: m.replace(microsecond=0))  # noqa: DTZ001
TIME = st.one_of(
    st.builds(lambda moment, sign: f"{moment}".replace(" ", sign), st.one_of(CLOCKS, NEAR), st.sampled_from(" T")),
    st.builds(
        lambda moment, offset: moment.isoformat() + offset,
        NEAR,
        st.sampled_from(["Z", "+08:00", "-03:30", "+00:00", "+24:00", "+8", "z", "+23:59", "-00:60"]),
    ),
    NEAR.map(lambda moment: f"{moment.date()}"),
    NEAR.map(lambda moment: f"{moment:%Y-%m-%d %H:%M}"),
    st.sampled_from(
        ["", "2026-02-30", "2026-13-01", "2026-03-29 02:30", "2026-10-25 02:30:00", "2026-4-5", "2026-03-01T24:00",
         "2026-03-01 10:60", "46056.41667", "yesterday", "2026-02-03T10:00:00.123", "２０２６-02-03", "2026-00-10",
         "2026-02-00", "1999-12-31 23:00", "2100-12-31T23:59:59-23:59", "2026/02/03", "2026-W05-2",
         "2026-02-28T10:00:00+0800"]
    ),
)  # fmt: skip
TEXTS = [
    "", "x", "E1", " 杭州 ", '"quoted"', "a\\b", "tab\there", "line\nbreak", "1.23E+15", "E+", "\x7f", "\u2028",
    "\u3000x", "x" * 200, "x" * 201, "中" * 201, "ß😀", "no\xadbreak",
    *(f"a{chr(code)}b" for code in range(1, 32)),
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
)  # fmt: skip
ANSWER = st.sampled_from(
    [
        "",
        "5",
        "5",
        "5",
        "1",
        "4",
        "na",
        "yes",
        "no",
        "9",
        "10",
        "0",
        "5.0",
        "5,0",
        " 5",
        "６",
        "7.5",
        "很满意",
        "NA",
        "-1",
    ]
)
CONTACT = st.sampled_from(
    ["", "13812345678", "17912345678", "+86 138 1234 5678", "A@B.cn", "Zhang", "１３８12345678", "x" * 201]
)
COLUMN = {
    "response_id": st.one_of(st.sampled_from(["R1", "R2", "R 3", "é", "", "x" * 101, "1.2E+11"]), TEXT),
    "dealer": st.sampled_from(["D0", "D1", "D2", "D3", " D1", "D9", ""]),
    "questionnaire": st.sampled_from(["", "", "{asked}", "XXX"]),
    "version": st.sampled_from(["", "1", "1.0", "2"]),
    "channel": st.sampled_from(["", "sms_link", "phone", "pigeon"]),
    "contact": CONTACT,
    **dict.fromkeys(("event_at", "submitted_at", "invited_at", "started_at"), TIME),
}


NEEDED = {
    "response_id": "R7", "dealer": "D1", "event_at": "2026-02-03 10:00", "submitted_at": "2026-12-12T10:00:00Z",
}  # fmt: skip


@st.composite
def tables(draw, code):
    """Draw columns of text, a few odd cells a row, under a header that need not name every column."""
    asked = QUESTIONNAIRES[code]
    tame = NEEDED | {asked.of_role("driver")[0].id: "5"}
    free = [name for name in (*COLUMNS, *asked.by_id) if name not in tame]
    names = draw(st.permutations([*tame, *draw(st.sets(st.sampled_from(free), min_size=3))]))
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        row = {name: tame.get(name, "") for name in names}
        for name in draw(st.lists(st.sampled_from(names), max_size=4)):
            text = name in COLUMNS or asked.values_by_id[name] is None
            row[name] = draw(COLUMN.get(name, TEXT if text else ANSWER)).replace("{asked}", code)
        rows.append(row)
    return {name: [row[name] for row in rows] for name in names}


def both(code, columns, hasher=HASHERS[0]):
    """Read columns both ways: documents by row, encoded; and how many were read at sight."""
    asked = QUESTIONNAIRES[code]
    reader = ResponseReader(asked, list(columns), DEALERS, WAVES)
    document = row_documents(asked, hasher, "b" * 32, NOW)
    part = TextColumns(2, {name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    refused = []

    def read(row, cells):
        record = reader.read(row, cells)
        if isinstance(record, list):
            refused.append(row)
            return None
        return document(record)

    expected = [(row, made) for row, cells in part.rows() if (made := read(row, cells))]
    refused_by_row, refused[:] = list(refused), []
    packed = ColumnImport(asked, DEALERS, WAVES, hasher=hasher, batch="b" * 32, at=NOW).read(part, read)
    assert list(packed.rows) == [row for row, _ in expected]
    assert list(packed.waves) == [made["wave"] for _, made in expected]
    documents = [one.raw if hasattr(one, "raw") else bson.encode(one) for one in packed.documents]
    for made, (_, one) in zip(documents, expected, strict=True):
        assert bson.decode(made) == bson.decode(bson.encode(one))
        assert made == bson.encode(one)
    assert refused == refused_by_row
    return expected, packed.at_sight


@pytest.mark.parametrize("code", sorted(QUESTIONNAIRES))
@given(data=st.data())
def test_any_rows_become_the_same_documents(code, data):
    both(code, data.draw(tables(code)), data.draw(st.sampled_from(HASHERS)))


@given(texts=st.lists(TIME, min_size=1, max_size=8), dealer=st.sampled_from(sorted(DEALERS)))
@example(texts=["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-03-28 23:59:59", "2026-03-30"], dealer="D1")
@example(texts=["2026-04-04 23:30:00", "2026-09-06 00:30:00", "2026-09-05 23:59:59"], dealer="D2")
def test_any_times_are_read_the_same(texts, dealer):
    """The clocks are changed in Berlin at two and three o'clock, in Santiago at midnight."""
    height = len(texts)
    columns = {
        "response_id": ["R1"] * height, "dealer": [dealer] * height, "event_at": texts,
        "submitted_at": ["2100-12-30"] * height, "SSQ-DRV-01": ["5"] * height,
    }  # fmt: skip
    both("SSQ", columns)


def plain(height):
    return {
        "response_id": [f"R{n}" for n in range(height)], "dealer": ["D1"] * height,
        "event_at": ["2026-02-03 10:00"] * height, "submitted_at": ["2026-02-12T10:00:00+08:00"] * height,
        "comment": ['他说"好"'] * height, "SSQ-DRV-01": ["5"] * height, "SSQ-DRV-02": ["na"] * height,
        "SSQ-TXT-01": (["", "讲解清楚"] * height)[:height],
    }  # fmt: skip


def test_the_usual_ways_of_writing_are_read_at_sight():
    expected, at_sight = both("SSQ", plain(50))
    assert (len(expected), at_sight) == (50, 50)


@pytest.mark.parametrize("name", ["comment", "event_id", "vehicle_class", "device", "SSQ-TXT-01"])
def test_any_text_is_written_the_same(name):
    both("SSQ", plain(len(TEXTS)) | {name: TEXTS})


def test_a_row_read_alone_keeps_its_place():
    """Of two rows with one id the first counts, however it is written."""
    columns = plain(6)
    columns["response_id"] = ["R1"] * 6
    columns["SSQ-DRV-01"] = ["5", "4,0", "3", "2,0", "bad", "1"]
    expected, at_sight = both("SSQ", columns)
    assert [one["answers"][1] for _, one in expected] == [5, 4, 3, 2, 1]
    assert at_sight == 3


def test_nothing_is_taken_where_there_are_no_dealers_or_waves():
    asked = QUESTIONNAIRES["SSQ"]
    part = TextColumns(2, {name: pa.array(cells, pa.string()) for name, cells in plain(4).items()})
    for dealers, waves in (({}, WAVES), (DEALERS, []), ({}, [])):
        left = []
        taken = ColumnImport(asked, dealers, waves, hasher=HASHERS[0], batch="b", at=NOW).read(
            part,
            lambda row, cells: left.append(row),  # noqa: B023 - called at once
        )
        assert (taken.at_sight, left) == (0, [2, 3, 4, 5])
