"""Loads the demo: an invented network through the verbs that real data takes; each step may be repeated."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import OPERATOR, Actor
from audit_api.domain.packaged import packaged_checklists, packaged_questionnaires
from audit_api.domain.questionnaires import Questionnaire
from audit_api.evidence.store import BlobStore
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.tables import read_table
from audit_api.models import base
from audit_api.models.directory import Person, actor_of
from audit_api.operations import assignments, checklists, demo_surveys, directory, programmes
from audit_api.operations.demo_network import (
    BRANDS,
    FIRST_WAVE,
    TIMEZONE,
    DemoPlan,
    DemoVisit,
    plan_demo,
)
from audit_api.operations.demo_visits import Copied, Sending, make_visit
from audit_api.problems import Problem
from audit_api.settings import Settings

SENDERS = 4
"""Visits sent at once: while one waits for the journal, another is drawn."""
USUAL_QUALITY = 0.75
QUESTIONNAIRE = "SSQ"

Say = Callable[[str, str], None]
"""Tells progress in Chinese and English."""


@dataclass(frozen=True)
class Demo:
    """What is loaded where: the plan, the folder for its files, and what the verbs need."""

    plan: DemoPlan
    folder: Path
    settings: Settings
    store: BlobStore
    now: datetime
    say: Say


def begin_demo(dealers: int, *, folder: Path, settings: Settings, store: BlobStore, now: datetime, say: Say) -> Demo:
    """Open the demo of this database, or plan one from today: a demo interrupted goes on with its first day."""
    notes = base.collection("demo")
    fresh: dict[str, Any] = {
        "today": now.astimezone(ZoneInfo(TIMEZONE)).date().isoformat(),
        "dealers": dealers,
        "loaded": False,
    }
    notes.update_one({"_id": "plan"}, {"$setOnInsert": fresh}, upsert=True)
    kept = notes.find_one({"_id": "plan"}) or fresh
    plan = plan_demo(date.fromisoformat(kept["today"]), kept["dealers"])
    return Demo(plan, folder, settings, store, now, say)


def is_loaded() -> bool:
    """Tell whether every step of loading has been finished."""
    kept = base.collection("demo").find_one({"_id": "plan"})
    return bool(kept and kept["loaded"])


def finish_demo() -> None:
    """Note that every step is done; the last thing to happen."""
    base.collection("demo").update_one({"_id": "plan"}, {"$set": {"loaded": True}})


def load_directory(demo: Demo) -> None:
    """Publish checklists and questionnaires; import dealers; add people, programmes, waves, assignments."""
    published: tuple[Checklist | Questionnaire, ...] = (*packaged_checklists(), *packaged_questionnaires())
    for one in published:
        checklists.publish(one, actor=OPERATOR, at=demo.now)
    demo.say("四份检查表、两份问卷已发布", "4 checklists and 2 questionnaires published")
    file = demo.folder / "dealers.csv"
    _write_csv(file, (asdict(dealer) for dealer in demo.plan.dealers))
    directory.import_dealers(read_table(file), dry_run=False, actor=OPERATOR, at=demo.now)
    _add_people(demo)
    demo.say(
        f"{len(demo.plan.dealers)} 家经销商、{len(demo.plan.people)} 名人员已登记",
        f"{len(demo.plan.dealers)} dealers and {len(demo.plan.people)} people registered",
    )
    for brand, brand_zh in BRANDS:
        programmes.add_programme(
            code=brand.upper(), name_zh=f"{brand_zh}门店审核", name_en=f"{brand} dealer audit", brand=brand,
            market="CN", actor=OPERATOR, at=demo.now,
        )  # fmt: skip
    for wave in demo.plan.waves:
        programmes.add_wave(**asdict(wave), timezone=TIMEZONE, actor=OPERATOR, at=demo.now)
    file = demo.folder / "assignments.csv"
    requests = [*(visit.request for visit in demo.plan.visits), *demo.plan.open_assignments]
    _write_csv(file, (asdict(request) for request in requests))
    report = assignments.import_assignments(read_table(file), dry_run=False, actor=OPERATOR, at=demo.now)
    if report.refused:
        raise RuntimeError(f"the demo's own assignments are refused: {report.errors[:3]}")
    demo.say(f"{len(requests)} 个派单已建立", f"{len(requests)} assignments made")


def load_survey(demo: Demo) -> Mapping[str, tuple[float, ...]]:
    """Import the simulated survey wave; returns what visits find at each dealer, as shares of criteria met."""
    questionnaire = next(q for q in packaged_questionnaires() if q.code == QUESTIONNAIRE)
    world = demo_surveys.simulate_world(demo.plan, questionnaire)
    file = demo.folder / "survey.csv"
    demo_surveys.write_survey(file, world, questionnaire)
    hasher = ContactHasher.of(demo.settings)
    report = demo_surveys.import_survey(file, questionnaire, hasher=hasher, actor=OPERATOR, at=demo.now)
    if report.refused or report.changed:
        raise RuntimeError(f"the demo's own responses are refused: {report.errors[:3]}")
    demo.say(f"{report.read} 份答卷已导入", f"{report.read} survey responses imported")
    return demo_surveys.qualities(world)


def load_visits(demo: Demo, found: Mapping[str, tuple[float, ...]], *, screened: bool) -> None:
    """Send the visits that a screening reads, or all the others."""
    chosen = [visit for visit in demo.plan.visits if _is_screened(visit) is screened]
    actors = {person.email: _actor(person.email) for person in demo.plan.people}
    dealers = {dealer.code: dealer for dealer in demo.plan.dealers}
    earlier, copying = recycled_pair(demo.plan)
    copied = Copied(dealers[earlier.request.dealer].name_en, earlier.visit_id)
    sending = Sending(demo.settings, demo.store, actors["reviewer@example.com"], demo.now)

    def send(visit: DemoVisit) -> int:
        request = visit.request
        levels = found.get(request.dealer, ())
        # Days differ, and yet a dealer is more like itself than one simulated day is.
        quality = (levels[visit.number % len(levels)] + mean(levels)) / 2 if levels else USUAL_QUALITY
        checklist = checklists.open_checklist(request.checklist, request.version)
        return make_visit(
            visit,
            sending,
            dealer=dealers[request.dealer],
            checklist=checklist,
            auditor=actors[request.auditor],
            quality=quality,
            copied=copied if visit == copying else None,
        )

    photos = done = 0
    with ThreadPoolExecutor(SENDERS) as pool:
        for count in pool.map(send, chosen):
            photos, done = photos + count, done + 1
            if done % 25 == 0 or done == len(chosen):
                demo.say(
                    f"{done}/{len(chosen)} 次走访、{photos} 张照片已接收",
                    f"{done}/{len(chosen)} visits with {photos} photographs received",
                )


def recycled_pair(plan: DemoPlan) -> tuple[DemoVisit, DemoVisit]:
    """Choose a visit whose first photograph shows an earlier visit of the same auditor to another dealer.

    It is the first one that no screening reads, so that the search, which goes by time, comes to it early.
    """
    covert = sorted((v for v in plan.visits if v.request.checklist == "SMS"), key=lambda visit: visit.started_at)
    return next(
        (earlier, later)
        for later in covert if not _is_screened(later)
        for earlier in covert
        if earlier.request.auditor == later.request.auditor and earlier.started_at < later.started_at
        and earlier.request.dealer != later.request.dealer
    )  # fmt: skip


def token_for(email: str, kept: str, *, days: int, at: datetime, hash_token: Callable[[str], str]) -> str:
    """Give a token that works for a person: the one kept from before where it still does, else a new one.

    `hash_token` is `auth.hash_token`.
    """
    row: dict[str, Any] = Person._get_collection().find_one({"email": email}) or {}
    hashed = hash_token(kept) if kept else ""
    for token in row.get("tokens", []):
        if token["hash"] == hashed and not token.get("revoked_at") and token["expires_at"] > at:
            return kept
    token, _ = directory.create_token(
        email=email, label="demo", days=days, actor=OPERATOR, at=at, hash_token=hash_token
    )
    return token


def _is_screened(visit: DemoVisit) -> bool:
    return visit.request.checklist.startswith("S") and visit.request.wave.startswith(FIRST_WAVE.split("-")[0])


def _add_people(demo: Demo) -> None:
    for person in demo.plan.people:
        try:
            directory.add_person(
                email=person.email, name=person.name, role=person.role, brands=person.brands, dealers=person.dealers,
                actor=OPERATOR, at=demo.now,
            )  # fmt: skip
        except Problem as problem:
            if problem.kind is not problems.EMAIL_TAKEN:  # added before the demo was interrupted
                raise


def _actor(email: str) -> Actor:
    return actor_of(Person._get_collection().find_one({"email": email.lower()}) or {})


def _write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
