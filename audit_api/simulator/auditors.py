"""Simulated auditors: honest ones of every kind, and some who take short cuts, with known truth.

Returns the raw tables that `audit_api.anomaly.auditors.inputs.build` reads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RECYCLING, DESK, STRAIGHT, FAVOURING = "recycling", "desk", "straight_lining", "favouring"
HONEST = "honest"
CITIES = np.array([[31.2, 121.5], [30.3, 120.2], [39.9, 116.4], [23.1, 113.3]])
"""Latitude and longitude of four cities, degrees."""
EXPECTED_S = 90 * 60.0
METRES = 111_320.0
FENCE_M = 300.0
WRONG_POSITION_M = 900.0
SCALE_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class AuditorSpec:
    """Say how large the programme is and who takes which short cut, how often (share of visits)."""

    honest: int = 10
    dishonest: tuple[str, ...] = (RECYCLING, DESK, STRAIGHT, FAVOURING)
    dealers: int = 40
    visits_each: int = 30
    items: int = 60
    scale: tuple[bool, ...] = ()
    """Per item whether it has five levels; drawn where empty."""
    photos: int = 8
    intensity: float = 0.6
    doubled: float = 0.05
    severity_sd: float = 0.3
    pace_sd: float = 0.15
    wrong_positions: int = 1


@dataclass(slots=True)
class AuditorWorld:
    """Hold the tables and the truth: auditor -> kind."""

    visits: dict[str, list[Any]] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    photos: dict[str, list[Any]] = field(default_factory=dict)
    fixes: dict[str, list[Any]] = field(default_factory=dict)
    truth: dict[str, str] = field(default_factory=dict)

    def tables(self) -> dict[str, dict[str, list[Any]]]:
        """Give the tables by name."""
        return {"visits": self.visits, "answers": self.answers, "photos": self.photos, "fixes": self.fixes}


def simulate_auditors(spec: AuditorSpec, seed: int) -> AuditorWorld:
    """Draw a programme's visits of half a year. The same spec and seed give the same world."""
    rng = np.random.default_rng([seed, 4711])
    kinds = [*[HONEST] * spec.honest, *spec.dishonest]
    names = [f"A{number + 1:02d}" for number in rng.permutation(len(kinds))]
    scene = _Scene(rng, spec)
    plan = _plan(scene, kinds)
    world = AuditorWorld(truth=dict(zip(names, kinds, strict=True)))
    own_photos: dict[int, list[str]] = {}
    last: dict[int, Any] = {}
    for number, (day, who, dealer, hour) in enumerate(plan):
        kind = kinds[who]
        cuts = kind != HONEST and (rng.random() < spec.intensity)
        values = scene.answer(who, dealer)
        if cuts and kind == DESK and dealer in last:
            values = np.where(rng.random(spec.items) < 0.9, last[dealer], values)
        if cuts and kind == STRAIGHT:
            values = np.where(rng.random(spec.items) < 0.95, np.where(scene.scale, 4, 1), values)
        if kind == FAVOURING and dealer == scene.favoured[who]:
            values = np.where(rng.random(spec.items) < 0.8, np.where(scene.scale, 5, 1), values)
        last[dealer] = values
        desk = cuts and kind == DESK
        took = (
            EXPECTED_S * float(np.exp(rng.normal(0, 0.2) + scene.pace[who])) * (rng.uniform(0.15, 0.35) if desk else 1)
        )
        name = f"V{number:05d}"
        started = np.datetime64("2026-01-05T00:00:00") + np.timedelta64(int(day * 86400 + hour * 3600), "s")
        _add_answers(world, scene, name, values)
        photos = [hashlib.sha256(f"{seed}:{name}:{i}".encode()).hexdigest() for i in range(spec.photos)]
        mine = own_photos.setdefault(who, [])
        if cuts and kind == RECYCLING and mine:
            photos[: spec.photos // 2] = list(rng.choice(mine, spec.photos // 2, replace=False))
        elif mine and rng.random() < 0.01:
            photos[0] = mine[-1]  # picked from the gallery by mistake
        mine += photos
        for sha256 in photos:
            _add(world.photos, visit=name, sha256=sha256)
        distance = _add_fixes(world, scene, name, who, dealer, started, took, desk=desk)
        _add(
            world.visits, visit=name, auditor=names[who], dealer=f"D{dealer:04d}", checklist="C",
            started_at=str(started), duration_s=took, expected_s=EXPECTED_S, distance_m=distance, fence_m=FENCE_M,
            lat=float(scene.registered[dealer, 0]), lon=float(scene.registered[dealer, 1]),
        )  # fmt: skip
    return world


class _Scene:
    """What stays the same throughout: dealers, items, auditors."""

    def __init__(self, rng: np.random.Generator, spec: AuditorSpec) -> None:
        self.rng, self.spec = rng, spec
        auditors = spec.honest + len(spec.dishonest)
        self.city = np.arange(spec.dealers) % len(CITIES)
        self.position = CITIES[self.city] + rng.normal(0, 0.08, (spec.dealers, 2))
        self.registered = self.position.copy()
        wrong = rng.choice(spec.dealers, spec.wrong_positions, replace=False)
        self.registered[wrong, 0] += WRONG_POSITION_M / METRES
        self.quality = rng.normal(0, 0.8, spec.dealers)
        self.profile = rng.normal(0, 0.6, (spec.dealers, spec.items))
        self.ease = rng.normal(1.2, 0.9, spec.items)
        drawn = rng.random(spec.items) < SCALE_SHARE
        self.scale = np.array(spec.scale, dtype=bool) if spec.scale else drawn
        self.severity = rng.normal(0, spec.severity_sd, auditors)
        self.pace = rng.normal(0, spec.pace_sd, auditors)
        self.home = rng.integers(0, len(CITIES), auditors)
        # Nobody needs to favour a dealer that is good already: one of the worse half of the auditor's own city.
        self.favoured = np.array([self._in_need(int(home)) for home in self.home])
        self.desk_fix = CITIES[self.home] + rng.normal(0, 0.15, (auditors, 2))

    def _in_need(self, city: int) -> int:
        there = np.flatnonzero(self.city == city)
        worse = there[np.argsort(self.quality[there], kind="stable")][: max(1, len(there) // 2)]
        return int(self.rng.choice(worse))

    def answer(self, who: int, dealer: int) -> Any:
        """Draw what an auditor honestly writes: 0/1, or 1..5 on a scale."""
        rng = self.rng
        level = self.quality[dealer] + self.profile[dealer] + self.ease - self.severity[who] + rng.normal(0, 0.4)
        chance = 1 / (1 + np.exp(-level))
        return np.where(self.scale, 1 + rng.binomial(4, chance), (rng.random(self.spec.items) < chance).astype(int))


def _plan(scene: _Scene, kinds: list[str]) -> list[tuple[int, int, int, float]]:
    """Return (day, auditor, dealer, hour of beginning) in the order of time: one city a day, at most two visits."""
    rng, spec = scene.rng, scene.spec
    plan = []
    for who, kind in enumerate(kinds):
        days = np.sort(rng.choice(180, spec.visits_each, replace=False))
        for i, day in enumerate(days):
            city = scene.home[who] if rng.random() < 0.7 else int(rng.integers(0, len(CITIES)))
            dealer = int(rng.choice(np.flatnonzero(scene.city == city)))
            if kind == FAVOURING and i % 5 == 0:
                dealer = int(scene.favoured[who])
            plan.append((int(day), who, dealer, float(rng.uniform(9, 11))))
            if kind == DESK and rng.random() < 0.2:
                plan.append((int(day), who, int(rng.choice(np.flatnonzero(scene.city != city))), 11.8))
    for day, who, dealer, _ in rng.permutation(np.array(plan), axis=0)[: int(spec.doubled * len(plan))]:
        other = int(rng.choice([a for a in range(len(kinds)) if a != int(who)]))
        plan.append((int(day) + 1, other, int(dealer), float(rng.uniform(15, 16))))
    return sorted(plan)


def _add(table: dict[str, list[Any]], **row: Any) -> None:
    for name, value in row.items():
        table.setdefault(name, []).append(value)


def _add_answers(world: AuditorWorld, scene: _Scene, visit: str, values: Any) -> None:
    for item, value in enumerate(values):
        scale = bool(scene.scale[item])
        mark = (int(value) - 1) * 25.0 if scale else int(value) * 100.0
        photo = int(mark < 50 and scene.rng.random() < 0.9)
        _add(
            world.answers, visit=visit, item=f"I{item:03d}", place=float(item), value=str(value), mark=mark,
            kind="scale5" if scale else "yes_no", photos=float(photo),
        )  # fmt: skip


def _add_fixes(  # noqa: PLR0917 - where, who and when of one visit
    world: AuditorWorld, scene: _Scene, visit: str, who: int, dealer: int, started: Any, took: float, *, desk: bool
) -> float:
    """Draw three fixes of a visit and return the distance of the nearest from the registered position, in metres."""
    rng = scene.rng
    away = []
    for part in range(3):
        at = started + np.timedelta64(int(took * part / 3), "s")
        if desk:
            lat, lon = scene.desk_fix[who]
            accuracy = 20.0
        else:
            drift = 700.0 if rng.random() < 0.02 else 15.0
            lat, lon = scene.position[dealer] + rng.normal(0, drift / METRES, 2)
            accuracy = float(rng.uniform(4, 25))
        lat, lon = round(float(lat), 6), round(float(lon), 6)
        north = (lat - scene.registered[dealer, 0]) * METRES
        east = (lon - scene.registered[dealer, 1]) * METRES * np.cos(np.radians(lat))
        away.append(max(0.0, float(np.hypot(north, east)) - accuracy))
        _add(world.fixes, visit=visit, lat=lat, lon=lon, accuracy_m=accuracy, fixed_at=str(at))
    return min(away)
