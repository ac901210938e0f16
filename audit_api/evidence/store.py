"""Keeps photo bytes by their SHA-256: whole or not at all, once however often they are sent."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final, Protocol, cast

from bson import ObjectId
from gridfs import GridFSBucket
from gridfs.errors import FileExists, NoFile
from pymongo.database import Database

BUCKET: Final = "blobs"
_CHUNK_BYTES: Final = 255 * 1024
_BATCH: Final = 500
_SHORTEST_AGE: Final = timedelta(hours=1)


class HashDiffersError(ValueError):
    """Say that the bytes received are not those that were announced; `actual` is their SHA-256."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"expected {expected}, received {actual}")
        self.expected = expected
        self.actual = actual


class BlobMissingError(LookupError):
    """Say that no blob of this SHA-256 is kept."""


class BlobStore(Protocol):
    """Keep and give back bytes by their SHA-256 (64 lower-case hex digits)."""

    def put(self, sha256: str, stream: BinaryIO) -> bool:
        """Store a stream durably before returning; True if it is new, False if it was there already.

        Raises HashDiffersError when the bytes are others; nothing of them is kept then.
        """

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading; raises BlobMissingError."""

    def size(self, sha256: str) -> int:
        """Give its length in bytes; raises BlobMissingError."""

    def blocks(self, sha256: str) -> Iterator[bytes]:
        """Read a blob block by block, a few of them in memory at most; raises BlobMissingError.

        For checks: what is there is given as it is, whole or not.
        """

    def names(self, after: str, limit: int) -> list[str]:
        """List blobs in the order of their names, behind one of them."""

    def sweep_orphans(self, older_than: datetime, now: datetime, limit: int = 10_000) -> int:
        """Remove what attempts begun before `older_than` left behind and never committed; gives their number."""

    def delete(self, sha256: str, unused_since: datetime) -> bool:
        """Remove a blob that nobody has put since `unused_since`; False if there is none such.

        For sweeps: the caller knows that nothing written before then names it.
        """


class GridFSStore:
    """A BlobStore in MongoDB's GridFS.

    Every attempt writes chunks under an id of its own; the file document, inserted last, is the commit.
    A unique index on its name – the SHA-256 – lets one of several attempts win; the others remove their
    chunks and report success. A crash leaves chunks without a file document, invisible to every reader,
    until `sweep_orphans`. The write concern is the database handle's: majority and journaled.
    """

    def __init__(self, database: Database[Any]) -> None:
        self._files = database[BUCKET + ".files"]
        self._chunks = database[BUCKET + ".chunks"]
        self._indexed = False
        self._bucket = GridFSBucket(database, bucket_name=BUCKET, chunk_size_bytes=_CHUNK_BYTES)

    def ensure_indexes(self) -> None:
        """Create what the commit rests on; the first `put` of every process does it."""
        self._files.create_index("filename", unique=True, name="one_blob_per_hash")
        self._chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
        self._indexed = True

    def put(self, sha256: str, stream: BinaryIO) -> bool:
        """Store a stream; see BlobStore.put."""
        if not self._indexed:
            self.ensure_indexes()
        # Touching what is kept tells a sweep, in one atomic step, that somebody counts on it again.
        touched = self._files.update_one({"filename": sha256}, {"$currentDate": {"touched_at": True}})
        if touched.matched_count:
            _copy(stream, sha256, lambda _: None)
            return False
        attempt = self._bucket.open_upload_stream_with_id(ObjectId(), sha256)
        try:
            _copy(stream, sha256, attempt.write)
        except BaseException:
            self._remove_chunks(attempt._id)
            raise
        # An error from here on says nothing about whether the commit arrived, and another caller may
        # already rely on it: nothing is removed, the sweep sees to what was not committed.
        try:
            attempt.close()
        except FileExists:
            if self._files.find_one({"filename": sha256}, {"_id": 1}) != {"_id": attempt._id}:
                self._remove_chunks(attempt._id)
            return False
        return True

    def _remove_chunks(self, file_id: ObjectId) -> None:
        self._chunks.delete_many({"files_id": file_id})

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading; raises BlobMissingError."""
        try:
            return cast(BinaryIO, self._bucket.open_download_stream_by_name(sha256))
        except NoFile:
            raise BlobMissingError(sha256) from None

    def size(self, sha256: str) -> int:
        """Give its length in bytes; raises BlobMissingError."""
        kept = self._files.find_one({"filename": sha256}, {"length": 1})
        if kept is None:
            raise BlobMissingError(sha256)
        return int(kept["length"])

    def blocks(self, sha256: str) -> Iterator[bytes]:
        """Read a blob block by block; see BlobStore.blocks. GridFS' own reader fetches up to 16 MB at once."""
        kept = self._files.find_one({"filename": sha256}, {"_id": 1})
        if kept is None:
            raise BlobMissingError(sha256)
        # A slow reader must not hold a cursor that the server closes after ten idle minutes: each read is one query.
        for number in itertools.count():
            chunk = self._chunks.find_one({"files_id": kept["_id"], "n": number}, {"data": 1})
            if chunk is None:
                return
            yield bytes(chunk["data"])

    def names(self, after: str, limit: int) -> list[str]:
        """List blobs in the order of their names; see BlobStore.names."""
        found = self._files.find({"filename": {"$gt": after}}, {"filename": 1}).sort("filename", 1).limit(limit)
        return [kept["filename"] for kept in found]

    def delete(self, sha256: str, unused_since: datetime) -> bool:
        """Remove a blob; see BlobStore.delete. The file document goes first: no reader finds half a blob."""
        kept = self._files.find_one_and_delete(
            {
                "filename": sha256,
                "uploadDate": {"$lt": unused_since},
                "$or": [{"touched_at": None}, {"touched_at": {"$lt": unused_since}}],
            },
            {"_id": 1},
        )
        if kept is None:
            return False
        self._remove_chunks(kept["_id"])
        return True

    def sweep_orphans(self, older_than: datetime, now: datetime, limit: int = 10_000) -> int:
        """Remove chunks of attempts begun before `older_than` and never committed; gives their number.

        `older_than` lies at least an hour before `now` (ValueError), so that no attempt still under way
        loses its chunks. At most `limit` attempts are removed in one call.
        """
        if now - older_than < _SHORTEST_AGE:
            raise ValueError("older_than must lie at least an hour back: attempts under way would lose chunks")
        # Chunk 0 of every attempt begun before; the ids carry their time, and the index is in that order.
        begun = self._chunks.find(
            {"files_id": {"$lt": ObjectId.from_datetime(older_than)}, "n": 0}, {"_id": 0, "files_id": 1}
        )
        removed = 0
        while removed < limit and (ids := [chunk["files_id"] for chunk in itertools.islice(begun, _BATCH)]):
            whole = {kept["_id"] for kept in self._files.find({"_id": {"$in": ids}}, {"_id": 1})}
            orphans = [file_id for file_id in ids if file_id not in whole][: limit - removed]
            if orphans:
                self._chunks.delete_many({"files_id": {"$in": orphans}})
                removed += len(orphans)
        return removed


def _copy(stream: BinaryIO, sha256: str, write: Callable[[bytes], object]) -> None:
    """Read a stream to its end, writing and hashing on the way; raises HashDiffersError at the end."""
    digest = hashlib.sha256()
    while block := stream.read(_CHUNK_BYTES):
        digest.update(block)
        write(block)
    if digest.hexdigest() != sha256:
        raise HashDiffersError(sha256, digest.hexdigest())
