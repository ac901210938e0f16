"""Published checklists and questionnaires as they are kept: compiled once, never changed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, StringField
from pymongo.client_session import ClientSession

from audit_api.domain import checklist_document, questionnaire_document
from audit_api.domain.checklists import Checklist
from audit_api.domain.publications import CHECKLIST, QUESTIONNAIRE
from audit_api.domain.questionnaires import Questionnaire
from audit_api.models.base import Row, current_database

MOST_CACHED = 64
T = TypeVar("T")


class Publication(Document):
    """One published version; `body` is the JSON a phone receives, `gzipped` the same compressed."""

    id = StringField(primary_key=True)
    kind = StringField(required=True, choices=[CHECKLIST, QUESTIONNAIRE])
    code = StringField(required=True)
    version = IntField(required=True)
    title = DictField()
    mode = StringField()
    domain = StringField()
    items = IntField()
    etag = StringField(required=True)
    body = BinaryField(required=True)
    gzipped = BinaryField(required=True)
    source = StringField()
    published_at = DateTimeField(required=True)
    published_by = StringField(required=True)
    meta = {
        "collection": "publications",
        "auto_create_index": False,
        "indexes": [{"fields": ["kind", "code", "-version"], "unique": True}],
    }


class ItemMeaning(Document):
    """What an item id has meant since it was first published."""

    id = StringField(primary_key=True)
    publication = StringField(required=True)
    meaning = DictField()
    meta = {"collection": "item_meanings", "auto_create_index": False}


class Compiled(NamedTuple):
    """The bytes of one published version; the compressed form has a strong ETag of its own."""

    body: bytes
    gzipped: bytes
    etag: str
    gzipped_etag: str


def publication_id(kind: str, code: str, version: int) -> str:
    """Name a version so that names sort by code, then version."""
    return f"{kind}:{code}:{version:06d}"


def compiled_fields(document: dict[str, Any]) -> Row:
    """Compile plain data to bytes; the same data gives the same bytes and ETag in every process."""
    body = msgspec.json.encode(document)
    return {
        "body": body,
        "gzipped": gzip.compress(body, 9, mtime=0),
        "etag": hashlib.sha256(body).hexdigest()[:32],
    }


# Published versions never change, so what was read once stays right. One process may serve several databases.
_compiled: dict[tuple[str, str, str, int], Compiled] = {}
_parsed: dict[tuple[str, str, str, int], Any] = {}


def find_compiled(kind: str, code: str, version: int) -> Compiled | None:
    """Return the bytes of a version, from this process's cache or one read by key."""
    key = (current_database().name, kind, code, version)
    found = _compiled.get(key)
    if found is None:
        fields = {"body": 1, "gzipped": 1, "etag": 1}
        row = Publication._get_collection().find_one({"_id": publication_id(kind, code, version)}, fields)
        if row is None:
            return None
        etag = row["etag"]
        found = Compiled(bytes(row["body"]), bytes(row["gzipped"]), f'"{etag}"', f'"{etag}-gzip"')
        _remember(_compiled, key, found)
    return found


def newest_version(kind: str, code: str) -> int | None:
    """Return the highest published version of a code; one indexed read."""
    row = Publication._get_collection().find_one({"kind": kind, "code": code}, {"version": 1}, sort=[("version", -1)])
    return row["version"] if row else None


def find_checklist(code: str, version: int) -> Checklist | None:
    """Return a published checklist as the rules know it, cached in this process."""
    found: Checklist | None = _find(CHECKLIST, code, version, checklist_document.from_document)
    return found


def find_questionnaire(code: str, version: int) -> Questionnaire | None:
    """Return a published questionnaire as the rules know it, cached in this process."""
    found: Questionnaire | None = _find(QUESTIONNAIRE, code, version, questionnaire_document.from_document)
    return found


def _find(kind: str, code: str, version: int, read: Callable[[Row], Any]) -> Any:
    key = (current_database().name, kind, code, version)
    found = _parsed.get(key)
    if found is None and (compiled := find_compiled(kind, code, version)):
        found = read(msgspec.json.decode(compiled.body))
        _remember(_parsed, key, found)
    return found


def _remember(cache: dict[Any, T], key: Any, value: T) -> None:
    if len(cache) >= MOST_CACHED:
        cache.clear()
    cache[key] = value


def meanings(item_ids: list[str] | None, session: ClientSession | None = None) -> dict[str, Row]:
    """Return the recorded meanings of items that were published before; of all for None."""
    wanted = {} if item_ids is None else {"_id": {"$in": item_ids}}
    rows = ItemMeaning._get_collection().find(wanted, session=session)
    return {row["_id"]: row for row in rows}
