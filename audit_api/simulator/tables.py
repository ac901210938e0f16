"""Put a simulated network into the columns of screening from files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.answers import Scale
from audit_api.simulator.customers import Customers
from audit_api.simulator.dealers import JOBS, Dealers
from audit_api.simulator.paradata import CHANNELS
from audit_api.simulator.world import Floats, Integers, NetworkSpec, Table

BRAND = "B1"
BANDS = np.array(["small", "medium", "large"], dtype=object)
RECOMMEND_LEVELS = 11


def dealer_table(dealers: Dealers, customers: Customers) -> Table:
    """Return one row per dealer with the counts of its sample frame."""
    n = len(dealers)

    def count(mask: NDArray[np.bool_] | None = None) -> Integers:
        owner = customers.owner if mask is None else customers.owner[mask]
        return np.bincount(owner, minlength=n).astype(np.int64)

    return {
        "dealer_id": dealers.code,
        "region": np.array([f"R{r + 1}" for r in range(int(dealers.region.max()) + 1)], dtype=object)[dealers.region],
        "brand": np.full(n, BRAND, dtype=object),
        "volume_band": BANDS[dealers.band],
        "city_tier": dealers.tier,
        "store_age_band": dealers.age,
        "eligible": count(),
        "contacts_supplied": count(customers.supplied),
        "contacts_valid": count(customers.supplied & customers.valid),
        "responses": count(customers.answering()),
    }


def response_table(
    spec: NetworkSpec, dealers: Dealers, customers: Customers, *, rows: Integers, scale: Scale, wave: int
) -> Table:
    """Return one row per response: identity, times, paradata, statements, facts and the two outcome items."""
    owner = customers.owner[rows]
    table: Table = {
        "response_id": _ids(dealers, owner, "R", wave),
        "dealer_id": dealers.code[owner],
        "event_id": _ids(dealers, customers.owner, "E", wave)[rows],
        "event_at": customers.event_at[rows],
        "invited_at": customers.invited_at[rows],
        "submitted_at": customers.submitted_at[rows],
        "channel": np.array(CHANNELS, dtype=object)[customers.channel[rows]],
        "duration_s": customers.duration[rows],
        "contact": customers.contact[rows],
        "device": customers.device[rows],
        "customer_hash": _named("u", customers.customer[rows]),
        "adviser_hash": _named("a", owner * 1_000 + customers.adviser[rows]),
        "job_type": jobs(spec)[customers.job[rows]],
        "vehicle_class": np.array(["current", "new_model"], dtype=object)[customers.glow[rows].astype(np.int64)],
        "text": customers.text[rows],
        "mentions_incentive": customers.incentive[rows],
        "mentions_coaching": customers.coaching[rows],
        "revised": customers.revised[rows].astype(np.int64),
    }
    for i, touchpoint in enumerate(spec.fact_touchpoints()):
        table[f"fact_{touchpoint}"] = customers.facts[rows, i]
    judged = (customers.mood + customers.lift)[rows]
    written = ~np.isnan(customers.sheet[rows]).any(axis=1)
    table["q_overall"] = np.where(written, float(spec.levels), scale.whole(judged))
    table["q_recommend"] = np.where(written, 10.0, _recommend(judged, customers.second_thought[rows]))
    return table


def _recommend(judged: Floats, noise: Floats) -> Floats:
    """Return 0..10: about half promoters, as recommendation answers are."""
    return np.clip(np.round(8.4 + 1.9 * judged + 0.8 * noise), 0, RECOMMEND_LEVELS - 1)


def event_table(spec: NetworkSpec, dealers: Dealers, customers: Customers, wave: int) -> Table:
    """Return the sample frame: one row per eligible event; marks are 0 or 1."""
    table: Table = {
        "event_id": _ids(dealers, customers.owner, "E", wave),
        "dealer_id": dealers.code[customers.owner],
        "event_at": customers.event_at,
        "job_type": jobs(spec)[customers.job],
        "contact": np.where(customers.supplied, customers.contact, 0),
    }
    invited = customers.supplied & customers.valid & customers.invited & ~customers.opted_out
    marks = {
        "supplied": customers.supplied,
        "valid": customers.supplied & customers.valid,
        "invited": invited,
        "opted_out": customers.opted_out,
        "complaint": customers.complaint,
        "comeback": customers.comeback,
        "long_wait": customers.long_wait,
    }
    return table | {name: mark.astype(np.int64) for name, mark in marks.items()}


def staff_table(dealers: Dealers, staff: Integers) -> Table:
    """Return the staff directory: one row per dealer and contact."""
    return {"dealer_id": np.repeat(dealers.code, staff.shape[1]), "contact": staff.ravel()}


def jobs(spec: NetworkSpec) -> NDArray[np.object_]:
    """Return the names of the four kinds of jobs, the easy one first."""
    after_sales = any(touchpoint.startswith("AFS") for touchpoint in spec.touchpoints)
    return np.array(JOBS["AFS" if after_sales else "SAL"], dtype=object)


def _ids(dealers: Dealers, owner: Integers, letter: str, wave: int) -> NDArray[np.object_]:
    count = np.bincount(owner, minlength=len(dealers))
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    places = np.array([f"-{letter}{wave or ''}{i + 1:05d}" for i in range(int(count.max(initial=0)))], dtype=object)
    result: NDArray[np.object_] = dealers.code[owner] + places[number] if len(owner) else np.empty(0, dtype=object)
    return result


def _named(letter: str, number: Integers) -> NDArray[np.object_]:
    result = np.empty(len(number), dtype=object)
    result[:] = [f"{letter}{value}" for value in number.tolist()]
    return result
