"""A simulated network put into the database: dealers, a wave, a CSV of responses, visits with scores."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_checklists, packaged_questionnaires
from audit_api.models.base import collection
from audit_api.operations import checklists, programmes
from audit_api.simulator.network import simulate_network
from audit_api.simulator.survey import survey_rows
from audit_api.simulator.world import NetworkSpec, World

SSQ = next(q for q in packaged_questionnaires() if q.code == "SSQ")
WAVE = "W1"
CONSTANTS = {"SSQ-SCR-01": "yes", "SSQ-INT-01": "no", "SSQ-INT-02": "no", "SSQ-FAC-01": "yes"}
CHECKLISTS = {"mystery": "SMS", "announced": "SAA"}


def make_network(at: datetime, *, dealers: int = 60, seed: int = 5, **spec: Any) -> World:
    """Put dealers, programme, wave, checklists and visits of a simulated network into the database."""
    world = simulate_network(NetworkSpec(dealers=dealers, **spec), seed)
    table = world.dealers
    collection("dealers").insert_many(
        {
            "_id": code, "name_zh": code, "brand": "B1", "region": table["region"][i], "timezone": "Asia/Shanghai",
            "volume_band": table["volume_band"][i], "city_tier": "2", "opened_on": "2015-01-01",
        }
        for i, code in enumerate(table["dealer_id"])
    )  # fmt: skip
    programmes.add_programme(code="P1", name_zh="销售", brand="B1", actor=OPERATOR, at=at)
    programmes.add_wave(
        code=WAVE, programme="P1", timezone="Asia/Shanghai", from_on=date(2026, 1, 1), to_on=date(2026, 6, 30),
        actor=OPERATOR, at=at,
    )  # fmt: skip
    for published in (*packaged_checklists(), *packaged_questionnaires()):
        checklists.publish(published, actor=OPERATOR, at=at)
    collection("visits").insert_many(visit_documents(world))
    return world


def visit_documents(world: World) -> list[dict[str, Any]]:
    """Make approved visits: what the simulator passed or failed, on real items of the same touchpoint."""
    known = {checklist.code: checklist for checklist in packaged_checklists()}
    pools: dict[tuple[str, str], Any] = {}
    documents: dict[str, dict[str, Any]] = {}
    table = world.audits
    used: dict[str, set[str]] = defaultdict(set)
    for row in range(len(table["visit"])):
        checklist = known[CHECKLISTS[table["kind"][row]]]
        pool = pools.setdefault(
            (checklist.code, table["touchpoint"][row]),
            [i for i in checklist.items if i.touchpoint == table["touchpoint"][row] and i.weight > 0],
        )
        name = table["visit"][row]
        moment = datetime.fromisoformat(str(table["visited_at"][row])).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        document = documents.setdefault(
            name,
            {
                "_id": name, "state": "approved", "active": True, "assignment": name, "programme": "P1", "wave": WAVE,
                "brand": "B1", "dealer": table["dealer_id"][row], "domain": "sales", "selected_by": "plan",
                "mode": "covert" if table["kind"][row] == "mystery" else "announced",
                "auditor": table["auditor_id"][row], "checklist": {"code": checklist.code, "version": 1},
                "started_at": moment, "score": {"items": []},
            },
        )  # fmt: skip
        item = next((i for i in pool if i.id not in used[name]), None)
        if item is not None:
            used[name].add(item.id)
            score = 100.0 * int(table["passed"][row])
            document["score"]["items"].append(
                {"item": item.id, "touchpoint": item.touchpoint, "weight": item.weight, "score": score, "reason": None}
            )
    return list(documents.values())


def write_survey(world: World, path: Path) -> Path:
    """Write the network's responses as a survey import."""
    drivers = dict(zip(world.columns(), (item.id for item in SSQ.of_role("driver")), strict=True))
    outcomes = {"SSQ-OUT-01": (1, 5), "SSQ-OUT-02": (0, 10), "SSQ-OUT-03": (1, 5)}
    rows = list(
        survey_rows(world, questionnaire="SSQ", version=1, drivers=drivers, outcomes=outcomes, constants=CONSTANTS)
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path
