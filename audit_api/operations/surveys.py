"""Verbs on survey responses: import, receive, list, count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.rows import RowError, shown
from audit_api.domain.survey_mappings import RESPONSES
from audit_api.domain.surveys import COLUMNS
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.surveys import responses_in
from audit_api.intake.tables import Table
from audit_api.models import surveys
from audit_api.models.base import Row
from audit_api.operations import checklists, survey_mappings
from audit_api.operations.directory import scope_filter
from audit_api.operations.survey_import import import_responses
from audit_api.operations.survey_report import SurveyReport
from audit_api.problems import Problem

__all__ = [
    "SurveyReport",
    "count_responses",
    "import_responses",
    "import_table",
    "list_responses",
    "receive_responses",
]

KEPT_BACK = ("contact_hash", "device_hash", "adviser_hash", "contact_key_id", "content_hash", "batch")
HIDDEN = dict.fromkeys((*KEPT_BACK, *(f"versions.{name}" for name in KEPT_BACK)), 0)


def list_responses(
    actor: Actor, questionnaire: str, *, limit: int, after: str | None = None, wave: str | None = None
) -> Row:
    """List the responses to a questionnaire in scope by response id, without any hash of a contact.

    Raises NOT_FOUND for a questionnaire that is not published.
    """
    checklists.open_questionnaire(questionnaire)
    conditions: list[Row] = [scope_filter(actor), {"questionnaire": questionnaire}]
    if wave:
        conditions.append({"wave": wave})
    # The prefix keeps the scan inside this questionnaire; ";" follows ":".
    conditions.append({"_id": {"$gt": f"{questionnaire}:{after or ''}", "$lt": f"{questionnaire};"}})
    rows = list(surveys.Response._get_collection().find({"$and": conditions}, HIDDEN).sort("_id", 1).limit(limit + 1))
    items = rows[:limit]
    return {"items": items, "next": items[-1]["response_id"] if len(rows) > limit else None}


def import_table(
    table: Table,
    *,
    questionnaire: str | None = None,
    version: int | None = None,
    mapping: str | None = None,
    programme: str | None = None,
    dry_run: bool = False,
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
    refuse: Callable[[RowError], None] = lambda error: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> SurveyReport:
    """Import the responses of a file, translated by a saved mapping where one is named.

    The questionnaire is the one given, else the mapping's, else what the first rows name; its version likewise, else
    the newest. Raises IMPORT_REFUSED where none is named or the header does not fit, NOT_FOUND for a questionnaire
    that is not published and for an unknown mapping.
    """
    code, number = questionnaire, version
    if mapping is not None:
        mapped, mapped_version = survey_mappings.asked_by_mapping(mapping)
        code, number = code or mapped, number or mapped_version
    else:
        named = responses_in(table)
        code = code or named.questionnaire
        number = number or (int(named.version[:6]) if named.version.isascii() and named.version.isdigit() else None)
    if not code:
        raise Problem(
            problems.IMPORT_REFUSED,
            zh="文件未注明问卷；请加 questionnaire 列或用 --questionnaire 指定",
            en="The file names no questionnaire: add the column questionnaire or use --questionnaire",
        )
    asked = checklists.open_questionnaire(code, number)
    translated = survey_mappings.TranslatedTable(table, RESPONSES, mapping, asked)
    report = import_responses(
        translated.parts(),
        columns=translated.columns,
        questionnaire=asked,
        hasher=hasher,
        actor=actor,
        at=at,
        programme=programme,
        dry_run=dry_run,
        refuse=lambda error: refuse(translated.in_their_words(error)),
        progress=progress,
    )
    report.errors = [translated.in_their_words(error) for error in report.errors]
    return report


def receive_responses(
    code: str,
    *,
    version: int | None = None,
    responses: Sequence[Row],
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
) -> Row:
    """Take in responses sent as JSON: each a mapping by column with `answers` by item id.

    Returns the counts, what became of every row (`results`, by index), and `errors`. Raises NOT_FOUND for a
    questionnaire that is not published, IMPORT_REFUSED for an unknown item or when no row could be taken.
    """
    questionnaire = checklists.open_questionnaire(code, version)
    items = {item for response in responses for item in response["answers"]}
    columns = [*COLUMNS, *sorted(items)]
    results = ["refused"] * len(responses)

    def rows() -> Iterator[tuple[int, Sequence[Any]]]:
        for index, response in enumerate(responses):
            answers = response["answers"]
            words = [str(response.get(name) or "").strip() for name in COLUMNS]
            yield index, [*words, *(answers.get(item) for item in columns[len(COLUMNS) :])]

    report = import_responses(
        rows(),
        columns=columns,
        questionnaire=questionnaire,
        hasher=hasher,
        actor=actor,
        at=at,
        typed=True,
        outcome=results.__setitem__,
    )
    errors = [
        {"index": e.row, "field": e.column, "value": shown(e.value), "message": {"zh": e.zh, "en": e.en}}
        for e in report.errors
    ]
    if report.new + report.same + report.changed == 0:
        raise Problem(
            problems.IMPORT_REFUSED,
            zh="没有一份答卷可以接收",
            en="None of the responses could be taken in",
            members={"errors": errors},
        )
    named = [
        {"index": i, "response_id": r["response_id"], "result": result}
        for i, (r, result) in enumerate(zip(responses, results, strict=True))
    ]
    return {**report.document(), "results": named, "errors": errors}


def count_responses(actor: Actor) -> list[Row]:
    """Count the responses in scope by wave and questionnaire, the newest waves last; at most 1,000 lines."""
    lines = surveys.Response._get_collection().aggregate(
        [
            {"$match": scope_filter(actor)},
            {"$group": {"_id": {"wave": "$wave", "questionnaire": "$questionnaire"}, "responses": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
            {"$limit": 1000},
        ]
    )
    return [{**line["_id"], "responses": line["responses"]} for line in lines]
