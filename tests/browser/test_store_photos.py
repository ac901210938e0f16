"""Photos on the phone: the very bytes that were given, whatever they are; what is no photo is refused in words."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.stored import CHECKLIST, Store

FIX = {"lat": 30.2741, "lon": 120.1551, "accuracy_m": 8, "fixed_at": "2026-11-22T10:00:00+08:00"}
NEUTRAL = (138, 146, 154)  # the grey of a picture that this browser cannot show


def file(body: bytes, name: str = "照片 📷.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": body}


def picture(kind: str, color: str = "#2060a0") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), color).save(out, kind)
    return out.getvalue()


def near(color: list[int], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 6 for one, other in zip(color, wanted, strict=True))


def test_the_original_bytes_are_kept(store: Store, pictures: Path) -> None:
    """EXIF, position and orientation with them; JPEG, HEIC, PNG and WebP, and a small picture of each."""
    visit = store.begin_visit()
    given: list[tuple[Path | dict[str, Any], bytes, str]] = [
        (path, path.read_bytes(), kind)
        for path, kind in (
            (pictures / "gps" / "DSCN0010.jpg", "image/jpeg"),
            (pictures / "orientation" / "landscape_6.jpg", "image/jpeg"),
            (pictures / "heic" / "samplefilehub.heif", "image/heic"),
        )
    ]
    for kind in ("PNG", "WEBP"):
        given.append((file(picture(kind)), picture(kind), f"image/{kind.lower()}"))
    shown = []
    for name, body, kind in given:
        kept = store.add_photo(visit, name, fix=FIX)
        assert (kept["sha256"], kept["type"]) == (hashlib.sha256(body).hexdigest(), kind)
        assert store.hash_of(kept["sha256"]) == kept["sha256"]
        shown.append(store.run(SMALL, sha256=kept["sha256"]))
    (width, height, _), upright, heic, png, _ = shown
    assert (width, height) == (320, 240)
    assert upright[0] > upright[1]  # turned as EXIF says, though the stored pixels lie on their side
    assert near(heic[2], NEUTRAL)
    assert near(png[2], (32, 96, 160))
    # After a restart the small pictures are there without making them anew.
    store.page.reload()
    store.unlock()
    kept = store.run("drafts.load(visit)", visit=visit)["answers"]["A-2"]["photos"]
    assert [photo["slot"] for photo in kept] == ["1", "2", "3", "4", "5"]
    assert [photo["fix"] for photo in kept] == [FIX] * 5
    assert store.run(SMALL, sha256=kept[0]["sha256"])[:2] == [320, 240]


SMALL = """photos.thumbnail(sha256).then(async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  return [image.width, image.height, [...pen.getImageData(5, 5, 1, 1).data].slice(0, 3)];
})"""


def test_what_is_no_photo_is_refused_in_words(store: Store) -> None:
    visit = store.begin_visit()
    bodies = (b"", "我不是照片".encode(), b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf")
    for language, words in (
        ("zh", ("0 字节", "不是照片", "不是照片", "31 MB，上限")),
        ("en", ("0 bytes", "not a photo", "not a photo", "31 MB; the limit")),
    ):
        store.run("words.setLanguage(language)", language=language)
        for body, part in zip(bodies, words[:3], strict=True):
            assert part in store.add_photo(visit, file(body))
        huge = "photos.refuse(new Blob([Uint8Array.of(255, 216, 255), new ArrayBuffer(30_000_000)]))"
        assert words[3] in store.run(huge)
    assert store.run("photos.refuse(new Blob([Uint8Array.of(255, 216, 255), new ArrayBuffer(9)]))") is None
    assert store.run("drafts.load(visit)", visit=visit)["answers"] == {}
    assert store.run("db.keys('bytes')") == []


def test_the_same_photo_twice_is_kept_in_both_slots_and_marked(store: Store) -> None:
    visit = store.begin_visit()
    body = picture("JPEG")
    first = store.add_photo(visit, file(body))
    again = store.add_photo(visit, file(body), item="A-1", source="gallery")
    other = store.add_photo(visit, file(picture("JPEG", "red")))
    assert [photo["again"] for photo in (first, again, other)] == [False, True, False]
    draft = store.run("drafts.load(visit)", visit=visit)
    assert store.run("[...photos.repeated(draft)]", draft=draft) == [first["sha256"]]
    assert len(store.run("db.keys('bytes')")) == 2
    sent = store.run("drafts.contentOf(draft, checklist, 1)", draft=draft, checklist=CHECKLIST)["observations"]
    named = {o["item"]: [(photo["slot"], photo["sha256"]) for photo in o["photos"]] for o in sent}
    assert named == {"A-1": [("1", first["sha256"])], "A-2": [("1", first["sha256"]), ("2", other["sha256"])]}


def test_time_and_place_are_only_what_the_phone_saw(store: Store) -> None:
    visit = store.begin_visit()
    taken = store.add_photo(visit, file(picture("JPEG")))
    chosen = store.add_photo(visit, file(picture("PNG")), source="gallery")
    drawn = store.add_photo(visit, file(picture("WEBP")), source="drawing", taken_at="2026-11-22T09:00:00+08:00")
    assert taken["taken_at"].endswith("+08:00") and taken["fix"] is None  # camera, no position: none is made up
    assert chosen["taken_at"] is None  # a file of the gallery: its EXIF speaks for itself
    assert drawn["taken_at"] == "2026-11-22T09:00:00+08:00"


def test_a_photo_is_taken_again_with_a_reason_and_the_old_one_kept(store: Store) -> None:
    visit = store.begin_visit()
    old, beside = (store.add_photo(visit, file(picture("JPEG", color)))["sha256"] for color in ("black", "white"))
    again = "photos.retake(visit, 'A-2', '1', reason).then((draft) => draft.retaken).catch((e) => e.message)"
    assert "重拍的原因" in store.run(again, visit=visit, reason="  ")
    assert "重拍的原因" in store.add_photo(visit, file(picture("PNG")), instead={"slot": "1", "reason": ""})
    new = store.add_photo(visit, file(picture("PNG")), instead={"slot": "1", "reason": "反光"})
    draft = store.run("drafts.load(visit)", visit=visit)
    slots = [(photo["slot"], photo["sha256"]) for photo in draft["answers"]["A-2"]["photos"]]
    assert slots == [("1", new["sha256"]), ("2", beside)]
    [gone] = draft["retaken"]
    assert (gone["item"], gone["slot"], gone["sha256"], gone["reason"]) == ("A-2", "1", old, "反光")
    assert store.hash_of(old) == old


def test_originals_are_freed_only_by_a_receipt_that_names_them(store: Store) -> None:
    visit, next_visit = store.begin_visit(), store.begin_visit()
    sent, shared, unnamed, retaken = (picture("JPEG", color) for color in ("red", "green", "blue", "gray"))
    hashes = [hashlib.sha256(body).hexdigest() for body in (sent, shared, unnamed, retaken)]
    for body in (sent, shared, unnamed, retaken):
        store.add_photo(visit, file(body))
    store.add_photo(next_visit, file(shared))
    store.run("photos.retake(visit, 'A-2', '4', 'blurred')", visit=visit)
    assert store.run("photos.free(visit)", visit=visit) == []
    named = [{"item": "A-2", "slot": str(n + 1), "sha256": hashes[n]} for n in (0, 1)]
    accept = "drafts.update(visit, (draft) => Object.assign(draft, { receipt: { photos: named }, state: 'received' }))"
    store.run(accept, visit=visit, named=named)
    freed = store.run("photos.free(visit)", visit=visit)
    assert sorted(freed) == sorted([hashes[0], hashes[3]])
    there = [store.hash_of(one) == one for one in hashes]
    assert there == [False, True, True, False]
    assert store.run(SMALL, sha256=hashes[0])[:2] == [320, 240]  # what was sent can still be looked at, small
    store.run(accept, visit=next_visit, named=named[1:])
    assert store.run("photos.free(visit)", visit=next_visit) == [hashes[1]]
    # Used once more later: stored once more.
    later = store.begin_visit()
    assert store.add_photo(later, file(sent))["again"]
    assert store.hash_of(hashes[0]) == hashes[0]


def test_what_was_practised_and_what_is_long_on_the_server_is_tidied_away(store: Store) -> None:
    """And nothing else: what waits stays however old it is, with every photo it names."""
    both, old_only = (picture("JPEG", color) for color in ("red", "green"))
    waiting, old, new, practice, practising = (
        store.begin_visit(practice=kind) for kind in (False, False, False, True, True)
    )
    for visit in (waiting, old, new, practice):
        store.add_photo(visit, file(both))
    store.add_photo(old, file(old_only))
    accept = (
        "drafts.update(visit, (draft) => Object.assign(draft, { receipt: { photos: [], server_time: at }, state }))"
    )
    store.run(accept, visit=old, at="2026-01-05T08:00:00Z", state="received")
    store.run(accept, visit=waiting, at="2026-01-05T08:00:00Z", state="waiting")
    store.run(accept, visit=new, at=store.run("new Date().toISOString()"), state="received")
    store.run("drafts.finish(visit)", visit=practice)
    assert store.run("photos.discardVisit(visit)", visit=waiting) is False
    assert store.run("storage.tidy()") == 2
    assert {draft["visit"] for draft in store.run("drafts.all()")} == {waiting, new, practising}
    there = [store.hash_of(hashlib.sha256(body).hexdigest()) != "" for body in (both, old_only)]
    assert there == [True, False]
    assert store.run("accounts.accounts()")[0]["unsent"] == 1


def test_a_photo_that_comes_back_behind_the_lock_is_stored(store: Store) -> None:
    """The camera was open for longer than the lock waits; the lock's screen has taken the button's place."""
    visit = store.begin_visit()
    with store.page.expect_file_chooser() as choosing:
        store.run(
            """import('/field/screens/items/pictures.js').then(({ chooser }) => {
              const take = ([file]) => photos.add(visit, 'A-2', file, { source: 'camera' });
              const label = chooser('camera', 'Camera', 'Front', take);
              document.body.append(label);
              label.querySelector('input').click();
            })""",
            visit=visit,
        )
    store.run("(() => { vault.lock(); document.body.replaceChildren(); })()")
    assert not store.run("vault.isOpen()")
    choosing.value.set_files(file(picture("JPEG")))  # type: ignore[arg-type]
    store.until("vault.account() === null")
    store.unlock()
    assert len(store.run("drafts.load(visit)", visit=visit)["answers"]["A-2"]["photos"]) == 1
