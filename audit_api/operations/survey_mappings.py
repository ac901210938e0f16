"""Verbs on column mappings: save, list, open, and translate a file by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain.checklists import TYPES
from audit_api.domain.directory import Actor
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.rows import RowError, shown
from audit_api.domain.source_text import FormatError
from audit_api.domain.survey_mappings import (
    COLUMNS_OF,
    VISITS,
    ColumnMapping,
    Translator,
    UnknownColumnsError,
    mapping_of,
    parse_mapping,
)
from audit_api.domain.surveys import nearest_name
from audit_api.domain.visit_columns import AuditItems, commented_item
from audit_api.intake.records import TextColumns
from audit_api.intake.tables import Table
from audit_api.models import surveys, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.checklists import meanings
from audit_api.operations import checklists
from audit_api.problems import Problem

NAMED = 60
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
NO_NAMES = frozenset({"null", "undefined", "none", "nan"})
"""What a program sends that has lost the name."""


def save_mapping(name: str, source: str, *, file: str = "source", actor: Actor, at: datetime) -> Row:
    """Keep a mapping (YAML or JSON) under a name as its next version; the same content again makes none.

    Returns the kept version with `unchanged`. Raises INVALID naming line and reason of everything that is wrong,
    NOT_FOUND for a questionnaire that is not published.
    """
    if not NAME.fullmatch(name) or name in NO_NAMES:
        raise Problem(
            problems.INVALID,
            zh="名称以小写字母开头，只含小写字母、数字和横线，最多 40 个字符",
            en="A name begins with a small letter and has at most 40 small letters, digits and dashes",
        )
    try:
        mapping = parse_mapping(source, file)
    except FormatError as error:
        errors = [{"line": p.line, "message": {"zh": p.zh, "en": p.en}} for p in error.problems]
        raise Problem(problems.INVALID, members={"errors": errors}) from None
    if mapping.questionnaire:
        asked = checklists.open_questionnaire(mapping.questionnaire, mapping.questionnaire_version)
        _check_items(mapping, asked)
    if mapping.checklist and mapping.checklist_version:
        checklists.open_checklist(mapping.checklist, mapping.checklist_version)
    if mapping.kind == VISITS:
        _check_audit_items(mapping)
    document = mapping.document() | {"ignore": list(mapping.ignore), "dates": list(mapping.dates)}
    mappings = surveys.ColumnMapping._get_collection()

    def write(session: ClientSession) -> Row:
        newest: Row | None = mappings.find_one({"name": name}, sort=[("version", -1)], session=session)
        if newest is not None and newest["mapping"] == document:
            return {**newest, "unchanged": True}
        version = newest["version"] + 1 if newest else 1
        row = {
            "_id": f"{name}:{version}", "name": name, "version": version, "kind": mapping.kind,
            "questionnaire": mapping.questionnaire, "mapping": document, "source": source,
            "saved_at": to_milliseconds(at), "saved_by": actor.id,
        }  # fmt: skip
        mappings.insert_one(row, session=session)
        details = {"version": version, "kind": mapping.kind, "questionnaire": mapping.questionnaire}
        trail.append("column_mapping", name, "saved", actor_id=actor.id, at=at, details=details, session=session)
        return {**row, "unchanged": False}

    try:
        return in_transaction(write)
    except DuplicateKeyError:
        raise Problem(problems.STALE_REVISION) from None


def list_mappings(*, limit: int, after: str | None = None) -> Row:
    """List the newest version of every mapping by name."""
    newest = [
        {"$match": {"name": {"$gt": after or ""}}},
        {"$sort": {"name": 1, "version": -1}},
        {"$group": {"_id": "$name", "row": {"$first": "$$ROOT"}}},
        {"$sort": {"_id": 1}},
        {"$limit": limit + 1},
    ]
    rows = [line["row"] for line in surveys.ColumnMapping._get_collection().aggregate(newest)]
    return {"items": rows[:limit], "next": rows[limit - 1]["name"] if len(rows) > limit else None}


def open_mapping(name: str, version: int | None = None) -> Row:
    """Read a mapping, the newest version where none is named; raises NOT_FOUND."""
    wanted: Row = {"name": name} | ({"version": version} if version is not None else {})
    row: Row | None = surveys.ColumnMapping._get_collection().find_one(wanted, sort=[("version", -1)])
    if row is None:
        raise Problem(
            problems.NOT_FOUND, zh=f"没有列映射 {shown(name)}", en=f"There is no column mapping {shown(name)}"
        )
    return row


class TranslatedTable:
    """A table in our words: `columns`, `rows()`, and errors in the words of its file; without a mapping as it is."""

    def __init__(
        self, table: Table, kind: str, name: str | None, asked: Questionnaire | AuditItems | None = None
    ) -> None:
        self._table = table
        self._translator: Translator | None = None
        self.columns: Sequence[str] = table.columns
        if name is None:
            return
        mapping = mapping_of(open_mapping(name)["mapping"])
        if mapping.kind != kind:
            raise Problem(
                problems.IMPORT_REFUSED,
                zh=f"列映射 {name} 用于 {mapping.kind}，不是 {kind}",
                en=f"The column mapping {name} is for {mapping.kind}, not for {kind}",
            )
        if isinstance(asked, Questionnaire) and mapping.questionnaire not in ("", asked.code):
            raise Problem(
                problems.IMPORT_REFUSED,
                zh=f"列映射 {name} 用于问卷 {mapping.questionnaire}，不是 {asked.code}",
                en=f"The column mapping {name} is for questionnaire {mapping.questionnaire}, not {asked.code}",
            )
        try:
            self._translator = Translator(mapping, table.columns, asked)
        except UnknownColumnsError as error:
            raise _not_mapped(error, mapping, name, asked) from None
        self.columns = self._translator.columns

    def rows(self) -> Iterator[tuple[int, Sequence[Any] | RowError]]:
        """Read the rows, translated."""
        rows = self._table.cells()
        return self._translator.rows(rows) if self._translator else rows

    def parts(self) -> Iterator[TextColumns | tuple[int, Sequence[Any] | RowError]]:
        """Read the rows, translated, many at a time where the table gives them so."""
        if self._translator is None:
            yield from self._table.parts()
            return
        for part in self._table.parts():
            if not isinstance(part, TextColumns):
                yield from self._translator.rows((part,))
            elif part.any_blank():  # which a constant would fill
                yield from self._translator.rows(part.rows())
            else:
                yield TextColumns(part.first, self._translator.translated(part.columns))

    def answer(self, item: str, text: str) -> str:
        """Translate the answer to an item, in a file with one answer a row."""
        return self._translator.answer(item, text) if self._translator else text

    def in_their_words(self, error: RowError) -> RowError:
        """Name the column of an error as the file does."""
        return self._translator.in_their_words(error) if self._translator else error


def asked_by_mapping(name: str) -> tuple[str, int | None]:
    """Give code and version of the questionnaire that a mapping names; raises NOT_FOUND."""
    row = open_mapping(name)
    return row["questionnaire"], row["mapping"]["questionnaire_version"]


def _check_items(mapping: ColumnMapping, asked: Questionnaire) -> None:
    """Refuse items that the questionnaire does not have, and places of words that are none."""
    _, known = COLUMNS_OF[mapping.kind]
    targets = [*mapping.columns.values(), *mapping.constants]
    unknown = [name for name in targets if name not in known and name not in asked.by_id]
    places = {*known, *asked.by_id, *asked.scale_by_name, "any", "single"}
    unknown += [name for name in mapping.values if name not in places]
    if unknown:
        errors = [_unknown_error(name, [*known, *asked.by_id, *asked.scale_by_name], asked) for name in unknown]
        raise Problem(problems.INVALID, members={"errors": errors})


def _check_audit_items(mapping: ColumnMapping) -> None:
    """Refuse items that no published checklist has, and places of words that are none."""
    known = COLUMNS_OF[VISITS][1]
    named = [*mapping.columns.values(), *mapping.constants]
    items = [commented_item(name) or name for name in named if name not in known]
    places = [name for name in mapping.values if name not in known and name not in TYPES and name != "any"]
    rows = meanings([*items, *places])
    unknown = [name for name in (*items, *places) if name not in rows or "/" in rows[name]["meaning"]["type"]]
    if unknown:
        zh, en = (
            "既不是导入的列，也不是已发布检查表的题目",
            "no column of the import, and no item of a published checklist",
        )
        errors = [{"field": shown(name), "message": {"zh": zh, "en": en}} for name in unknown]
        raise Problem(problems.INVALID, members={"errors": errors})


def _unknown_error(name: str, known: Sequence[str], asked: Questionnaire) -> Row:
    near = nearest_name(name, known)
    zh, en = (f"；是否为 {near}？", f"; did you mean {near}?") if near else ("", "")
    return {
        "field": shown(name),
        "message": {
            "zh": f"既不是导入的列，也不是问卷 {asked.code} 的题目或量表{zh}",
            "en": f"no column of the import, and no item or scale of questionnaire {asked.code}{en}",
        },
    }


def _not_mapped(
    error: UnknownColumnsError, mapping: ColumnMapping, name: str, asked: Questionnaire | AuditItems | None
) -> Problem:
    zh, en = [f"文件与列映射 {name} 不符"], [f"The file does not fit the column mapping {name}"]
    if error.missing:
        listed = [shown(column)[:NAMED] for column in error.missing[:20]]
        zh.append(f"缺少列：{'、'.join(listed)}")
        en.append(f"missing columns: {', '.join(listed)}")
    known = [*mapping.columns, *COLUMNS_OF[mapping.kind][1], *(asked.by_id if asked else ())]
    for label, parts, question in (("未知的列", zh, "（是否为 {}？）"), ("unknown columns", en, " (did you mean {}?)")):
        if error.unknown:
            named = []
            for column in error.unknown[:20]:
                near = nearest_name(column, known)
                named.append(shown(column)[:NAMED] + (question.format(near) if near else ""))
            parts.append(f"{label}{'：' if parts is zh else ': '}{('、' if parts is zh else ', ').join(named)}")
    hint = ("请补入映射的 columns 或 ignore", "add them to columns or ignore of the mapping") if error.unknown else None
    if hint:
        zh.append(hint[0])
        en.append(hint[1])
    return Problem(problems.IMPORT_REFUSED, zh="；".join(zh), en="; ".join(en))
