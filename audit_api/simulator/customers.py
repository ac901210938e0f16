"""The customers of a simulated network: one row per eligible event, whether or not a survey comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator import paradata
from audit_api.simulator.answers import PERSON_SD
from audit_api.simulator.comments import honest_comments
from audit_api.simulator.dealers import JOB_LEVEL, Dealers
from audit_api.simulator.world import Floats, Integers, NetworkSpec, Truths

GLOW = 0.22
"""How much better the new model is liked, at every dealer."""
MISSING_SHARE = 0.03
FIRST_CONTACT, CONTACTS_A_WAVE = 13_500_000_000, 50_000_000
UNSURE_SHARE = 0.05
FACT_MISSING_SHARE = 0.08


@dataclass(slots=True)
class Customers:
    """Hold one row per eligible event, sorted by dealer; `lift` and `sheet` are how tactics change answers.

    mood: latent overall judgement; noise and sheet: rows × items (sheet NaN = the customer's own marks);
    second_thought: noise of recommending;
    polish: chance that a next-to-full mark becomes full; facts: rows × fact touchpoints, 1, 0 or NaN.
    """

    owner: Integers
    day: Floats
    job: Integers
    glow: Truths
    adviser: Integers
    contact: Integers
    customer: Integers
    device: Integers
    mood: Floats
    lift: Floats
    polish: Floats
    halo: Truths
    noise: NDArray[np.float32]
    second_thought: Floats
    sheet: NDArray[np.float32]
    blank: Truths
    facts: Floats
    supplied: Truths
    valid: Truths
    opted_out: Truths
    invited: Truths
    complaint: Truths
    comeback: Truths
    long_wait: Truths
    responded: Truths
    event_at: NDArray[np.datetime64]
    invited_at: NDArray[np.datetime64]
    submitted_at: NDArray[np.datetime64]
    duration: Floats
    channel: Integers
    text: NDArray[np.object_]
    incentive: Floats
    coaching: Floats
    revised: Truths
    touched: Truths
    kept_out: Truths

    def __len__(self) -> int:
        return len(self.owner)

    def answering(self) -> Truths:
        """Mark customers whose survey comes back: only who was supplied, valid, willing and invited."""
        return self.responded & self.supplied & self.valid & self.invited & ~self.opted_out

    def change(self, rows: Integers, values: dict[str, Any]) -> None:
        """Put new values into the named columns of these rows."""
        for name, value in values.items():
            getattr(self, name)[rows] = value


def draw_customers(
    rng: np.random.Generator, spec: NetworkSpec, dealers: Dealers, *, lasting: np.random.Generator, wave: int
) -> Customers:
    """Draw honest customers: enough events that about the wanted number of surveys comes back.

    `lasting` draws what stays from wave to wave; after the first a dealer stays where its trend has led.
    """
    reach = dealers.rate * dealers.supplied * dealers.valid * dealers.invited * (1 - dealers.opted_out)
    # Missing contacts and opt-outs cost responses: a dealer's events follow its ordinary coverage.
    reach = np.maximum(reach, 0.55 * dealers.rate)
    owner = np.repeat(np.arange(len(dealers)), np.maximum(1, np.round(dealers.wanted / reach)).astype(np.int64))
    rows, items = len(owner), len(spec.touchpoints)
    day = np.floor(rng.random(rows) ** dealers.growth[owner] * spec.days)
    job = (rng.random(rows)[:, None] > np.cumsum(dealers.mix, axis=1)[owner][:, :3]).sum(axis=1)
    glow = rng.random(rows) < dealers.glow[owner]
    adviser = (rng.random(rows) * dealers.advisers[owner]).astype(np.int64)
    level = lasting.normal(0.0, spec.adviser_sd, (len(dealers), int(dealers.advisers.max())))
    person = rng.normal(0.0, PERSON_SD, rows) * dealers.spread[owner] * np.exp(rng.normal(0.0, spec.style_sd, rows))
    passed = day / spec.days - 0.5 if wave == 0 else np.full(rows, 0.5)
    mood = (
        dealers.felt[owner]
        + dealers.trend[owner] * passed
        + level[owner, adviser]
        + JOB_LEVEL[job]
        + GLOW * (glow - 0.2)
        + person
    ) * dealers.stretch[owner]
    z = mood / PERSON_SD
    complaint = rng.random(rows) < _chance(-3.4 - 1.1 * z)
    comeback = rng.random(rows) < _chance(-3.0 - 0.7 * z + 0.8 * (job == 1))
    channel = rng.choice(4, rows, p=[0.50, 0.25, 0.13, 0.12]).astype(np.int64)
    event_at, invited_at, submitted_at = paradata.draw_times(rng, spec, day, channel)
    halo = rng.random(rows) < dealers.halo[owner]
    wrote = rng.random(rows) < dealers.comments[owner]
    text = honest_comments(rng, mood, wrote, rng.random(rows) < dealers.stock[owner])
    response = dealers.rate[owner] * np.clip(1 + spec.mood_response * z + 0.03 * (z**2 - 1), 0.2, 2.5)
    return Customers(
        owner=owner,
        day=day,
        job=job.astype(np.int64),
        glow=glow,
        adviser=adviser,
        contact=FIRST_CONTACT + wave * CONTACTS_A_WAVE + rng.permutation(rows).astype(np.int64) * 7,
        customer=np.arange(rows, dtype=np.int64) + 1,
        device=paradata.draw_devices(rng, channel),
        mood=mood,
        lift=np.zeros(rows),
        polish=np.zeros(rows),
        halo=halo,
        noise=rng.standard_normal((rows, items), dtype=np.float32),
        second_thought=rng.standard_normal(rows),
        sheet=np.full((rows, items), np.nan, dtype=np.float32),
        blank=rng.random((rows, items), dtype=np.float32) < MISSING_SHARE,
        facts=_facts(rng, spec, dealers, owner=owner, z=z, passed=passed, easy=lasting.normal(1.3, 0.4, 9)),
        supplied=rng.random(rows) < dealers.supplied[owner],
        valid=rng.random(rows) < dealers.valid[owner],
        opted_out=rng.random(rows) < dealers.opted_out[owner],
        invited=rng.random(rows) < dealers.invited[owner],
        complaint=complaint,
        comeback=comeback,
        long_wait=rng.random(rows) < _chance(-2.2 - 0.6 * z),
        responded=rng.random(rows) < response,
        event_at=event_at,
        invited_at=invited_at,
        submitted_at=submitted_at,
        duration=paradata.draw_durations(rng, items, channel, halo, wrote),
        channel=channel,
        text=text,
        incentive=_mentions(rng, rows, spec.mention_noise),
        coaching=_mentions(rng, rows, 1.5 * spec.mention_noise),
        revised=rng.random(rows) < 0.003,
        touched=np.zeros(rows, dtype=bool),
        kept_out=np.zeros(rows, dtype=bool),
    )


def _facts(
    rng: np.random.Generator,
    spec: NetworkSpec,
    dealers: Dealers,
    *,
    owner: Integers,
    z: Floats,
    passed: Floats,
    easy: Floats,
) -> Floats:
    """Draw customers' fact items: they follow what auditors see, hardly the customer's mood."""
    touchpoints = sorted(set(spec.touchpoints))
    asked = spec.fact_touchpoints()
    quality = dealers.quality[owner] + dealers.quality_trend[owner] * passed
    result = np.empty((len(owner), len(asked)))
    for i, touchpoint in enumerate(asked):
        strength = dealers.profile[owner, touchpoints.index(touchpoint)]
        says = rng.random(len(owner)) < _chance(easy[i % len(easy)] + 0.7 * quality + 0.45 * strength + 0.25 * z)
        result[:, i] = np.where(rng.random(len(owner)) < FACT_MISSING_SHARE, np.nan, says)
    return result


def _mentions(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    says = (rng.random(rows) < noise).astype(np.float64)
    return np.where(rng.random(rows) < UNSURE_SHARE, np.nan, says)


def _chance(logit: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-logit))
