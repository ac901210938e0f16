"""The tactics of the gaming playbook that leave a trace in data: each a few small steps."""

from __future__ import annotations

import numpy as np

from audit_api.simulator import comments, paradata, sheets
from audit_api.simulator.customers import Customers
from audit_api.simulator.steps import (
    Change,
    Place,
    Step,
    Values,
    answering,
    anyone,
    difficult,
    disappointed,
    late,
    silent,
    unhappy,
)
from audit_api.simulator.world import Floats, Integers

SPARE_CONTACT, INVENTED_CONTACT = 15_100_000_000, 16_000_000_000
SPARE_DEVICE = 50_000_000
FAST_SECONDS_PER_ITEM = (1.5, 3.5)


def _lift(low: float, high: float) -> Change:
    def change(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
        return {"lift": customers.lift[rows] + rng.uniform(low, high, len(rows))}

    return change


def _says(rng: np.random.Generator, customers: Customers, rows: Integers, name: str, share: float) -> Floats:
    asked: Floats = getattr(customers, name)[rows]
    return np.where(np.isnan(asked), np.nan, np.maximum(asked, rng.random(len(rows)) < share))


def _fast(rng: np.random.Generator, place: Place, rows: Integers) -> Floats:
    return np.round(rng.uniform(*FAST_SECONDS_PER_ITEM, len(rows)) * (len(place.spec.touchpoints) + 5))


def _dealer_device(rng: np.random.Generator, customers: Customers, rows: Integers, number: int) -> Integers:
    return SPARE_DEVICE + customers.owner[rows] * 10 + rng.integers(0, number, len(rows))


def _same_day(rng: np.random.Generator, customers: Customers, rows: Integers) -> dict[str, paradata.Moments]:
    """Answer within an hour or two of the event, in office hours: the link is opened on the spot."""
    when = customers.event_at[rows]
    closing = paradata.midnight(when) + np.timedelta64(18 * 3_600 - 60, "s")
    answered = np.minimum(when + paradata.seconds(rng.uniform(600, 6_000, len(rows))), closing)
    answered = np.maximum(answered, when)
    return {"invited_at": np.minimum(customers.invited_at[rows], when), "submitted_at": answered}


def _invented(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    spec = place.spec
    return {
        "sheet": sheets.invented(rng, customers.owner[rows], len(spec.touchpoints), spec.levels),
        "contact": INVENTED_CONTACT + rows,
        "facts": 1.0,
        "text": "",
        "incentive": 0.0,
        "coaching": 0.0,
        "duration": np.round(customers.duration[rows] * 0.7),
    }


def _undeliverable(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"valid": False, "contact": INVENTED_CONTACT + rows}


def _staff_phones(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    spec, owner = place.spec, customers.owner[rows]
    spare = SPARE_CONTACT + owner * 10 + rng.integers(0, 3, len(rows))
    staff = place.staff[owner, rng.integers(0, 2, len(rows))]
    return {
        "contact": np.where(rng.random(len(rows)) < 0.4, staff, spare),
        "device": _dealer_device(rng, customers, rows, 3),
        "duration": _fast(rng, place, rows),
        "sheet": sheets.hurried(rng, owner, len(spec.touchpoints), spec.levels),
        "facts": np.where(rng.random((len(rows), customers.facts.shape[1])) < 0.9, 1.0, 0.0),
    }


def _relatives(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Give out numbers of relatives and spare SIMs, two or three events each; they answer kindly and in their way."""
    owner = customers.owner[rows]
    reached = np.bincount(owner)[owner]
    number = rng.integers(0, np.maximum(1, reached // 3))
    return {
        "contact": SPARE_CONTACT + 1_000_000 + owner * 1_000 + number,
        "device": SPARE_DEVICE + 20_000_000 + owner * 1_000 + number,
        "lift": customers.lift[rows] + rng.uniform(0.9, 1.8, len(rows)),
    }


def _screened(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Withhold the contact, spoil it, tag it as opted out, or leave it off the list: one of these each."""
    way = rng.integers(0, 4, len(rows))
    return {
        "supplied": customers.supplied[rows] & (way != 0),
        "valid": customers.valid[rows] & (way != 1),
        "opted_out": customers.opted_out[rows] | (way == 2),
        "invited": customers.invited[rows] & (way != 3),
    }


def _filled_in(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    spec = place.spec
    return {
        "device": _dealer_device(rng, customers, rows, 2),
        "duration": _fast(rng, place, rows),
        "sheet": sheets.copied(rng, customers.owner[rows], len(spec.touchpoints), spec.levels),
        "text": np.where(rng.random(len(rows)) < 0.8, "", customers.text[rows]).astype(object),
        **_same_day(rng, customers, rows),
    }


def _watched(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {
        "device": _dealer_device(rng, customers, rows, 2),
        "lift": customers.lift[rows] + rng.uniform(0.7, 1.6, len(rows)),
        "coaching": _says(rng, customers, rows, "coaching", 0.10),
        **_same_day(rng, customers, rows),
    }


def _coached(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {
        "lift": customers.lift[rows] + rng.uniform(0.7, 1.6, len(rows)),
        "polish": 0.7,
        "coaching": _says(rng, customers, rows, "coaching", 0.30),
    }


def _rewarded(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    lukewarm = rng.random(len(rows)) < 0.25
    return {
        "responded": True,
        "lift": customers.lift[rows] + rng.uniform(0.6, 1.5, len(rows)),
        "incentive": _says(rng, customers, rows, "incentive", 0.30),
        "text": np.where(lukewarm, comments.lukewarm_comments(rng, len(rows)), customers.text[rows]),
    }


def _signs(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Answer from a QR sign or after a broadcast: everybody of some days at once."""
    own = paradata.FIRST_DEVICE + 100_000_000 + rows
    return {
        "channel": paradata.QR_CODE,
        "device": own,
        "submitted_at": paradata.bursts(rng, customers.owner[rows], customers.invited_at[rows], 50, 8),
        "lift": customers.lift[rows] + rng.uniform(0.6, 1.4, len(rows)),
        "coaching": _says(rng, customers, rows, "coaching", 0.15),
    }


def _called_first(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Drop the unhappy from the list after a call, or win them over: then they answer later and higher."""
    dropped = rng.random(len(rows)) < 0.7
    delay = paradata.seconds(rng.uniform(1, 4, len(rows)) * 86_400)
    return {
        "invited": customers.invited[rows] & ~dropped,
        "lift": customers.lift[rows] + np.where(dropped, 0.0, rng.uniform(0.8, 1.6, len(rows))),
        "submitted_at": customers.submitted_at[rows] + np.where(dropped, np.timedelta64(0, "s"), delay),
    }


def _uninvited(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"invited": False}


def _month_end(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Date the event on the last two days of its month; invitation and answer keep their distance from it."""
    month = customers.event_at[rows].astype("datetime64[M]") + 1
    day = month.astype("datetime64[D]") - rng.integers(1, 3, len(rows)).astype("timedelta64[D]")
    clock = customers.event_at[rows] - paradata.midnight(customers.event_at[rows])
    moved = day.astype("datetime64[s]") + clock
    shift = moved - customers.event_at[rows]
    return {
        "event_at": moved,
        "invited_at": customers.invited_at[rows] + shift,
        "submitted_at": customers.submitted_at[rows] + shift,
    }


def _copied(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    spec, owner = place.spec, customers.owner[rows]
    return {
        "sheet": sheets.copied(rng, owner, len(spec.touchpoints), spec.levels),
        "submitted_at": paradata.bursts(rng, owner, customers.invited_at[rows], 25, 10),
        "duration": np.round(_fast(rng, place, rows) * 1.5),
    }


def _templated(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    wrote = rng.random(len(rows)) < 0.7
    text = comments.templated_comments(rng, customers.owner[rows])
    return {
        "lift": customers.lift[rows] + rng.uniform(0.6, 1.4, len(rows)),
        "text": np.where(wrote, text, customers.text[rows]),
    }


def _edited(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    """Let low answers be replaced days later, after a call from the dealer."""
    return {
        "revised": True,
        "lift": customers.lift[rows] + rng.uniform(1.2, 2.2, len(rows)),
        "submitted_at": customers.submitted_at[rows] + paradata.seconds(rng.uniform(1, 5, len(rows)) * 86_400),
        "coaching": _says(rng, customers, rows, "coaching", 0.10),
    }


def _staged(rng: np.random.Generator, customers: Customers, place: Place, rows: Integers) -> Values:
    return {"facts": 1.0, "lift": customers.lift[rows] + rng.uniform(0.6, 1.4, len(rows))}


STEPS: dict[str, tuple[Step, ...]] = {
    "pressed": (Step(answering, _lift(0.35, 0.95), touches=True),),
    "pressed_hard": (Step(answering, _lift(0.9, 1.7), touches=True),),
    "copied": (Step(answering, _copied, touches=True),),
    "invented": (Step(answering, _invented, touches=True), Step(silent, _undeliverable)),
    "staff_phones": (Step(answering, _staff_phones, touches=True),),
    "relatives": (Step(answering, _relatives, touches=True),),
    "screened": (Step(unhappy, _screened, keeps_out=True),),
    "filled_in": (Step(answering, _filled_in, touches=True),),
    "watched": (Step(answering, _watched, touches=True),),
    "coached": (Step(answering, _coached, touches=True),),
    "rewarded": (Step(answering, _rewarded, touches=True), Step(silent, _rewarded, touches=True)),
    "signs": (Step(answering, _signs, touches=True),),
    "called_first": (Step(unhappy, _called_first, keeps_out=True),),
    "cherry_picked": (Step(difficult, _uninvited, keeps_out=True), Step(anyone, _month_end)),
    "templated": (Step(answering, _templated, touches=True),),
    "edited": (Step(disappointed, _edited, touches=True),),
    "staged": (Step(answering, _staged, touches=True),),
    "window_push": (Step(late, _lift(0.8, 1.8), touches=True),),
}
AUDITOR_SEES = {
    # tactic: (integrity criterion, chance that a covert visit meets it)
    "coached": ("INT-02", 0.35),
    "pressed": ("INT-02", 0.0),
    "rewarded": ("INT-03", 0.30),
    "signs": ("INT-04", 0.40),
    "watched": ("INT-02", 0.15),
    "staff_phones": ("INT-05", 0.10),
}
STAGED_LIFT = 1.3
"""Logit by which announced visits at a staged dealer find more than they should."""
