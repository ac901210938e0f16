"""Complete dossiers: intervals, the grade without a piece, where survey and audit part, look-alikes, charts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from audit_api.anomaly.chart_data import chart_data
from audit_api.anomaly.conclusion import conclusion
from audit_api.anomaly.explanation import chance
from audit_api.anomaly.grades import NOT_ASSESSABLE
from audit_api.anomaly.look_alikes import look_alikes
from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.surroundings import Surroundings
from audit_api.anomaly.verdicts import Run

Z95 = 1.959963984540054
MOST_PARTING = 5
TITLES = {entry.indicator.code: {"zh": entry.indicator.title_zh, "en": entry.indicator.title_en} for entry in ENTRIES}
SURVEY_LEVEL = "discordance"
"""The one indicator whose observed figure is the mean response score."""
DIFFERENCES = frozenset({"facts", "window_dressing"})
"""Indicators whose figure is a difference of shares: Wilson's interval is not theirs."""
GRADES = {
    "none": {"zh": "不会引起任何提示", "en": "would raise nothing"},
    "watch": {"zh": "只会列入关注", "en": "would be a watch only"},
    "flag": {"zh": "仍是标记", "en": "would still be a flag"},
    "not_assessable": {"zh": "将无法评估", "en": "could not be assessed"},
}


def complete(run: Run, dossiers: Mapping[int, dict[str, Any]]) -> None:
    """Add to each dossier, by dealer number, what needs the whole network; the network is looked at once."""
    if not dossiers:
        return
    around = Surroundings.of(run)
    for d, dossier in dossiers.items():
        if dossier["grade"] == NOT_ASSESSABLE:
            dossier |= {"p": None, "q": None, "held_back": []}
        for piece in dossier["evidence"]:
            piece["interval"] = _interval(around, d, piece)
            piece["seen"] = _seen(piece)
        for silent in dossier["not_assessable"]:
            silent["title"] = TITLES[silent["indicator"]]
        titles = {piece["indicator"]: piece["title"] for piece in dossier["evidence"]}
        for left in dossier["without"]:
            left["sentence"] = {
                language: _without(titles[left["indicator"]][language], GRADES[left["grade"]][language], language)
                for language in ("zh", "en")
            }
        dossier["parting"] = _parting(dossier)
        dossier["look_alikes"] = look_alikes(around, d)
        dossier["charts"] = chart_data(around, d)
        dossier["conclusion"] = conclusion(dossier, dealers=len(run.inputs.dealers))


def _without(title: str, would: str, language: str) -> str:
    return f"不计“{title}”，{would}。" if language == "zh" else f"Without “{title}” this {would}."


def _interval(around: Surroundings, d: int, piece: Mapping[str, Any]) -> list[float] | None:
    """Return the 95 % interval of what was observed: Wilson's for a share, mean ± 1.96 s/√n for the survey level."""
    observed, n = float(piece["observed"]), int(piece["n"])
    if n < 1:
        return None
    if piece["unit"] == "share" and 0 <= observed <= 1 and piece["indicator"] not in DIFFERENCES:
        square = Z95**2
        centre = observed + square / (2 * n)
        half = Z95 * np.sqrt(observed * (1 - observed) / n + square / (4 * n * n))
        scale = 1 + square / n
        return [max(0.0, float((centre - half) / scale)), min(1.0, float((centre + half) / scale))]
    if piece["indicator"] == SURVEY_LEVEL and n > 1:
        half = Z95 * float(around.spread[d]) / np.sqrt(n)
        return [observed - half, observed + half]
    return None


def _seen(piece: Mapping[str, Any]) -> dict[str, str]:
    """State what was seen and what peers show, without how unlikely that is: the sentence less its last brackets."""
    odds = re.escape(chance(float(piece["p"])))
    brackets = {"zh": rf"（[^（）]*{odds}[^（）]*）", "en": rf" \([^()]*{odds}[^()]*\)"}
    return {language: re.sub(brackets[language], "", piece["sentence"][language]) for language in ("zh", "en")}


def _parting(dossier: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the touchpoints where the survey lies furthest above the audits, both against the network, largest first."""
    found = []
    for piece in dossier["evidence"]:
        for row in piece["rows"].get("touchpoints", ()) if isinstance(piece["rows"], Mapping) else ():
            audits = [
                row[kind] - row[f"{kind}_network"]
                for kind in ("mystery", "announced")
                if row.get(kind) is not None and row.get(f"{kind}_network") is not None
            ]
            if row.get("survey") is None or row.get("survey_network") is None or not audits:
                continue
            survey, audit = row["survey"] - row["survey_network"], sum(audits) / len(audits)
            found.append(
                {"touchpoint": row["touchpoint"], "survey": survey, "audit": audit, "gap": survey - audit,
                 "survey_share": row["survey"], "audit_shares": {k: row.get(k) for k in ("mystery", "announced")}}
            )  # fmt: skip
        if found:
            break
    found.sort(key=lambda row: (-row["gap"], row["touchpoint"]))
    return found[:MOST_PARTING]
