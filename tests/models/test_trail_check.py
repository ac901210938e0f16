"""The trail: no byte can be changed, no entry removed or added, without `trail verify` naming the place."""

from __future__ import annotations

import base64
import os
import random
import re
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from hypothesis import example, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from pymongo.errors import OperationFailure, PyMongoError

from audit_api.domain import signatures
from audit_api.domain.directory import OPERATOR
from audit_api.models import sweeps, trail
from audit_api.models.base import collection, in_transaction
from audit_api.models.trail import GENESIS, entry_hash
from audit_api.models.trail_check import OPTIONS, EntryBrokenError, Progress, Walk, raw_rows, read_entry
from audit_api.operations import trail as operation
from audit_api.operations.trail import SWEEP, verify_trail
from audit_api.operations.trail_seals import seal_trail
from audit_api.problems import Problem

AT = datetime(2026, 11, 20, 4, 0, 0, 123_000, tzinfo=UTC)
FULL = os.environ.get("FULL") == "1"
# JSON values as operations give them, among them those whose bytes and values do not tell the same.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé中", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
DETAILS = st.dictionaries(st.sampled_from(["from", "to", "items", "score", "理由"]), VALUES, max_size=4)


def make_chain(kind: str, object_id: str, details: list[dict[str, Any]], at: datetime = AT) -> list[dict[str, Any]]:
    """Make a chain as `append` would, without a database."""
    entries, previous = [], GENESIS
    for number, told in enumerate(details, 1):
        entry: dict[str, Any] = {
            "_id": f"{kind}:{object_id}:{number}", "kind": kind, "object_id": object_id, "seq": number,
            "verb": "decided", "actor": "p1", "at": at + timedelta(seconds=number), "details": told,
            "previous": previous,
        }  # fmt: skip
        entry["hash"] = previous = entry_hash(entry)
        entries.append(entry)
    return entries


def head_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    last = entries[-1]
    chain = {"_id": f"{last['kind']}:{last['object_id']}", "kind": last["kind"], "object_id": last["object_id"]}
    return chain | {"seq": last["seq"], "hash": last["hash"], "unsealed": True}


def walk(rows: list[bytes], heads: list[dict[str, Any]]) -> Progress:
    progress = Progress()
    walking = Walk(progress, iter(heads))
    for raw in rows:
        walking.take(raw)
    walking.end()
    return progress


@given(details=st.lists(DETAILS, min_size=1, max_size=4), data=st.data())
def test_no_byte_of_an_entry_can_be_changed(details, data):
    chain = make_chain("visit", "v1", details)
    rows = [bson.encode(entry) for entry in chain]
    assert walk(rows, [head_of(chain)]).broken == 0
    number = data.draw(st.integers(0, len(rows) - 1), label="entry")
    place = data.draw(st.integers(0, len(rows[number]) - 1), label="byte")
    value = data.draw(st.integers(0, 255).filter(lambda v: v != rows[number][place]), label="value")
    rows[number] = rows[number][:place] + bytes([value]) + rows[number][place + 1 :]
    found = walk(rows, [head_of(chain)])
    assert found.broken
    # The first break is the entry touched, under its own name or under the one it was given.
    first = found.found[0]["entry"]
    assert first == chain[number]["_id"] or first not in {entry["_id"] for entry in chain}, found.found


@given(details=DETAILS)
@settings_of(max_examples=20)
@example(details={"to": True})
@example(details={"to": [1, 2]})
@example(details={"to": "x", "score": 0.0, "items": 2**40})
def test_every_byte_of_one_entry_counts(details):
    """All places of an entry, each with a few other values: type bytes, lengths, keys of arrays among them."""
    (entry,) = make_chain("visit", "v1", [details])
    raw = bson.encode(entry)
    assert read_entry(raw) == bson.decode(raw, OPTIONS)
    for place, byte in enumerate(raw):
        for value in {byte ^ 1, byte ^ 0x0C, (byte + 1) % 256, 0, 0xFF, 0x0D, 0x0E, 0x12, 0x01} - {byte}:
            with pytest.raises(EntryBrokenError):
                read_entry(raw[:place] + bytes([value]) + raw[place + 1 :])


FIELD_VALUES = {
    "kind": "flag", "object_id": "v2", "seq": 7, "verb": "released", "actor": "p2", "at": AT, "details": {"to": "x"},
    "previous": "f" * 64, "hash": "f" * 64,
}  # fmt: skip


@pytest.mark.parametrize("name", FIELD_VALUES)
def test_no_field_can_be_changed(name):
    chain = make_chain("visit", "v1", [{}, {}, {}])
    chain[1][name] = FIELD_VALUES[name]
    found = walk([bson.encode(entry) for entry in chain], [head_of(chain)])
    assert found.found[0]["entry"] == "visit:v1:2"


def test_what_cannot_be_told_apart_is_not_taken(database):
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            trail.append("visit", "v1", "decided", actor_id="p1", at=AT, details={"score": number})
    assert collection("trail").count_documents({}) == collection("trail_heads").count_documents({}) == 0


@pytest.fixture
def chains(database):
    """Three chains, one of them sealed while it was shorter."""
    for number in range(1, 6):
        for kind, object_id in (("flag", "f1"), ("visit", "v1"), ("visit", "v2")):
            trail.append(kind, object_id, "decided", actor_id="p1", at=AT, details={"n": number})
    return database


def verify(settings, **more):
    return verify_trail(settings=settings, clock=lambda: AT, **more)


def names(report) -> list[tuple[str, str]]:
    return [(broken["entry"], broken["reason"]) for broken in report["found"]]


def test_it_works(chains, settings):
    report = verify(settings)
    assert (report["chains"], report["entries"], report["broken"], report["found"]) == (3, 15, 0, [])
    assert verify(settings, segment=2)["entries"] == 15
    assert verify(settings, segment=1)["broken"] == 0


def rechain(entry: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Change an entry and give it a hash that fits, as somebody who knows the format would."""
    entry = entry | changed
    return entry | {"hash": entry_hash(entry)}


def change(database):
    database.trail.update_one({"_id": "visit:v1:3"}, {"$set": {"details.n": 4}})


def change_with_hash(database):
    row = database.trail.find_one({"_id": "visit:v1:3"})
    database.trail.replace_one({"_id": row["_id"]}, rechain(row, verb="released"))


def change_last_with_hash(database):
    row = database.trail.find_one({"_id": "visit:v1:5"})
    database.trail.replace_one({"_id": row["_id"]}, rechain(row, verb="released"))


def remove(database):
    database.trail.delete_one({"_id": "visit:v1:3"})


def remove_first(database):
    database.trail.delete_one({"_id": "visit:v1:1"})


def cut_tail(database):
    database.trail.delete_many({"_id": {"$in": ["visit:v1:4", "visit:v1:5"]}})


def remove_chain(database):
    database.trail.delete_many({"object_id": "v1"})


def append_by_hand(database):
    row = database.trail.find_one({"_id": "visit:v1:5"})
    database.trail.insert_one(rechain(row, _id="visit:v1:6", seq=6, previous=row["hash"]))


def insert_between(database):
    """Two entries with one number: the database refuses that until its index is gone."""
    database.trail.drop_index([("kind", 1), ("object_id", 1), ("seq", 1)])
    database.trail.create_index([("kind", 1), ("object_id", 1), ("seq", 1)])
    row = database.trail.find_one({"_id": "visit:v1:3"})
    database.trail.insert_one(rechain(row, _id="visit:v1:03"))


def other_field(database):
    database.trail.update_one({"_id": "visit:v1:3"}, {"$set": {"note": "x"}})


def head_gone(database):
    database.trail_heads.delete_one({"_id": "visit:v1"})


def head_back(database):
    database.trail_heads.update_one({"_id": "visit:v1"}, {"$set": {"seq": 4}})


def head_hash(database):
    database.trail_heads.update_one({"_id": "visit:v1"}, {"$set": {"hash": "f" * 64}})


@pytest.mark.parametrize(
    ("tamper", "entry", "reason"),
    [
        (change, "visit:v1:3", "changed"), (change_with_hash, "visit:v1:4", "changed"),
        (change_last_with_hash, "visit:v1:5", "head_changed"), (remove, "visit:v1:3", "removed"),
        (remove_first, "visit:v1:1", "removed"), (cut_tail, "visit:v1:4", "removed"),
        (remove_chain, "visit:v1:1", "removed"), (append_by_hand, "visit:v1:6", "inserted"),
        (insert_between, "trail", "places_open"), (other_field, "visit:v1:3", "changed"),
        (head_gone, "visit:v1:5", "head_missing"), (head_back, "visit:v1:5", "inserted"),
        (head_hash, "visit:v1:5", "head_changed"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
@pytest.mark.parametrize("segment", [1, 4, 1000])
def test_what_was_done_is_named(chains, settings, tamper, entry, reason, segment):
    try:
        tamper(chains)
        report = verify(settings, segment=segment)
        if tamper is not insert_between:
            assert report["broken"] == 1, report
        assert names(report)[0] == (entry, reason)
        assert report["found"][0]["en"] and report["found"][0]["zh"]
    finally:
        if tamper is insert_between:
            chains.trail.drop_index([("kind", 1), ("object_id", 1), ("seq", 1)])
            chains.trail.delete_many({})
            trail.TrailEntry.ensure_indexes()


def test_random_bytes_changed_in_the_database_are_found(chains, settings):
    """Whatever the database lets itself be told of changed documents; the check itself must stand it."""
    seal(settings)
    raw_entries = chains.trail.with_options(bson.codec_options.CodecOptions(document_class=RawBSONDocument))
    whole = [row.raw for row in raw_entries.find()]
    generator = random.Random(20261122)
    taken = 0
    for _ in range(400 if FULL else 50):
        row = generator.choice(whole)
        place = generator.randrange(4, len(row))
        changed = row[:place] + bytes([row[place] ^ (1 << generator.randrange(8))]) + row[place + 1 :]
        chains.trail.delete_many({})
        raw_entries.insert_many([RawBSONDocument(other) for other in whole if other is not row])
        try:
            raw_entries.insert_one(RawBSONDocument(changed))
        except (PyMongoError, bson.errors.InvalidBSON, UnicodeDecodeError):
            continue  # the database itself refuses it
        taken += 1
        report = verify(settings)
        assert report["broken"], (place, row, changed)
    assert taken > 10
    chains.trail.delete_many({})
    raw_entries.insert_many([RawBSONDocument(row) for row in whole])
    assert verify(settings)["broken"] == 0


def test_writers_at_once_make_one_chain(database, settings):
    """Also of an object that has no entry yet."""
    barrier, errors = threading.Barrier(6), []

    def write(number: int) -> None:
        try:
            barrier.wait()
            for step in range(5):
                trail.append("visit", "v1", "decided", actor_id=f"p{number}", at=AT, details={"step": step})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    report = verify(settings)
    assert (report["entries"], report["broken"]) == (30, 0)


def test_entry_and_head_are_written_together(database, settings):
    def broken(session):
        trail.append("visit", "v1", "decided", actor_id="p1", at=AT, session=session)
        raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        in_transaction(broken)
    assert collection("trail").count_documents({}) == collection("trail_heads").count_documents({}) == 0


def test_it_goes_on_where_it_was_stopped(chains, settings):
    """A check that dies keeps what it saw; the next one goes on, and says how far it came."""
    remove(chains)

    class KilledError(Exception):
        pass

    seen = []

    def die(progress: Progress) -> None:
        seen.append(progress.entries)
        if len(seen) == 4:
            raise KilledError

    with pytest.raises(KilledError):
        verify(settings, segment=3, say=die)
    assert seen == [3, 6, 9, 12]
    assert sweeps.state_of(SWEEP)["progress"]["entries"] == 12
    again: list[int] = []
    report = verify(settings, segment=3, say=lambda progress: again.append(progress.entries))
    assert again[0] == 14, "it began anew"
    assert (report["entries"], report["broken"], names(report)) == (14, 1, [("visit:v1:3", "removed")])
    assert verify(settings, segment=3, say=lambda progress: again.append(progress.entries))["entries"] == 14
    assert 3 in again, "a finished check is not taken up again"


def test_two_do_not_verify_at_once(chains, settings):
    def second(_: Progress) -> None:
        with pytest.raises(Problem, match="verifying"):
            verify(settings)

    assert verify(settings, segment=3, say=second)["broken"] == 0


def test_entries_that_come_meanwhile_break_nothing(chains, settings):
    def write(_: Progress) -> None:
        for object_id in ("v0", "v1", "v2", "v3"):
            trail.append("visit", object_id, "decided", actor_id="p1", at=AT)

    report = verify(settings, segment=2, say=write)
    assert report["broken"] == 0, report


def test_a_snapshot_that_the_database_gives_up_is_taken_anew(chains, settings, monkeypatch):
    """Nothing is counted or reported twice then."""
    chains.trail_heads.insert_one({"_id": "flag:g", "kind": "flag", "object_id": "g", "seq": 1, "hash": "f" * 64})
    tired = []

    def tiring(batches):
        for number, row in enumerate(raw_rows(batches)):
            # Just when the head without a chain has been reported.
            if number == 2 and batches.collection.name == "trail_heads" and not tired:
                tired.append(number)
                raise OperationFailure("Read timestamp is older than the oldest available timestamp.", 239)
            yield row

    monkeypatch.setattr(operation, "raw_rows", tiring)
    report = verify(settings, segment=100)
    assert tired
    assert (report["entries"], report["chains"]) == (15, 3)
    assert names(report) == [("flag:g:1", "removed")]


def test_an_entry_that_comes_between_head_and_entries_breaks_nothing(chains, settings, monkeypatch):
    def interrupted(batches):
        for number, row in enumerate(raw_rows(batches)):
            if number == 0 and batches.collection.name == "trail":
                trail.append("visit", "v1", "decided", actor_id="p1", at=AT)
            yield row

    monkeypatch.setattr(operation, "BATCH", 2)
    monkeypatch.setattr(operation, "raw_rows", interrupted)
    report = verify(settings)
    assert (report["entries"], report["broken"]) == (15, 0), report


def test_a_number_written_wider_than_need_be_is_a_change():
    (entry,) = make_chain("visit", "v1", [{"n": 5}])
    with pytest.raises(EntryBrokenError):
        read_entry(bson.encode(entry | {"details": {"n": Int64(5)}}))
    with pytest.raises(EntryBrokenError):
        read_entry(bson.encode(entry | {"details": {"n": 5.0}}))


def test_a_chain_from_before_there_were_heads_goes_on(database, settings):
    database.trail.insert_many(make_chain("visit", "v1", [{}, {}]))
    assert names(verify(settings)) == [("visit:v1:2", "head_missing")]
    assert trail.append("visit", "v1", "decided", actor_id="p1", at=AT)["seq"] == 3
    assert verify(settings)["broken"] == 0


# Seals


def seal(settings):
    return seal_trail(settings=settings, actor=OPERATOR, at=AT)


@pytest.fixture
def sealed(chains, settings):
    """Two seals; the second covers what came after the first."""
    first = seal(settings)
    trail.append("visit", "v2", "decided", actor_id="p1", at=AT)
    second = seal(settings)
    assert (first["seal"], first["leaves"]) == (1, 4), "three chains and that of the signing key"
    assert (second["seal"], second["leaves"]) == (2, 1)
    assert seal(settings) is None
    return chains, {1: first["hash"], 2: second["hash"]}


def test_seals_are_checked(sealed, settings):
    report = verify(settings, kept_seals=dict(sealed[1]))
    assert (report["seals"], report["broken"], report["found"]) == (2, 0, [])


def cut_tail_and_head(database):
    """Cut off the end so that chain and head agree: only a seal knows better."""
    database.trail.delete_one({"_id": "visit:v1:5"})
    row = database.trail.find_one({"_id": "visit:v1:4"})
    database.trail_heads.update_one({"_id": "visit:v1"}, {"$set": {"seq": 4, "hash": row["hash"]}})


def remove_chain_and_head(database):
    remove_chain(database)
    head_gone(database)


def rewrite_chain(database):
    """Write a whole chain anew, hashes and head and all."""
    previous = GENESIS
    for old in list(database.trail.find({"object_id": "v1"}).sort("seq", 1)):
        row = rechain(old, actor="p9", previous=previous)
        previous = row["hash"]
        database.trail.replace_one({"_id": row["_id"]}, row)
    database.trail_heads.update_one({"_id": "visit:v1"}, {"$set": {"hash": previous}})


def remove_a_seal(database):
    database.trail_seals.delete_one({"_id": 1})


def change_a_seal(database):
    database.trail_seals.update_one({"_id": 1}, {"$set": {"sealed_at": "2020-01-01T00:00:00.000+00:00"}})


def change_leaves(database):
    part = database.trail_seal_leaves.find_one({"seal": 1})
    database.trail_seal_leaves.update_one({"_id": part["_id"]}, {"$set": {"leaves": part["leaves"][:-1]}})


def remove_leaves(database):
    database.trail_seal_leaves.delete_many({"seal": 2})


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (cut_tail_and_head, ("visit:v1:5", "removed")), (remove_chain_and_head, ("visit:v1:5", "removed")),
        (rewrite_chain, ("visit:v1:5", "changed")), (remove_a_seal, ("seal:1", "seal_removed")),
        (change_a_seal, ("seal:1", "seal_changed")), (change_leaves, ("seal:1", "seal_removed")),
        (remove_leaves, ("seal:2", "seal_removed")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_what_is_sealed_cannot_be_cut_off(sealed, settings, tamper, expected):
    tamper(sealed[0])
    assert names(verify(settings))[0] == expected


def test_a_seal_made_with_another_key_is_found(sealed, settings):
    """Somebody who rewrites a seal has to sign it; that the database has a key makes it no trusted one."""
    database, _ = sealed
    row = database.trail_seals.find_one({"_id": 2})
    forged = signatures.sign(row, b"x" * 32)
    database.trail_seals.replace_one({"_id": 2}, forged)
    public = base64.b64encode(signatures.public_key(b"x" * 32)).decode()
    database.signing_keys.insert_one({"_id": forged["key_id"], "algorithm": "Ed25519", "public_key": public})
    assert names(verify(settings))[0] == ("seal:2", "seal_changed")


def test_cut_seals_are_found_by_one_noted_elsewhere(sealed, settings):
    database, kept = sealed
    cut_tail_and_head(database)
    database.trail_seals.delete_many({})
    database.trail_seal_leaves.delete_many({})
    assert verify(settings)["broken"] == 0, "nothing inside the database knows any more"
    assert names(verify(settings, kept_seals={2: kept[2]})) == [("seal:2", "seal_removed")]


def test_a_seal_made_anew_with_the_stolen_key_fits_no_longer(sealed, settings):
    """Each seal names the one before by its hash."""
    database, _ = sealed
    row = database.trail_seals.find_one({"_id": 1}) | {"sealed_at": "2020-01-01T00:00:00.000+00:00"}
    database.trail_seals.replace_one({"_id": 1}, signatures.sign(row, settings.receipt_seed()))
    assert names(verify(settings)) == [("seal:2", "seal_changed")]


def test_a_seal_noted_elsewhere_must_be_the_same(sealed, settings):
    _, kept = sealed
    assert names(verify(settings, kept_seals={1: kept[2], 2: kept[2]})) == [("seal:1", "seal_changed")]


def test_no_byte_of_a_seal_can_be_changed(sealed, settings):
    database, _ = sealed
    generator = random.Random(7)
    rows = database.trail_seals.with_options(bson.codec_options.CodecOptions(document_class=RawBSONDocument))
    row = rows.find_one({"_id": 2}).raw
    taken = 0
    for _ in range(40):
        place = generator.randrange(4, len(row))
        changed = row[:place] + bytes([row[place] ^ (1 << generator.randrange(8))]) + row[place + 1 :]
        database.trail_seals.delete_one({"_id": 2})
        try:
            rows.insert_one(RawBSONDocument(changed))
        except (PyMongoError, bson.errors.InvalidBSON, UnicodeDecodeError):
            rows.insert_one(RawBSONDocument(row))
            continue
        taken += 1
        assert verify(settings, kept_seals={2: sealed[1][2]})["broken"], (place, changed)
        database.trail_seals.delete_many({"_id": {"$ne": 1}})
        rows.insert_one(RawBSONDocument(row))
    assert taken > 5
    assert verify(settings)["broken"] == 0


def test_what_a_dead_sealer_left_is_replaced(sealed, settings):
    database, _ = sealed
    database.trail_seal_leaves.insert_one({"_id": "3:7", "seal": 3, "part": 7, "leaves": ["visit:v1:1 x"]})
    trail.append("visit", "v1", "decided", actor_id="p1", at=AT)
    assert seal(settings)["seal"] == 3
    assert verify(settings)["broken"] == 0


def test_seals_of_many_parts(database, settings, monkeypatch):
    from audit_api.operations import trail_seals

    monkeypatch.setattr(trail_seals, "LEAVES", 3)
    for number in range(10):
        trail.append("visit", f"v{number}", "decided", actor_id="p1", at=AT)
    assert seal(settings)["leaves"] == 11
    assert database.trail_seal_leaves.count_documents({}) == 4
    assert (verify(settings)["broken"], database.trail_heads.count_documents({"unsealed": True})) == (0, 0)


def test_a_key_changed_leaves_old_seals_good(sealed, settings):
    old = base64.b64encode(signatures.public_key(settings.receipt_seed())).decode()
    object.__setattr__(settings, "receipt_key", base64.b64encode(b"n" * 32).decode())
    object.__setattr__(settings, "receipt_keys_previous", old)
    assert seal(settings)["seal"] == 3, "the new key's own publication is sealed"
    report = verify(settings)
    assert (report["seals"], report["broken"]) == (3, 0)
    object.__setattr__(settings, "receipt_keys_previous", "")
    assert names(verify(settings)) == [("seal:1", "seal_changed"), ("seal:2", "seal_changed")]


# Size


def fill(database, count: int) -> None:
    """Write chains of up to nine entries with their heads, as many entries as wanted."""
    rows: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    number = 0
    while count > 0:
        length = min(count, number % 9 + 1)
        chain = make_chain("visit", f"{number:08d}", [{"from": "in_qc", "to": "approved", "raw": 80.5}] * length)
        rows += chain
        heads.append(head_of(chain))
        count -= length
        number += 1
        if len(rows) > 5000 or count <= 0:
            database.trail.insert_many(rows, ordered=False)
            database.trail_heads.insert_many(heads, ordered=False)
            rows, heads = [], []


def check_tampering_is_found(database, settings) -> None:
    database.trail.update_one({"_id": "visit:00000500:2"}, {"$set": {"actor": "p2"}})
    assert names(verify(settings))[0] == ("visit:00000500:2", "changed")


def test_many_entries_in_bounded_memory(database, settings):
    fill(database, 10_000)
    grown = []
    tracemalloc.start()
    try:
        report = verify(settings, say=lambda _: grown.append(tracemalloc.get_traced_memory()[0]), segment=1_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report["entries"], report["broken"]) == (10_000, 0)
    assert max(grown[1:]) - min(grown[1:]) < 1_000_000, "memory grows with the number of entries"
    assert peak < 20_000_000
    check_tampering_is_found(database, settings)


def resident_bytes() -> int:
    status = Path("/proc/self/status")
    return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) * 1024 if status.exists() else 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_million_entries(database, settings):
    """A tenth without FULL=1; prints the rate."""
    count = 1_000_000 if FULL else 100_000
    fill(database, count)
    resident = []
    begun, busy = time.perf_counter(), time.process_time()
    report = verify(settings, say=lambda _: resident.append(resident_bytes()))
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    print(f"{count} entries: {count / seconds:.0f} a second, {count / busy:.0f} a second of processor")
    print(f"resident memory grew by {(max(resident) - resident[0]) / 1e6:.1f} MB after the first segment")
    assert (report["entries"], report["broken"]) == (count, 0)
    assert max(resident) - resident[0] < 50_000_000
    check_tampering_is_found(database, settings)
