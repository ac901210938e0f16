"""Verbs on the trail's seals: seal, verify. What a seal covers cannot be cut off without its key."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pymongo import UpdateOne

from audit_api.domain import signatures
from audit_api.domain.directory import Actor
from audit_api.models import sweeps
from audit_api.models.base import Row
from audit_api.models.trail import GENESIS, TrailEntry, TrailHead
from audit_api.models.trail_check import Progress, raw_rows, read_row
from audit_api.models.trail_seals import (
    LEAVES,
    SEAL_FIELDS,
    LeafDigest,
    TrailSeal,
    TrailSealLeaves,
    latest_seal,
    seal_hash,
)
from audit_api.operations.busy import busy
from audit_api.operations.receipts import signing_seed
from audit_api.settings import Settings

SWEEP = "trail-seal"
LEASE_SECONDS = 120


def seal_trail(*, settings: Settings, actor: Actor, at: datetime) -> Row | None:
    """Seal the ends of all chains that grew since the last seal; None where none did.

    What is written last is the seal itself: a process that dies before leaves parts that the next one replaces.
    Returns `{"seal", "hash", "sealed_at", "leaves"}`. Raises TRANSITION_REFUSED while another process seals.
    """
    holder = uuid.uuid4().hex
    seed = signing_seed(settings, actor=actor, at=at)
    if sweeps.take(SWEEP, holder, LEASE_SECONDS) is None:
        raise busy("封印轨迹", "sealing the trail")
    try:
        last = latest_seal()
        number = last["_id"] + 1 if last else 1
        digest = _write_leaves(number, holder)
        if not digest.count:
            return None
        seal = signatures.sign(
            {
                "_id": number,
                "sealed_at": at.isoformat(timespec="milliseconds"),
                "previous": seal_hash(last),
                "leaves": digest.count,
                "digest": digest.hex(),
            },
            seed,
        )
        TrailSeal._get_collection().insert_one(seal)
        _mark_sealed(number, holder)
    finally:
        sweeps.release(SWEEP, holder)
    return {"seal": number, "hash": seal_hash(seal), "sealed_at": seal["sealed_at"], "leaves": digest.count}


def _write_leaves(number: int, holder: str) -> LeafDigest:
    parts = TrailSealLeaves._get_collection()
    parts.delete_many({"seal": number})
    digest, part, leaves = LeafDigest(), 0, list[str]()
    for head in _and_none(TrailHead._get_collection().find({"unsealed": True}, {"seq": 1, "hash": 1})):
        if head is not None:
            leaves.append(f"{head['_id']}:{head['seq']} {head['hash']}")
        if leaves and (head is None or len(leaves) == LEAVES):
            part += 1
            digest.add(leaves)
            _keep(holder)
            parts.insert_one({"_id": f"{number}:{part}", "seal": number, "part": part, "leaves": leaves})
            leaves = []
    return digest


def _and_none(rows: Iterator[Row]) -> Iterator[Row | None]:
    yield from rows
    yield None


def _mark_sealed(number: int, holder: str) -> None:
    for part in TrailSealLeaves._get_collection().find({"seal": number}).sort("part", 1).batch_size(1):
        ends = [leaf.rpartition(" ")[0].rpartition(":") for leaf in part["leaves"]]
        _keep(holder)
        # A chain that has grown meanwhile stays for the next seal.
        TrailHead._get_collection().bulk_write(
            [UpdateOne({"_id": chain, "seq": int(seq)}, {"$set": {"unsealed": False}}) for chain, _, seq in ends],
            ordered=False,
        )


def _keep(holder: str) -> None:
    if not sweeps.advance(SWEEP, holder, LEASE_SECONDS):
        raise busy("封印轨迹", "sealing the trail")


@dataclass
class SealPosition:
    """Which seals have been checked."""

    number: int = 0
    hash: str = GENESIS


def verify_seals(
    progress: Progress, position: SealPosition, keys: Mapping[str, bytes], step: Callable[[], None]
) -> None:
    """Check every seal behind a position: number, signature, what it follows, and that all it covers is still there.

    `keys`: trusted public keys by name. `step` is called after each seal.
    """
    seals = TrailSeal._get_collection()
    for raw in raw_rows(seals.find_raw_batches({"_id": {"$gt": position.number}}, sort=[("_id", 1)], batch_size=100)):
        seal = read_row(raw)
        number = seal.get("_id", position.number + 1)
        if number != position.number + 1:
            progress.report(f"seal:{position.number + 1}", "seal_removed")
        elif not _is_sound(seal, position.hash, keys):
            progress.report(f"seal:{number}", "seal_changed")
        elif not _leaves_are_there(progress, seal):
            progress.report(f"seal:{number}", "seal_removed")
        position.number, position.hash = number, seal_hash(seal)
        step()


def compare_seals(progress: Progress, kept: Mapping[int, str]) -> None:
    """Hold seals, by number, against their hashes as somebody noted them elsewhere."""
    for number, held in sorted(kept.items()):
        row = next(map(read_row, raw_rows(TrailSeal._get_collection().find_raw_batches({"_id": number}))), None)
        if row is None:
            progress.report_once(f"seal:{number}", "seal_removed")
        elif seal_hash(row) != held:
            progress.report_once(f"seal:{number}", "seal_changed")


def _is_sound(seal: Row, previous: str, keys: Mapping[str, bytes]) -> bool:
    if set(seal) != SEAL_FIELDS or seal["previous"] != previous:
        return False
    public = keys.get(str(seal["key_id"]))
    return public is not None and signatures.is_signed(seal, public)


def _leaves_are_there(progress: Progress, seal: Row) -> bool:
    """Look up every entry a seal names; False where the seal's own list is not whole."""
    entries, parts = TrailEntry._get_collection(), TrailSealLeaves._get_collection()
    digest = LeafDigest()
    batches = parts.find_raw_batches({"seal": seal["_id"]}, sort=[("part", 1)], batch_size=1)
    for expected, part in enumerate(map(read_row, raw_rows(batches)), 1):
        if part.get("_id") != f"{seal['_id']}:{expected}" or part.get("part") != expected:
            return False
        leaves = part.get("leaves")
        if not isinstance(leaves, list) or not all(isinstance(leaf, str) for leaf in leaves):
            return False
        digest.add(leaves)
        named = {name: held for name, _, held in (leaf.rpartition(" ") for leaf in leaves)}
        # Raw: what somebody has broken must not stop the one who looks for it.
        found = map(read_row, raw_rows(entries.find_raw_batches({"_id": {"$in": list(named)}}, {"hash": 1})))
        there = {row["_id"]: row.get("hash") for row in found if row}
        for name, held in named.items():
            if there.get(name) != held:
                progress.report(name, "changed" if name in there else "removed")
    return bool(digest.count == seal["leaves"] and digest.hex() == seal["digest"])
