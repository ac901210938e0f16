"""How many bytes somebody may send: a bucket that empties steadily, shared by all processes of a host."""

from __future__ import annotations

import math
import os
from datetime import datetime
from typing import Final

_DAY_SECONDS: Final = 86_400
_LONGEST: Final = 100


def take(number: int, length: int, at: datetime, *, bytes_per_day: int) -> int:
    """Pour bytes received into a bucket; where it is full already, nothing is counted: gives the seconds to wait.

    The bucket holds `bytes_per_day` and empties at that rate. `number` is the descriptor of the file with its level;
    it is not synced: what a power failure forgets is in the sender's favour.
    """
    import fcntl  # noqa: PLC0415 - not on Windows

    now, rate = at.timestamp(), bytes_per_day / _DAY_SECONDS
    fcntl.flock(number, fcntl.LOCK_EX)
    level, then = _read(number)
    level = max(0.0, level - max(0.0, now - then) * rate)
    if level >= bytes_per_day:
        return math.ceil((level - bytes_per_day) / rate) + 1
    text = f"{level + length:.0f} {max(now, then):.3f}\n".encode()
    os.ftruncate(number, len(text))
    os.pwrite(number, text, 0)
    os.utime(number, (now, now))
    return 0


def _read(number: int) -> tuple[float, float]:
    """Read level and time; what cannot be read counts as nothing sent."""
    try:
        level, then = map(float, os.pread(number, _LONGEST, 0).split())
    except ValueError:
        return 0.0, 0.0
    return (level, then) if math.isfinite(level) and math.isfinite(then) else (0.0, 0.0)
