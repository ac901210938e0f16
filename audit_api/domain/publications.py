"""What is published: a checklist or a questionnaire, and what its items mean for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain import checklist_document, questionnaire_document
from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import SCHEMA as CHECKLIST_SCHEMA
from audit_api.domain.checklists import Checklist, Item
from audit_api.domain.questionnaire_format import parse_questionnaire
from audit_api.domain.questionnaires import SCHEMA as QUESTIONNAIRE_SCHEMA
from audit_api.domain.questionnaires import Questionnaire, SurveyItem
from audit_api.domain.source_text import FormatError, FormatProblem, Report, read_nodes
from audit_api.domain.touchpoint_format import parse_code_book
from audit_api.domain.touchpoints import SCHEMA as TOUCHPOINT_SCHEMA
from audit_api.domain.touchpoints import CodeBook

CHECKLIST = "checklist"
QUESTIONNAIRE = "questionnaire"


def parse_source(text: str, file: str, book: CodeBook) -> Checklist | Questionnaire | CodeBook:
    """Read a file of any kind, told by its ``schema``; raises FormatError with every problem found."""
    root = read_nodes(text, Report(file))
    named = root.value.get("schema") if root is not None and isinstance(root.value, dict) else None
    schema = named.value if named is not None else None
    if schema == QUESTIONNAIRE_SCHEMA:
        return parse_questionnaire(text, file, book)
    if schema == TOUCHPOINT_SCHEMA:
        return parse_code_book(text, file)
    return parse_checklist(text, file, book)


def kind_of(published: Checklist | Questionnaire) -> str:
    """Tell a checklist from a questionnaire."""
    return CHECKLIST if isinstance(published, Checklist) else QUESTIONNAIRE


def document_of(published: Checklist | Questionnaire) -> dict[str, Any]:
    """Return the plain data that is served and stored."""
    if isinstance(published, Checklist):
        return checklist_document.to_document(published)
    return questionnaire_document.to_document(published)


def meanings_of(published: Checklist | Questionnaire) -> dict[str, dict[str, str]]:
    """Return what each item means, by id: kind of answer, touchpoint, polarity and words."""
    return {item.id: _meaning(item) for item in published.items}


def _meaning(item: Item | SurveyItem) -> dict[str, str]:
    survey = isinstance(item, SurveyItem)
    # The statements of a list experiment are what it asks.
    texts = (item.text, *(item.statements if isinstance(item, SurveyItem) else ()))
    return {
        "type": f"{item.role}/{item.scale}" if isinstance(item, SurveyItem) else item.type,
        "touchpoint": item.touchpoint,
        "pass_on": "" if survey else (getattr(item, "pass_on", None) or ""),
        "zh": "\n".join(text.zh for text in texts),
        "en": "\n".join(text.en for text in texts),
    }


def changed_meaning(first: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str] | None:
    """Say in zh and en how an item's meaning differs from the one it was first published with, or None.

    One language may be reworded, for the other then still holds the meaning; both at once is another question.
    """
    names = {"type": ("类型", "type"), "touchpoint": ("触点", "touchpoint"), "pass_on": ("得分答案", "pass_on")}
    for key, (zh, en) in names.items():
        if first[key] != now[key]:
            return (
                f"{zh}由“{first[key]}”变为“{now[key]}”；含义已变，请使用新编号",
                f"its {en} changes from '{first[key]}' to '{now[key]}': a new meaning needs a new id",
            )
    if first["zh"] != now["zh"] and first["en"] != now["en"]:
        return (
            f"中英文题面同时改动（原为“{first['zh']}”）；含义已变请使用新编号，只改措辞请先保留一种语言不变",
            f"its wording changes in both languages (it was '{first['en']}'): "
            "give a new meaning a new id, or keep one language as it was",
        )
    return None


def repeated_ids(published: list[tuple[str, Checklist | Questionnaire]]) -> list[FormatProblem]:
    """Return the item ids used by different checklists or questionnaires among ``(file, parsed)`` pairs."""
    owners: dict[str, tuple[str, str]] = {}
    found = []
    for file, one in published:
        owner = f"{kind_of(one)} {one.code}"
        for item in one.items:
            first_owner, first_file = owners.setdefault(item.id, (owner, file))
            if first_owner != owner:
                zh = f"编号已用于 {first_file}；请换一个"
                found.append(
                    FormatProblem(file, 1, item.id, zh, f"this id is used in {first_file} too: choose another")
                )
    return found


__all__ = [
    "CHECKLIST_SCHEMA",
    "FormatError",
    "changed_meaning",
    "document_of",
    "kind_of",
    "meanings_of",
    "parse_source",
    "repeated_ids",
]
