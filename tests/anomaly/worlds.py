"""Build screening inputs from simulated networks and by hand."""

from audit_api.anomaly import tables
from audit_api.anomaly.batch import Column, Inputs
from audit_api.simulator import NetworkSpec, World, simulate_network


def inputs_of(world: World) -> Inputs:
    names = world.columns()
    columns = [Column(name, name[2:].split("__")[0], 1, world.spec.levels) for name in names]
    responses = {name: values for name, values in world.responses.items() if name not in ("contact", "device")}
    return tables.build(
        dealers=world.dealers,
        responses=responses,
        audits=world.audits,
        columns=columns,
        answers={name: world.answers[:, i] for i, name in enumerate(names)},
        facts={},
    )


def network(seed: int, **spec) -> tuple[World, Inputs]:
    world = simulate_network(NetworkSpec(**spec), seed)
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
