"""What comes out of a simulation: tables as columns, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.catalogue import LOOK_ALIKES, TACTICS
from audit_api.simulator.spec import SALES_ITEMS, NetworkSpec

__all__ = ["LOOK_ALIKES", "SALES_ITEMS", "TACTICS", "Floats", "Integers", "Label", "NetworkSpec", "Truths", "World"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Table = dict[str, Any]
"""Columns of equal length by name: numpy arrays, text as object arrays, "" where nothing is known."""


@dataclass(frozen=True, slots=True)
class Label:
    """Say what is true of a simulated dealer: the tactic it uses or the look-alike it is, "" if plain.

    `code` is the playbook's; `second` a second tactic where there is one.
    """

    dealer_id: str
    gamed: bool
    kind: str
    code: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """Hold a simulated network as columns and its truth.

    `answers` is responses × items on 1..levels, NaN where not applicable; `overall` is the latent overall
    judgement (0 = average); `touched` marks responses a tactic has changed and `kept_out` events it has kept
    from being invited. Columns are those of screening from files, except that `contact` and `device` are plain
    (invented) numbers, 0 where there is none, and `revised` (1 = an answer was replaced later) has no place there.
    """

    spec: NetworkSpec
    dealers: Table
    responses: Table
    answers: Floats
    overall: Floats
    touched: Truths
    audits: Table
    events: Table = field(default_factory=dict)
    staff: Table = field(default_factory=dict)
    kept_out: Truths = field(default_factory=lambda: np.zeros(0, dtype=bool))
    truth: tuple[Label, ...] = field(default=())

    def columns(self) -> tuple[str, ...]:
        """Return the names of the answer columns."""
        return self.spec.columns()
