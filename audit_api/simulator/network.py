"""Simulate one network: honest dealers, look-alikes, and dealers that bend their survey."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator import look_alikes, tactics
from audit_api.simulator.answers import Scale, item_difference
from audit_api.simulator.catalogue import HONEST, PLAYBOOK
from audit_api.simulator.customers import Customers, draw_customers
from audit_api.simulator.dealers import Dealers, draw_dealers, latent_sd
from audit_api.simulator.steps import Place, take
from audit_api.simulator.tables import dealer_table, event_table, response_table, staff_table
from audit_api.simulator.visits import simulate_visits
from audit_api.simulator.world import Floats, Integers, Label, NetworkSpec, Truths, World

STAFF = 12
STAFF_CONTACT = 13_900_000_000
DIFFICULTY_SD = 0.12


def simulate_network(
    spec: NetworkSpec, seed: int, *, twin: bool = False, wave: int = 0, revisited: Collection[str] = ()
) -> World:
    """Draw a network; the same spec, seed and wave give the same network.

    twin: the same network with the same dealers and customers in which no tactic was used: what differs from
    it is what the tactics did. wave: the same dealers and auditors with the customers and visits of a later
    period (0 = the first). revisited: dealers that get extra visits because something was suspected. Source of the
    shapes: real survey batches as described in docs/detection.md.
    """
    first_day = np.datetime64(spec.first_day, "D") + wave * spec.days
    spec = replace(spec, first_day=str(first_day))
    lasting = [np.random.default_rng([seed, i]) for i in range(4)]
    streams = [np.random.default_rng([seed, 10 + i, wave]) for i in range(5)]
    kinds, second, gamed = _kinds(lasting[0], spec)
    codes = np.array(spec.dealer_codes or [f"D{i + 1:04d}" for i in range(spec.dealers)], dtype=object)
    dealers = draw_dealers(lasting[1], spec, codes=codes, kinds=(kinds, second), gamed=gamed)
    difficulty = lasting[1].normal(0.0, DIFFICULTY_SD, len(spec.touchpoints))
    scale = Scale.draw(lasting[1], spec, latent_sd(spec))
    customers = draw_customers(streams[0], spec, dealers, lasting=lasting[2], wave=wave)
    place = Place(spec=spec, staff=STAFF_CONTACT + np.arange(spec.dealers)[:, None] * 100 + np.arange(STAFF)[None, :])
    _let_look_alikes_differ(streams[1], customers, place, dealers)
    if not twin:
        _let_tactics_work(streams[2], customers, place, dealers)
    rows = np.flatnonzero(customers.answering())
    difference = item_difference(spec, difficulty, dealers.profile[customers.owner[rows]])
    answers = _answers(streams[3], customers, rows, scale, difference)
    return World(
        spec=spec,
        dealers=dealer_table(dealers, customers),
        responses=response_table(spec, dealers, customers, rows=rows, scale=scale, wave=wave),
        answers=answers,
        overall=(customers.mood + customers.lift)[rows],
        touched=customers.touched[rows],
        audits=simulate_visits(
            streams[4],
            spec,
            dealers,
            lasting=lasting[3],
            gamed=gamed,
            revisited=np.isin(codes.astype(str), list(revisited)),
            twin=twin,
            wave=wave,
        ),
        events=event_table(spec, dealers, customers, wave),
        staff=staff_table(dealers, place.staff),
        kept_out=customers.kept_out,
        truth=tuple(
            Label(str(code), bool(g), str(kind), {**PLAYBOOK, **HONEST}.get(str(kind), ("",))[0], str(other))
            for code, g, kind, other in zip(codes, gamed, kinds, second, strict=True)
        ),
    )


def _kinds(rng: np.random.Generator, spec: NetworkSpec) -> tuple[NDArray[np.object_], NDArray[np.object_], Truths]:
    """Give each dealer a tactic, a look-alike or "", in random order but fixed numbers; some a second tactic."""
    kinds, second = np.full(spec.dealers, "", dtype=object), np.full(spec.dealers, "", dtype=object)
    gamed = round(spec.gamed_share * spec.dealers) if spec.tactics else 0
    alike = round(spec.look_alike_share * spec.dealers) if spec.look_alikes else 0
    order = rng.permutation(spec.dealers)
    # Where there are fewer dealers than kinds, each network shows others of them.
    ways, looks = rng.permutation(len(spec.tactics)), rng.permutation(len(spec.look_alikes))
    for i, d in enumerate(order[:gamed]):
        kinds[d] = spec.tactics[ways[i % len(ways)]]
        if rng.random() < spec.second_tactic_share:
            second[d] = spec.tactics[int(rng.integers(0, len(spec.tactics)))]
    for i, d in enumerate(order[gamed : gamed + alike]):
        kinds[d] = spec.look_alikes[looks[i % len(looks)]]
    is_gamed = np.zeros(spec.dealers, dtype=bool)
    is_gamed[order[:gamed]] = True
    return kinds, second, is_gamed


def _let_look_alikes_differ(rng: np.random.Generator, customers: Customers, place: Place, dealers: Dealers) -> None:
    for kind, steps in look_alikes.STEPS.items():
        mine = (dealers.kind == kind)[customers.owner]
        for step, share in steps:
            take(rng, customers, place, step, mine=mine, share=share)


def _let_tactics_work(rng: np.random.Generator, customers: Customers, place: Place, dealers: Dealers) -> None:
    for kind, steps in tactics.STEPS.items():
        for using, part in ((dealers.kind, 1.0), (dealers.second, 0.5)):
            mine = (using == kind)[customers.owner]
            for step in steps:
                take(rng, customers, place, step, mine=mine, share=part * place.spec.intensity)


def _answers(
    rng: np.random.Generator, customers: Customers, rows: Integers, scale: Scale, difference: Floats
) -> Floats:
    judged = (customers.mood + customers.lift)[rows]
    marks = scale.mark(judged, difference, customers.noise[rows].astype(np.float64), customers.halo[rows])
    polish = customers.polish[rows]
    if polish.any():
        nearly = (marks == scale.levels - 1) & (rng.random(marks.shape) < polish[:, None])
        marks = marks + nearly
    sheet = customers.sheet[rows].astype(np.float64)
    written = ~np.isnan(sheet[:, 0]) if sheet.shape[1] else np.zeros(len(rows), dtype=bool)
    answers = np.where(written[:, None], sheet, marks)
    answers[customers.blank[rows] & ~written[:, None]] = np.nan
    return answers
