"""Holds what the server has against what the phones were told, after the chaos."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from audit_api.evidence.partials import SPENT
from audit_api.operations.trail import verify_trail
from tests.faults.chaos import Chaos
from tests.faults.chaos_world import slots
from tests.faults.phone import Errand, Notes, Phone
from tests.faults.queue_folder import CHUNK_BYTES


def hold_against(chaos: Chaos) -> None:
    """Every acknowledged item is there, once and whole; nothing else is shown; each phone keeps what was not taken."""
    notes = chaos.notes()
    finished = [(place, errand) for place, errand in chaos.errands if not errand.unfinished]
    left = [(place, errand) for place, errand in chaos.errands if errand.unfinished]
    assert set(notes.receipts) == {errand.id for _, errand in finished}
    assert set(notes.visits) == {errand.id for _, errand in chaos.errands}
    assert notes.missing == {errand.id: sorted(errand.unfinished) for _, errand in left}
    _hold_visits(chaos, notes)
    for place, errand in finished:
        _hold_receipt(chaos, place, errand, notes)
    _hold_photos(chaos, notes)
    for place, errand in left:
        _hold_unfinished(chaos, place, errand)
    for place, _ in enumerate(chaos.headers):
        kept = {json.loads(path.read_text())["id"] for path in chaos.queue(place).glob("*/visit.json")}
        assert kept == {errand.id for p, errand in left if p == place}, "a visit left its queue too early, or never"
    found = verify_trail(settings=chaos.settings, clock=lambda: datetime.now(UTC), anew=True)
    assert not found["broken"], found


def hold_after_expiry(chaos: Chaos) -> None:
    """When the days of unfinished photos are over nothing of them is left; a phone that comes back loses nothing."""
    before = _acknowledged(chaos)
    later = datetime.now(UTC) + timedelta(days=chaos.settings.upload_days, hours=2)
    chaos.sweep(later)
    assert (remains := _remains(chaos)) == {}, remains
    assert _acknowledged(chaos) == before
    chaos.network.calm()
    for place, errand in chaos.errands:
        if errand.unfinished:
            for sha256 in errand.unfinished:
                assert chaos.ask(place, "HEAD", f"/v1/photos/{sha256}")[0] == 404
            again = Notes()
            phone = Phone(
                chaos.network.port, chaos.headers[place], [], again, f"back-{errand.id}", chunk_bytes=CHUNK_BYTES
            )
            phone.send(Errand(errand.id, errand.bodies, errand.photos))
            assert set(again.receipts) == {errand.id}
    _hold_photos(chaos, chaos.notes(), back=True)
    assert (remains := _remains(chaos)) == {}, remains


def _hold_visits(chaos: Chaos, notes: Notes) -> None:
    kept = {row["_id"]: row for row in chaos.database.visits.find()}
    assert set(kept) == set(notes.visits)
    assert chaos.database.visit_conflicts.count_documents({}) == 0
    receipts = Counter(row["visit"] for row in chaos.database.visit_receipts.find())
    assert receipts == Counter(dict.fromkeys(notes.receipts, 1))
    for number, (_, errand) in enumerate(chaos.errands):
        row, body = kept[errand.id], errand.bodies[-1]
        assert row["observations"] == body["observations"]
        assert row["revision"] == body["revision"]
        assert row["state"] == ("started" if errand.unfinished else "submitted"), number
        verbs = Counter(e["verb"] for e in chaos.database.trail.find({"kind": "visit", "object_id": errand.id}))
        assert set(verbs.values()) <= {1}, "an event stands twice in the trail"
        # The phone's clock is a day off, or right; the visit says so, and was taken in all the same.
        days_behind = {0: 0, 1: -1, 2: 1}[int(row["assignment"].removeprefix("C-")) % 3]
        assert round(row["skew_seconds"] / 86_400) == days_behind
    findings = [row["_id"] for row in chaos.database.findings.find({}, {"_id": 1})]
    assert len(findings) == len(set(findings))


def _hold_receipt(chaos: Chaos, place: int, errand: Errand, notes: Notes) -> None:
    """The receipt names what was sent, is the same now, and each photo it names is here."""
    receipt = json.loads(notes.receipts[errand.id])
    status, _, again = chaos.ask(place, "GET", f"{errand.url}/submission")
    assert (status, json.loads(again)) == (200, receipt)
    named = [{name: photo[name] for name in ("item", "slot", "sha256")} for photo in receipt["photos"]]
    assert named == slots(errand)
    assert receipt["revision"] == errand.bodies[-1]["revision"]


def _hold_photos(chaos: Chaos, notes: Notes, *, back: bool = False) -> None:
    """Each photo that was acknowledged is kept once, byte by byte; what is not complete is not shown as received."""
    unfinished = {sha256 for _, errand in chaos.errands for sha256 in errand.unfinished if not back}
    sent = {sha256: data for _, errand in chaos.errands for sha256, data in errand.photos.items()}
    whole = set(sent) - unfinished
    if not back:
        assert notes.photos == notes.begun == whole
    for sha256 in whole:
        with chaos.store.open(sha256) as blob:
            assert blob.read() == sent[sha256]
    assert chaos.database["blobs.files"].count_documents({}) == len(whole), "a blob stands twice, or nobody sent it"
    assert {row["_id"] for row in chaos.database.photos.find({}, {"_id": 1})} == whole
    uploads = {
        f"{chaos.auditors[place].id}:{sha256}"
        for place, errand in chaos.errands
        for sha256 in errand.photos
        if sha256 in whole
    }
    assert {row["_id"] for row in chaos.database.photo_uploads.find({}, {"_id": 1})} == uploads


def _hold_unfinished(chaos: Chaos, place: int, errand: Errand) -> None:
    """What stopped on the way is shown as that: an offset, and missing from the visit."""
    for sha256, limit in errand.unfinished.items():
        status, headers, _ = chaos.ask(place, "HEAD", f"/v1/photos/{sha256}")
        assert status == 204
        assert int(headers["upload-offset"]) == limit
    document = {"revision": errand.bodies[-1]["revision"]}
    status, _, answer = chaos.ask(place, "POST", f"{errand.url}/submission", document)
    assert status == 424
    assert set(json.loads(answer)["missing"]) == set(errand.unfinished)


def _acknowledged(chaos: Chaos) -> dict[str, list[Any]]:
    """Give the names of everything that counts as received."""
    names = ("visits", "visit_receipts", "photos", "photo_uploads", "blobs.files")
    return {name: sorted(str(row["_id"]) for row in chaos.database[name].find({}, {"_id": 1})) for name in names}


def _remains(chaos: Chaos) -> dict[str, Any]:
    """Give what is left of photos that are not whole: files, chunks without a file, records."""
    # How much somebody has sent today is no part of a photo.
    files = [path.name for path in chaos.uploads.rglob("*") if path.is_file() and path.name != SPENT]
    whole = set(chaos.database["blobs.files"].distinct("_id"))
    chunks = [chunk for chunk in chaos.database["blobs.chunks"].distinct("files_id") if chunk not in whole]
    found = {"files": files, "chunks": chunks}
    return {name: what for name, what in found.items() if what}
