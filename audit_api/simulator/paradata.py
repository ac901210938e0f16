"""Everything around an answer: times, contacts, devices, comments."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_api.simulator.world import Floats, Integers, NetworkSpec

PRAISE = (
    "销售顾问讲解很清楚，手续办得也快", "店里环境不错，等候时有人照应", "交车准时，功能讲得仔细",
    "The adviser listened and explained the price", "Clean showroom and a friendly welcome",
)  # fmt: skip
COMPLAINT = (
    "等待时间偏长，没人告知进度", "报价来回改了几次", "回访电话一直没有接到",
    "Nobody called after the delivery", "Had to wait although I had an appointment",
)  # fmt: skip
TAILS = ("", "，谢谢", "。", "，总体可以", " - ok", ", thank you")


def simulate_paradata(
    rng: np.random.Generator,
    spec: NetworkSpec,
    *,
    codes: list[str],
    owner: Integers,
    kinds: list[str],
    touched: np.ndarray[Any, np.dtype[np.bool_]],
    overall: Floats,
) -> dict[str, list[Any]]:
    """Return response columns (ids, times, channel, duration, contact, device, text), one entry per response."""
    rows = len(owner)
    start = np.datetime64(spec.first_day, "s")
    event = start + (rng.integers(0, spec.days, rows) * 86_400 + rng.integers(9, 18, rows) * 3_600).astype(
        "timedelta64[s]"
    )
    submitted = event + rng.integers(3 * 86_400, 20 * 86_400, rows).astype("timedelta64[s]")
    duration = np.round(rng.lognormal(np.log(150), 0.5, rows))
    contact = 13_800_000_000 + rng.permutation(max(rows, 1) * 7)[:rows].astype(np.int64)
    device = np.arange(rows) + 1
    for d, kind in enumerate(kinds):
        mine = owner == d
        if kind == "staff_phones":
            rows_of = np.flatnonzero(mine & touched)
            contact[rows_of] = 13_100_000_000 + d * 10 + rng.integers(0, 3, len(rows_of))
            device[rows_of] = rows + d * 10 + rng.integers(0, 3, len(rows_of))
            duration[rows_of] = np.round(rng.uniform(20, 50, len(rows_of)))
        elif kind == "fleet":
            rows_of = np.flatnonzero(mine & (rng.random(rows) < 0.2))
            contact[rows_of] = 13_200_000_000 + d
        elif kind == "batch_invitation":
            rows_of = np.flatnonzero(mine & (rng.random(rows) < 0.7))
            moment = start + np.timedelta64((spec.days + 5) * 86_400 + 10 * 3_600, "s")
            submitted[rows_of] = moment + rng.integers(0, 5_400, len(rows_of)).astype("timedelta64[s]")
    bank = np.where(overall > -0.6, 0, 1)
    pick, tail, wrote = rng.integers(0, 5, rows), rng.integers(0, len(TAILS), rows), rng.random(rows) < 0.35
    text = [(PRAISE, COMPLAINT)[bank[i]][pick[i]] + TAILS[tail[i]] if wrote[i] else "" for i in range(rows)]
    counter = np.concatenate([np.arange(c) for c in np.bincount(owner, minlength=len(codes))]) + 1
    return {
        "response_id": [f"{codes[d]}-{i:04d}" for d, i in zip(owner, counter, strict=True)],
        "dealer_id": [codes[d] for d in owner],
        "event_at": event.astype(str).tolist(),
        "submitted_at": submitted.astype(str).tolist(),
        "channel": np.array(["sms_link", "app", "phone"])[rng.choice(3, rows, p=[0.6, 0.3, 0.1])].tolist(),
        "duration_s": duration.tolist(),
        "contact": contact.tolist(),
        "device": device.tolist(),
        "text": text,
    }
