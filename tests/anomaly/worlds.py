"""Build screening inputs from simulated networks and by hand."""

from audit_api.anomaly.batch import Column, Inputs
from audit_api.operations.simulations import inputs_of
from audit_api.simulator import NetworkSpec, World, simulate_network

__all__ = ["by_hand", "inputs_of", "network"]

FIRST_TACTICS = ("pressed", "copied", "invented", "staff_phones")
FIRST_LOOK_ALIKES = ("excellent", "small", "fleet", "strict_auditor", "batch_invitation")


def network(seed: int, **spec) -> tuple[World, Inputs]:
    """A network with the first four tactics and five look-alikes, unless others are asked for."""
    named = {"tactics": FIRST_TACTICS, "look_alikes": FIRST_LOOK_ALIKES} | spec
    world = simulate_network(NetworkSpec(**named), seed)
    return world, inputs_of(world)


def by_hand(sheets: dict[str, list[list[float | None]]], audits=(), levels: int = 5) -> Inputs:
    """One dealer per key, one response per sheet; columns q_T1, q_T2, …"""
    items = max(len(sheet) for rows in sheets.values() for sheet in rows)
    return Inputs.from_rows(
        dealers=[{"dealer_id": dealer} for dealer in sheets],
        responses=[
            {"response_id": f"{dealer}-{i:03d}", "dealer_id": dealer, "answers": sheet}
            for dealer, rows in sheets.items()
            for i, sheet in enumerate(rows)
        ],
        audits=audits,
        columns=[Column(f"q_T{i + 1:02d}", f"T{i + 1:02d}", 1, levels) for i in range(items)],
    )
