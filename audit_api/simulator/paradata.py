"""Everything around an honest answer: when, how, on what, how long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.world import Floats, Integers, NetworkSpec, Truths

CHANNELS = ("sms_link", "app", "wechat_service_account", "phone", "qr_code")
PHONE, QR_CODE = 3, 4
CENTRE_DEVICES = 6
"""Devices of the survey's own call centre: seen at many dealers."""
FIRST_DEVICE = 1_000
HOURS = np.array([1, 1, 2, 3, 3, 4, 5, 6, 5, 3, 3, 3, 4, 5, 7, 8, 6, 2], dtype=np.float64)
"""Weight of the hours from 6 to 23 at which people answer at leisure."""
OFFICE_HOURS = (9, 18)
QUICK_SHARE = 0.35
"""Answer within hours of the invitation."""
SECONDS_BY_CHANNEL = np.array([1.0, 0.9, 1.0, 1.9, 1.1])

Moments = NDArray[np.datetime64]


def seconds(values: Floats) -> NDArray[np.timedelta64]:
    """Return whole seconds as time differences."""
    return np.round(values).astype("timedelta64[s]")


def midnight(moments: Moments) -> Moments:
    """Return the start of each day."""
    return moments.astype("datetime64[D]").astype("datetime64[s]")


def draw_times(
    rng: np.random.Generator, spec: NetworkSpec, day: Floats, channel: Integers
) -> tuple[Moments, Moments, Moments]:
    """Draw event, invitation and answer times; weekly invitations go out on Tuesdays at ten."""
    rows = len(day)
    start = np.datetime64(spec.first_day, "s")
    event = start + seconds(day * 86_400 + rng.uniform(9, 17.9, rows) * 3_600)
    if spec.invitations == "weekly":
        number = midnight(event).astype("datetime64[D]").astype(np.int64) + 3
        wait = (5 - number % 7) % 7  # 1970-01-01 was a Thursday: Tuesdays leave 5
        invited = midnight(event) + seconds((3 + wait) * 86_400 + 36_000 + rng.uniform(0, 1_200, rows))
    else:
        invited = event + seconds((rng.uniform(1.5, 4.0, rows)) * 86_400)
        late = (invited - midnight(invited)).astype(np.int64)
        invited = midnight(invited) + seconds(np.clip(late, 9 * 3_600, 20 * 3_600).astype(np.float64))
    quick = rng.random(rows) < QUICK_SHARE
    hour = 6 + rng.choice(len(HOURS), rows, p=HOURS / HOURS.sum()) + rng.random(rows)
    office = rng.uniform(*OFFICE_HOURS, rows)
    days = np.minimum(rng.geometric(0.3, rows), 18).astype(np.float64)
    later = midnight(invited) + seconds(days * 86_400 + np.where(channel == PHONE, office, hour) * 3_600)
    soon = invited + seconds(60 + rng.exponential(5_400, rows))
    return event, invited, np.where(quick & (channel != PHONE), soon, later)


def draw_devices(rng: np.random.Generator, channel: Integers) -> Integers:
    """Give each customer a device; the survey's own call centre has a few."""
    own = FIRST_DEVICE + np.arange(len(channel), dtype=np.int64)
    return np.where(channel == PHONE, 1 + rng.integers(0, CENTRE_DEVICES, len(channel)), own)


def draw_durations(rng: np.random.Generator, items: int, channel: Integers, halo: Truths, wrote: Truths) -> Floats:
    """Draw seconds to finish: about seven an item, more by phone and with a comment, less for one mark to all."""
    typical = 7.0 * (items + 5) * SECONDS_BY_CHANNEL[channel] * np.where(halo, 0.7, 1.0)
    return np.round(typical * rng.lognormal(0.0, 0.45, len(channel)) + wrote * rng.lognormal(3.2, 0.6, len(channel)))


def office_time(rng: np.random.Generator, moments: Moments) -> Moments:
    """Return moments on the same days inside office hours."""
    return midnight(moments) + seconds(rng.uniform(*OFFICE_HOURS, len(moments)) * 3_600)


def bursts(rng: np.random.Generator, owner: Integers, earliest: Moments, minutes: float, per_burst: int) -> Moments:
    """Return answer times in bursts: each dealer's rows in order of `earliest`, `per_burst` together in `minutes`.

    A burst begins within three days after the last of its earliest moments, inside office hours.
    """
    result = earliest.copy()
    order = np.lexsort([earliest, owner])
    first = np.r_[True, owner[order][1:] != owner[order][:-1]]
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    burst = np.cumsum(first | (place % per_burst == 0)) - 1
    last = np.full(int(burst.max(initial=-1)) + 1, np.datetime64(0, "s"))
    np.maximum.at(last, burst, earliest[order])
    moment = midnight(last) + seconds(
        rng.integers(1, 4, len(last)) * 86_400.0 + rng.uniform(9, 17.5, len(last)) * 3_600
    )
    result[order] = moment[burst] + seconds(rng.uniform(0, minutes * 60, len(order)))
    return result
