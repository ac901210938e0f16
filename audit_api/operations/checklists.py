"""Verbs on checklists and questionnaires: publish, list, read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.packaged import packaged_code_book
from audit_api.domain.publications import (
    CHECKLIST,
    QUESTIONNAIRE,
    changed_meaning,
    document_of,
    kind_of,
    meanings_of,
    parse_source,
)
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.source_text import FormatError, FormatProblem
from audit_api.domain.touchpoints import CodeBook
from audit_api.models import checklists, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.problems import Problem

LISTED = {"body": 0, "gzipped": 0, "source": 0}
MOST_DIGITS = 6


def publish_source(source: str, *, file: str = "source", actor: Actor, at: datetime) -> Row:
    """Read a checklist or questionnaire in YAML (or JSON) and publish it; see ``publish``.

    Raises CHECKLIST_INVALID naming line and item of everything that is wrong with it.
    """
    try:
        parsed = parse_source(source, file, packaged_code_book())
    except FormatError as error:
        raise invalid(error.problems) from None
    if isinstance(parsed, CodeBook):
        raise Problem(
            problems.CHECKLIST_INVALID,
            zh="这是触点编码表，随产品一起提供，不单独发布",
            en="This is the code book of touchpoints: it comes with the product and is not published by itself",
        )
    return publish(parsed, source=source, actor=actor, at=at)


def publish(published: Checklist | Questionnaire, *, source: str = "", actor: Actor, at: datetime) -> Row:
    """Publish one version for ever; returns its entry with `unchanged` true when it was there with the same content.

    Raises CHECKLIST_PUBLISHED when the version is there with other content, CHECKLIST_INVALID when an item id was
    published before with another meaning.
    """
    kind = kind_of(published)
    document = document_of(published)
    row: Row = {
        "_id": checklists.publication_id(kind, published.code, published.version),
        "kind": kind,
        "code": published.code,
        "version": published.version,
        "title": document["title"],
        "mode": document.get("mode", ""),
        "domain": published.domain,
        "items": len(published.items),
        **checklists.compiled_fields(document),
        "source": source,
        "published_at": to_milliseconds(at),
        "published_by": actor.id,
    }

    def write(session: ClientSession) -> Row | None:
        there: Row | None = checklists.Publication._get_collection().find_one(
            {"_id": row["_id"]}, LISTED, session=session
        )
        if there is not None:
            return there
        _keep_meanings(published, row["_id"], session)
        checklists.Publication._get_collection().insert_one(row, session=session)
        details = {"version": published.version, "etag": row["etag"], "items": row["items"]}
        trail.append(kind, published.code, "published", actor_id=actor.id, at=at, details=details, session=session)
        return None

    try:
        there = in_transaction(write)
    except DuplicateKeyError:  # somebody else published it a moment ago
        there = checklists.Publication._get_collection().find_one({"_id": row["_id"]}, LISTED)
        if there is None:
            raise
    if there is not None and there["etag"] != row["etag"]:
        raise _published(published.code, published.version)
    entry = there or {key: value for key, value in row.items() if key not in LISTED}
    return {**entry, "unchanged": there is not None}


def _keep_meanings(published: Checklist | Questionnaire, publication: str, session: ClientSession) -> None:
    """Record what new items mean; refuse known ids that mean something else now."""
    now = meanings_of(published)
    first = checklists.meanings(list(now), session)
    wrong = []
    for item_id, row in first.items():
        difference = changed_meaning(row["meaning"], now[item_id])
        if difference is not None:
            wrong.append(FormatProblem(publication, 0, item_id, *difference))
    if wrong:
        raise invalid(wrong)
    new = [
        {"_id": item_id, "publication": publication, "meaning": meaning}
        for item_id, meaning in now.items()
        if item_id not in first
    ]
    if new:
        checklists.ItemMeaning._get_collection().insert_many(new, session=session)


def invalid(found: Sequence[FormatProblem]) -> Problem:
    """Make the problem that names line, item and what to do for everything wrong with a source."""
    errors = [
        {"line": one.line, "item": one.item, "message": {"zh": one.zh, "en": one.en}} if one.line
        else {"item": one.item, "message": {"zh": one.zh, "en": one.en}}
        for one in found
    ]  # fmt: skip
    return Problem(
        problems.CHECKLIST_INVALID,
        zh=f"共 {len(errors)} 处需要修改",
        en=f"{len(errors)} thing(s) to mend",
        members={"errors": errors},
    )


def _published(code: str, version: int) -> Problem:
    return Problem(
        problems.CHECKLIST_PUBLISHED,
        zh=f"{code} 第 {version} 版已发布且内容不同；请把 version 改为 {version + 1} 后再发布",
        en=f"{code} version {version} is published with other content: set version to {version + 1} and publish that",
    )


def list_checklists(*, kind: str = CHECKLIST, limit: int, after: str | None = None) -> Row:
    """List published versions by code and version; returns `{"items": [...], "next": name or None}`."""
    # The prefix keeps the scan inside this kind; ";" follows ":".
    names = {"$gt": f"{kind}:{after or ''}", "$lt": f"{kind};"}
    rows = list(checklists.Publication._get_collection().find({"_id": names}, LISTED).sort("_id", 1).limit(limit + 1))
    more = rows[limit - 1]["_id"].removeprefix(f"{kind}:") if len(rows) > limit else None
    return {"items": rows[:limit], "next": more}


def read_checklist_bytes(code: str, version: str | None = None) -> checklists.Compiled:
    """Read the compiled bytes of a published checklist, the newest when no version is named; raises NOT_FOUND."""
    number = checklists.newest_version(CHECKLIST, code) if version is None else _number(version)
    found = checklists.find_compiled(CHECKLIST, code, number) if number is not None else None
    if found is None:
        raise Problem(problems.NOT_FOUND, zh="没有这个已发布的检查表", en="No such checklist is published")
    return found


def _number(version: str) -> int | None:
    return int(version) if version.isascii() and version.isdigit() and len(version) <= MOST_DIGITS else None


def open_checklist(code: str, version: int) -> Checklist:
    """Return a published checklist for checking and scoring answers; raises NOT_FOUND."""
    found = checklists.find_checklist(code, version)
    if found is None:
        raise Problem(
            problems.NOT_FOUND,
            zh=f"检查表 {code} 第 {version} 版未发布",
            en=f"Checklist {code} version {version} is not published",
        )
    return found


def open_questionnaire(code: str, version: int | None = None) -> Questionnaire:
    """Return a published questionnaire, the newest when no version is named; raises NOT_FOUND."""
    number = checklists.newest_version(QUESTIONNAIRE, code) if version is None else version
    found = checklists.find_questionnaire(code, number) if number is not None else None
    if found is None:
        raise Problem(problems.NOT_FOUND, zh=f"问卷 {code} 未发布", en=f"Questionnaire {code} is not published")
    return found
