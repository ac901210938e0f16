"""Files made to harm: each is taken in or refused with its reason, nothing else comes out."""

import io
import struct
import zipfile
import zlib

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit_api.evidence.photo import PhotoCaps, PhotoFacts, inspect
from audit_api.evidence.remarks import PhotoRefused

CAPS = PhotoCaps()


def refusal(data, caps=CAPS):
    with pytest.raises(PhotoRefused) as caught:
        inspect(io.BytesIO(data), caps)
    assert caught.value.zh
    assert str(caught.value) == caught.value.en
    return caught.value.code


def codes(data):
    return [said.code for said in inspect(io.BytesIO(data)).remarks]


def png(width, height, *chunks, rows=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def resized_jpeg(data, width, height):
    """Write other dimensions into the header of a baseline or progressive JPEG."""
    at = max(data.find(b"\xff\xc0\0\x11"), data.find(b"\xff\xc2\0\x11"))
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def test_zero_bytes():
    assert refusal(b"") == "empty"


@pytest.mark.parametrize(
    "data",
    [b"just some text renamed to .jpg", "照片".encode(), b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     b"<?xml version='1.0'?><svg/>", b"<!DOCTYPE html><html><script>alert(1)</script></html>", b"%PDF-1.7\n",
     b"\xff\xd8", b"\xff", b"PK\x03\x04rest", b"MZ\x90\0", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42", b"\0" * 1000,
     b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"],
)  # fmt: skip
def test_what_is_no_photo(data):
    assert refusal(data) == "unsupported_format"


@pytest.mark.parametrize("format_name", ["GIF", "BMP", "TIFF", "ICO", "PPM", "AVIF"])
def test_formats_not_on_the_list(encode, format_name):
    assert refusal(encode(format_name)) == "unsupported_format"


@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_animations(draw, format_name):
    out = io.BytesIO()
    draw().save(out, format_name, save_all=True, append_images=[draw().rotate(90)], duration=100)
    assert refusal(out.getvalue()) == "animated"


def test_too_many_bytes_are_refused_before_they_are_read(encode):
    data = encode()
    assert refusal(data, PhotoCaps(max_bytes=len(data) - 1)) == "too_many_bytes"
    assert inspect(io.BytesIO(data), PhotoCaps(max_bytes=len(data))).byte_count == len(data)


@pytest.mark.parametrize(
    "data",
    [png(60_000, 60_000, rows=b"\0" * 100), png(2**31 - 1, 2**31 - 1), png(8001, 8000),
     b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + b"\0" * 40],
    ids=["png", "png-largest", "png-just-above", "webp"],
)  # fmt: skip
def test_bombs_are_seen_on_the_header(data):
    assert refusal(data) == "too_many_pixels"


def test_jpeg_may_be_larger_because_it_is_decoded_at_an_eighth(encode):
    baseline, progressive = encode("JPEG"), encode("JPEG", progressive=True)
    assert refusal(resized_jpeg(baseline, 20_000, 10_001)) == "too_many_pixels"
    # 100 MP announced, far too little data behind it: past the cap, and then found incomplete or decoded as gray.
    try:
        assert inspect(io.BytesIO(resized_jpeg(baseline, 10_000, 10_000))).width == 10_000
    except PhotoRefused as refused:
        assert refused.code in ("truncated", "undecodable")
    assert refusal(resized_jpeg(progressive, 10_000, 10_000)) == "too_many_pixels"


def test_a_large_true_jpeg_is_taken_in(draw):
    out = io.BytesIO()
    draw(160, 120).resize((12_000, 8_400)).save(out, "JPEG", quality=30)
    facts = inspect(out)
    assert (facts.width, facts.height) == (12_000, 8_400)


def test_endless_scans(encode):
    """Every scan of a progressive JPEG is a walk over the image; ten thousand empty ones are an attack."""
    data = encode("JPEG", progressive=True)
    scan = data[data.rfind(b"\xff\xda") : -2]
    assert inspect(io.BytesIO(data)).format == "JPEG"
    assert refusal(data[:-2] + scan * 10_000 + b"\xff\xd9") == "decompression_bomb"


def test_a_png_text_that_unpacks_beyond_measure():
    body = b"Comment\0\x01\0\0\0" + zlib.compress(b"\0" * 50_000_000)
    rows = (b"\0" + b"\x80" * 24) * 8
    assert refusal(png(8, 8, (b"iTXt", body), rows=rows)) == "decompression_bomb"
    assert inspect(io.BytesIO(png(8, 8, (b"iTXt", b"Comment\0\0\0\0\0" + b"A" * 100_000), rows=rows))).width == 8


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off(encode, format_name, share):
    data = encode(format_name, 400, 300)
    assert refusal(data[: int(len(data) * share)]) == "truncated"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off_heic(draw, share):
    out = io.BytesIO()
    pillow_heif.from_pillow(draw(400, 300)).save(out, quality=80)
    data = out.getvalue()
    assert refusal(data[: int(len(data) * share)]) in ("truncated", "undecodable")


@pytest.mark.parametrize("kept", [3, 12, 20, 30])
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_only_the_first_bytes(encode, format_name, kept):
    assert refusal(encode(format_name)[:kept]) in ("truncated", "undecodable", "unsupported_format")


def test_a_missing_end_mark_alone_is_no_loss(encode):
    assert codes(encode("PNG")[:-12]) == ["exif_absent", "end_missing"]


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_an_archive_behind_the_image(encode, format_name):
    tail = io.BytesIO()
    with zipfile.ZipFile(tail, "w") as archive:
        archive.writestr("run.sh", "echo")
    assert codes(encode(format_name) + tail.getvalue()) == ["exif_absent", "trailing_data", "archive_inside"]


def test_motion_behind_the_image_is_no_archive(encode):
    assert codes(encode("JPEG") + b"\0\0\0\x18ftypmp42" + b"\0" * 500) == ["exif_absent", "trailing_data"]


@pytest.mark.parametrize("words", [b"<script>alert(1)</script>", b"<?php system($_GET[0]); ?>", b"%PDF-1.4", b"<HTML>"])
def test_markup_inside(encode, words):
    assert "markup_inside" in codes(encode("JPEG", comment=words))
    assert "markup_inside" in codes(encode("JPEG") + words)


def test_end_mark_across_a_block_border(encode):
    """The file is read in blocks of 256 KiB; an end that straddles two is still the end."""
    data = encode("JPEG")
    for shift in (-1, 0, 1):
        filler = (1 << 18) - len(data) + 1 + shift
        segments, left = b"", filler
        while left:
            size = min(left, 60_000) if left - min(left, 60_000) not in (1, 2, 3) else left - 4
            segments += b"\xff\xfe" + struct.pack(">H", size - 2) + b"\0" * (size - 4)
            left -= size
        padded = data[:2] + segments + data[2:]
        assert len(padded) == (1 << 18) + 1 + shift
        assert codes(padded) == ["exif_absent"]
        assert codes(padded + b"more") == ["exif_absent", "trailing_data"]


def test_several_images_in_one(draw):
    out = io.BytesIO()
    draw().save(out, "MPO", save_all=True, append_images=[draw().rotate(90)])
    assert "several_images" in codes(out.getvalue())


def test_exif_text_of_a_megabyte_in_png(encode, exif):
    block = exif.tiff(main=[exif.text(0x10F, b"\x07" + b"A" * 1_000_000), exif.short(0x112, 6)])
    facts = inspect(io.BytesIO(encode("PNG", exif=b"Exif\0\0" + block)))
    assert facts.make == "A" * 200
    assert (facts.width, facts.height) == (64, 96)
    assert [said.code for said in facts.remarks] == ["exif_text_cut"]


def test_broken_exif_is_remarked_on_and_not_fatal(encode):
    assert codes(encode("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")) == ["exif_broken"]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (65_000, 3)])
def test_odd_shapes(size):
    for format_name in ("JPEG", "PNG"):
        out = io.BytesIO()
        Image.new("RGB", size).save(out, format_name)
        facts = inspect(out)
        assert (facts.width, facts.height) == size


@pytest.fixture(scope="module")
def specimens(encode):
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(heic)
    tags = Image.Exif()
    tags[0x10F], tags[0x112] = "Make", 6
    return [
        encode("JPEG", 48, 32, exif=tags), encode("JPEG", 48, 32, progressive=True), encode("PNG", 24, 16, exif=tags),
        encode("WEBP", 48, 32, exif=tags), encode("WEBP", 24, 16, lossless=True), heic.getvalue(),
    ]  # fmt: skip


@settings(max_examples=300)
@given(data=st.data())
def test_bent_files_are_taken_in_or_refused(specimens, data):
    bent = bytearray(data.draw(st.sampled_from(specimens)))
    for _ in range(data.draw(st.integers(0, 8))):
        bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del bent[data.draw(st.integers(0, len(bent))) :]
    try:
        assert isinstance(inspect(io.BytesIO(bytes(bent)), PhotoCaps(max_pixels=4_000_000)), PhotoFacts)
    except PhotoRefused as refused:
        assert refused.zh  # the only other way out


@settings(max_examples=100)
@given(
    st.sampled_from([b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic"]),
    st.binary(),
)
def test_noise_behind_a_true_beginning(head, noise):
    try:
        inspect(io.BytesIO(head + noise))
    except PhotoRefused as refused:
        assert refused.zh
