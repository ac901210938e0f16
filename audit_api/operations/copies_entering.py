"""Verbs of the background: enter photos among those that later ones are compared with."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime

import numpy as np
from pymongo.errors import DuplicateKeyError

from audit_api.domain.copies import MOST_FOUND, NEAR, Seen, closest
from audit_api.evidence.hash_index import HashIndex, words_of
from audit_api.evidence.likeness import HASH_BYTES, Likeness, View, likeness_of
from audit_api.models.base import Row, to_milliseconds
from audit_api.models.copies import PhotoCopies
from audit_api.models.photos import Photo

READ_AT_ONCE = 5_000
ATTEMPTS = 100
WAIT_SECONDS = 0.05
NOT_ENTERED = {"copies_entry": None}


class CopyIndex:
    """The photos entered so far, in this process's memory; everything in it comes from the database."""

    def __init__(self) -> None:
        self.last = 0
        self._hashes = HashIndex()
        self._owners: list[int] = []  # by place in the index: which photo …
        self._cuts: list[str] = []  # … and which view of it
        self._photos: list[str] = []

    def catch_up(self) -> int:
        """Read what any process has entered since; gives how many photos that were.

        An entry is written when the one before it is visible, but a reading that takes a while can pass the place
        of the first before it is there and meet the second. Read again, what is still missing was deleted.
        """
        before, beyond = len(self._photos), 0
        while met := self._read(beyond):
            beyond = met
        return len(self._photos) - before

    def _read(self, beyond: int) -> int:
        """Read on; gives the number met after a gap, 0 at the end. Gaps before `beyond` are passed over."""
        batch: list[Row] = []
        known, met = self.last, 0
        fields = {"sha256": 1, "cuts": 1, "hashes": 1}
        for entry in PhotoCopies._get_collection().find({"_id": {"$gt": known}}, fields).sort("_id", 1):
            if entry["_id"] > max(known + 1, beyond):
                met = int(entry["_id"])
                break
            known = entry["_id"]
            batch.append(entry)
            if len(batch) == READ_AT_ONCE:
                self._take(batch)
                batch = []
        self._take(batch)
        return met

    def nearest(self, likeness: Likeness, but: str) -> list[Row]:
        """Find the photos within `NEAR`, nearest first, each with the pair of views that explains it best."""
        if not likeness.asked:
            return []
        asked: list[View] = list(likeness.asked)
        rows, places, apart = self._hashes.search(words_of(b"".join(view.hash for view in asked)), NEAR)
        pairs: dict[int, list[Seen]] = defaultdict(list)
        for row, place, distance in zip(rows.tolist(), places.tolist(), apart.tolist(), strict=True):
            pairs[self._owners[place]].append(Seen(distance, asked[row].cut, asked[row].turn, self._cuts[place]))
        found = [(closest(seen), self._photos[owner]) for owner, seen in pairs.items()]
        found.sort(key=lambda pair: (pair[0].distance, pair[1]))
        return [
            {"sha256": sha256, "distance": seen.distance, "cut": seen.cut, "turn": seen.turn,
             "earlier_cut": seen.earlier_cut}
            for seen, sha256 in found if sha256 != but
        ]  # fmt: skip

    def _take(self, batch: list[Row]) -> None:
        if not batch:
            return
        for entry in batch:
            self._owners += [len(self._photos)] * len(entry["cuts"])
            self._cuts += entry["cuts"]
            self._photos.append(entry["sha256"])
        hashes = b"".join(bytes(entry["hashes"]) for entry in batch)
        assert len(hashes) == HASH_BYTES * sum(len(entry["cuts"]) for entry in batch)
        self._hashes.extend(words_of(hashes).astype(np.uint64))
        self.last = batch[-1]["_id"]


def enter_photos(index: CopyIndex, *, at: datetime, most: int = 1_000) -> int:
    """Enter up to `most` photos that wait for it, the first received first; gives how many were entered.

    Killed at any moment it loses nothing: a photo waits until its entry is there, and entering it again changes
    nothing. Several processes may do it at once; each photo is entered by one of them.
    """
    wanted = Photo._get_collection().find(NOT_ENTERED, {"thumbnail": 1}).sort("received_at", 1).limit(most)
    return sum(_enter(index, row["_id"], bytes(row["thumbnail"]), at) for row in wanted)


def forget_lost_entries(*, at_once: int = READ_AT_ONCE) -> int:
    """Let photos wait again whose entry is gone (restored from elsewhere, dropped); gives how many."""
    photos, lost, after = Photo._get_collection(), 0, ""
    while batch := [
        row["_id"]
        for row in photos.find({"_id": {"$gt": after}, "copies_entry": {"$ne": None}}, {"_id": 1})
        .sort("_id", 1)
        .limit(at_once)
    ]:
        known = {r["sha256"] for r in PhotoCopies._get_collection().find({"sha256": {"$in": batch}}, {"sha256": 1})}
        gone = [sha256 for sha256 in batch if sha256 not in known]
        if gone:
            lost += photos.update_many({"_id": {"$in": gone}}, {"$set": {"copies_entry": None}}).modified_count
        after = batch[-1]
    return lost


def count_waiting() -> int:
    """Count the photos that wait to be entered."""
    return int(Photo._get_collection().count_documents(NOT_ENTERED))


def _enter(index: CopyIndex, sha256: str, thumbnail: bytes, at: datetime) -> bool:
    entries = PhotoCopies._get_collection()
    try:
        likeness = likeness_of(thumbnail)
    except OSError:  # a thumbnail of our own making that cannot be read: found by its bytes only
        likeness = Likeness((), (), (0.0, 0.0, 0.0))
    for _ in range(ATTEMPTS):
        index.catch_up()
        if (known := entries.find_one({"sha256": sha256}, {"_id": 1})) is not None:
            _mark(sha256, known["_id"])
            return False
        found = index.nearest(likeness, but=sha256)
        number = index.last + 1
        entry = {
            "_id": number,
            "sha256": sha256,
            "cuts": [view.cut for view in likeness.kept],
            "hashes": b"".join(view.hash for view in likeness.kept),
            "tone": list(likeness.tone),
            "found": found[:MOST_FOUND],
            "found_count": len(found),
            "entered_at": to_milliseconds(at),
        }
        try:
            entries.insert_one(entry)
        except DuplicateKeyError:  # another process was first, with this number or this photo
            time.sleep(WAIT_SECONDS)
            continue
        _mark(sha256, number)
        return True
    raise RuntimeError(f"the photo {sha256} could not be entered: another process holds its number")


def _mark(sha256: str, entry: int) -> None:
    Photo._get_collection().update_one({"_id": sha256}, {"$set": {"copies_entry": entry}})
