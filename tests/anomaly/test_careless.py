"""The careless-responding indices: equal to R's `careless`, to sums done by hand, and unhurt by odd matrices."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from audit_api.anomaly import careless
from audit_api.anomaly.careless import matrix

ORACLE = Path(__file__).parents[2].parent / "shared" / "data" / "careless"
NA = np.nan
EQUAL = 1e-9
# Items a factor and critical value for synonyms, as the oracle files were made.
PARAMETERS = {"careless_dataset": (5, 0.6), "careless_dataset2": (10, 0.5)}
INPUTS = [f"{name}{missing}" for name in PARAMETERS for missing in ("", "_na")]


def _read(name: str) -> dict[str, np.ndarray]:
    if not ORACLE.is_dir():
        pytest.skip(f"the outputs of R's careless are not at {ORACLE}")
    with (ORACLE / name).open(newline="") as file:
        header, *rows = csv.reader(file)
    words = {"NA": NA, "TRUE": 1.0, "FALSE": 0.0}
    table = [[words[cell.strip()] if cell.strip() in words else float(cell) for cell in row] for row in rows]
    return dict(zip(header, np.array(table).T, strict=True))


def _all_indices(answers: np.ndarray, size: int, critical: float) -> dict[str, np.ndarray]:
    strings = careless.longstring(answers)
    distance = careless.mahalanobis(answers, 0.99)
    alike, opposite = careless.synonyms(answers, critical), careless.antonyms(answers, -critical)
    return {
        "longstr": strings.longest,
        "avgstr": strings.average,
        "irv": careless.irv(answers),
        **{f"irvQ{k + 1}": part for k, part in enumerate(careless.irv_split(answers, 4).T)},
        "mahad_d_sq": distance.squared,
        "mahad_flag99": distance.flagged,
        "evenodd": careless.even_odd(answers, [size] * 10),
        "psychsyn_npairs": alike.pairs,
        "psychsyn_cor": alike.r,
        "psychant_npairs": opposite.pairs,
        "psychant_cor": opposite.r,
    }


@pytest.mark.parametrize("name", INPUTS)
def test_every_index_equals_the_r_package(name: str):
    answers = np.column_stack(list(_read(f"{name}_input.csv").values()))
    expected = _read(f"{name}_oracle.csv")
    found = _all_indices(answers, *PARAMETERS[name.removesuffix("_na")])
    assert np.isnan(answers).any() == name.endswith("_na")
    compared = set(expected) - {"row"}
    assert len(compared) >= 7
    for index in compared:
        want, got = expected[index], found[index].astype(float)
        if index == "psychant_npairs" and np.isnan(want).all():
            assert (got == 0).all()  # R stops where there is no such pair; here that is a count
            continue
        assert (np.isnan(want) == np.isnan(got)).all(), index
        assert np.nanmax(np.abs(want - got), initial=0.0) <= EQUAL, index


@pytest.mark.parametrize("name", PARAMETERS)
def test_table_of_item_pairs_equals_the_r_package(name: str):
    columns = _read(f"{name}_input.csv")
    pairs = careless.item_pairs(np.column_stack(list(columns.values())))
    names = list(columns)
    with (ORACLE / f"{name}_psychsyn_critval.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(names[a], names[b]): r for a, b, r in zip(pairs.later, pairs.earlier, pairs.r, strict=True)}
    assert len(rows) == len(found) == len(names) * (len(names) - 1) // 2
    assert max(abs(float(row["cor"]) - found[row["var1"], row["var2"]]) for row in rows) <= EQUAL
    assert np.abs(np.array([float(row["cor"]) for row in rows]) - pairs.r).max() <= EQUAL  # in the same order
    assert (np.diff(careless.item_pairs(np.column_stack(list(columns.values())), antonyms=True).r) >= 0).all()


def test_longstring_equals_the_r_package_on_its_own_test_data():
    expected = _read("longstring_testdata_oracle.csv")
    found = careless.longstring(np.column_stack(list(_read("longstring_testdata.csv").values())))
    assert (found.longest == expected["longstr"]).all()
    assert np.abs(found.average - expected["avgstr"]).max() <= EQUAL


def test_longstring_by_hand():
    # 3 3 | 4 | 4's neighbour is missing: | NA | NA | 4 4 4 → pieces 2 1 1 1 3; and a straight line
    found = careless.longstring([[3, 3, 4, NA, NA, 4, 4, 4], [5] * 8])
    assert found.longest.tolist() == [3, 8]
    assert found.average.tolist() == [8 / 5, 8.0]


def test_irv_by_hand():
    # (1, 3, 5): deviations 2 0 2, squares 8, over n − 1 = 2 → 2. One answer has no deviation.
    assert careless.irv([[1, 3, 5], [1, NA, 5], [4, 4, 4]]).tolist() == [2.0, pytest.approx(8**0.5), 0.0]
    assert np.isnan(careless.irv([[NA, 2, NA]])).all()
    # Nine items in two parts: 1–5 and 6–9.
    split = careless.irv_split([[1, 1, 1, 1, 1, 1, 3, 1, 3]], 2)
    assert split.tolist() == [[0.0, pytest.approx((4 / 3) ** 0.5)]]


def test_even_odd_by_hand():
    # Three factors of two; odd halves 1 2 3, even halves 1 3 2: r = .5, Spearman-Brown 1/1.5 = 2/3.
    assert careless.even_odd([[1, 1, 2, 3, 3, 2]], [2, 2, 2]).tolist() == [pytest.approx(-2 / 3)]
    # Perfect agreement −1; the opposite has 2r/(1 + r) = −∞, floored: +1. r = −.5 gives −2, floored: +1.
    assert careless.even_odd([[1, 1, 2, 2, 3, 3], [1, 3, 2, 2, 3, 1], [1, 3, 2, 1, 3, 2]], [2, 2, 2]).tolist() == [
        pytest.approx(-1.0), 1.0, 1.0
    ]  # fmt: skip
    # Odd positions inside the factor, missing left out: (1 and 3 → 2; 1), (NA and 5 → 5; 2), so r = 1.
    assert careless.even_odd([[1, 1, 3, NA, 2, 5]], [3, 3]).tolist() == [pytest.approx(-1.0)]


def test_synonyms_by_hand():
    # Items 0–1, 2–3 and 4–5 are answered alike by everybody but the last respondent.
    levels = np.array([[1, 5, 3], [2, 1, 5], [3, 4, 1], [4, 2, 4], [5, 3, 2], [2, 5, 1], [4, 1, 3]], dtype=float)
    answers = np.repeat(levels, 2, axis=1)
    answers[-1] = [1, 3, 2, 2, 3, 1]  # r of (3, 2, 1) with (1, 2, 3) = −1
    pairs = careless.item_pairs(answers)
    assert set(zip(pairs.later[:3].tolist(), pairs.earlier[:3].tolist(), strict=True)) == {(1, 0), (3, 2), (5, 4)}
    found = careless.synonyms(answers, float(pairs.r[3:].max()))
    assert found.pairs.tolist() == [3] * 7
    assert found.r == pytest.approx([1, 1, 1, 1, 1, 1, -1])
    answers[0, 0] = NA  # two pairs are too few
    assert careless.synonyms(answers, 0.6).pairs[0] == 2
    assert np.isnan(careless.synonyms(answers, 0.6).r[0])


def test_mahalanobis_by_hand():
    # Two items without correlation, variances 4/3 and 4/3 about 0: D² = (1 + 1) · 3/4.
    found = careless.mahalanobis([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    assert found.squared == pytest.approx([1.5] * 4)
    assert found.cut == pytest.approx(9.210340371976182)  # −2 ln .01
    assert not found.flagged.any()


def test_mahalanobis_flags_the_one_who_differs():
    answers = np.random.default_rng(3).normal(size=(400, 3))
    answers[7] = [6, -6, 6]
    assert careless.mahalanobis(answers, 0.99).flagged[7]
    assert careless.mahalanobis(answers, 0.99).flagged.mean() < 0.05


def test_a_constant_or_repeated_item_makes_distances_not_assessable():
    answers = np.random.default_rng(4).integers(1, 6, (50, 3)).astype(float)
    repeated = np.column_stack([answers, answers[:, 0]])
    answers[:, 1] = 3
    for broken in (answers, repeated):
        found = careless.mahalanobis(broken)
        assert np.isnan(found.squared).all()
        assert not found.flagged.any()


def test_refuses_what_is_not_a_matrix_of_answers():
    for wrong in ([1, 2, 3], [[]], [[1.0, np.inf]]):
        with pytest.raises(ValueError, match="answers must be"):
            careless.longstring(wrong)
    with pytest.raises(ValueError, match="two factors"):
        careless.even_odd([[1, 2]], [2])
    with pytest.raises(ValueError, match="only 2"):
        careless.even_odd([[1, 2]], [2, 1])
    with pytest.raises(ValueError, match="two parts"):
        careless.irv_split([[1, 2]], 1)
    with pytest.raises(ValueError, match="confidence"):
        careless.mahalanobis([[1, 2]], 99)


@pytest.mark.parametrize("shape", [(0, 4), (1, 1), (3, 1), (3, 4)])
def test_nobody_one_item_and_no_answer_at_all_are_not_assessable(shape: tuple[int, int]):
    answers = np.full(shape, NA)
    strings = careless.longstring(answers)
    assert (strings.longest == 1).all()
    assert (strings.average == 1).all()
    for value in (
        careless.irv(answers),
        careless.irv_split(answers, 3),
        careless.mahalanobis(answers).squared,
        careless.synonyms(answers).r,
        careless.antonyms(answers).r,
        careless.even_odd(np.tile(answers, 2), [shape[1], shape[1]]),
    ):
        assert len(value) == shape[0]
        assert np.isnan(value).all()


LEVELS = st.one_of(st.integers(1, 5).map(float), st.just(NA))
MATRICES = arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(2, 9)), elements=LEVELS)


@given(MATRICES)
def test_bounds_hold_for_any_answers(answers: np.ndarray):
    rows, width = answers.shape
    strings = careless.longstring(answers)
    assert ((strings.longest >= 1) & (strings.longest <= width) & (strings.average <= strings.longest)).all()
    spread = careless.irv(answers)
    assert (np.isnan(spread) == ((~np.isnan(answers)).sum(axis=1) < 2)).all()
    straight = strings.longest == width
    assert (np.nan_to_num(spread[straight]) < EQUAL).all()
    for bounded in (
        careless.even_odd(answers, [1] * width),
        careless.even_odd(answers, [width // 2, width - width // 2]),
        careless.synonyms(answers, 0.2).r,
        careless.antonyms(answers, -0.2).r,
    ):
        assert bounded.shape == (rows,)
        assert (np.isnan(bounded) | (np.abs(bounded) <= 1)).all()


@given(MATRICES, st.randoms(use_true_random=False))
def test_the_order_of_respondents_changes_nothing(answers: np.ndarray, random):
    order = list(range(len(answers)))
    random.shuffle(order)
    for index in (lambda m: careless.longstring(m).longest, careless.irv, lambda m: careless.synonyms(m, 0.3).r):
        assert np.allclose(index(answers)[order], index(answers[order]), atol=EQUAL, equal_nan=True)


@given(MATRICES)
def test_rows_worked_on_in_blocks_give_the_same(answers: np.ndarray):
    whole = _by_block(answers, matrix.BLOCK_CELLS)
    small = _by_block(answers, 1)
    for a, b in zip(whole, small, strict=True):
        assert np.allclose(a, b, atol=EQUAL, equal_nan=True)


def _by_block(answers: np.ndarray, cells: int) -> list[np.ndarray]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "BLOCK_CELLS", cells)
        halves = [answers.shape[1] // 2, answers.shape[1] - answers.shape[1] // 2]
        strings = careless.longstring(answers)
        return [
            strings.longest, strings.average, careless.irv(answers), careless.even_odd(answers, halves),
            careless.synonyms(answers, 0.3).r, careless.item_pairs(answers).r,
        ]  # fmt: skip


@given(st.integers(3, 6), st.integers(0, 2**32 - 1))
def test_mahalanobis_is_the_textbook_form_without_missing_answers(width: int, seed: int):
    answers = np.random.default_rng(seed).normal(size=(40, width))
    apart = answers - answers.mean(axis=0)
    textbook = np.diag(apart @ np.linalg.inv(np.cov(answers.T)) @ apart.T)
    found = careless.mahalanobis(answers)
    assert np.allclose(found.squared, textbook, atol=EQUAL)
    assert found.squared.sum() == pytest.approx(39 * width)  # trace: (n − 1) · items
