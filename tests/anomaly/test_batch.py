from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import by_hand

from audit_api.anomaly import sheets
from audit_api.anomaly.batch import Column, Inputs, kept
from audit_api.anomaly.refusals import InputsRefusedError

COLUMNS = [Column("q_A", "A", 1, 5), Column("q_B", "B", 1, 10), Column("q_overall", "overall", 0, 10, True)]
DEALERS = [{"dealer_id": code, "region": "N"} for code in ("d1", "d2")]
RESPONSES = [
    {"response_id": f"r{i}", "dealer_id": "d1" if i % 2 else "d2", "answers": [1 + i % 5, 10 - i % 3, None]}
    for i in range(6)
]
AUDITS = [
    {"dealer_id": "d1", "visit": "v1", "kind": "mystery", "touchpoint": "A", "criterion": f"c{i}", "passed": i % 2}
    for i in range(4)
]

EVENTS = [
    {"event_id": f"e{i}", "dealer_id": "d1" if i % 2 else "d2", "job_type": "repair", "invited": i % 2}
    for i in range(4)
]
STAFF = [{"dealer_id": "d1", "contact_hash": "s1"}, {"dealer_id": "d2", "contact_hash": "s1"}]


def build(**changed) -> Inputs:
    rows = {"dealers": DEALERS, "responses": RESPONSES, "audits": AUDITS, "columns": COLUMNS, **changed}
    return Inputs.from_rows(**rows)


def test_it_works():
    inputs = build()
    assert list(inputs.dealers.code) == ["d1", "d2"]
    assert list(inputs.responses.response_id) == [f"r{i}" for i in range(6)]
    # r1: 2 on 1..5 is .25; 9 on 1..10 is 8/9; the outcome is no driver
    assert inputs.scaled()[1] == pytest.approx([0.25, 8 / 9])
    assert inputs.counts().tolist() == [3, 3]


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(4)), st.permutations(range(3)), st.permutations(range(2)))
def test_order_of_rows_and_columns_is_nothing(responses, audits, columns, dealers):
    names = [COLUMNS[i] for i in columns]
    rows = [
        {**RESPONSES[i], "answers": {c.name: RESPONSES[i]["answers"][COLUMNS.index(c)] for c in names}}
        for i in responses
    ]
    again = build(
        responses=rows, audits=[AUDITS[i] for i in audits], columns=names, dealers=[DEALERS[i] for i in dealers]
    )
    assert again.content_hash() == build().content_hash()


@pytest.mark.parametrize(
    ("table", "row", "change"),
    [
        ("responses", 2, {"answers": [2, 2, 2]}),
        ("responses", 2, {"dealer_id": "d1"}),
        ("responses", 2, {"text": "好"}),
        ("audits", 1, {"passed": 0}),
        ("audits", 1, {"selected_by": "trigger"}),
        ("dealers", 0, {"region": "S"}),
    ],
)
def test_every_change_changes_the_hash(table, row, change):
    rows = [dict(r) for r in {"responses": RESPONSES, "audits": AUDITS, "dealers": DEALERS}[table]]
    rows[row].update(change)
    assert build(**{table: rows}).content_hash() != build().content_hash()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dealers": []}, ["dealers"]),
        ({"dealers": [*DEALERS, DEALERS[0]]}, ["dealers, row 3", "dealer_id", "'d1' appears more than once"]),
        ({"responses": [*RESPONSES, RESPONSES[3]]}, ["responses, row 7", "'r3' appears more than once"]),
        ({"responses": [{**RESPONSES[0], "dealer_id": "x"}]}, ["'x' is not among the dealers"]),
        ({"responses": [{**RESPONSES[0], "response_id": " "}]}, ["row 1", "the cell is empty"]),
        ({"responses": [{**RESPONSES[0], "answers": [6, 1, None]}]}, ["row 1", "q_A", "6 is outside", "from 1 to 5"]),
        ({"responses": [{**RESPONSES[0], "answers": ["good", 1, None]}]}, ["q_A", "'good' is not a number"]),
        ({"responses": [{**RESPONSES[0], "answers": ["NaN", 1, None]}]}, ["q_A", "'NaN' is not a number"]),
        ({"responses": [{**RESPONSES[0], "answers": [float("inf"), 1, None]}]}, ["q_A", "not a number"]),
        ({"responses": [{**RESPONSES[0], "answers": [1, 2]}]}, ["2 values for 3 columns"]),
        ({"responses": [{**RESPONSES[0], "answers": {"q_X": 2}}]}, ["'q_X' is no known column"]),
        ({"responses": [{**RESPONSES[0], "event_at": "yesterday"}]}, ["event_at", "'yesterday' is not a time"]),
        ({"responses": [{**RESPONSES[0], "text": "\ud800"}]}, ["text", "not text"]),
        ({"responses": [{**RESPONSES[0], "text": "a\x00b"}]}, ["text", "not text"]),
        ({"audits": [{**AUDITS[0], "kind": "secret"}]}, ["audits, row 1", "kind", "mystery, announced"]),
        ({"audits": [{**AUDITS[0], "passed": 0.5}]}, ["passed", "a whole number from 0 to 1"]),
        ({"audits": [AUDITS[0], AUDITS[0]]}, ["audits, row 2", "twice"]),
        ({"audits": [{"dealer_id": "d1"}]}, ["visit", "column is missing"]),
        ({"columns": [Column("q_A", "A", 5, 1)]}, ["q_A"]),
        ({"columns": [Column("q_overall", "overall", 1, 5, True)]}, ["no rated item"]),
    ],
)
def test_refusals_name_the_place(changed, words):
    if "columns" in changed:
        changed = {**changed, "responses": [{**row, "answers": None} for row in RESPONSES]}
    with pytest.raises(InputsRefusedError) as refusal:
        build(**changed)
    for word in words:
        assert word in str(refusal.value)


def test_frame_and_staff_are_sorted_and_enter_the_hash():
    inputs = build(events=EVENTS, staff=STAFF + STAFF[:1])
    assert inputs.events.event_id.tolist() == ["e1", "e3", "e0", "e2"]  # d1 before d2
    assert inputs.events.invited.tolist() == [1, 1, 0, 0]
    assert np.isnan(inputs.events.complaint).all()
    assert inputs.staff.contact_hash.tolist() == ["s1", "s1"]  # one person listed twice counts once
    assert build(events=EVENTS[::-1], staff=STAFF[::-1]).content_hash() == inputs.content_hash()
    assert build(staff=STAFF).content_hash() != build().content_hash()
    changed = [EVENTS[0] | {"complaint": 1}, *EVENTS[1:]]
    assert build(events=changed, staff=STAFF).content_hash() != inputs.content_hash()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"events": [EVENTS[0], EVENTS[0]]}, ["events, row 2", "'e0' appears more than once"]),
        ({"events": [{**EVENTS[0], "invited": 2}]}, ["events, row 1", "invited", "a whole number from 0 to 1"]),
        ({"events": [{"dealer_id": "d1"}]}, ["events", "event_id", "column is missing"]),
        ({"staff": [{"dealer_id": "x", "contact_hash": "s"}]}, ["staff, row 1", "'x' is not among the dealers"]),
        ({"staff": [{"dealer_id": "d1", "contact_hash": ""}]}, ["staff, row 1", "the cell is empty"]),
    ],
)
def test_refusals_of_frame_and_staff_name_the_place(changed, words):
    with pytest.raises(InputsRefusedError) as refusal:
        build(**changed)
    for word in words:
        assert word in str(refusal.value)


def test_native_missing_values_stay_missing():
    inputs = build(responses=[{**RESPONSES[0], "answers": [float("nan"), None, ""], "duration_s": None}])
    assert np.isnan(inputs.responses.answers).all()


def test_times_keep_the_wall_clock():
    inputs = build(responses=[{**RESPONSES[0], "event_at": "2026-03-01T10:00:00+08:00"}])
    assert inputs.responses.event_at[0] == np.datetime64("2026-03-01T10:00:00")


def test_no_audits_and_no_responses_are_possible():
    inputs = Inputs.from_rows(dealers=DEALERS, responses=[], columns=COLUMNS)
    assert len(inputs.responses) == 0
    assert len(inputs.audits) == 0
    assert by_hand({"a": [[5, 4]]}).content_hash() != inputs.content_hash()


def test_rows_of_a_dealer():
    inputs = build(events=EVENTS)
    for dealer in range(2):
        assert inputs.rows_of(dealer).tolist() == np.flatnonzero(inputs.responses.dealer == dealer).tolist()
        assert inputs.events.rows_of(dealer).tolist() == np.flatnonzero(inputs.events.dealer == dealer).tolist()


def test_what_is_kept_belongs_to_these_inputs_alone():
    inputs, made = build(), []

    @kept
    def mean(given: Inputs) -> float:
        made.append(given)
        return float(np.nanmean(given.responses.answers))

    assert mean(inputs) == mean(inputs)
    assert len(made) == 1
    higher = replace(inputs, responses=replace(inputs.responses, answers=inputs.responses.answers + 1))
    assert mean(higher) == mean(inputs) + 1
    assert higher.content_hash() != inputs.content_hash()


@pytest.mark.parametrize("part", [1, 4, 100])
def test_sums_of_marks_in_parts(part, monkeypatch):
    monkeypatch.setattr(sheets, "PART", part)
    answers = [[5, 10, 3], [None, 1, 3], [None, None, 3], [2, None, None], [1, 1, None], [4, 9, None]]
    inputs = build(responses=[{**row, "answers": given} for row, given in zip(RESPONSES, answers, strict=True)])
    found, marks = sheets.sheets(inputs), inputs.scaled()
    assert found.answered.tolist() == [2, 1, 0, 1, 2, 2]
    assert found.centre == pytest.approx(np.nanmean(marks, axis=0))
    assert found.mean() == pytest.approx([1, 0, 0, 0.25, 0, (0.75 + 8 / 9) / 2])
    assert found.beyond == pytest.approx(np.nansum(marks - np.nanmean(marks, axis=0), axis=1))
    assert found.full.tolist() == [2, 0, 0, 0, 0, 0]
    assert (found.lowest[0], found.highest[5]) == (1, pytest.approx(8 / 9))
    assert (found.lowest[2], found.highest[2]) == (np.inf, -np.inf)
