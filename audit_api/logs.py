"""Structured log: one JSON object a line on standard error."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

_LEVELS = {name.lower(): value for name, value in logging.getLevelNamesMapping().items()}
_encoder = msgspec.json.Encoder(enc_hook=str)
_threshold = logging.INFO


def configure_logging(level: str) -> None:
    """Write lines of this level and above, from here on; libraries' own messages go the same way."""
    global _threshold  # noqa: PLW0603 - one log a process, as the standard library has it
    _threshold = _LEVELS[level]
    logging.basicConfig(level=level.upper(), format="%(message)s", stream=sys.stderr)


def write(level: str, event: str, **fields: Any) -> None:
    """Write one line: `level`, `event`, `timestamp` (UTC) and the fields given."""
    if _LEVELS[level] < _threshold:
        return
    line = {"level": level, "event": event, "timestamp": datetime.now(UTC).isoformat(), **fields}
    # A log without room must not fail the call that it tells of: the work is done, and its sender waits for the answer.
    with suppress(OSError):
        # One call, so that the lines of several threads do not mix.
        sys.stderr.write(_encoder.encode(line).decode() + "\n")
