"""Build screening inputs from simulated networks and by hand."""

from dataclasses import fields

import numpy as np

from audit_api.anomaly import batch
from audit_api.anomaly.batch import Column, Inputs
from audit_api.simulator import NetworkSpec, World, simulate_network
from audit_api.simulator.folder import hashed

FIRST_TACTICS = ("pressed", "copied", "invented", "staff_phones")
FIRST_LOOK_ALIKES = ("excellent", "small", "fleet", "strict_auditor", "batch_invitation")
OUTCOMES = {"q_overall": None, "q_recommend": (0.0, 10.0)}
UNKNOWN = {"Texts": "", "Floats": np.nan, "Moments": np.datetime64("NaT", "s")}
KINDS = {"Texts": object, "Floats": np.float64, "Moments": "datetime64[s]", "Integers": np.int64}
SORTED_BY = {
    "Responses": ("response_id",),
    "Audits": ("dealer", "visit", "kind", "touchpoint", "criterion"),
    "Events": ("dealer", "event_id"),
    "Staff": ("dealer", "contact_hash"),
}


def inputs_of(world: World) -> Inputs:
    """What a screening reads from the world's folder, straight from the columns: no text is written or parsed."""
    responses = arrays(world.responses)
    columns = columns_of(world)
    place = {name: i for i, name in enumerate(world.columns())}
    answers = np.column_stack(
        [world.answers[:, place[c.name]] if c.name in place else responses[c.name] for c in columns]
    )
    facts = sorted(name.removeprefix("fact_") for name in responses if name.startswith("fact_"))
    stated = [np.asarray(responses[f"fact_{fact}"], dtype=np.float64) for fact in facts]
    matrices = {
        "answers": answers.astype(np.float64),
        "facts": np.column_stack(stated) if stated else np.empty((len(answers), 0)),
    }
    dealers = arrays(world.dealers)
    order = np.argsort(dealers["dealer_id"].astype(str), kind="stable")
    dealers = {name: values[order] for name, values in dealers.items()}
    code = dealers["dealer_id"]
    position = {c: i for i, c in enumerate(code)}
    return Inputs(
        dealers=made(batch.Dealers, dealers | {"code": code}, position),
        responses=made(batch.Responses, responses | matrices, position),
        audits=made(batch.Audits, arrays(world.audits), position),
        columns=columns,
        fact_touchpoints=tuple(facts),
        events=made(batch.Events, arrays(world.events), position) if world.events else batch.Events.none(),
        staff=made(batch.Staff, arrays(world.staff), position) if world.staff else batch.Staff.none(),
    )


def columns_of(world: World) -> tuple[Column, ...]:
    """The survey columns as read from the folder, sorted by name."""
    outcomes = {
        name: ends or (1.0, float(world.spec.levels)) for name, ends in OUTCOMES.items() if name in world.responses
    }
    rated = {name: (1.0, float(world.spec.levels)) for name in world.columns()}
    return tuple(
        Column(name, name[2:].split("__")[0], *ends, is_outcome=name in outcomes)
        for name, ends in sorted((rated | outcomes).items())
    )


def arrays(table):
    return {name: np.asarray(values) for name, values in hashed(table).items()}


def made(kind, table, position):
    """Build one table of a screening from columns: missing ones unknown, rows in canonical order."""
    if "dealer" not in table and kind is not batch.Dealers:
        owner = table.get("dealer_id", np.empty(0, dtype=object))
        table = table | {"dealer": np.fromiter((position[c] for c in owner), np.int64, len(owner))}
    rows = len(next(iter(table.values())))
    values = {}
    for field in fields(kind):
        dtype = KINDS[field.type]
        column = table.get(field.name)
        if column is None or not len(column):
            assert len(table.get("dealer_id", ())) == 0 or column is None
            values[field.name] = np.full(rows, UNKNOWN.get(field.type, 0), dtype=dtype)
        else:
            values[field.name] = np.asarray(column).astype(dtype)
    keys = [values[name] for name in SORTED_BY.get(kind.__name__, ())]
    if keys and rows:
        keys = [key if key.dtype != object else np.unique(key.astype(str), return_inverse=True)[1] for key in keys]
        order = np.lexsort(keys[::-1])
        if not np.array_equal(order, np.arange(rows)):
            values = {name: column[order] for name, column in values.items()}
    return kind(**values)


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
