"""Honest customers of dealers that merely look unusual; dealers' own differences are in `dealers.TRAITS`."""

from __future__ import annotations

import numpy as np

from audit_api.simulator import comments, paradata
from audit_api.simulator.customers import Customers
from audit_api.simulator.steps import Place, Step, Values, answering, anyone
from audit_api.simulator.tactics import SPARE_DEVICE
from audit_api.simulator.world import Integers

COMPANY_CONTACT, FAMILY_CONTACT, CENTRE_CONTACT = 17_000_000_000, 17_500_000_000, 18_000_000_000
CENTRE_NUMBERS = 4
LOYAL_LIFT = 0.35


def _fleet(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Put one of two companies' contact on the events of its vehicles; each driver answers for himself."""
    owner = customers.owner[rows]
    company = owner * 10 + rng.integers(0, 2, len(rows))
    return {"contact": COMPANY_CONTACT + company, "customer": 900_000_000 + company}


def _family(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Join two to four events of a dealer to one household: same contact, same phone, own judgement."""
    owner = customers.owner[rows]
    household = owner * 10_000 + rng.integers(0, np.maximum(1, np.bincount(owner)[owner] // 3))
    return {
        "contact": FAMILY_CONTACT + household,
        "customer": 910_000_000 + household,
        "device": paradata.FIRST_DEVICE + 200_000_000 + household,
    }


def _loyal(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    changed = _family(rng, customers, place, rows)
    return {**changed, "mood": customers.mood[rows] + LOYAL_LIFT}


def _batch(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Invite everybody of the period at one moment after its end; half answer within the hour."""
    start = np.datetime64(place.spec.first_day, "s")
    moment = start + np.timedelta64((place.spec.days + 5) * 86_400 + 10 * 3_600, "s")
    invited = moment + paradata.seconds(rng.uniform(0, 300, len(rows)))
    lag = customers.submitted_at[rows] - customers.invited_at[rows]
    soon = paradata.seconds(60 + rng.exponential(1_500, len(rows)))
    return {"invited_at": invited, "submitted_at": invited + np.where(rng.random(len(rows)) < 0.6, soon, lag)}


def _demanding(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"incentive": 1.0}


def _second_tier(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"facts": 0.0}


def _staff_purchase(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"contact": place.staff[customers.owner[rows], 3 + rng.integers(0, 5, len(rows))]}


def _call_centre(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Let a call centre that serves several dealers ask on the customers' behalf, in office hours."""
    number = rng.integers(0, CENTRE_NUMBERS, len(rows))
    return {
        "contact": CENTRE_CONTACT + number,
        "device": 500 + number,
        "channel": paradata.PHONE,
        "submitted_at": paradata.office_time(
            rng, np.maximum(customers.submitted_at[rows], customers.invited_at[rows] + np.timedelta64(86_400, "s"))
        ),
    }


def _lounge(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    when = customers.event_at[rows]
    return {
        "device": SPARE_DEVICE + 40_000_000 + customers.owner[rows] * 10 + rng.integers(0, 2, len(rows)),
        "invited_at": when,
        "submitted_at": np.maximum(
            when, np.minimum(
                when + paradata.seconds(rng.uniform(300, 5_400, len(rows))),
                paradata.midnight(when) + np.timedelta64(18 * 3_600 + 1_800, "s"),
            )
        ),
    }  # fmt: skip


def _laconic(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {
        "text": comments.stock_comments(rng, len(rows)),
        "duration": np.round(customers.duration[rows] * 0.75),
    }


def _poster(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"channel": paradata.QR_CODE, "device": paradata.FIRST_DEVICE + 300_000_000 + rows}


def _seasonal(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Move events into one fortnight that ends with a month; what follows keeps its distance from them."""
    start = np.datetime64(place.spec.first_day, "D")
    busiest = (start + place.spec.days // 2).astype("datetime64[M]") + 1
    day = busiest.astype("datetime64[D]") - rng.integers(1, 15, len(rows)).astype("timedelta64[D]")
    shift = day.astype("datetime64[s]") - paradata.midnight(customers.event_at[rows])
    return {
        "event_at": customers.event_at[rows] + shift,
        "invited_at": customers.invited_at[rows] + shift,
        "submitted_at": customers.submitted_at[rows] + shift,
        "day": (day - start).astype(np.float64),
    }


STEPS: dict[str, tuple[tuple[Step, float], ...]] = {
    # look-alike: steps with the share of customers they reach
    "fleet": ((Step(anyone, _fleet), 0.25),),
    "household": ((Step(anyone, _family), 0.30),),
    "loyal": ((Step(anyone, _loyal), 0.55),),
    "batch_invitation": ((Step(anyone, _batch), 0.70),),
    "demanding": ((Step(answering, _demanding), 0.08),),
    "second_tier": ((Step(anyone, _second_tier), 0.30),),
    "staff_purchase": ((Step(answering, _staff_purchase), 0.04),),
    "call_centre": ((Step(anyone, _call_centre), 0.45),),
    "lounge": ((Step(anyone, _lounge), 0.35),),
    "laconic": ((Step(anyone, _laconic), 0.60),),
    "neutral_poster": ((Step(anyone, _poster), 0.30),),
    "seasonal": ((Step(anyone, _seasonal), 0.60),),
}
