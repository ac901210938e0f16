"""The demo's customers: a simulated network in which some dealers bend their survey, written as an import file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from audit_api.domain.directory import Actor
from audit_api.domain.questionnaires import Questionnaire
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.surveys import read_responses
from audit_api.operations import surveys
from audit_api.operations.demo_network import BRANDS, SURVEY_DAYS, DemoPlan
from audit_api.simulator.network import simulate_network
from audit_api.simulator.survey import survey_rows
from audit_api.simulator.world import NetworkSpec, World

SEED = 4
"""One invented world; of fifteen tried, the screening found something to show in each."""
MEDIAN_RESPONSES = 90
GAMED_SHARE, INTENSITY = 0.16, 0.85
TACTICS = ("copied", "filled_in", "invented", "staff_phones", "pressed_hard")
LOOK_ALIKES = ("fleet", "excellent", "small", "batch_invitation", "strict_auditor", "call_centre", "loyal", "lounge")
MENTIONED_BY_SIGNAL = {"G05": "coaching", "G06": "incentive"}
CRITERIA = 12
"""Criteria a touchpoint in the simulated audits: enough to read each visit's quality off the share passed."""


def simulate_world(plan: DemoPlan, questionnaire: Questionnaire) -> World:
    """Simulate customers and audits of the first brand's dealers; the same plan gives the same world."""
    dealers = plan.of_brand(BRANDS[0][0])
    return simulate_network(
        NetworkSpec(
            dealers=len(dealers),
            dealer_codes=tuple(dealer.code for dealer in dealers),
            median_responses=MEDIAN_RESPONSES,
            touchpoints=tuple(item.touchpoint for item in questionnaire.of_role("driver")),
            gamed_share=GAMED_SHARE,
            intensity=INTENSITY,
            tactics=TACTICS,
            look_alikes=LOOK_ALIKES,
            criteria=CRITERIA,
            first_day=plan.survey_from.isoformat(),
            days=SURVEY_DAYS,
        ),
        SEED,
    )


def qualities(world: World) -> Mapping[str, tuple[float, ...]]:
    """Give the share of criteria met at each simulated visit, by dealer: what the drawn visits will find."""
    passed: dict[str, dict[str, list[int]]] = {}
    table = world.audits
    for dealer, visit, value in zip(table["dealer_id"], table["visit"], table["passed"], strict=True):
        passed.setdefault(dealer, {}).setdefault(visit, []).append(value)
    return {d: tuple(sum(v) / len(v) for _, v in sorted(visits.items())) for d, visits in passed.items()}


def write_survey(path: Path, world: World, questionnaire: Questionnaire) -> None:
    """Write the world's responses as a CSV file of the survey import."""
    drivers = dict(zip(world.columns(), (item.id for item in questionnaire.of_role("driver")), strict=True))
    outcomes = {
        item.id: (min(levels), max(levels))
        for item in questionnaire.of_role("outcome")
        if (levels := [v for v in questionnaire.values_by_id[item.id] or () if isinstance(v, int)])
    }
    constants = {item.id: "yes" for item in questionnaire.of_role("screening")}
    statements = {f"fact_{item.touchpoint}": item.id for item in questionnaire.of_role("fact")}
    statements |= {
        f"mentions_{MENTIONED_BY_SIGNAL[item.signal]}": item.id
        for item in questionnaire.of_role("integrity")
        if item.signal in MENTIONED_BY_SIGNAL
    }
    rows = survey_rows(
        world,
        questionnaire=questionnaire.code,
        version=questionnaire.version,
        drivers=drivers,
        outcomes=outcomes,
        constants=constants,
        statements={column: item for column, item in statements.items() if column in world.responses},
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, fieldnames=list(row))
                writer.writeheader()
            writer.writerow(row)


def import_survey(
    path: Path, questionnaire: Questionnaire, *, hasher: ContactHasher, actor: Actor, at: datetime
) -> surveys.SurveyReport:
    """Import the file as `audit-api survey import` does; a second time changes nothing."""
    file = read_responses(path)
    return surveys.import_responses(
        file.rows(), columns=file.columns, questionnaire=questionnaire, hasher=hasher, actor=actor, at=at
    )
