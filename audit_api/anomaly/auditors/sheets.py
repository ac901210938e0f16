"""Visits to one checklist as a matrix, how alike two of them are, and which others are of about the same score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit_api.anomaly.auditors.inputs import Inputs, coded
from audit_api.anomaly.parse import Floats, Integers, Texts

FEWEST_ITEMS = 10
"""Scored items that two visits must share before a match is read."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """Hold the visits to one checklist: `rows` their numbers, per visit and item the answer's code (−1: none) and mark.

    Only items with a mark, in the order of the checklist.
    """

    rows: Integers
    code: NDArray[np.int32]
    mark: Floats
    mean: Floats
    kind: Texts
    """Per item its type."""


def sheets_of(inputs: Inputs) -> list[Sheets]:
    """Return one matrix per checklist."""
    answers = inputs.answers
    scored = np.flatnonzero(~np.isnan(answers.mark))
    found = []
    for number in range(int(inputs.checklist.max(initial=-1)) + 1):
        rows = np.flatnonzero(inputs.checklist == number)
        mine = scored[np.isin(answers.visit[scored], rows)]
        if not len(mine):
            continue
        names, column = np.unique(answers.item[mine].astype(str), return_inverse=True)
        place = np.full(len(names), np.inf)
        np.minimum.at(place, column, answers.place[mine])
        rank = np.argsort(np.lexsort([names, place]))
        column = rank[column]
        kind = np.full(len(names), "", dtype=object)
        kind[column] = answers.kind[mine]
        row = np.searchsorted(rows, answers.visit[mine])
        code = np.full((len(rows), len(names)), -1, dtype=np.int32)
        mark = np.full((len(rows), len(names)), np.nan)
        code[row, column] = coded(answers.value[mine])
        mark[row, column] = answers.mark[mine]
        given = ~np.isnan(mark)
        mean = np.where(given.any(1), np.nansum(mark, 1) / np.maximum(given.sum(1), 1), np.nan)
        found.append(Sheets(rows, code, mark, mean, kind))
    return found


def match_shares(sheets: Sheets, one: Integers, other: Integers) -> Floats:
    """Return for all pairs of `one` and `other` the share of common items answered alike; NaN: too few."""
    left, right = sheets.code[one], sheets.code[other]
    result = np.full((len(one), len(other)), np.nan)
    for i, sheet in enumerate(left):
        both = (right >= 0) & (sheet >= 0)
        common = both.sum(1)
        alike = (both & (right == sheet)).sum(1)
        result[i] = np.where(common >= FEWEST_ITEMS, alike / np.maximum(common, 1), np.nan)
    return result


def like_scored(sheets: Sheets, row: int, allowed: Integers, many: int) -> Integers:
    """Return the `many` allowed rows whose mean mark is nearest to the row's."""
    away = np.abs(sheets.mean[allowed] - sheets.mean[row])
    return allowed[np.argsort(away, kind="stable")[:many]]
