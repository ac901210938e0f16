"""What a screening of auditors reads: visits, their answers, photos and position fixes, as numpy columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from audit_api.anomaly.parse import Floats, Integers, Moments, Texts, moments, numbers, texts

Table = Mapping[str, Sequence[Any] | Texts | Floats | Moments]


@dataclass(frozen=True, slots=True)
class Visits:
    """Hold one row per visit; times UTC, lengths in seconds and metres, positions in degrees WGS-84 (NaN unknown).

    `distance_m`: between the dealer and the nearest of the visit's fixes, less the fix's own accuracy; `fence_m`:
    the dealer's fence; `lat`, `lon`: the dealer's position.
    """

    visit: Texts
    auditor: Texts
    dealer: Texts
    checklist: Texts
    started_at: Moments
    duration_s: Floats
    expected_s: Floats
    distance_m: Floats
    fence_m: Floats
    lat: Floats
    lon: Floats


@dataclass(frozen=True, slots=True)
class Answers:
    """Hold one row per answered item: `visit` numbers a row of Visits, `place` the item's place in its checklist.

    `mark` is the item's score 0..100 (NaN where it has none), `kind` the type of the item (scale5, yes_no, …),
    `photos` how many photos came with the answer.
    """

    visit: Integers
    item: Texts
    place: Floats
    value: Texts
    mark: Floats
    kind: Texts
    photos: Floats


@dataclass(frozen=True, slots=True)
class Photos:
    """Hold one row per photo of a visit."""

    visit: Integers
    sha256: Texts


@dataclass(frozen=True, slots=True)
class Fixes:
    """Hold one row per position fix taken during a visit; `fixed_at` is the phone's own clock."""

    visit: Integers
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    fixed_at: Moments


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hold everything; visits are sorted by auditor, beginning and name, all else by visit and content."""

    visits: Visits
    answers: Answers
    photos: Photos
    fixes: Fixes
    auditors: Texts
    auditor: Integers
    dealer: Integers
    checklist: Integers
    """Per visit the number of its auditor, dealer and checklist."""

    def content_hash(self) -> str:
        """Return the SHA-256 over all rows in their order, which does not depend on the order they came in."""
        digest = hashlib.sha256()
        for part in (self.visits, self.answers, self.photos, self.fixes):
            for column in fields(part):
                values = getattr(part, column.name)
                digest.update(f"{column.name}:{len(values)}:".encode())
                digest.update("\x1f".join(map(repr, values.tolist())).encode())
        return digest.hexdigest()


def build(*, visits: Table, answers: Table, photos: Table, fixes: Table) -> Inputs:
    """Read raw columns; rows of the other tables name their visit. Raises InputsRefusedError naming table and row."""
    name = texts(visits["visit"], "visits", "visit", required=True)
    auditor = texts(visits["auditor"], "visits", "auditor", required=True)
    started = moments(visits["started_at"], "visits", "started_at")
    order = np.lexsort([name.astype(str), started, auditor.astype(str)])

    def word(column: str) -> Texts:
        return texts(visits[column], "visits", column, required=True)[order]

    def figure(column: str) -> Floats:
        return numbers(visits[column], "visits", column)[order]

    kept = Visits(
        visit=name[order],
        auditor=auditor[order],
        dealer=word("dealer"),
        checklist=word("checklist"),
        started_at=started[order],
        duration_s=figure("duration_s"),
        expected_s=figure("expected_s"),
        distance_m=figure("distance_m"),
        fence_m=figure("fence_m"),
        lat=figure("lat"),
        lon=figure("lon"),
    )
    place = {str(visit): row for row, visit in enumerate(kept.visit)}
    return numbered(kept, _answers(answers, place), _photos(photos, place), _fixes(fixes, place))


def numbered(visits: Visits, answers: Answers, photos: Photos, fixes: Fixes) -> Inputs:
    """Number the auditors, dealers and checklists of tables that are in their order."""
    auditors, who = np.unique(visits.auditor.astype(str), return_inverse=True)
    return Inputs(
        visits=visits,
        answers=answers,
        photos=photos,
        fixes=fixes,
        auditors=auditors.astype(object),
        auditor=who.astype(np.int64),
        dealer=coded(visits.dealer),
        checklist=coded(visits.checklist),
    )


def coded(words: Texts) -> Integers:
    """Number the different words of a column in alphabetical order."""
    return np.unique(words.astype(str), return_inverse=True)[1].astype(np.int64)


def _rows(table: Table, place: Mapping[str, int]) -> Integers:
    return np.array([place[str(visit)] for visit in table["visit"]], dtype=np.int64)


def _answers(table: Table, place: Mapping[str, int]) -> Answers:
    visit = _rows(table, place)
    item = texts(table["item"], "answers", "item", required=True)
    order = np.lexsort([item.astype(str), visit])
    figures = {c: numbers(table[c], "answers", c)[order] for c in ("place", "mark", "photos")}
    value, kind = (texts(table[c], "answers", c)[order] for c in ("value", "kind"))
    return Answers(visit=visit[order], item=item[order], value=value, kind=kind, **figures)


def _photos(table: Table, place: Mapping[str, int]) -> Photos:
    visit, sha256 = _rows(table, place), texts(table["sha256"], "photos", "sha256", required=True)
    order = np.lexsort([sha256.astype(str), visit])
    return Photos(visit=visit[order], sha256=sha256[order])


def _fixes(table: Table, place: Mapping[str, int]) -> Fixes:
    visit, at = _rows(table, place), moments(table["fixed_at"], "fixes", "fixed_at")
    figures = {c: numbers(table[c], "fixes", c) for c in ("lat", "lon", "accuracy_m")}
    order = np.lexsort([figures["accuracy_m"], figures["lon"], figures["lat"], at, visit])
    return Fixes(visit=visit[order], fixed_at=at[order], **{c: values[order] for c, values in figures.items()})
