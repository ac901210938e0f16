"""The worst case: what has not reached the server leaves the phone as one file, and goes on from another device."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from tests.browser.conftest import Phones
from tests.browser.stored import PICKED, Store, open_store

IMPORT = f"exporting.importAll({PICKED}).catch((error) => [error.name, error.message])"


def exported(store: Store) -> bytes:
    body = store.bytes_of("exporting.exportAll()")
    assert body
    return body


def take_in(store: Store, body: bytes) -> Any:
    store.choose({"name": "export.zip", "mimeType": "application/zip", "buffer": body})
    return store.run(IMPORT)


def a_days_work(store: Store, pictures: Path) -> tuple[str, list[bytes]]:
    visit = store.begin_visit()
    bodies = [(pictures / "gps" / name).read_bytes() for name in ("DSCN0010.jpg", "DSCN0012.jpg")]
    for n, body in enumerate(bodies):
        store.add_photo(visit, {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": body})
    store.run("drafts.setComment(visit, 'A-1', '门口无人迎接 😀')", visit=visit)
    store.run("photos.retake(visit, 'A-2', '2', '反光')", visit=visit)
    return visit, bodies


def test_anybody_can_open_it(store: Store, pictures: Path) -> None:
    visit, bodies = a_days_work(store, pictures)
    practice = store.begin_visit(practice=True)
    with zipfile.ZipFile(io.BytesIO(exported(store))) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert not any(practice in name for name in names)
        read_me = file.read("README.txt").decode("utf-8-sig")
        assert "未加密" in read_me and "not encrypted" in read_me
        held = json.loads(file.read(f"visits/{visit}/visit.json"))
        assert held["draft"]["answers"]["A-1"]["comment"] == "门口无人迎接 😀"
        assert held["content"]["revision"] == 1
        assert [o["item"] for o in held["content"]["observations"]] == ["A-1", "A-2"]
        for body in bodies:  # the one that was taken again as well
            assert file.read(f"photos/{hashlib.sha256(body).hexdigest()}.jpg") == body
        assert json.loads(file.read("checklists/TEST-1.json"))["code"] == "TEST"
        everything = b"".join(file.read(name) for name in names)
    assert b"token" not in everything and b"tok-" not in everything


def test_it_goes_on_from_another_device_as_the_same_visit(
    store: Store, phones: Phones, files: str, pictures: Path
) -> None:
    visit, bodies = a_days_work(store, pictures)
    body = exported(store)
    desk = open_store(phones("en").new_page(), files)
    assert take_in(desk, body) == {"added": [visit], "kept": [], "photos": 2, "damaged": []}
    assert take_in(desk, body) == {"added": [], "kept": [visit], "photos": 0, "damaged": []}
    for one in bodies:
        sha256 = hashlib.sha256(one).hexdigest()
        assert desk.hash_of(sha256) == sha256
    # The very content that the phone would send: whoever comes second is a repetition, not a conflict.
    content = "drafts.load(visit).then(async (draft) => drafts.contentOf(draft, await drafts.checklistOf(draft), 1))"
    assert desk.run(content, visit=visit) == store.run(content, visit=visit)
    # Further on here: an older file does not take it back. Further on in the file: it is taken in.
    desk.run("drafts.setComment(visit, 'A-3', 'later')", visit=visit)
    assert take_in(desk, body)["kept"] == [visit]
    for note in ("x", "y"):
        store.run("drafts.setComment(visit, 'A-1', note)", visit=visit, note=note)
    assert take_in(desk, exported(store))["added"] == [visit]
    assert desk.run("drafts.load(visit)", visit=visit)["answers"]["A-1"]["comment"] == "y"


def test_a_file_of_somebody_else_or_a_broken_one_changes_nothing(
    store: Store, phones: Phones, files: str, pictures: Path
) -> None:
    _, bodies = a_days_work(store, pictures)
    body = exported(store)
    desk = open_store(phones("zh").new_page(), files)
    for broken in (b"", b"PK\x05\x06", body[: len(body) // 2], b"\xff\xd8\xff" * 40, body[:-30]):
        assert take_in(desk, broken)[0] == "ExportRefused"
    at = body.index(bodies[0][2000:2100])
    bent = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    assert take_in(desk, bent)["damaged"] == [hashlib.sha256(bodies[0]).hexdigest()]
    desk.run("vault.lock()")
    desk.sign_in(id="auditor-9")
    assert "另一个人" in take_in(desk, body)[1]
    assert desk.run("drafts.all()") == []
