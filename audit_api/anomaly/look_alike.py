"""What the test of one look-alike gives: what was looked at, the figures, and whether the honest case fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FITS, DOES_NOT_FIT, CANNOT_BE_TESTED = "fits", "does_not_fit", "cannot_be_tested"

CLEAR = 2.0
"""A difference of this many standard errors counts as seen; fewer, as none."""


@dataclass(frozen=True, slots=True)
class Tested:
    """Hold one tested look-alike; `code` is the playbook's, or a word for a case it does not number."""

    code: str
    title_zh: str
    title_en: str
    verdict: str
    looked_zh: str
    looked_en: str
    zh: str
    en: str
    figures: dict[str, float] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "code": self.code,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "verdict": self.verdict,
            "looked_at": {"zh": self.looked_zh, "en": self.looked_en},
            "figures": {name: round(float(value), 4) for name, value in self.figures.items()},
            "sentence": {"zh": self.zh, "en": self.en},
        }


@dataclass(frozen=True, slots=True)
class Case:
    """Name a look-alike and what is looked at; makes its results."""

    code: str
    title_zh: str
    title_en: str
    looked_zh: str
    looked_en: str

    def result(self, fits: bool, zh: str, en: str, **figures: float) -> Tested:
        """Say that the case fits or does not."""
        return Tested(
            self.code, self.title_zh, self.title_en, FITS if fits else DOES_NOT_FIT, self.looked_zh, self.looked_en,
            zh, en, figures,
        )  # fmt: skip

    def unknown(self, zh: str, en: str) -> Tested:
        """Say that the data does not tell, and what would."""
        return Tested(
            self.code, self.title_zh, self.title_en, CANNOT_BE_TESTED, self.looked_zh, self.looked_en, zh, en
        )  # fmt: skip
