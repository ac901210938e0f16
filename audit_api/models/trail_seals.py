"""Seals of the trail: each signs the ends of all chains that grew since the one before, and that one's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from mongoengine import Document, IntField, ListField, StringField

from audit_api.domain.signatures import signed_bytes
from audit_api.models.base import Row
from audit_api.models.trail import GENESIS

LEAVES = 2_000
"""Leaves in one document."""


class TrailSeal(Document):
    """One seal; `_id` is its number, from 1. `sealed_at` is text, as it was signed."""

    id = IntField(primary_key=True)
    sealed_at = StringField(required=True)
    previous = StringField(required=True)
    leaves = IntField(required=True)
    digest = StringField(required=True)
    algorithm = StringField(required=True)
    key_id = StringField(required=True)
    signature = StringField(required=True)
    meta = {"collection": "trail_seals", "auto_create_index": False}


class TrailSealLeaves(Document):
    """A part of what a seal covers: the id and the hash of the last entry of each chain, with a blank between."""

    id = StringField(primary_key=True)  # seal:part, both numbers from 1
    seal = IntField(required=True)
    part = IntField(required=True)
    leaves = ListField(StringField())
    meta = {"collection": "trail_seal_leaves", "auto_create_index": False, "indexes": [["seal", "part"]]}


SEAL_FIELDS = {"_id", "sealed_at", "previous", "leaves", "digest", "algorithm", "key_id", "signature"}


def seal_hash(seal: Row | None) -> str:
    """Hash a seal as the next one names it: SHA-256 over what was signed; zeros where there is none."""
    return hashlib.sha256(signed_bytes(seal)).hexdigest() if seal else GENESIS


def latest_seal() -> Row | None:
    """Give the newest seal."""
    return TrailSeal._get_collection().find_one({}, sort=[("_id", -1)])


class LeafDigest:
    """SHA-256 over leaves, each ended by a line break."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.count = 0

    def add(self, leaves: Iterable[str]) -> None:
        """Take in some leaves, in order."""
        for leaf in leaves:
            self._digest.update(leaf.encode() + b"\n")
            self.count += 1

    def hex(self) -> str:
        """Give the digest of all leaves so far."""
        return self._digest.hexdigest()
