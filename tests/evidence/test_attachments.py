"""What is accepted as an attachment, how long it is, what is refused: files of real encoders, and hostile ones."""

from __future__ import annotations

import io
import struct
import tempfile
import wave
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.evidence.attachment_words import REASONS, REMARKS, AttachmentRefused
from audit_api.evidence.attachments import AttachmentCaps, inspect_attachment
from audit_api.evidence.documents_reading import read as read_in_process
from tests import pdfs

RECORDINGS = Path(__file__).parent.parent / "recordings"
# File: kind, format, sound, seconds as PyAV reads them from the packets (boxes count the encoder's delay as well).
REAL = {
    "tone.m4a": ("audio", "M4A", True, 2.0),
    "tone.aac": ("audio", "AAC", True, 2.112),
    "tone.mp3": ("audio", "MP3", True, 2.088),
    "tone.opus.ogg": ("audio", "Ogg", True, 2.0),
    "tone.webm": ("audio", "WebM", True, 2.001),
    "live.webm": ("video", "WebM", True, 2.001),
    "silent.webm": ("video", "WebM", False, 2.0),
    "ramp.mp4": ("video", "MP4", True, 2.0),
    "silent.mp4": ("video", "MP4", False, 2.0),
    "pieces.mp4": ("video", "MP4", True, 2.2),
    "ramp.mov": ("video", "MOV", True, 2.0),
}


def recording(name):
    return (RECORDINGS / name).read_bytes()


def sound(seconds=1.0, rate=8000):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\0\1" * int(seconds * rate))
    return out.getvalue()


def look(data, **caps):
    # A PDF is read by another process, which needs a file of the system.
    with tempfile.TemporaryFile() as file:
        file.write(data)
        return inspect_attachment(file, AttachmentCaps(**caps))


def refusal(data, **caps):
    with pytest.raises(AttachmentRefused) as caught:
        look(data, **caps)
    assert caught.value.zh
    assert str(caught.value) == caught.value.en
    return caught.value.code


@pytest.mark.parametrize("name", REAL)
def test_files_of_real_encoders(name):
    kind, format_name, has_audio, seconds = REAL[name]
    facts = look(recording(name))
    assert (facts.kind, facts.format, facts.has_audio) == (kind, format_name, has_audio)
    assert facts.duration_seconds == pytest.approx(seconds, abs=0.11)
    assert facts.byte_count == len(recording(name))
    assert (facts.pages, facts.remarks) == (None, ())


def test_wav_and_vorbis():
    facts = look(sound(1.5))
    assert (facts.kind, facts.format, facts.media_type, facts.duration_seconds) == ("audio", "WAV", "audio/wav", 1.5)
    facts = look(vorbis(32_000))
    assert (facts.kind, facts.format, facts.duration_seconds) == ("audio", "Ogg", 2.0)


def page(number, body, *, flags=0, granule=0, serial=b"abcd"):
    lacing = [255] * (len(body) // 255) + [len(body) % 255]
    head = b"OggS\0" + bytes([flags]) + struct.pack("<Q", granule) + serial + struct.pack("<II", number, 0)
    return head + bytes([len(lacing), *lacing]) + body


def vorbis(samples, rate=16_000, *, last=4):
    first = b"\x01vorbis" + struct.pack("<IBI", 0, 1, rate) + bytes(14)
    return page(0, first, flags=2) + page(1, b"x" * 300, granule=samples // 2) + page(
        2, b"x" * 600, flags=last, granule=samples
    )  # fmt: skip


def test_every_reason_and_remark_is_said_in_both_languages():
    for zh, en in (*REASONS.values(), *REMARKS.values()):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
        assert en.isascii()


@pytest.mark.parametrize("name", REAL)
def test_cut_off_anywhere(name):
    """No proper beginning of a file passes for the file: only what streams can be broken off, and that is remarked."""
    data = recording(name)
    whole = look(data)
    for end in sorted({1, 7, 11, 40, 64, *range(97, len(data), 97), len(data) - 1}):
        try:
            facts = look(data[:end])
        except AttachmentRefused as refused:
            assert refused.code in {"truncated", "unsupported_format", "nothing_inside", "undecodable"}, end
        else:
            assert facts.remarks or name in ("tone.aac", "live.webm"), end
            assert facts.duration_seconds < whole.duration_seconds + 0.1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"words renamed to .m4a", "unsupported_format"),
        (b"<html><script>alert(1)</script></html>", "unsupported_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
        (b"MZ\x90\0" + bytes(200), "unsupported_format"),
        (b"PK\x03\x04" + bytes(200), "unsupported_format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(90), "unsupported_format"),
        (b"\xff\xd8\xff\xe0" + bytes(90), "unsupported_format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_format"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "unsupported_format"),
        (b"#!AMR\n" + bytes(90), "unsupported_format"),
        (b"fLaC" + bytes(90), "unsupported_format"),
        (b"\n%PDF-1.7\n" + bytes(90), "unsupported_format"),
        (recording("film.mkv"), "unsupported_format"),
        (b"\0" * 1000, "unsupported_format"),
        (b"\xff\xfb", "unsupported_format"),
        (b"RIFF\x04\0\0\0WAVE", "undecodable"),
        (page(0, b"\x80theora" + bytes(40), flags=2), "unsupported_format"),
        (page(0, b"\x01vorbis" + bytes(23), flags=2), "unsupported_format"),
    ],
)  # fmt: skip
def test_what_is_no_attachment(data, code):
    assert refusal(data) == code


def zip_file():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.html", "<script>alert(1)</script>")
    return out.getvalue()


PASSENGERS = {
    "archive": zip_file(),
    "page": b"<html><script>alert(document.domain)</script></html>",
    "pdf": pdfs.plain(),
    "zeros": bytes(5000),
    "recording": sound(0.1),
}


@pytest.mark.parametrize("passenger", PASSENGERS)
@pytest.mark.parametrize("name", [*REAL, "wav", "pdf"])
def test_two_files_in_one(name, passenger):
    host = {"wav": sound(), "pdf": pdfs.plain()}.get(name) or recording(name)
    if name == "pdf" and passenger == "zeros":
        pytest.skip("zeros behind a PDF are harmless and usual")
    assert refusal(host + PASSENGERS[passenger]) in {"trailing_data", "archive_inside", "undecodable", "truncated"}


def test_an_archive_hidden_where_boxes_may_hold_anything():
    packed = zip_file()
    assert refusal(recording("silent.mp4") + struct.pack(">I4s", 8 + len(packed), b"free") + packed) == "archive_inside"


def test_the_caps():
    assert refusal(sound(2), max_bytes=1000) == "too_many_bytes"
    for name in REAL:
        assert refusal(recording(name), audio_seconds=1, video_seconds=1) == "too_long", name
    assert refusal(sound(301)) == "too_long"
    assert refusal(pdfs.plain(3), pages=2) == "too_many_pages"
    look(recording("ramp.mp4"), audio_seconds=1)  # a video is held to the limit of videos alone


def test_lengths_that_lie():
    """A header that announces a second does not make a recording shorter, and the longer of two lengths counts."""
    quiet = recording("tone.mp3")
    at = quiet.index(b"Xing") if b"Xing" in quiet else quiet.index(b"Info")
    fewer = quiet[: at + 8] + struct.pack(">I", 1) + quiet[at + 12 :]
    assert look(fewer).duration_seconds == look(quiet).duration_seconds
    more = quiet[: at + 8] + struct.pack(">I", 100_000) + quiet[at + 12 :]
    assert refusal(more) == "truncated"
    film = recording("ramp.mp4")
    at = film.index(b"mvhd") + 4
    scale = struct.unpack(">I", film[at + 12 : at + 16])[0]
    longer = film[: at + 16] + struct.pack(">I", scale * 3600) + film[at + 20 :]
    assert refusal(longer) == "too_long"
    somewhat = film[: at + 16] + struct.pack(">I", scale * 20) + film[at + 20 :]
    assert look(somewhat).remarks == ("length_unlike_announced",)
    assert look(somewhat).duration_seconds == look(film).duration_seconds


def test_a_broken_off_ogg_is_taken_with_a_remark():
    assert look(vorbis(32_000, last=0)).remarks == ("end_missing",)


def box(name, *inner):
    body = b"".join(inner)
    return struct.pack(">I4s", 8 + len(body), name) + body


FTYP = box(b"ftyp", b"isom\0\0\0\0mp42")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (FTYP + b"".join(box(b"free") for _ in range(90_000)), "too_complex"),
        (FTYP + box(b"moov", b"".join(box(b"free") for _ in range(90_000))), "too_complex"),
        (FTYP + box(b"moov", bytes(9_000_000)), "too_complex"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 2**63), "truncated"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 3), "undecodable"),
        (FTYP + box(b"mdat", b"x" * 100), "truncated"),
        (FTYP + box(b"moov"), "nothing_inside"),
        (FTYP + box(b"moov") * 2, "undecodable"),
        (FTYP, "undecodable"),
        (b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff", "undecodable"),
        (b"\x1aE\xdf\xa3\x88\x42\x82\x84webm\x53\xab\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\xa3\xff", "undecodable"),
        (b"\x1aE\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xec\x80" * 90_000,
         "too_complex"),
        (b"\x1aE\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x19\x41\xa4\x69\x80",
         "embedded_files"),
        (b"".join(page(n, b"", flags=0) if n else page(0, b"OpusHead" + bytes(11), flags=2) for n in range(90_000)),
         "too_complex"),
        (b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), "too_complex"),
        (b"ID3\4\0\0\0\0\x7f\x7f" + bytes(100), "truncated"),
        (b"RIFF" + struct.pack("<I", 8 * 90_000 + 4) + b"WAVE" + b"junk\0\0\0\0" * 90_000, "too_complex"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "truncated"),
    ],
)  # fmt: skip
def test_built_to_cost(data, code):
    assert refusal(data) == code


def test_counts_that_would_need_all_memory():
    """A table that announces four thousand million samples in a few bytes reserves nothing."""
    table = box(b"stts", bytes(4), struct.pack(">III", 0xFFFFFFFF, 1, 1))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 1000, 0)),
        box(b"hdlr", bytes(8), b"soun"),
        box(b"minf", box(b"stbl", table)),
    )
    assert refusal(FTYP + box(b"moov", box(b"trak", media)) + box(b"mdat", b"x" * 8)) == "undecodable"


SEEDS = [recording(name)[:6000] for name in REAL if name != "film.mkv"] + [sound(0.2), vorbis(3000)]


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 5999), st.binary(min_size=1, max_size=8)), max_size=6))
def test_altered_bytes_are_read_or_refused(data, changes):
    changed = bytearray(data)
    for at, piece in changes:
        changed[at % len(changed) : at % len(changed) + len(piece)] = piece
    if changed.startswith(b"%PDF-"):
        return
    try:
        facts = inspect_attachment(io.BytesIO(bytes(changed)))
    except AttachmentRefused as refused:
        assert refused.code in REASONS
    else:
        assert 0 < facts.duration_seconds <= 300
        assert set(facts.remarks) <= set(REMARKS)


PDF_CODES = {
    "a script": (pdfs.with_script, "pdf_javascript"),
    "a script when a page opens": (pdfs.with_script_on_a_page, "pdf_javascript"),
    "its name spelled otherwise": (pdfs.spelled_otherwise, "pdf_javascript"),
    "out of the table": (pdfs.out_of_the_table, "pdf_javascript"),
    "in a packed stream": (pdfs.in_a_packed_stream, "pdf_launch"),
    "a program": (lambda: pdfs.with_action("Launch"), "pdf_launch"),
    "a file inside": (pdfs.with_file, "embedded_files"),
    "a file as a note": (lambda: pdfs.with_annotation("FileAttachment"), "embedded_files"),
    "another document": (lambda: pdfs.with_action("GoToE"), "embedded_files"),
    "sends data": (lambda: pdfs.with_action("SubmitForm"), "pdf_active"),
    "media": (lambda: pdfs.with_annotation("RichMedia"), "pdf_active"),
    "a form of its own kind": (pdfs.with_form, "pdf_active"),
    "encrypted without a password": (pdfs.encrypted, "encrypted"),
    "encrypted": (lambda: pdfs.encrypted("secret"), "encrypted"),
    "nested": (pdfs.nested, "too_complex"),
    "pages in a circle": (pdfs.circle_of_pages, "undecodable"),
    "bytes": (lambda: b"%PDF-1.7\n" + b"\xff" * 500 + b"\nstartxref\n0\n%%EOF", "undecodable"),
}


@pytest.mark.parametrize("what", PDF_CODES)
def test_a_pdf_that_does_something(what):
    make, code = PDF_CODES[what]
    assert read_in_process(io.BytesIO(make())) == {"refused": code}


def test_an_ordinary_pdf():
    assert read_in_process(io.BytesIO(pdfs.with_link())) == {"pages": 1}
    facts = look(pdfs.plain(3))
    assert (facts.kind, facts.format, facts.media_type, facts.pages) == ("document", "PDF", "application/pdf", 3)
    assert (facts.has_audio, facts.duration_seconds) == (False, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdfs.with_script(), "pdf_javascript"),
        (pdfs.bomb(), "too_complex"),
        (pdfs.many_pages(), "too_many_pages"),
        (pdfs.plain()[:-20], "truncated"),
        (b"%PDF-1.7\n%%EOF", "undecodable"),
        (pdfs.plain() + b"<html>" + b" " * 5000, "trailing_data"),
    ],
    ids=["script", "bomb", "pages", "cut", "bare", "page"],
)
def test_a_pdf_is_read_by_a_process_of_its_own(data, code):
    assert refusal(data) == code
