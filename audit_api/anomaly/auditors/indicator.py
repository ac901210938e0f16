"""What an indicator about auditors is and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths

FEW_VISITS = "few_visits"
FEW_AUDITORS = "few_auditors"
NO_DURATIONS = "no_durations"
NO_PHOTOS = "no_photos"
NO_FIXES = "no_fixes"
NO_POSITIONS = "no_positions"
NO_PREVIOUS = "no_previous_audit"
NO_COMMON_DEALERS = "no_common_dealers"
FEW_FAILED = "few_failed_items"

REASONS = {
    FEW_VISITS: {"zh": "走访次数不足", "en": "too few visits"},
    FEW_AUDITORS: {"zh": "可比较的审核员不足", "en": "too few auditors to compare with"},
    NO_DURATIONS: {"zh": "没有（足够的）走访时长", "en": "no durations, or too few"},
    NO_PHOTOS: {"zh": "没有（足够的）取证照片", "en": "no photos, or too few"},
    NO_FIXES: {"zh": "没有（足够的）定位", "en": "no position fixes, or too few"},
    NO_POSITIONS: {"zh": "门店位置未知，或前后走访不足", "en": "dealers' positions unknown, or too few legs"},
    NO_PREVIOUS: {"zh": "有前一次审核的走访不足", "en": "too few visits with a previous audit of the dealer"},
    NO_COMMON_DEALERS: {
        "zh": "没有与他人共同、且本人多次到访的店",
        "en": "no dealer that the auditor visited repeatedly and others visited too",
    },
    FEW_FAILED: {"zh": "未通过的条目不足", "en": "too few failed items"},
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """Describe an indicator: identity, unit, minimum, formula, source, words, honest causes.

    `raises` is False where the figure is shown and never raises a question by itself. `sentence_*` are filled with
    observed, expected, n and p.
    """

    code: str
    unit: str
    min_n: int
    needs_zh: str
    needs_en: str
    title_zh: str
    title_en: str
    formula: str
    source: str
    sentence_zh: str
    sentence_en: str
    explanations: tuple[Explanation, ...]
    raises: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """Hold one indicator's figures, one entry per auditor; p one-sided, NaN with a reason where not assessable."""

    observed: Floats
    expected: Floats
    n: Integers
    p: Floats
    reason: Texts

    @property
    def assessable(self) -> Truths:
        """The auditors the figure could be computed for."""
        return np.asarray(self.reason == "", dtype=bool)


Compute = Callable[[Inputs, np.random.Generator], Result]
Evidence = Callable[[Inputs, Sequence[int]], dict[int, dict[str, Any]]]
