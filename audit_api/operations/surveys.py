"""Verbs on survey responses: import, receive, list, count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.rows import shown
from audit_api.domain.surveys import COLUMNS
from audit_api.intake.contacts import ContactHasher
from audit_api.models import surveys
from audit_api.models.base import Row
from audit_api.operations import checklists
from audit_api.operations.directory import scope_filter
from audit_api.operations.survey_import import SurveyReport, import_responses
from audit_api.problems import Problem

__all__ = ["SurveyReport", "count_responses", "import_responses", "list_responses", "receive_responses"]

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
