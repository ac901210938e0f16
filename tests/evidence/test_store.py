"""Blobs: whole or not at all, once, and still there afterwards."""

import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from audit_api.evidence.store import BlobMissingError, BlobStore, GridFSStore, HashDiffersError

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def named(data):
    return hashlib.sha256(data).hexdigest()


PHOTO = bytes(range(256)) * 2500  # 640 kB: three chunks
NAME = named(PHOTO)


@pytest.fixture
def store(database):
    return GridFSStore(database)


@pytest.fixture
def counts(database):
    return lambda: (database["blobs.files"].count_documents({}), database["blobs.chunks"].count_documents({}))


class Breaking(io.BytesIO):
    """A stream that ends in an error after its bytes."""

    def read(self, size=-1):
        if block := super().read(size):
            return block
        raise OSError("the line went dead")


def test_it_works(store: BlobStore, counts):
    assert store.put(NAME, io.BytesIO(PHOTO)) is True
    assert store.names("", 9) == [NAME]
    assert store.size(NAME) == len(PHOTO)
    with store.open(NAME) as found:
        assert found.read(10) == PHOTO[:10]
        assert found.read() == PHOTO[10:]
    assert counts() == (1, 3)


def test_again_changes_nothing(store, counts):
    store.put(NAME, io.BytesIO(PHOTO))
    assert store.put(NAME, io.BytesIO(PHOTO)) is False
    assert counts() == (1, 3)


def test_an_empty_blob(store):
    assert store.put(named(b""), io.BytesIO(b"")) is True
    with store.open(named(b"")) as found:
        assert found.read() == b""


def test_other_bytes_are_refused_and_leave_nothing(store, counts):
    with pytest.raises(HashDiffersError) as caught:
        store.put(NAME, io.BytesIO(PHOTO + b"!"))
    assert caught.value.actual == named(PHOTO + b"!")
    assert store.names("", 9) == []
    assert counts() == (0, 0)


def test_other_bytes_are_refused_when_the_name_is_kept_already(store):
    store.put(NAME, io.BytesIO(PHOTO))
    with pytest.raises(HashDiffersError):
        store.put(NAME, io.BytesIO(b"other"))
    with store.open(NAME) as found:
        assert found.read() == PHOTO


def test_a_broken_stream_leaves_nothing_and_can_be_sent_again(store, counts):
    with pytest.raises(OSError, match="went dead"):
        store.put(NAME, Breaking(PHOTO))
    assert store.names("", 9) == []
    assert counts() == (0, 0)
    assert store.put(NAME, io.BytesIO(PHOTO)) is True


def test_what_is_absent(store):
    assert store.names("", 9) == []
    for look in (store.open, store.size):
        with pytest.raises(BlobMissingError):
            look(NAME)
    assert store.delete(NAME, NOW) is False


def test_many_at_once_store_once(database, counts):
    """Each thread has its own store, as each process has; all reach the commit together."""
    barrier = threading.Barrier(8)
    stores = [GridFSStore(database) for _ in range(8)]
    created = []

    class Waiting(io.BytesIO):
        def read(self, size=-1):
            block = super().read(size)
            if not block:
                barrier.wait(10)
            return block

    threads = [threading.Thread(target=lambda one=one: created.append(one.put(NAME, Waiting(PHOTO)))) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [False] * 7 + [True]
    assert counts() == (1, 3)
    with stores[0].open(NAME) as found:
        assert found.read() == PHOTO


def test_an_unknown_outcome_removes_nothing(store, counts, database, monkeypatch):
    """The commit arrived, its answer did not: somebody may rely on the blob already."""
    opened = store._bucket.open_upload_stream_with_id

    def losing_the_answer(*args):
        attempt = opened(*args)
        close = attempt.close

        def commit():
            close()
            raise AutoReconnect("no answer")

        object.__setattr__(attempt, "close", commit)
        return attempt

    monkeypatch.setattr(store._bucket, "open_upload_stream_with_id", losing_the_answer)
    with pytest.raises(AutoReconnect):
        store.put(NAME, io.BytesIO(PHOTO))
    assert counts() == (1, 3)
    with store.open(NAME) as found:
        assert found.read() == PHOTO
    assert store.put(NAME, io.BytesIO(PHOTO)) is False


def test_chunks_of_a_crash_are_invisible_and_swept(store, counts, database):
    old, young = ObjectId.from_datetime(NOW - timedelta(days=2)), ObjectId.from_datetime(NOW - timedelta(minutes=5))
    for attempt in (old, young):
        database["blobs.chunks"].insert_many([{"files_id": attempt, "n": n, "data": b"part"} for n in range(2)])
    assert store.names("", 9) == []
    assert store.put(NAME, io.BytesIO(PHOTO)) is True
    later = datetime.now(UTC) + timedelta(days=1)
    assert store.sweep_orphans(NOW - timedelta(days=1), NOW) == 1
    assert counts() == (1, 5)
    assert store.sweep_orphans(later - timedelta(hours=2), later) == 1
    assert counts() == (1, 3)
    with store.open(NAME) as found:
        assert found.read() == PHOTO


def test_a_sweep_of_attempts_under_way_is_refused(store):
    with pytest.raises(ValueError, match="at least an hour"):
        store.sweep_orphans(NOW - timedelta(minutes=59), NOW)


def test_a_sweep_is_bounded(store, database):
    begun = [ObjectId.from_datetime(NOW - timedelta(days=2, seconds=n)) for n in range(7)]
    database["blobs.chunks"].insert_many([{"files_id": attempt, "n": 0, "data": b"x"} for attempt in begun])
    assert [store.sweep_orphans(NOW - timedelta(days=1), NOW, limit=5) for _ in range(3)] == [5, 2, 0]


def test_delete_spares_what_was_put_again_since(store, counts):
    before = datetime.now(UTC) - timedelta(seconds=5)
    store.put(NAME, io.BytesIO(PHOTO))
    assert store.delete(NAME, unused_since=before) is False
    later = datetime.now(UTC) + timedelta(seconds=5)
    assert store.delete(NAME, unused_since=later) is True
    assert counts() == (0, 0)


def test_putting_again_counts_as_use(store, database):
    store.put(NAME, io.BytesIO(PHOTO))
    database["blobs.files"].update_one({"filename": NAME}, {"$set": {"uploadDate": datetime(2020, 1, 1, tzinfo=UTC)}})
    store.put(NAME, io.BytesIO(PHOTO))
    assert store.delete(NAME, unused_since=datetime(2021, 1, 1, tzinfo=UTC)) is False
    assert store.names("", 9) == [NAME]
