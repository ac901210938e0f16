"""Build canonical inputs from raw columns, refusing what cannot be understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit_api.anomaly import parse
from audit_api.anomaly.batch import Audits, Column, Dealers, Events, Inputs, Responses, Staff
from audit_api.anomaly.parse import Floats, Integers, Texts
from audit_api.anomaly.refusals import InputsRefusedError

RawColumn = Sequence[Any] | pl.Series | NDArray[Any]
RawTable = Mapping[str, RawColumn]

DEALER_TEXTS = ("region", "brand", "volume_band", "city_tier", "store_age_band")
DEALER_COUNTS = ("eligible", "contacts_supplied", "contacts_valid", "responses")
RESPONSE_TEXTS = (
    "channel", "contact_hash", "device_hash", "customer_hash", "adviser_hash", "event_id", "job_type",
    "vehicle_class", "text",
)  # fmt: skip
RESPONSE_TIMES = ("event_at", "submitted_at", "invited_at")
RESPONSE_FLAGS = ("mentions_incentive", "mentions_coaching")
EVENT_TEXTS = ("job_type", "contact_hash")
EVENT_FLAGS = ("supplied", "valid", "invited", "opted_out", "complaint", "comeback", "long_wait")
KINDS = ("mystery", "announced")
MAX_COLUMNS = 200


def from_rows(
    *,
    dealers: Iterable[Mapping[str, Any]],
    responses: Iterable[Mapping[str, Any]],
    audits: Iterable[Mapping[str, Any]],
    events: Iterable[Mapping[str, Any]],
    staff: Iterable[Mapping[str, Any]],
    columns: Sequence[Column],
    fact_touchpoints: Sequence[str],
) -> Inputs:
    """Turn dictionaries into raw columns and build; see `Inputs.from_rows`."""
    response_rows = list(responses)
    table = _columns_of(response_rows)
    names = [column.name for column in columns]
    answers = _spread(response_rows, "answers", names)
    facts = _spread(response_rows, "facts", list(fact_touchpoints))
    table.pop("answers", None)
    table.pop("facts", None)
    return build(
        dealers=_columns_of(list(dealers)),
        responses=table,
        audits=_columns_of(list(audits)),
        events=_columns_of(list(events)),
        staff=_columns_of(list(staff)),
        columns=columns,
        answers=answers,
        facts=facts,
    )


def _columns_of(rows: list[Mapping[str, Any]]) -> dict[str, RawColumn]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _spread(rows: list[Mapping[str, Any]], key: str, names: list[str]) -> dict[str, RawColumn]:
    known = set(names)
    out: list[list[Any]] = []
    for number, row in enumerate(rows):
        value = row.get(key)
        if value is None:
            out.append([None] * len(names))
        elif isinstance(value, Mapping):
            unknown = [name for name in value if name not in known]
            if unknown:
                raise InputsRefusedError(
                    "responses", f"{unknown[0]!r} is no known column", "Declare it in `columns`",
                    row=number, column=key,
                )  # fmt: skip
            out.append([value.get(name) for name in names])
        else:
            given = list(value)
            if len(given) != len(names):
                raise InputsRefusedError(
                    "responses", f"{len(given)} values for {len(names)} columns",
                    "Give one value per column, None where not answered", row=number, column=key,
                )  # fmt: skip
            out.append(given)
    return {name: [line[i] for line in out] for i, name in enumerate(names)}


def build(
    *,
    dealers: RawTable,
    responses: RawTable,
    audits: RawTable,
    columns: Sequence[Column],
    answers: RawTable,
    facts: RawTable,
    events: RawTable | None = None,
    staff: RawTable | None = None,
) -> Inputs:
    """Parse, check and sort raw columns into Inputs.

    `answers` and `facts` hold one raw column per survey column and per fact touchpoint. Raises
    InputsRefusedError for missing columns, unreadable cells, repeated ids, unknown dealers, values off scale.
    """
    known = _dealers(dealers)
    position = pl.Series(known.code.tolist(), dtype=pl.String)
    ordered = _checked_columns(columns)
    return Inputs(
        dealers=known,
        responses=_responses(responses, answers, facts, ordered, position),
        audits=_audits(audits, position),
        columns=ordered,
        fact_touchpoints=tuple(sorted(facts)),
        events=_events(events, position) if events else Events.none(),
        staff=_staff(staff, position) if staff else Staff.none(),
    )


def _need(table: RawTable, name: str, names: Sequence[str]) -> None:
    for column in names:
        if column not in table:
            raise InputsRefusedError(
                name,
                "the column is missing",
                f"Add it; found: {', '.join(table) or 'nothing'}",
                column=column,
            )


def _length(table: RawTable) -> int:
    return max((len(column) for column in table.values()), default=0)


def _texts(table: RawTable, name: str, column: str, *, required: bool = False) -> Texts:
    values = table.get(column)
    if values is None:
        return np.full(_length(table), "", dtype=object)
    return parse.texts(values, name, column, required=required)


def _numbers(table: RawTable, name: str, column: str, minimum: float, maximum: float, *, whole: bool) -> Floats:
    values = table.get(column)
    if values is None:
        return np.full(_length(table), np.nan)
    return parse.numbers(values, name, column, minimum=minimum, maximum=maximum, whole=whole)


def _moments(table: RawTable, name: str, column: str) -> parse.Moments:
    values = table.get(column)
    if values is None:
        return np.full(_length(table), np.datetime64("NaT"), dtype="datetime64[s]")
    return parse.moments(values, name, column)


def _unique(values: pl.Series, name: str, column: str) -> NDArray[np.intp]:
    """Return the sorting order of ids, refusing one that appears twice."""
    order = np.asarray(values.arg_sort(), dtype=np.intp)
    ordered = values.gather(order)
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        row = int(order[twice + 1].min())
        raise InputsRefusedError(
            name, f"{values[row]!r} appears more than once", "Keep one row per id", row=row, column=column
        )
    return order


def _dealers(table: RawTable) -> Dealers:
    _need(table, "dealers", ("dealer_id",))
    given = parse.words(table["dealer_id"], "dealers", "dealer_id", required=True)
    if not len(given):
        raise InputsRefusedError("dealers", "there is no dealer", "Give at least one row")
    order = _unique(given, "dealers", "dealer_id")
    code = parse.shared(given)
    words: dict[str, Any] = {name: _texts(table, "dealers", name)[order] for name in DEALER_TEXTS}
    counts: dict[str, Any] = {
        name: _numbers(table, "dealers", name, 0, 1e9, whole=True)[order] for name in DEALER_COUNTS
    }
    return Dealers(code=code[order], **words, **counts)


def _checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    ordered = tuple(sorted(columns, key=lambda column: column.name))
    if not any(not column.is_outcome for column in ordered):
        raise InputsRefusedError("responses", "there is no rated item", "Add at least one column named q_<touchpoint>")
    if len(ordered) > MAX_COLUMNS:
        raise InputsRefusedError(
            "responses", f"{len(ordered)} rated items", f"Keep at most {MAX_COLUMNS} in one questionnaire"
        )
    for before, after in pairwise(ordered):
        if before.name == after.name:
            raise InputsRefusedError("responses", "the column appears twice", "Keep one", column=after.name)
    for column in ordered:
        if not column.maximum > column.minimum:
            raise InputsRefusedError(
                "responses", f"the scale {column.minimum:g} to {column.maximum:g} is empty",
                "Give a maximum above the minimum", column=column.name,
            )  # fmt: skip
    return ordered


def _index(table: RawTable, position: pl.Series, name: str) -> Integers:
    values = parse.words(table["dealer_id"], name, "dealer_id", required=True)
    places = np.arange(len(position))
    found: Integers = values.replace_strict(position, places, default=-1, return_dtype=pl.Int64).to_numpy()
    if (found < 0).any():
        row = int(np.flatnonzero(found < 0)[0])
        raise InputsRefusedError(
            name, f"dealer {values[row]!r} is not among the dealers", "Add the dealer or remove the row",
            row=row, column="dealer_id",
        )  # fmt: skip
    return found


def _responses(
    table: RawTable,
    answers: RawTable,
    facts: RawTable,
    columns: Sequence[Column],
    position: pl.Series,
) -> Responses:
    name = "responses"
    if not table:
        table = {"response_id": [], "dealer_id": []}
    _need(table, name, ("response_id", "dealer_id"))
    _need(answers, name, [column.name for column in columns])
    given = parse.words(table["response_id"], name, "response_id", required=True)
    order = _unique(given, name, "response_id")
    response_id = parse.shared(given)
    del given
    dealer = _index(table, position, name)
    ratings = np.full((len(response_id), len(columns)), np.nan)
    for i, column in enumerate(columns):
        marks = parse.numbers(answers[column.name], name, column.name, minimum=column.minimum, maximum=column.maximum)
        ratings[:, i] = marks[order]  # here, or a large network would stand in memory twice
    stated = np.full((len(response_id), len(facts)), np.nan)
    for i, fact in enumerate(sorted(facts)):
        stated[:, i] = parse.numbers(facts[fact], name, f"fact_{fact}", minimum=0, maximum=1, whole=True)[order]
    words: dict[str, Any] = {word: _texts(table, name, word)[order] for word in RESPONSE_TEXTS}
    times: dict[str, Any] = {time: _moments(table, name, time)[order] for time in RESPONSE_TIMES}
    flags: dict[str, Any] = {flag: _numbers(table, name, flag, 0, 1, whole=True)[order] for flag in RESPONSE_FLAGS}
    return Responses(
        response_id=response_id[order],
        dealer=dealer[order],
        duration_s=_numbers(table, name, "duration_s", 0, 1e8, whole=False)[order],
        answers=ratings,
        facts=stated,
        **words,
        **times,
        **flags,
    )


def _audits(table: RawTable, position: pl.Series) -> Audits:
    name = "audits"
    needed = ("dealer_id", "visit", "kind", "touchpoint", "criterion", "passed")
    if not table:
        table = {column: [] for column in needed}
    _need(table, name, needed)
    dealer = _index(table, position, name)
    visit = parse.texts(table["visit"], name, "visit", required=True)
    kind = parse.choices(table["kind"], name, "kind", KINDS)
    touchpoint = parse.texts(table["touchpoint"], name, "touchpoint", required=True)
    criterion = parse.texts(table["criterion"], name, "criterion", required=True)
    passed = parse.numbers(table["passed"], name, "passed", minimum=0, maximum=1, whole=True)
    severity = np.ones(len(visit))
    if "severity" in table:
        severity = parse.numbers(table["severity"], name, "severity", minimum=1, maximum=3, whole=True)
        severity[np.isnan(severity)] = 1.0
    selected = np.full(len(visit), "plan", dtype=object)
    if "selected_by" in table:
        selected = parse.choices(table["selected_by"], name, "selected_by", ("plan", "trigger"), default="plan")
    order = np.lexsort([_codes(column) for column in (criterion, touchpoint, kind, visit)] + [dealer])
    same = (
        (dealer[order][1:] == dealer[order][:-1])
        & (visit[order][1:] == visit[order][:-1])
        & (kind[order][1:] == kind[order][:-1])
        & (touchpoint[order][1:] == touchpoint[order][:-1])
        & (criterion[order][1:] == criterion[order][:-1])
    )
    if same.any():
        row = int(order[np.flatnonzero(same) + 1].min())
        raise InputsRefusedError(
            name, f"visit {visit[row]!r} answers criterion {criterion[row]!r} twice",
            "Keep one row per dealer, visit and criterion", row=row, column="criterion",
        )  # fmt: skip
    return Audits(
        dealer=dealer[order],
        visit=visit[order],
        kind=kind[order],
        touchpoint=touchpoint[order],
        criterion=criterion[order],
        passed=passed[order],
        severity=severity[order],
        visited_at=_moments(table, name, "visited_at")[order],
        auditor_id=_texts(table, name, "auditor_id")[order],
        selected_by=selected[order],
    )


def _events(table: RawTable, position: pl.Series) -> Events:
    name = "events"
    _need(table, name, ("event_id", "dealer_id"))
    event_id = parse.texts(table["event_id"], name, "event_id", required=True)
    dealer = _index(table, position, name)
    order = np.lexsort([_codes(event_id), dealer])
    same = (event_id[order][1:] == event_id[order][:-1]) & (dealer[order][1:] == dealer[order][:-1])
    if same.any():
        row = int(order[np.flatnonzero(same) + 1].min())
        raise InputsRefusedError(
            name, f"{event_id[row]!r} appears more than once", "Keep one row per dealer and event",
            row=row, column="event_id",
        )  # fmt: skip
    words: dict[str, Any] = {word: _texts(table, name, word)[order] for word in EVENT_TEXTS}
    flags: dict[str, Any] = {flag: _numbers(table, name, flag, 0, 1, whole=True)[order] for flag in EVENT_FLAGS}
    return Events(
        dealer=dealer[order],
        event_id=event_id[order],
        event_at=_moments(table, name, "event_at")[order],
        **words,
        **flags,
    )


def _staff(table: RawTable, position: pl.Series) -> Staff:
    name = "staff"
    _need(table, name, ("dealer_id", "contact_hash"))
    dealer = _index(table, position, name)
    contact = parse.texts(table["contact_hash"], name, "contact_hash", required=True)
    order = np.lexsort([_codes(contact), dealer])
    # A directory may list a person twice (two roles): once is enough.
    kept = np.ones(len(order), dtype=bool)
    kept[1:] = (contact[order][1:] != contact[order][:-1]) | (dealer[order][1:] != dealer[order][:-1])
    return Staff(dealer=dealer[order][kept], contact_hash=contact[order][kept])


def _codes(values: Texts) -> NDArray[np.intp]:
    """Replace strings by their rank, so that lexsort compares numbers."""
    encoded = pa.array(values, type=pa.large_string()).dictionary_encode()
    rank = np.empty(len(encoded.dictionary), dtype=np.intp)
    rank[pc.array_sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(rank))
    result: NDArray[np.intp] = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    return result
