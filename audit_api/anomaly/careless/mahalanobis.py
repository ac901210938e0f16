"""Distance of a respondent's answers from the middle of everybody's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from audit_api.anomaly.careless.matrix import as_matrix, blocks, pair_moments
from audit_api.anomaly.parse import Floats, Truths


@dataclass(frozen=True, slots=True)
class Distances:
    """Hold each respondent's squared distance (NaN: not assessable) and whether it lies beyond the cut."""

    squared: Floats
    flagged: Truths
    cut: float


def mahalanobis(answers: ArrayLike, confidence: float = 0.99) -> Distances:
    """Return each respondent's squared Mahalanobis distance D² from the means of the items.

    Formula: d'S⁻¹d with d = answers − item means, a missing deviation counting as 0, and S the covariance of each
    two items over the respondents who answered both (n − 1 below). Flagged beyond the `confidence` quantile of χ²
    with as many degrees of freedom as items. With many answers missing S may not be positive, nor then D².
    NaN, never flagged: respondents without any answer; everybody where S cannot be had or inverted (an item constant,
    an item that repeats others, two items nobody answered together), where R stops.
    Shapes: answers (rows, items) → two vectors (rows,). Unit: squared standard deviations.
    Raises ValueError unless 0 < confidence < 1.
    Source: `mahad` of the R package `careless` (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    rows, width = matrix.shape
    squared = np.full(rows, np.nan)
    cut = float(chi2.ppf(confidence, width))
    inverse = _inverse_covariance(matrix)
    if inverse is not None:
        middle = np.array([np.mean(column[~np.isnan(column)]) for column in matrix.T])
        for part in blocks(rows, width):
            apart = matrix[part] - middle
            missing = np.isnan(apart)
            apart[missing] = 0.0
            distance = np.einsum("ij,ij->i", apart @ inverse, apart)
            squared[part] = np.where(missing.all(axis=1), np.nan, distance)
    return Distances(squared, squared > cut, cut)


def _inverse_covariance(matrix: Floats) -> Floats | None:
    n, cross, square = pair_moments(matrix)
    if (n < 2).any() or (np.diag(square) == 0).any():
        return None
    covariance = cross / (n - 1)
    # R's `solve` refuses below the machine's precision; what it would accept just above is noise all the same.
    if not 1.0 / np.linalg.cond(covariance, 1) > np.finfo(np.float64).eps:
        return None
    result: Floats = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    return result
