"""Simulated visits to a checklist: plausible answers of an auditor at a dealer of a given quality.

Whatever is drawn passes the checks of answers and submission once the photos it asks for are there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from audit_api.domain.answers import bounds
from audit_api.domain.checklists import Band, Checklist, Item
from audit_api.domain.item_rules import is_adverse, scorer
from audit_api.domain.relevance import visible_items
from audit_api.domain.scoring import FINDING_BELOW
from audit_api.domain.submission_rules import photos_needed

NA_SHARE = 0.02
ADVERSE_SHARE = 0.02
METRES_PER_DEGREE = 111_320
GPS_SD_METRES = 15.0
LIKENESS = 3
"""How much likelier an option gets with each step of quality towards its score."""

SENTENCES = {
    "zh": (
        "进店后约两分钟有销售顾问上前问候。",
        "展厅地面干净，展车已开门并调好座椅。",
        "顾问先询问了用途与预算，再介绍车型。",
        "等候时提供了两种饮品，并说明大致等候时间。",
        "报价单列明了各项费用，未见额外收费。",
        "离店时顾问确认了联系方式与下一步安排。",
        "服务顾问环车检查并逐项记录，请客户确认。",
        "交接时说明了已做与未做的项目。",
    ),
    "en": (
        "A sales adviser came up about two minutes after entry.",
        "The floor was clean and the cars were open.",
        "The adviser asked about use and budget before showing a car.",
        "Two drinks were offered and the wait was told.",
        "The quote listed every charge; nothing was added.",
        "The next step was agreed before leaving.",
        "The service adviser walked round the car and wrote down each point.",
        "Work done and not done was explained.",
    ),
}
FAILED = {
    "zh": "现场未见相应做法，已在旁观察约五分钟。",
    "en": "It was not done; this was watched for about five minutes.",
}
ADVERSE = {
    "zh": "销售顾问在交车区说：“收到回访请给满分。”",
    "en": 'A sales adviser said in the delivery area: "Please give full marks when they call."',
}


@dataclass(frozen=True, slots=True)
class PhotoSlot:
    """A photo that an answer needs: where it belongs and what it should show."""

    item: str
    slot: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """Observations as a phone sends them, still without photos, and the photos they need."""

    started_at: datetime
    ended_at: datetime
    observations: list[dict[str, Any]]
    slots: list[PhotoSlot]


def draw_visit(
    checklist: Checklist,
    quality: float,
    rng: np.random.Generator,
    *,
    started_at: datetime,
    position: tuple[float, float],
    locale: str = "zh",
    adverse_share: float = ADVERSE_SHARE,
) -> DrawnVisit:
    """Draw a complete visit. quality: 0..1, the chance that a criterion is met; position: (lat, lon) of the dealer."""
    scene = _Scene(rng, quality, position, locale, adverse_share)
    duration = timedelta(minutes=float(checklist.expected_duration_min * rng.uniform(0.8, 1.3)))
    step = duration / max(1, len(checklist.items))
    moment, answers = started_at, dict[str, Any]()
    observations: list[dict[str, Any]] = []
    slots: list[PhotoSlot] = []
    for item in checklist.items:
        moment += step
        if item.id not in visible_items(checklist, answers):
            continue
        value = _value(item, scene, moment)
        needed = photos_needed(item, value) if value != "na" else 0
        # A photo item is answered by its photos; a stand-in lets later conditions see that.
        answers[item.id] = ["photo"] if item.type == "photo" else value
        observations.append(
            {
                "item": item.id,
                "value": value,
                "comment": _comment(item, value, locale),
                "answered_at": moment.isoformat(timespec="seconds"),
                "photos": [],
            }
        )
        slots += _slots(item, needed)
    return DrawnVisit(started_at, started_at + duration, observations, slots)


def _slots(item: Item, needed: int) -> list[PhotoSlot]:
    of = item.evidence.of or item.text
    return [PhotoSlot(item.id, str(number + 1), of.zh, of.en) for number in range(needed)]


def _comment(item: Item, value: Any, locale: str) -> str | None:
    if is_adverse(item, value):
        return ADVERSE[locale]
    score = scorer(item)(value) if item.weight and value != "na" else None
    return FAILED[locale] if score is not None and score < FINDING_BELOW else None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What stays the same throughout one visit."""

    rng: np.random.Generator
    quality: float
    position: tuple[float, float]
    locale: str
    adverse_share: float


def _value(item: Item, scene: _Scene, moment: datetime) -> Any:
    recorded: dict[str, Callable[[], Any]] = {
        "photo": lambda: None,
        "auto_time": lambda: moment.isoformat(timespec="seconds"),
        "auto_gps": lambda: draw_fix(scene.rng, moment, scene.position),
        "text": lambda: _story(scene.rng, max(item.min_chars, 20), scene.locale),
        "narrative": lambda: _story(scene.rng, max(item.min_chars, 20), scene.locale),
    }
    if item.type in recorded:
        return recorded[item.type]()
    if item.allow_na and scene.rng.random() < NA_SHARE:
        return "na"
    if item.integrity is not None:
        return _integrity(item, scene.rng, scene.adverse_share)
    return _closed(item, scene.quality, scene.rng)


def draw_fix(rng: np.random.Generator, moment: datetime, position: tuple[float, float]) -> dict[str, Any]:
    """Draw a phone's fix near a position, in degrees WGS-84."""
    north, east = rng.normal(0.0, GPS_SD_METRES, 2) / METRES_PER_DEGREE
    return {
        "lat": round(position[0] + float(north), 6),
        "lon": round(position[1] + float(east), 6),
        "accuracy_m": round(float(rng.uniform(4, 25)), 1),
        "fixed_at": moment.isoformat(timespec="seconds"),
        "datum": "WGS-84",
    }


def _story(rng: np.random.Generator, shortest: int, locale: str) -> str:
    sentences = SENTENCES[locale]
    gap = "" if locale == "zh" else " "
    told = ""
    while len(told) < shortest:
        order = rng.permutation(len(sentences))
        told = (told + gap + gap.join(sentences[i] for i in order)).strip()
    return told


def _integrity(item: Item, rng: np.random.Generator, adverse_share: float) -> Any:
    """Answer adversely with the given share; the first answer that is not adverse otherwise."""
    by_type: dict[str, list[Any]] = {"yes_no": ["no", "yes"], "single": [option.code for option in item.options]}
    candidates = by_type.get(item.type, [0, 1, 2, 3])
    adverse = [value for value in candidates if is_adverse(item, value)]
    plain = [value for value in candidates if not is_adverse(item, value)]
    wanted = adverse if adverse and (rng.random() < adverse_share or not plain) else plain
    return wanted[0]


def _closed(item: Item, quality: float, rng: np.random.Generator) -> Any:
    if item.type == "scale5":
        return 1 + int(rng.binomial(4, quality))
    if item.type == "yes_no":
        good = item.pass_on or "yes"
        return good if rng.random() < quality else ("no" if good == "yes" else "yes")
    if item.type == "multi":
        return [option.code for option in item.options if (option.score or 0) > 0 and rng.random() < quality]
    if item.type == "single":
        scores = [50.0 if option.score is None else option.score for option in item.options]
        return item.options[_pick(scores, quality, rng)].code
    return _number(item, quality, rng)


def _pick(scores: list[float], quality: float, rng: np.random.Generator) -> int:
    """Choose a place, likelier the nearer its score 0..100 lies to the quality."""
    weights = np.exp(-LIKENESS * np.abs(np.asarray(scores) / 100.0 - (1.0 if rng.random() < quality else 0.0)))
    return int(rng.choice(len(scores), p=weights / weights.sum()))


def _number(item: Item, quality: float, rng: np.random.Generator) -> float | int:
    if not item.bands:
        return int(rng.integers(1, 9))
    place = _pick([float(band.score) for band in item.bands], quality, rng)
    low, high = _ends(item, item.bands, place)
    if item.type == "duration_min":
        return round(float(rng.uniform(low, high)) * 2) / 2
    whole = int(np.floor(rng.uniform(low, high))) if high - low >= 1 else high
    return whole if low < whole <= high else high


def _ends(item: Item, bands: tuple[Band, ...], place: int) -> tuple[float, float]:
    """Give the ends of a band, the open ones closed within what the item accepts."""
    lowest, highest = bounds(item)
    before = bands[place - 1].up_to if place else None
    low = max(lowest, 0.0) if before is None else float(before)
    up_to = bands[place].up_to
    high = min(highest, low + max(10.0, abs(low) / 2)) if up_to is None else float(up_to)
    return (low, high) if high > low else (high, high)
