"""A day's work survives the browser being killed, in whatever moment, and a full phone."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession

from tests.browser.conftest import Phones
from tests.browser.field_work import OwnBrowser
from tests.browser.stored import PICKED, Store, open_store

PHOTOS, MEGABYTE = 24, 1_000_000
HEAP_LIMIT = 300 * MEGABYTE
SECRET = "经理让顾问给满分"
# Each photo is the picture chosen with a few bytes of its own behind its end: as big, and another hash.
TAKE = f"""(async () => {{
  const body = {PICKED};
  for (let n = from; n < until; n += 1) {{
    const photo = await photos.add(visit, 'A-2', new Blob([body, Uint8Array.of(n)]), {{ source: 'camera' }});
    await drafts.setAnswer(visit, `A-${{n}}`, photo.sha256);
    globalThis.told(n, photo.sha256);
  }}
}})()"""


def big_picture() -> bytes:
    """Give a JPEG of 12 megapixels, noisy enough to be of some size."""
    out = io.BytesIO()
    Image.effect_noise((1000, 750), 60).convert("RGB").resize((4000, 3000)).save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.fixture
def own(chromium: Browser, tmp_path: Path) -> Iterator[OwnBrowser]:
    browser = OwnBrowser(chromium.browser_type, tmp_path / "profile", "zh")
    yield browser
    browser.close()


def memory(cdp: CDPSession) -> int:
    """Give the bytes that a page holds: its heap, what hangs on it outside, and its buffers."""
    usage = cdp.send("Runtime.getHeapUsage")
    return int(sum(usage.get(part, 0) for part in ("usedSize", "embedderHeapUsedSize", "backingStorageSize")))


def test_photos_of_twelve_megapixels_and_three_kills(own: OwnBrowser, files: str) -> None:
    """Whatever the app said is stored, is there; whatever a draft names, too; memory holds what is in hand."""
    body = big_picture()
    hashes = [hashlib.sha256(body + bytes([n])).hexdigest() for n in range(PHOTOS)]
    store = open_store(own.start().new_page(), files)
    visit = store.begin_visit()
    store.run("drafts.setComment(visit, 'A-1', secret)", visit=visit, secret=SECRET)
    peak = 0
    for until in (8, 16, PHOTOS):
        told: list[str] = []
        page = store.page
        page.expose_function("told", lambda _n, sha256, told=told: told.append(sha256))
        store.choose({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": body})
        cdp = page.context.new_cdp_session(page)
        held = len(photos_of(store, visit))
        work = TAKE if until == PHOTOS else TAKE.replace("n < until", "true")
        store.run(f"(() => {{ globalThis.work = {work}; }})()", **{"visit": visit, "from": held, "until": until})
        while held + len(told) < until:
            page.wait_for_timeout(50)
            peak = max(peak, memory(cdp))
        own.kill()  # in the middle of the next one, except for the last
        store = Store(own.start().new_page())
        store.page.goto(files)
        store.unlock()
        named = photos_of(store, visit)
        assert set(told) <= set(named)
        assert named == hashes[: len(named)]
    assert len(named) == PHOTOS
    assert [store.run("photos.bytesOf(one).then(photos.hashOf)", one=one) for one in named] == hashes
    answers = store.run("drafts.load(visit)", visit=visit)["answers"]
    assert answers["A-1"]["comment"] == SECRET
    assert answers[f"A-{PHOTOS - 1}"]["value"] == hashes[-1]
    peak = max(peak, memory(store.page.context.new_cdp_session(store.page)))
    assert 5 * MEGABYTE < peak < HEAP_LIMIT, f"{peak / MEGABYTE:.0f} MB"
    own.close()
    on_disk = b"".join(
        path.read_bytes() for path in own.folder.rglob("*") if path.is_file() and path.stat().st_size < 5e7
    )
    for plain in (SECRET.encode(), SECRET.encode("utf-16le"), hashes[0].encode(), visit.encode(), body[4000:4064]):
        assert plain not in on_disk
    assert b"auditor-1" in on_disk or "auditor-1".encode("utf-16le") in on_disk  # the search finds what is in plain


def photos_of(store: Store, visit: str) -> list[str]:
    answers: dict[str, Any] = store.run("drafts.load(visit)", visit=visit)["answers"]
    return [photo["sha256"] for photo in answers.get("A-2", {"photos": []})["photos"]]


def test_a_full_phone_says_so_and_loses_nothing(phones: Phones, files: str) -> None:
    """No photo goes in any more; answers, unlocking and sending, which makes room again, still do."""
    page = phones("zh").new_page()
    page.goto(files)
    cdp = page.context.new_cdp_session(page)
    # Chromium looks at the quota now and then only: so it is small from the beginning.
    quota = {"origin": files.removesuffix("/field/"), "quotaSize": 14 * MEGABYTE}
    cdp.send("Storage.overrideQuotaForOrigin", quota)
    store = open_store(page, files)
    store.run("db.reserve()")
    visit = store.begin_visit()
    chosen = {"name": "1.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + os.urandom(2 * MEGABYTE)}
    store.choose(chosen)
    add = f"""photos.add(visit, 'A-2', new Blob([{PICKED}.slice(0, size), Uint8Array.of(n)]), {{ source: 'camera' }})
      .then(({{ slot }}) => slot).catch((error) => error.name)"""
    told = []
    for size in (2 * MEGABYTE, MEGABYTE // 5, MEGABYTE // 50):  # until not even a small one finds room
        while (slot := store.run(add, visit=visit, n=len(told), size=size)) != "StorageFull":
            told.append(slot)
    assert told[0] == "1"
    before = store.run("drafts.load(visit)", visit=visit)
    taken = [photo["sha256"] for photo in before["answers"]["A-2"]["photos"]]
    assert len(taken) == len(told)
    assert store.run("storage.estimate()")["low"]
    assert "都还在" in store.run("words.t('store.full')")
    page.reload()
    store.unlock()
    assert store.run("drafts.load(visit)", visit=visit) == before
    assert [store.hash_of(one) for one in taken] == taken
    for item in ("A-4", "A-3", "A-1"):
        store.run("drafts.setComment(visit, item, '还能写'.repeat(9000))", visit=visit, item=item)
    store.choose(chosen)
    assert store.run(add, visit=visit, n=9, size=2 * MEGABYTE) == "StorageFull"  # the room given up is not for photos
    named = [{"sha256": one} for one in taken]
    accept = "drafts.update(visit, (draft) => Object.assign(draft, { receipt: { photos: named }, state: 'received' }))"
    store.run(accept, visit=visit, named=named)
    assert store.run("photos.free(visit)", visit=visit) == taken
    assert store.run("db.keys('meta')") == ["reserve"]
    assert store.run(add, visit=visit, n=9, size=2 * MEGABYTE) == str(len(taken) + 1)
    assert store.run("drafts.load(visit)", visit=visit)["answers"]["A-1"]["comment"] == "还能写" * 9000
