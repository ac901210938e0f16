"""Kept photos against their names: by a walk that can stop anywhere, at a set pace, one process at a time."""

from __future__ import annotations

import hashlib
import io
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from bson import ObjectId
from click.testing import CliRunner

from audit_api.cli import cli
from audit_api.domain.directory import OPERATOR, Role
from audit_api.evidence.store import GridFSStore
from audit_api.models import photos as rows
from audit_api.models import sweeps, trail
from audit_api.models.base import collection
from audit_api.operations import photo_checks
from audit_api.operations.photo_checks import SWEEP
from audit_api.problems import Problem

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CHUNK = 255 * 1024


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds


@pytest.fixture
def store(app):
    return app.extensions["audit"].store


def keep(store: GridFSStore, data: bytes, *, record: bool = True) -> str:
    """Keep a blob, with the record of a photo unless told otherwise."""
    sha256 = hashlib.sha256(data).hexdigest()
    store.put(sha256, io.BytesIO(data))
    if record:
        rows.insert_once(rows.Photo, {"_id": sha256, "byte_count": len(data), "format": "JPEG"})
    return sha256


def files(number: int) -> list[bytes]:
    """Make files of one to three chunks."""
    return [f"photo {n} ".encode() * (n % 3 * 30_000 + 10) for n in range(number)]


@pytest.fixture
def kept(store) -> list[str]:
    """Twelve photos by name, in the order in which they are checked."""
    return sorted(keep(store, data) for data in files(12))


def verify(store, settings, time_: Time | None = None, **more):
    time_ = time_ or Time()
    return photo_checks.verify_photos(
        store, settings=settings, actor=OPERATOR, now=lambda: AT, clock=time_.clock, sleep=time_.sleep, **more
    )


def damages(**more) -> dict[str, str]:
    found = photo_checks.list_damages(OPERATOR, limit=200, **more)["items"]
    return {row["sha256"]: row["state"] for row in found}


def chunks_of(sha256: str) -> dict:
    return {"files_id": collection("blobs.files").find_one({"filename": sha256})["_id"]}


def flip_a_byte(sha256: str, number: int = 0) -> None:
    chunks = collection("blobs.chunks")
    chunk = chunks.find_one(chunks_of(sha256) | {"n": number})
    data = bytearray(chunk["data"])
    data[len(data) // 2] ^= 1
    chunks.update_one({"_id": chunk["_id"]}, {"$set": {"data": bytes(data)}})


def test_it_works(store, settings, kept):
    state = verify(store, settings)
    assert state["round"] is None
    assert (state["last"]["number"], state["last"]["photos"]) == (1, 12)
    assert state["last"]["byte_count"] == sum(map(len, files(12)))
    assert damages() == {}
    assert verify(store, settings)["last"]["number"] == 2, "the next round begins anew"


def test_damaged_and_missing_are_listed(store, settings, kept):
    large = next(s for s in kept if collection("blobs.chunks").count_documents(chunks_of(s)) > 1)
    a_byte, cut, gone = (s for s in kept[:4] if s != large and s in kept) if large in kept[:4] else kept[:3]
    flip_a_byte(a_byte)
    flip_a_byte(large, 1)
    collection("blobs.chunks").delete_many(chunks_of(cut))
    collection("blobs.files").delete_one({"filename": gone})
    told = []
    state = verify(store, settings, say=told.append)
    assert (state["last"]["photos"], state["last"]["damaged"], state["last"]["missing"]) == (12, 3, 1)
    assert damages() == {a_byte: "damaged", large: "damaged", cut: "damaged", gone: "missing"}
    assert [found["sha256"] for found in told] == sorted([a_byte, large, cut, gone])
    assert [e["verb"] for e in trail.entries_of("photo", gone)] == ["found_missing"]
    told.clear()
    verify(store, settings, say=told.append)
    assert told == []
    assert len(trail.entries_of("photo", gone)) == 1, "what is known is not told again"


def test_what_is_whole_again_is_marked(store, settings, kept):
    gone = kept[3]
    collection("blobs.files").delete_one({"filename": gone})
    verify(store, settings)
    (data,) = (d for d in files(12) if hashlib.sha256(d).hexdigest() == gone)
    store.put(gone, io.BytesIO(data))
    verify(store, settings)
    assert damages() == {}
    assert damages(state="mended") == {gone: "mended"}
    collection("blobs.files").delete_one({"filename": gone})
    verify(store, settings)
    assert damages() == {gone: "missing"}
    assert [e["verb"] for e in trail.entries_of("photo", gone)] == ["found_missing", "found_mended", "found_missing"]


def test_a_blob_that_no_photo_names_is_checked_but_never_missing(store, settings, kept):
    alone = keep(store, b"another kind of evidence", record=False)
    assert verify(store, settings)["last"]["photos"] == 13
    flip_a_byte(alone)
    verify(store, settings)
    assert damages() == {alone: "damaged"}


class KilledError(Exception):
    pass


class DyingStore:
    """A store whose process dies while it reads one blob."""

    def __init__(self, store: GridFSStore, at: str) -> None:
        self.store, self.at, self.read = store, at, []

    def names(self, after, limit):
        return self.store.names(after, limit)

    def blocks(self, sha256):
        if sha256 == self.at:
            raise KilledError
        self.read.append(sha256)
        return self.store.blocks(sha256)


def test_it_looks_twice_before_anybody_is_told(store, settings, kept):
    class Blinking(DyingStore):
        def blocks(self, sha256):
            self.read.append(sha256)
            return iter([b"noise"]) if self.read.count(sha256) == 1 else self.store.blocks(sha256)

    assert verify(Blinking(store, ""), settings)["last"]["damaged"] == 0
    assert damages() == {}


def test_what_is_removed_meanwhile_is_not_missed(store, settings, kept):
    """As another process does with what nobody names."""
    unnamed = keep(store, b"nobody names this", record=False)

    class Removing(DyingStore):
        def blocks(self, sha256):
            if sha256 == unnamed:
                collection("blobs.files").delete_one({"filename": sha256})
            return super().blocks(sha256)

    assert verify(Removing(store, ""), settings)["last"]["missing"] == 0
    assert damages() == {}


def test_it_goes_on_behind_the_last_one_checked(store, settings, kept):
    dying = DyingStore(store, kept[7])
    with pytest.raises(KilledError):
        verify(dying, settings)
    assert dying.read == kept[:7]
    assert photo_checks.photo_check_state()["round"]["after"] == kept[6]
    rest = DyingStore(store, "")
    state = verify(rest, settings)
    assert rest.read == kept[7:]
    assert (state["last"]["number"], state["last"]["photos"]) == (1, 12)


def test_it_stops_when_its_time_is_over_and_goes_on_later(store, settings, kept):
    object.__setattr__(settings, "photo_check_bytes_per_second", 100_000)
    seen = []
    for _ in range(30):
        counting = DyingStore(store, "")
        state = verify(counting, settings, seconds=2)
        seen += counting.read
        if state["round"] is None:
            break
    assert seen == kept


@pytest.mark.parametrize("rate", [1_000, 50_000, 1_000_000])
def test_it_keeps_its_pace(store, settings, kept, rate):
    object.__setattr__(settings, "photo_check_bytes_per_second", rate)
    clock = Time()
    state = verify(store, settings, clock)
    expected = state["last"]["byte_count"] / rate
    assert clock.seconds - 1000 == pytest.approx(expected, rel=1e-6)
    assert max(clock.naps) <= photo_checks.LEASE_SECONDS / 4, "a long nap would lose the lease"


def test_two_processes_never_check_at_once(store, settings, kept):
    class Curious(DyingStore):
        def blocks(self, sha256):
            with pytest.raises(Problem, match="checking photos"):
                verify(store, settings)
            return super().blocks(sha256)

    curious = Curious(store, "")
    verify(curious, settings)
    assert curious.read == kept


def test_a_lease_is_taken_over_when_its_holder_has_died(store, settings, kept):
    assert sweeps.take(SWEEP, "dead", 60) == {}
    with pytest.raises(Problem):
        verify(store, settings)
    long_ago = datetime.now(UTC) - timedelta(seconds=1)
    collection("sweeps").update_one({"_id": SWEEP}, {"$set": {"leased_until": long_ago}})
    assert verify(store, settings)["last"]["photos"] == 12
    assert not sweeps.advance(SWEEP, "dead", 60), "the one thought dead is told"


def test_who_has_lost_the_lease_stops(store, settings, kept):
    class Sleeper(DyingStore):
        def blocks(self, sha256):
            if sha256 == kept[4]:
                collection("sweeps").update_one({"_id": SWEEP}, {"$set": {"holder": "somebody else"}})
            return super().blocks(sha256)

    sleeper = Sleeper(store, "")
    with pytest.raises(Problem):
        verify(sleeper, settings)
    assert sleeper.read == kept[:5]
    assert photo_checks.photo_check_state()["round"]["after"] == kept[3]
    assert collection("sweeps").find_one({"_id": SWEEP})["holder"] == "somebody else"


def test_the_lease_is_prolonged_while_one_photo_is_read(store, settings, kept):
    """At so few bytes a second one photo takes minutes."""
    object.__setattr__(settings, "photo_check_bytes_per_second", 2_000)
    ends = []

    class Slow(Time):
        def sleep(self, seconds):
            super().sleep(seconds)
            ends.append(collection("sweeps").find_one({"_id": SWEEP})["leased_until"])
            time.sleep(0.002)

    verify(store, settings, Slow())
    assert len(ends) > 20
    assert len(set(ends)) > len(ends) / 2


def test_a_photo_is_never_whole_in_memory(store, settings):
    data = b"\x00" * (60 * CHUNK)
    keep(store, data)
    verify(store, settings)
    tracemalloc.start()
    try:
        verify(store, settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * CHUNK, f"{peak / CHUNK:.1f} chunks at once"


def test_remains_of_broken_uploads_are_removed(store, settings, kept):
    chunks = collection("blobs.chunks")
    before = chunks.count_documents({})
    old = ObjectId.from_datetime(datetime.now(UTC) - timedelta(days=settings.upload_days, hours=1))
    young = ObjectId.from_datetime(datetime.now(UTC) - timedelta(days=settings.upload_days - 1))
    chunks.insert_many([{"files_id": old, "n": n, "data": b"x"} for n in range(3)])
    chunks.insert_one({"files_id": young, "n": 0, "data": b"x"})
    assert photo_checks.sweep_photos(store, settings=settings, at=datetime.now(UTC)) == 1
    assert chunks.count_documents({}) == before + 1
    assert photo_checks.sweep_photos(store, settings=settings, at=datetime.now(UTC)) == 0


def test_the_page_before_the_first_check(client, people):
    headers = people.headers(people.add(Role.ADMIN))
    assert "audit-api photos verify" in client.get("/photo-damages", headers=headers).get_data(as_text=True)


@pytest.fixture
def environment(settings, monkeypatch):
    """Give the variables of commands that check as fast as they can and leave this test its connection."""
    monkeypatch.setattr("audit_api.models.base.disconnect", lambda: None)
    return {
        "MONGODB_URI": settings.mongodb_uri, "AUDIT_DATABASE": settings.database, "LANG": "C",
        "AUDIT_SECRET_KEY": settings.secret_key, "AUDIT_CONTACT_KEY": settings.contact_key,
        "AUDIT_PHOTO_CHECK_BYTES_PER_SECOND": "1000000000",
    }  # fmt: skip


def test_the_commands(app, environment, kept):
    def run(*words: str):
        return CliRunner().invoke(cli, ["photos", *words], env=environment)

    first = run("verify")
    assert first.exit_code == 0, first.output
    assert "12 files" in first.output
    collection("blobs.files").delete_one({"filename": kept[0]})
    flip_a_byte(kept[1])
    second = run("verify", "--for", "600")
    assert second.exit_code == 1
    assert f"{kept[0]}\tmissing" in second.output
    listed = run("damaged").output.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [[kept[0], "missing"], [kept[1], "damaged"]]
    assert run("sweep").output == "0 broken uploads removed\n"


@pytest.mark.parametrize("command", ["sweep", "verify"])
def test_every_goes_on_until_it_is_stopped(app, environment, kept, monkeypatch, command):
    naps = []

    def nap(seconds: float) -> None:
        if seconds == 7:
            naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt

    # Not time.sleep itself: the driver's own threads sleep too.
    clock = SimpleNamespace(sleep=nap, monotonic=time.monotonic)
    monkeypatch.setattr("audit_api.cli.photos.time", clock)
    CliRunner().invoke(cli, ["photos", command, "--every", "7"], env=environment)
    assert naps == [7, 7, 7]
    if command == "verify":
        assert photo_checks.photo_check_state()["last"]["number"] == 3


# What people see of it


@pytest.fixture
def named(network):
    """A photo that a visit to D0001 names, damaged and found so; afterwards whole again."""
    services = network.app.extensions["audit"]
    actor, _ = network.person(Role.AUDITOR, brands=("Aurora",))
    visit = network.submitted(actor, seed=31)
    sha256 = sorted(visit.photos)[0]
    flip_a_byte(sha256)
    verify(services.store, services.settings)
    yield visit, sha256
    flip_a_byte(sha256)
    verify(services.store, services.settings)


def test_the_list_is_held_within_the_scope(network, named):
    visit, sha256 = named

    def read(path="/v1/photo-damages", **scope):
        return network.client.get(path, headers=network.person(Role.QUALITY_REVIEWER, **scope)[1])

    for scope in ({"brands": ("Aurora",)}, {"brands": ("*",)}, {"brands": ("Aurora",), "dealers": ("D0001",)}):
        answer = read(**scope).get_json()
        assert [(row["sha256"], row["state"], row["visits"]) for row in answer["items"]] == [
            (sha256, "damaged", [visit.id])
        ]
        assert answer["last"]["damaged"] == 1
    for scope in ({"brands": ("Borealis",)}, {"brands": ("Aurora",), "dealers": ("D0002",)}):
        assert read(**scope).get_json()["items"] == []
    assert read("/v1/photo-damages?state=missing", brands=("*",)).get_json()["items"] == []
    assert read("/v1/photo-damages?state=whole", brands=("*",)).status_code == 422


@pytest.mark.parametrize(("language", "words"), [("zh", ("损坏", "轮核对完成于")), ("en", ("damaged", "Round"))])
def test_the_page_says_it(network, named, language, words):
    headers = network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))[1]
    text = network.client.get(f"/photo-damages?lang={language}", headers=headers).get_data(as_text=True)
    for word in (*words, named[1], named[0].id):
        assert word in text
