"""Holds entries, in the order of their chains, against each other and against the chains' heads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson
from bson import CodecOptions
from bson.errors import InvalidBSON
from bson.int64 import Int64

from audit_api.models.base import Row
from audit_api.models.trail import FIELDS, GENESIS, entry_hash

OPTIONS: CodecOptions[Row] = CodecOptions(tz_aware=True, tzinfo=UTC)
HEAD_FIELDS = {"_id", "kind", "object_id", "seq", "hash"}
SHOWN = 100
"""Broken places kept by name; all are counted."""
REASONS = {
    "changed": ("内容与其哈希不符", "its content does not fit its hash"),
    "removed": ("该条记录已不在", "it is not there any more"),
    "inserted": ("该条记录不属于此链", "it does not belong to its chain"),
    "places_open": (
        "索引已不能保证每个位置只有一条记录，可能有重复记录被掩盖",
        "its index lets several entries take one place, and some may hide",
    ),
    "head_missing": ("链的末端登记缺失", "the record of where its chain ends is missing"),
    "head_changed": ("链的末端登记与链不符", "the record of where its chain ends does not fit"),
    "seal_changed": ("封印与其签名或前一封印不符", "the seal fits neither its signature nor the one before"),
    "seal_removed": ("封印或其内容已不在", "the seal, or a part of it, is not there any more"),
}


def raw_rows(batches: Iterable[Any]) -> Iterator[bytes]:
    """Split batches as they come from the database into the BSON of single documents."""
    for batch in batches:
        place = 0
        while place < len(batch):
            end = place + int.from_bytes(batch[place : place + 4], "little")
            yield batch[place:end]
            place = end


def read_row(raw: bytes) -> Row:
    """Read a document whose bytes are just those its values make; an empty one otherwise."""
    try:
        row: Row = bson.decode(raw, OPTIONS)
        return row if _plain(row) and bson.encode(row) == raw else {}
    except (InvalidBSON, ValueError, OverflowError, RecursionError):
        return {}


def read_head(raw: bytes) -> Row:
    """Read a head; one that is not as written keeps no hash, so that it fits no chain."""
    row = read_row(raw)
    if row:
        return row
    try:
        return {name: value for name, value in bson.decode(raw, OPTIONS).items() if name != "hash"}
    except (InvalidBSON, ValueError, OverflowError, RecursionError):
        return {}


class EntryBrokenError(ValueError):
    """Say that the bytes of an entry are not those that were written."""


def read_entry(raw: bytes) -> Row:
    """Read an entry from its BSON, every byte of which must be as written; raises EntryBrokenError.

    Hash and id cover the values. Writing the entry again must give the same bytes, which covers what values do not
    show: types that read alike, keys of arrays, doubled fields.
    """
    try:
        entry: Row = bson.decode(raw, OPTIONS)
        sound = (
            tuple(entry) == FIELDS
            and all(type(entry[name]) is str for name in FIELDS if name not in ("seq", "at", "details"))
            and type(entry["seq"]) is int
            and type(entry["at"]) is datetime
            and type(entry["details"]) is dict
            and _plain(entry["details"])
            and bson.encode(entry) == raw
            and entry["_id"] == f"{entry['kind']}:{entry['object_id']}:{entry['seq']}"
            and entry["hash"] == entry_hash(entry)
        )
    except (InvalidBSON, ValueError, OverflowError, TypeError, RecursionError) as error:
        raise EntryBrokenError("unreadable") from error
    if not sound:
        raise EntryBrokenError("changed")
    return entry


def _plain(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str and _plain(inner) for key, inner in value.items())
    if type(value) is list:
        return all(map(_plain, value))
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is Int64:  # what the driver gives for 8 bytes; it writes them only where 4 are too few
        return not -(2**31) <= value < 2**31
    return value is None or type(value) in (str, int, bool)


@dataclass
class Progress:
    """How far a check has come, and what it found; kept between segments, so that a check can be taken up again."""

    kind: str = ""
    object_id: str = ""
    seq: int = 0
    hash: str = GENESIS
    intact: bool = True  # nothing found in the present chain yet: one break a chain, not all that follow from it
    chains: int = 0
    entries: int = 0
    broken: int = 0
    found: list[dict[str, str]] = field(default_factory=list)

    def as_document(self) -> Row:
        """Give it as plain values."""
        return asdict(self)

    @property
    def chain(self) -> str:
        """Name the present chain; empty before the first."""
        return f"{self.kind}:{self.object_id}" if self.chains else ""

    def report(self, entry: str, reason: str) -> None:
        """Note a broken place by the id of its entry."""
        self.broken += 1
        if len(self.found) < SHOWN:
            self.found.append({"entry": entry, "reason": reason})

    def report_once(self, entry: str, reason: str) -> None:
        """Note what an interrupted check may have noted before."""
        if {"entry": entry, "reason": reason} not in self.found:
            self.report(entry, reason)


class Walk:
    """Takes entries in order and heads in the same order; reports into a Progress."""

    def __init__(self, progress: Progress, heads: Iterator[Row]) -> None:
        self.progress = progress
        self._heads = heads
        self._head: Row | None = next(heads, None)

    def take(self, raw: bytes) -> None:
        """Take the next entry."""
        now = self.progress
        now.entries += 1
        try:
            entry = read_entry(raw)
        except EntryBrokenError:
            self._take_broken(raw)
            return
        if not now.chains or (entry["kind"], entry["object_id"]) != (now.kind, now.object_id):
            self._begin(entry["kind"], entry["object_id"])
        expected = now.seq + 1
        if entry["seq"] < expected:
            self._break(entry["_id"], "inserted")
        elif entry["seq"] > expected:
            self._break(f"{now.chain}:{expected}", "removed")
        elif entry["previous"] != now.hash:
            self._break(entry["_id"], "changed")
        now.seq, now.hash = entry["seq"], entry["hash"]

    def end(self) -> None:
        """Close the last chain, and look at heads beyond it."""
        self._close()
        self._heads_before(None)

    def _take_broken(self, raw: bytes) -> None:
        """Report an entry under the name it still carries; the chain goes on behind it."""
        now = self.progress
        try:
            entry = bson.decode(raw, OPTIONS)
        except (InvalidBSON, ValueError, OverflowError, RecursionError):
            entry = {}
        kind, object_id, seq = entry.get("kind"), entry.get("object_id"), entry.get("seq")
        if type(kind) is str and type(object_id) is str and type(seq) is int:
            if not now.chains or (kind, object_id) != (now.kind, now.object_id):
                self._begin(kind, object_id)
            # Where a field that names the place was changed, the id still says which entry this was.
            self._break(str(entry.get("_id", f"{now.chain}:{seq}")), "changed")
            now.seq, now.hash = seq, str(entry.get("hash"))
        else:
            now.report(str(entry.get("_id", f"{now.chain}:{now.seq + 1}")), "changed")

    def _break(self, entry: str, reason: str) -> None:
        if self.progress.intact:
            self.progress.report(entry, reason)
            self.progress.intact = False

    def _begin(self, kind: str, object_id: str) -> None:
        self._close()
        self._heads_before((kind, object_id))
        now = self.progress
        now.kind, now.object_id, now.seq, now.hash, now.intact = kind, object_id, 0, GENESIS, True
        now.chains += 1

    def _close(self) -> None:
        """Hold the end of the present chain against its head."""
        now = self.progress
        if not now.chains:
            return
        self._heads_before((now.kind, now.object_id))
        head = self._head
        if head is None or (head.get("kind"), head.get("object_id")) != (now.kind, now.object_id):
            self._break(f"{now.chain}:{now.seq}", "head_missing")
            return
        self._head = next(self._heads, None)
        if not _sound(head):
            self._break(f"{now.chain}:{now.seq}", "head_changed")
        elif head["seq"] > now.seq:
            self._break(f"{now.chain}:{now.seq + 1}", "removed")
        elif head["seq"] < now.seq:
            self._break(f"{now.chain}:{head['seq'] + 1}", "inserted")
        elif head["hash"] != now.hash:
            self._break(f"{now.chain}:{now.seq}", "head_changed")

    def _heads_before(self, chain: tuple[str, str] | None) -> None:
        """Report heads whose chains have no entry at all."""
        while self._head is not None and (chain is None or _place(self._head) < chain):
            self.progress.report(f"{self._head.get('_id')}:1", "removed")
            self._head = next(self._heads, None)


def _place(head: Row) -> tuple[str, str]:
    return str(head.get("kind")), str(head.get("object_id"))


def _sound(head: Row) -> bool:
    return (
        set(head) - {"unsealed"} == HEAD_FIELDS
        and type(head["seq"]) is int
        and type(head["hash"]) is str
        and head["_id"] == f"{head['kind']}:{head['object_id']}"
    )
