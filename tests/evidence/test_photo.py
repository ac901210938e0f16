"""Photos of real cameras and phones: taken in, upright, with the right time and position."""

import hashlib
import io
import threading
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from audit_api.evidence.containers import TailReader
from audit_api.evidence.exif import TakenAt
from audit_api.evidence.likeness import perceptual_hash
from audit_api.evidence.photo import PhotoCaps, inspect
from audit_api.evidence.remarks import REASONS, REMARKS, PhotoRefused


def pixels(thumbnail, size=(64, 48)):
    return np.asarray(Image.open(io.BytesIO(thumbnail)).convert("L").resize(size), float)


def likeness(one, other, size=(64, 48)):
    """Correlate two thumbnails pixel by pixel: 1 for the same picture."""
    return np.corrcoef(pixels(one, size).ravel(), pixels(other, size).ravel())[0, 1]


def distance(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def codes(facts):
    return [said.code for said in facts.remarks]


@pytest.mark.parametrize(("format_name", "kept"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WEBP"), ("MPO", "JPEG")])
def test_it_works(encode, exif, format_name, kept):
    block = exif.tiff(main=[exif.text(0x10F, "Camera")], details=[exif.text(0x9003, "2026:11:20 10:02:11")])
    data = encode(format_name, 96, 64, exif=b"Exif\0\0" + block)
    facts = inspect(io.BytesIO(data))
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert facts.byte_count == len(data)
    assert (facts.format, facts.width, facts.height, facts.orientation) == (kept, 96, 64, 1)
    assert facts.make == "Camera"
    assert facts.taken_at == TakenAt("2026-11-20T10:02:11", None, "DateTimeOriginal")
    assert len(facts.perceptual_hash) == 64
    assert facts.remarks == ()


def test_a_path_and_an_open_file_give_the_same(encode, tmp_path):
    path = tmp_path / "照片 😀.jpg"
    path.write_bytes(encode())
    with path.open("rb") as file:
        assert inspect(path) == inspect(str(path)) == inspect(file)
        assert not file.closed


def test_thumbnail_is_small_upright_and_bare(encode, exif):
    block = exif.tiff(main=[exif.short(0x112, 6), exif.text(0x10F, "SECRETMAKE")])
    profile = b"SECRETPROFILE" * 20
    data = encode("JPEG", 1200, 800, exif=b"Exif\0\0" + block, icc_profile=profile, comment=b"SECRETWORDS")
    facts = inspect(io.BytesIO(data))
    assert (facts.width, facts.height, facts.orientation) == (800, 1200, 6)
    assert b"SECRET" in data
    assert b"SECRET" not in facts.thumbnail
    shown = Image.open(io.BytesIO(facts.thumbnail))
    assert shown.format == "JPEG"
    assert shown.size == (213, 320)
    assert not shown.getexif()
    assert "exif" not in shown.info
    assert "icc_profile" not in shown.info


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_comes_out_upright(draw, encode, format_name, orientation):
    """The picture is turned away by the inverse of what its EXIF asks for, and must come back."""
    away = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = draw(600, 400)
    turned = upright.transpose(away) if away is not None else upright
    out, tags = io.BytesIO(), Image.Exif()
    tags[0x112] = orientation
    turned.save(out, format_name, exif=tags, quality=90)
    facts = inspect(out)
    reference = inspect(io.BytesIO(encode("PNG", 600, 400)))
    assert (facts.width, facts.height, facts.orientation) == (600, 400, orientation)
    assert likeness(facts.thumbnail, reference.thumbnail) > 0.98
    assert distance(facts.perceptual_hash, reference.perceptual_hash) <= 24


def test_heic_is_not_turned_twice(draw):
    """The container's own rotation counts; the EXIF orientation beside it is a leftover."""
    tags = Image.Exif()
    tags[0x112], tags[0x10F] = 6, "Apple"
    out = io.BytesIO()
    pillow_heif.from_pillow(draw(400, 600).transpose(Image.Transpose.ROTATE_90)).save(
        out, exif=tags.tobytes(), quality=90
    )
    facts = inspect(out)
    stored = pillow_heif.HeifImageFile(io.BytesIO(out.getvalue()))
    assert (facts.format, facts.make) == ("HEIC", "Apple")
    assert (facts.width, facts.height) == stored.size
    plain = io.BytesIO()
    stored.convert("RGB").save(plain, "PNG")
    assert likeness(facts.thumbnail, inspect(plain).thumbnail) > 0.99


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel(draw, mode):
    picture = draw(400, 300)
    gray = picture.convert("L")
    made = Image.fromarray(np.asarray(gray, np.uint16) * 257) if mode == "I;16" else picture.convert(mode)
    out = io.BytesIO()
    extra = {"transparency": bytes(range(256))} if mode == "P" else {"transparency": 7} if mode == "L" else {}
    made.save(out, "JPEG" if mode == "CMYK" else "PNG", **extra)
    facts = inspect(out)
    assert Image.open(io.BytesIO(facts.thumbnail)).mode == "RGB"
    if mode not in ("P", "1"):
        reference = io.BytesIO()
        picture.save(reference, "PNG")
        assert likeness(facts.thumbnail, inspect(reference).thumbnail) > 0.95


def test_transparent_parts_become_white(draw):
    picture = draw(100, 100).convert("RGBA")
    picture.putalpha(0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert pixels(inspect(out).thumbnail).min() > 250


def test_the_same_scene_hashes_alike_and_another_does_not():
    def saved(picture, quality):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        return inspect(out).perceptual_hash

    y, x = np.mgrid[0:1200, 0:1600]
    spots = np.random.default_rng(3).uniform(0, 1, (12, 3))
    light = sum(np.exp(-(((x / 1600 - u) ** 2 + (y / 1200 - v) ** 2) / (0.002 + 0.02 * w))) for u, v, w in spots)
    scene = Image.fromarray((255 * light / light.max()).astype(np.uint8)).convert("RGB")
    other = scene.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    assert distance(saved(scene, 92), saved(scene.resize((800, 600)), 60)) <= 31
    assert distance(saved(scene, 92), saved(other, 92)) > 60


def test_a_plain_wall_is_too_plain_to_match(draw):
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "gray").save(out, "JPEG")
    assert inspect(out).perceptual_quality < 50


def test_threads_do_not_disturb_each_other(encode):
    photos = [encode(name, 300 + 10 * i, 200) for i, name in enumerate(["JPEG", "PNG", "WEBP"] * 4)]
    alone = [inspect(io.BytesIO(photo)) for photo in photos]
    found = {}

    def work(i):
        found[i] = inspect(io.BytesIO(photos[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(photos))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(photos))] == alone


@given(
    st.lists(st.sampled_from([b"\xff\xd9", b"\xff\xda", b"\xff", b"\0"]), max_size=20).map(b"".join),
    st.integers(1, 20),
    st.integers(0, 10),
)
def test_the_end_is_found_wherever_blocks_are_cut(data, block_bytes, scan_start):
    """Against one walk over all bytes: the first mark of the end from the scan on, and the scans before it."""
    marks = [at for at in range(scan_start, len(data) - 1) if data[at] == 0xFF and data[at + 1] in (0xD9, 0xDA)]
    ends = [at for at in marks if data[at + 1] == 0xD9]
    reader = TailReader("JPEG", scan_start)
    for at in range(0, len(data), block_bytes):
        reader.feed(data[at : at + block_bytes])
    assert reader.end == (ends[0] + 2 if ends else -1)
    assert reader.scans == 1 + sum(data[at + 1] == 0xDA and (not ends or at < ends[0]) for at in marks)


def test_a_large_photo_never_stands_whole_in_python_memory(draw, tmp_path):
    """Pillow's own pixels are outside this measure; what we hold ourselves is a few blocks."""
    path = tmp_path / "large.jpg"
    noise = np.random.default_rng(1).integers(0, 255, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(path, quality=95)
    inspect(path)
    tracemalloc.start()
    inspect(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 3_000_000
    assert peak < 2_500_000


def test_every_remark_and_reason_speaks_both_languages():
    for words in (REMARKS, REASONS):
        for zh, en in words.values():
            assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
            assert en.isascii() or "×" in en


# Photographs of real cameras, beside the repository


REFUSED: dict[str, str] = {}


def test_every_shared_photo_is_taken_in(shared):
    files = sorted(path for path in shared("photos").rglob("*") if path.suffix in (".jpg", ".heif", ".heic"))
    assert len(files) >= 25
    outcome = {}
    for path in files:
        try:
            facts = inspect(path)
        except PhotoRefused as refusal:
            outcome[path.name] = refusal.code
        else:
            assert max(Image.open(io.BytesIO(facts.thumbnail)).size) <= 320
    assert outcome == REFUSED


@pytest.mark.parametrize("view", ["landscape", "portrait"])
def test_shared_orientations_show_the_same_picture(shared, view):
    folder = shared("photos/orientation")
    facts = {n: inspect(folder / f"{view}_{n}.jpg") for n in (1, 3, 6, 8)}
    size = (64, 48) if view == "landscape" else (48, 64)
    for n, found in facts.items():
        assert found.orientation == n
        assert (found.width, found.height) == (facts[1].width, facts[1].height)
        assert likeness(found.thumbnail, facts[1].thumbnail, size) > 0.97
        assert distance(found.perceptual_hash, facts[1].perceptual_hash) <= 31
    turned = np.rot90(pixels(facts[3].thumbnail, size), 2)
    assert np.corrcoef(turned.ravel(), pixels(facts[1].thumbnail, size).ravel())[0, 1] < 0.9


@pytest.mark.parametrize(
    ("name", "lat", "lon", "taken", "fixed"),
    [  # read from the files' own degrees, minutes, seconds by hand: 43°28'2.814"N 11°53'6.456"E, and so on
        ("DSCN0010", 43.46744833, 11.88512667, "2008-10-22T16:28:39", (14, 27, 7)),
        ("DSCN0012", 43.46715667, 11.88539500, "2008-10-22T16:29:49", (14, 28, 17)),
        ("DSCN0021", 43.46708167, 11.88453833, "2008-10-22T16:38:20", (14, 36, 47)),
        ("DSCN0025", 43.46836500, 11.88163500, "2008-10-22T16:43:21", (14, 41, 49)),
        ("DSCN0027", 43.46844167, 11.88151500, "2008-10-22T16:44:01", (14, 42, 29)),
    ],
)
def test_shared_positions(shared, name, lat, lon, taken, fixed):
    facts = inspect(shared(f"photos/gps/{name}.jpg"))
    assert facts.position.lat == pytest.approx(lat, abs=2e-7)
    assert facts.position.lon == pytest.approx(lon, abs=2e-7)
    assert facts.position.datum == "WGS-84"
    assert facts.position.fixed_at.replace(microsecond=0) == datetime(2008, 10, 23, *fixed, tzinfo=UTC)
    assert facts.taken_at == TakenAt(taken, None, "DateTimeOriginal")
    assert facts.model == "COOLPIX P6000"


def test_shared_heic(shared):
    facts = inspect(shared("photos/heic/HMD_Nokia_8.3_5G_hdr.heif"))
    assert (facts.format, facts.width, facts.height) == ("HEIC", 4608, 3456)
    assert (facts.position.lat, facts.position.lon) == (40.6629935, -3.7637405)
    assert facts.position.altitude_m == 940.32


def test_shared_files_with_trouble_say_so(shared):
    folder = shared("photos/invalid")
    assert codes(inspect(folder / "corrupted.jpg")) == ["trailing_data"]
    for name in ("image01088.jpg", "image01137.jpg", "image01551.jpg"):
        assert codes(inspect(folder / name)) == ["exif_absent", "edited_by_software"]


def test_drafted_hash_stays_close_to_the_full_decode(shared):
    """Unrelated pictures differ in about 128 bits of 256: the drafted decode must stay near 0."""
    for path in (shared("photos/mobile/jolla.jpg"), *sorted(shared("photos/gps").glob("*.jpg"))):
        whole = Image.open(path).convert("RGB")
        full, _ = perceptual_hash(whole)
        assert distance(inspect(path, PhotoCaps()).perceptual_hash, full) <= 20
