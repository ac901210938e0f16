"""Responses as documents, from columns: byte for byte what `surveys.response_document` would have encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import bson
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit_api.domain.survey_columns import Chosen, ResponseColumns
from audit_api.domain.survey_time_columns import NO_TIME, Numbers
from audit_api.models.columns import NULL
from audit_api.models.packing import (
    Rows,
    documents,
    element,
    encoded_text,
    pieces,
    taken,
)

_encode = msgspec.json.Encoder().encode
ESCAPED = r'["\\\x00-\x1f]'
DAY, FIRST_DAY, DAYS = 86_400, 10_956, 36_892
"""Days of Unix time from 31 December 1999 to 1 January 2101."""


@dataclass(frozen=True, slots=True)
class HashedIdentities:
    """Contact, its kind, device and adviser of each row, hashed, "" where there is none."""

    contact: Sequence[str]
    kind: Sequence[str]
    device: Sequence[str]
    adviser: Sequence[str]
    key_id: str


def pack_responses(
    rows: ResponseColumns,
    *,
    questionnaire: str,
    version: int,
    identities: HashedIdentities,
    batch: str,
    at: datetime,
) -> list[bytes]:
    """Encode each response as a document, its content hash inside; `at` has no more than milliseconds."""
    words = rows.words
    out = Rows(len(rows))
    response_id = words["response_id"]
    out.text("_id", pc.binary_join_element_wise(f"{questionnaire}:", response_id, ""))
    out.text("response_id", response_id)
    out.same(encoded_text("questionnaire", questionnaire) + _encoded(version=version))
    for name, chosen in (("dealer", rows.dealer), ("brand", rows.brand), ("wave", rows.wave)):
        out.chosen(name, list(map(str, chosen.values)), chosen.places)
    out.text("event_id", words["event_id"])
    for name, seconds in rows.times.items():
        out.moment(name, seconds * 1000, seconds != NO_TIME)
    out.text("channel", words["channel"])
    contact, device, adviser = (
        pa.array(hashes, pa.string()) for hashes in (identities.contact, identities.device, identities.adviser)
    )
    out.text("contact_hash", contact)
    out.text("contact_kind", pa.array(identities.kind, pa.string()))
    hashed = pc.binary_length(pc.binary_join_element_wise(contact, device, adviser, ""))
    out.chosen("contact_key_id", ["", identities.key_id], np.minimum(hashed.to_numpy(zero_copy_only=False), 1))
    out.text("device_hash", device)
    out.text("adviser_hash", adviser)
    for name in ("job_type", "vehicle_class", "comment"):
        out.text(name, words[name])
    out.array("answers", _answers(rows))
    hashes = [hashlib.blake2b(content, digest_size=16).hexdigest() for content in pieces(_contents(rows, version))]
    out.text("content_hash", pa.array(hashes, pa.string()))
    out.same(_encoded(batch=batch, received_at=at))
    return documents(out.joined())


def _encoded(**fields: Any) -> bytes:
    """Encode whole fields."""
    return bson.encode(fields)[4:-1]


def _answers(rows: ResponseColumns) -> pa.Array:
    out = Rows(len(rows))
    for number, answer in enumerate(rows.answers):
        name = str(number)
        if isinstance(answer, Chosen):
            _choose(out, [_encoded(**{name: value}) for value in answer.values], answer.places)
            continue
        given = Rows(len(rows))
        given.text(name, answer)
        empty = pc.equal(pc.binary_length(answer), 0)
        out.each(pc.if_else(empty, pa.scalar(element(NULL, name), pa.binary()), given.joined()))
    return out.joined()


def _choose(out: Rows, choice: Sequence[bytes], places: Numbers) -> None:
    if places.any():
        out.each(taken(choice, places))
    else:
        out.same(choice[0])


def _contents(rows: ResponseColumns, version: int) -> pa.Array:
    """Write what a content hash covers, in the order of `surveys.CONTENT`, as JSON."""
    out = Rows(len(rows))
    out.same(b"[%d," % version)
    out.each(taken([_encode(code) for code in rows.dealer.values], rows.dealer.places))
    _words(out, rows.words, "event_id")
    for seconds in rows.times.values():
        out.same(b",")
        given = seconds != NO_TIME
        day, clock = np.divmod(np.where(given, seconds, 0), DAY)
        minute, second = np.divmod(clock, 60)
        for pieces_of, place in zip(_calendar(), (day - FIRST_DAY, minute, second), strict=True):
            out.each(pieces_of.take(pa.array(np.where(given, place, len(pieces_of) - 1))))
    _words(out, rows.words, "channel", "job_type", "vehicle_class", "comment")
    out.same(b",[")
    for number, answer in enumerate(rows.answers):
        if number:
            out.same(b",")
        if isinstance(answer, Chosen):
            _choose(out, [_encode(value) for value in answer.values], answer.places)
        else:
            empty = pc.equal(pc.binary_length(answer), 0)
            out.each(pc.if_else(empty, pa.scalar(b"null", pa.binary()), _quoted(answer)))
    out.same(b"]]")
    return out.joined()


def _words(out: Rows, words: Mapping[str, pa.Array], *names: str) -> None:
    for name in names:
        out.same(b",")
        out.each(_quoted(words[name]))


def _quoted(texts: pa.Array) -> pa.Array:
    """Write texts as JSON."""
    quote = pa.scalar('"')
    plain = pc.binary_join_element_wise(quote, texts, quote, "")
    escaped = pc.match_substring_regex(texts, ESCAPED)
    if pc.any(escaped).as_py():
        written = [_encode(text).decode() for text in texts.filter(escaped).to_pylist()]
        plain = pc.replace_with_mask(plain, escaped, pa.array(written, pa.string()))
    return plain.cast(pa.binary())


@cache
def _calendar() -> tuple[pa.Array, pa.Array, pa.Array]:
    """Write every day, minute of a day and second of a minute as JSON has them; the last of each is for no time."""
    days = np.datetime_as_string(np.arange(FIRST_DAY, FIRST_DAY + DAYS).astype("M8[D]")).tolist()
    minutes = (f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(DAY // 60))
    seconds = (f'{second:02}Z"' for second in range(60))
    kinds = ((f'"{day}' for day in days), "null"), (minutes, ""), (seconds, "")
    day, minute, second = (pa.array([*map(str.encode, some), none.encode()], pa.binary()) for some, none in kinds)
    return day, minute, second
