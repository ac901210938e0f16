"""EXIF: what is right is read exactly, what is wrong is remarked on, nothing is raised."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.evidence.exif import TEXT_LIMIT, ExifFacts, Position, TakenAt, read_exif


def codes(facts):
    return [said.code for said in facts.remarks]


CONTROLS = {chr(code) for code in (*range(32), *range(127, 160), 0x202E)}
HANGZHOU = (((30, 1), (16, 1), (2676, 100)), "N", ((120, 1), (9, 1), (1836, 100)), "E")


@pytest.mark.parametrize("order", ["<", ">"])
def test_it_works(exif, order):
    block = exif.tiff(
        main=[exif.text(0x10F, "华为"), exif.text(0x110, "P60"), exif.short(0x112, 6, order)],
        details=[exif.text(0x9003, "2026:11:20 10:02:11"), exif.text(0x9011, "+08:00")],
        gps=[
            exif.text(1, "N"), exif.ratios(2, (30, 1), (16, 1), (2676, 100), order=order),
            exif.text(3, "E"), exif.ratios(4, (120, 1), (9, 1), (1836, 100), order=order),
            (5, 1, 1, b"\0"), exif.ratios(6, (81, 10), order=order),
            exif.ratios(7, (2, 1), (2, 1), (11, 1), order=order),
            exif.text(0x1D, "2026:11:20"), exif.ratios(0x1F, (8, 1), order=order),
        ],
        order=order,
    )  # fmt: skip
    assert read_exif(block) == read_exif(b"Exif\0\0" + block)
    assert read_exif(block) == ExifFacts(
        orientation=6,
        taken_at=TakenAt("2026-11-20T10:02:11", "+08:00", "DateTimeOriginal"),
        position=Position(30.2741, 120.1551, 8.1, 8.0, datetime(2026, 11, 20, 2, 2, 11, tzinfo=UTC)),
        make="华为",
        model="P60",
    )


def test_absence_is_said_and_is_no_fault():
    assert codes(read_exif(None)) == codes(read_exif(b"")) == ["exif_absent"]


@pytest.mark.parametrize(
    ("refs", "signs"), [("NE", (1, 1)), ("SE", (-1, 1)), ("NW", (1, -1)), ("SW", (-1, -1)), ("nw", (1, -1))]
)
def test_hemispheres(exif, refs, signs):
    lat, _, lon, _ = HANGZHOU
    position = read_exif(exif.tiff(gps=exif.gps(lat, refs[0], lon, refs[1]))).position
    assert (position.lat, position.lon) == (30.2741 * signs[0], 120.1551 * signs[1])


@pytest.mark.parametrize(
    ("lat", "lat_ref", "lon", "lon_ref", "code"),
    [
        (((30, 0), (16, 1), (0, 1)), "N", ((120, 1), (9, 1), (0, 1)), "E", "position_unreadable"),
        (((0, 0), (0, 0), (0, 0)), "N", ((0, 0), (0, 0), (0, 0)), "E", "position_unreadable"),
        (((91, 1), (0, 1), (0, 1)), "N", ((120, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((30, 1), (61, 1), (0, 1)), "N", ((120, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((30, 1), (0, 1), (0, 1)), "N", ((181, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((30, 1), (0, 1), (0, 1)), "Q", ((120, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((30, 1), (0, 1)), "N", ((120, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((4_294_967_295, 1), (0, 1), (0, 1)), "N", ((1, 1), (0, 1), (0, 1)), "E", "position_unreadable"),
        (((0, 1), (0, 1), (0, 1)), "N", ((0, 1), (0, 1), (0, 1)), "E", "position_unset"),
    ],
)
def test_positions_that_are_none(exif, lat, lat_ref, lon, lon_ref, code):
    facts = read_exif(exif.tiff(gps=exif.gps(lat, lat_ref, lon, lon_ref)))
    assert facts.position is None
    assert codes(facts) == [code]


def test_nan_smuggled_as_a_double_is_no_position(exif):
    """Type 12 is a float of eight bytes; GPS tags are rationals, so it is not even looked at."""
    nan = struct.pack("<d", float("nan"))
    facts = read_exif(exif.tiff(gps=[exif.text(1, "N"), (2, 12, 3, nan * 3), exif.text(3, "E"), (4, 12, 3, nan * 3)]))
    assert facts.position is None
    assert codes(facts) == ["exif_broken"]


def test_another_datum_is_not_taken_for_wgs84(exif):
    lat, lat_ref, lon, lon_ref = HANGZHOU
    facts = read_exif(exif.tiff(gps=exif.gps(lat, lat_ref, lon, lon_ref, exif.text(0x12, "TOKYO"))))
    assert facts.position is None
    assert codes(facts) == ["position_datum_differs"]
    assert read_exif(exif.tiff(gps=exif.gps(*HANGZHOU, exif.text(0x12, "WGS-84   ")))).position is not None


@pytest.mark.parametrize(("ref", "metres"), [(b"\0", 12.5), (b"\x01", -12.5)])
def test_altitude_below_the_sea(exif, ref, metres):
    block = exif.tiff(gps=exif.gps(*HANGZHOU, (5, 1, 1, ref), exif.ratios(6, (125, 10))))
    assert read_exif(block).position.altitude_m == metres


def test_altitude_without_denominator_keeps_the_position(exif):
    facts = read_exif(exif.tiff(gps=exif.gps(*HANGZHOU, exif.ratios(6, (125, 0)))))
    assert facts.position.altitude_m is None
    assert codes(facts) == ["altitude_unreadable"]


@pytest.mark.parametrize(
    "nonsense",
    ["0000:00:00 00:00:00", "2026:13:45 10:00:00", "2026-11-20", "yesterday", "0001:01:01 00:00:00",
     "9999:12:31 23:59:59", "2026:02:30 10:00:00", "\ud800".encode("utf-8", "surrogatepass")],
)  # fmt: skip
def test_times_that_are_none(exif, nonsense):
    facts = read_exif(exif.tiff(details=[exif.text(0x9003, nonsense)]))
    assert facts.taken_at is None
    assert "time_unreadable" in codes(facts)


def test_blank_time_is_the_standards_unknown(exif):
    facts = read_exif(exif.tiff(details=[exif.text(0x9003, "    :  :     :  :  ")]))
    assert facts == ExifFacts()


def test_next_best_time_is_used(exif):
    block = exif.tiff(
        main=[exif.text(0x132, "2026:11:20 11:00:00")], details=[exif.text(0x9003, "0000:00:00 00:00:00")]
    )
    assert read_exif(block).taken_at == TakenAt("2026-11-20T11:00:00", None, "DateTime")


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+08:00", "+08:00"), ("-03:30", "-03:30"), ("Z", "+00:00"), ("+99:00", None), ("08:00", None), ("+0x:00", None),
     ("+²³:00", None)],
)  # fmt: skip
def test_offsets(exif, written, kept):
    block = exif.tiff(details=[exif.text(0x9003, "2026:11:20 10:00:00"), exif.text(0x9011, written)])
    assert read_exif(block).taken_at.offset == kept


def test_texts_are_bounded_and_clean(exif):
    facts = read_exif(exif.tiff(main=[exif.text(0x10F, "A" * 1_000_000), exif.text(0x110, "a\x01\x1b[31mb\u202ec\n")]))
    assert (facts.make, facts.model) == ("A" * TEXT_LIMIT, "a[31mbc")
    assert codes(facts) == ["exif_text_cut"]


def test_texts_of_older_chinese_phones(exif):
    assert read_exif(exif.tiff(main=[exif.text(0x10F, "小米".encode("gb18030"))])).make == "小米"


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_out_of_range(exif, value):
    facts = read_exif(exif.tiff(main=[exif.short(0x112, value)]))
    assert facts.orientation == 1
    assert codes(facts) == ["orientation_unreadable"]


@pytest.mark.parametrize(
    "block",
    [b"Exif\0\0", b"II*\0", b"II*\0\0\0\0\0", b"MM\0*\xff\xff\xff\xff", b"XX*\0\x08\0\0\0", b"II*\0\x08\0\0\0\xff\xff",
     b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\xff\xff\xff\xff\xff\xff\xff",
     b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\xff\xff\xff\xff", b"\0" * 64],
)  # fmt: skip
def test_damage_is_remarked_on(block):
    assert codes(read_exif(block)) == ["exif_broken"]


def test_a_directory_that_points_at_itself_ends():
    block = b"II*\0\x08\0\0\0\x02\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x25\x88\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0"
    assert read_exif(block) == ExifFacts()


@given(st.binary(max_size=200))
def test_never_raises_on_noise(noise):
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert isinstance(read_exif(head + noise), ExifFacts)


@given(st.data())
def test_never_raises_on_a_bent_block(exif, data):
    block = bytearray(
        exif.tiff(
            main=[exif.text(0x10F, "Make"), exif.short(0x112, 6)],
            details=[exif.text(0x9003, "2026:11:20 10:02:11"), exif.text(0x9011, "+08:00")],
            gps=exif.gps(*HANGZHOU, exif.ratios(7, (2, 1), (2, 1), (11, 1)), exif.text(0x1D, "2026:11:20")),
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    facts = read_exif(bytes(block[: data.draw(st.integers(0, len(block)))]))
    assert 1 <= facts.orientation <= 8
    if facts.position is not None:
        assert -90 <= facts.position.lat <= 90
        assert -180 <= facts.position.lon <= 180
    for text in (facts.make, facts.model, facts.software):
        assert text is None or (0 < len(text) <= TEXT_LIMIT and not set(text) & CONTROLS)
