"""Remember why an upload was refused, by its hash, for the person who sent it: bounded, the latest kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.models.base import Row, to_milliseconds
from audit_api.models.photos import MOST_REFUSALS, PhotoRefusal, upload_id
from audit_api.problems import Problem

P = ParamSpec("P")
R = TypeVar("R")

REMEMBERED = frozenset(
    {problems.TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE, problems.PHOTO_REFUSED, problems.HASH_MISMATCH}
    | {problems.ATTACHMENT_REFUSED, problems.RECORDING_NOT_ALLOWED}
)


def remembers_refusals(receive: Callable[P, R]) -> Callable[P, R]:
    """Make an operation with arguments `sha256`, `actor` and `at` remember what it refuses about the bytes."""
    named = signature(receive)

    @wraps(receive)
    def receiving(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return receive(*args, **kwargs)
        except Problem as problem:
            if problem.kind in REMEMBERED:
                given = named.bind(*args, **kwargs).arguments
                _remember(given["sha256"], problem, given["actor"], given["at"])
            raise

    return receiving


def _remember(sha256: str, problem: Problem, actor: Actor, at: datetime) -> None:
    refusals = PhotoRefusal._get_collection()
    kind = problem.kind
    said = {
        "problem": kind.slug,
        "status": kind.status,
        "reason": problem.members.get("reason", kind.slug),
        "message": {"zh": problem.zh or kind.zh, "en": problem.en or kind.en},
        "refused_at": to_milliseconds(at),
    }
    done = refusals.update_one(
        {"_id": upload_id(actor.id, sha256)},
        {"$set": said, "$inc": {"times": 1}, "$setOnInsert": {"person": actor.id, "sha256": sha256}},
        upsert=True,
    )
    if done.upserted_id is not None:
        rest = refusals.find({"person": actor.id}, {"_id": 1}).sort("refused_at", -1).skip(MOST_REFUSALS)
        if too_old := [row["_id"] for row in rest]:
            refusals.delete_many({"_id": {"$in": too_old}})


def refusals_of(person: str, hashes: Iterable[str]) -> dict[str, Row]:
    """Give what a person's refused uploads were refused for, by hash."""
    ids = [upload_id(person, sha256) for sha256 in hashes]
    return {row["sha256"]: _told(row) for row in PhotoRefusal._get_collection().find({"_id": {"$in": ids}})}


def refusals_since(person: str, moment: datetime | None = None) -> dict[str, Row]:
    """Give all that is remembered of a person's refused uploads since a moment, the latest first, by hash."""
    wanted: Row = {"person": person} | ({"refused_at": {"$gte": moment}} if moment else {})
    rows = PhotoRefusal._get_collection().find(wanted).sort("refused_at", -1).limit(MOST_REFUSALS)
    return {row["sha256"]: _told(row) for row in rows}


def _told(row: Row) -> Row:
    return {name: row[name] for name in ("problem", "status", "reason", "message", "refused_at", "times")}
