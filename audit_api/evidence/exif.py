"""Reads the few EXIF tags that evidence needs, from bytes nobody vouches for.

Pillow's own reader is meant for well-formed files: it warns through the process-wide `warnings` module
and raises half a dozen kinds of error. This one looks at known tags only, reads bounded values, follows
no chains, and answers damage with a remark.
Source: CIPA DC-008-2023 (Exif 3.0), sections 4.6.2 (structure), 4.6.6 (time), 4.6.7 (GPS).
"""

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from audit_api.evidence.remarks import Remark, remark

TEXT_LIMIT: Final = 200
_ENTRY_LIMIT: Final = 500
_VALUE_LIMIT: Final = 16

_MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _DATETIME = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_ORIGINAL, _DIGITIZED = 0x9003, 0x9004
_COMMENT, _PREVIEW_AT, _PREVIEW_LENGTH = 0x9286, 0x0201, 0x0202
_PREVIEW_BYTES: Final = 65_536
_OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_LAT_REF, _LAT, _LON_REF, _LON, _ALT_REF, _ALT, _GPS_TIME = 1, 2, 3, 4, 5, 6, 7
_DATUM, _GPS_DATE, _H_ERROR = 0x12, 0x1D, 0x1F

# Type code → (bytes each, struct letter); letter "" marks bytes taken as text.
_TYPES: Final[dict[int, tuple[int, str]]] = {
    1: (1, "B"), 2: (1, ""), 3: (2, "H"), 4: (4, "I"), 5: (8, "II"), 6: (1, "b"), 7: (1, ""),
    8: (2, "h"), 9: (4, "i"), 10: (8, "ii"), 129: (1, ""),
}  # fmt: skip

_Value = bytes | tuple[int, ...]
_Tags = dict[int, _Value]


@dataclass(frozen=True, slots=True)
class TakenAt:
    """Hold the camera's own time: naive local text (ISO 8601), its offset if written, the tag it is from."""

    local: str
    offset: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Position:
    """Hold a position in degrees (WGS-84), metres, and the satellites' own time where given."""

    lat: float
    lon: float
    altitude_m: float | None
    accuracy_m: float | None
    fixed_at: datetime | None
    datum: str = "WGS-84"
    source: str = "exif"


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """Hold what the EXIF block says; orientation is 1..8 as in the standard, 1 where nothing is said."""

    orientation: int = 1
    taken_at: TakenAt | None = None
    position: Position | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None
    comment: str | None = None
    preview: bytes | None = None
    remarks: tuple[Remark, ...] = ()


def read_exif(block: bytes | None) -> ExifFacts:
    """Read an EXIF block, with or without its `Exif\\0\\0` prefix; never raises, whatever the bytes."""
    if not block:
        return ExifFacts(remarks=(remark("exif_absent"),))
    reader = _Reader(block.removeprefix(b"Exif\0\0"))
    main = reader.directory(reader.first)
    details = reader.directory(reader.pointer(main, _EXIF_IFD))
    gps = reader.directory(reader.pointer(main, _GPS_IFD))
    return ExifFacts(
        orientation=_orientation(main, reader.codes),
        taken_at=_taken_at(main, details, reader.codes),
        position=_position(gps, reader.codes),
        make=_text(main, _MAKE, reader.codes),
        model=_text(main, _MODEL, reader.codes),
        software=_text(main, _SOFTWARE, reader.codes),
        comment=_comment(details),
        preview=reader.preview(),
        remarks=tuple(remark(code) for code in reader.codes),
    )


class _Reader:
    """Walks directories of a TIFF structure; damage is collected in `codes` (ordered, each once)."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.codes: dict[str, None] = {}
        self.order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")
        self.first = 0
        if self.order and len(data) >= 8:
            self.first = struct.unpack_from(self.order + "I", data, 4)[0]
        if self.first < 8:
            self.first = 0
            self.broken()

    def broken(self) -> None:
        self.codes["exif_broken"] = None

    def pointer(self, tags: _Tags, tag: int) -> int:
        value = tags.get(tag)
        if isinstance(value, tuple) and value and value[0] > 0:
            return value[0]
        if value is not None:
            self.broken()
        return 0

    def directory(self, offset: int) -> _Tags:
        """Read one directory; the first of repeated tags counts."""
        tags: _Tags = {}
        for tag, value in self._entries(offset):
            tags.setdefault(tag, value)
        return tags

    def preview(self) -> bytes | None:
        """Give the bytes of the preview that the second directory names; damage there is no loss and not told."""
        if not self.first or self.first + 2 > len(self.data):
            return None
        count = struct.unpack_from(self.order + "H", self.data, self.first)[0]
        at = self.first + 2 + 12 * count
        if at + 4 > len(self.data):
            return None
        codes, self.codes = self.codes, {}
        tags = self.directory(struct.unpack_from(self.order + "I", self.data, at)[0])
        start, length = self.pointer(tags, _PREVIEW_AT), self.pointer(tags, _PREVIEW_LENGTH)
        self.codes = codes
        return self.data[start : start + length] if start and 0 < length <= _PREVIEW_BYTES else None

    def _entries(self, offset: int) -> Iterator[tuple[int, _Value]]:
        if not offset:
            return
        if offset + 2 > len(self.data):
            self.broken()
            return
        count = struct.unpack_from(self.order + "H", self.data, offset)[0]
        if count > _ENTRY_LIMIT:
            self.broken()
        for start in range(offset + 2, offset + 2 + 12 * min(count, _ENTRY_LIMIT), 12):
            if start + 12 > len(self.data):
                self.broken()
                return
            tag, kind, items = struct.unpack_from(self.order + "HHI", self.data, start)
            if tag in _WANTED:
                value = self._value(kind, items, start + 8)
                if value is None:
                    self.broken()
                else:
                    yield tag, value

    def _value(self, kind: int, items: int, at: int) -> _Value | None:
        size, letters = _TYPES.get(kind, (0, ""))
        if not size:
            return None
        if size * items > 4:
            at = struct.unpack_from(self.order + "I", self.data, at)[0]
        if at + size * items > len(self.data):
            # A text that runs past the end still has a readable beginning.
            if letters or at >= len(self.data):
                return None
            self.broken()
        if not letters:
            return self.data[at : at + min(items, 4 * TEXT_LIMIT)]
        return struct.unpack_from(self.order + letters * min(items, _VALUE_LIMIT), self.data, at)


_WANTED: Final = frozenset({
    _MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _DATETIME, _EXIF_IFD, _GPS_IFD, _ORIGINAL, _DIGITIZED,
    _OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED, _LAT_REF, _LAT, _LON_REF, _LON, _ALT_REF, _ALT,
    _GPS_TIME, _DATUM, _GPS_DATE, _H_ERROR, _COMMENT, _PREVIEW_AT, _PREVIEW_LENGTH,
})  # fmt: skip


def _text(tags: _Tags, tag: int, codes: dict[str, None] | None = None) -> str | None:
    """Clean a text: up to the first NUL, printable characters only, at most TEXT_LIMIT of them."""
    value = tags.get(tag)
    if not isinstance(value, bytes):
        return None
    raw = value.split(b"\0", 1)[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # Older phones sold in China write GBK; latin-1 never fails.
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    clean = "".join(c for c in text if unicodedata.category(c)[0] != "C").strip()
    if codes is not None and (len(clean) > TEXT_LIMIT or len(clean) < len(text.strip())):
        codes["exif_text_cut"] = None
    return clean[:TEXT_LIMIT] or None


def _comment(details: _Tags) -> str | None:
    """Read a comment behind its eight bytes of character code (4.6.5.1.20)."""
    value = details.get(_COMMENT)
    if not isinstance(value, bytes):
        return None
    return "".join(filter(str.isprintable, value[8:].decode("utf-8", "replace")))[:TEXT_LIMIT] or None


def _orientation(main: _Tags, codes: dict[str, None]) -> int:
    value = main.get(_ORIENTATION)
    if value is None:
        return 1
    if isinstance(value, tuple) and value and 1 <= value[0] <= 8:
        return value[0]
    codes["orientation_unreadable"] = None
    return 1


def _taken_at(main: _Tags, details: _Tags, codes: dict[str, None]) -> TakenAt | None:
    """Take the first valid of the three times: when the shutter opened, digitised, last changed."""
    for tags, tag, offset_tag, source in (
        (details, _ORIGINAL, _OFFSET_ORIGINAL, "DateTimeOriginal"),
        (details, _DIGITIZED, _OFFSET_DIGITIZED, "DateTimeDigitized"),
        (main, _DATETIME, _OFFSET, "DateTime"),
    ):
        text = _text(tags, tag)
        # Blank digits and colons are the standard's own way of saying "unknown".
        if text is None or not text.strip(" :"):
            continue
        moment = _moment(text)
        if moment is not None:
            return TakenAt(moment.isoformat(), _offset(_text(details, offset_tag)), source)
        codes["time_unreadable"] = None
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 -- the camera's local time
    except ValueError:
        return None
    return moment if 1900 <= moment.year <= 2200 else None


def _offset(text: str | None) -> str | None:
    """Accept `+08:00` or `Z`; anything else is as good as unwritten."""
    if text == "Z":
        return "+00:00"
    if text is None or len(text) != 6 or text[0] not in "+-" or text[3] != ":":
        return None
    hours, minutes = text[1:3], text[4:6]
    if not (hours + minutes).isascii() or not (hours + minutes).isdigit():
        return None
    return text if int(hours) <= 14 and int(minutes) < 60 else None


def _position(gps: _Tags, codes: dict[str, None]) -> Position | None:
    if _LAT not in gps and _LON not in gps:
        return None
    datum = _text(gps, _DATUM)
    if datum is not None and "".join(filter(str.isalnum, datum)).upper() not in ("WGS84", "WGS1984"):
        codes["position_datum_differs"] = None
        return None
    lat = _degrees(gps, _LAT, _text(gps, _LAT_REF), "NS", 90)
    lon = _degrees(gps, _LON, _text(gps, _LON_REF), "EW", 180)
    if lat is None or lon is None:
        codes["position_unreadable"] = None
        return None
    if lat == 0 and lon == 0:
        codes["position_unset"] = None
        return None
    return Position(lat, lon, _altitude(gps, codes), _first_ratio(gps, _H_ERROR), _fixed_at(gps))


def _ratios(tags: _Tags, tag: int) -> tuple[float | None, ...]:
    """Divide numerator by denominator pairwise; a zero denominator gives None."""
    value = tags.get(tag)
    if not isinstance(value, tuple) or len(value) % 2:
        return ()
    pairs = zip(value[::2], value[1::2], strict=True)
    return tuple(above / below if below else None for above, below in pairs)


def _degrees(tags: _Tags, tag: int, letter: str | None, letters: str, limit: int) -> float | None:
    parts = _ratios(tags, tag)
    if len(parts) != 3 or letter is None or letter.upper()[:1] not in letters:
        return None
    degrees, minutes, seconds = parts
    if degrees is None or minutes is None or seconds is None:
        return None
    if degrees < 0 or not 0 <= minutes <= 60 or not 0 <= seconds <= 60:
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if value > limit:
        return None
    return round(-value if letter.upper()[0] == letters[1] else value, 7)


def _first_ratio(tags: _Tags, tag: int) -> float | None:
    parts = _ratios(tags, tag)
    return round(parts[0], 2) if parts and parts[0] is not None and 0 <= parts[0] < 1e6 else None


def _altitude(gps: _Tags, codes: dict[str, None]) -> float | None:
    if _ALT not in gps:
        return None
    metres = _first_ratio(gps, _ALT)
    if metres is None or metres > 20_000:
        codes["altitude_unreadable"] = None
        return None
    # 1 is "below sea level" since Exif 2.0, 3 the same by the ellipsoid since 3.0.
    below = gps.get(_ALT_REF) in ((1,), (3,), b"\x01", b"\x03")
    return -metres if below else metres


def _fixed_at(gps: _Tags) -> datetime | None:
    """Join the satellites' date and time of day (UTC)."""
    day, parts = _moment(f"{_text(gps, _GPS_DATE)} 00:00:00"), _ratios(gps, _GPS_TIME)
    if day is None or len(parts) != 3 or None in parts:
        return None
    hours, minutes, seconds = (part or 0.0 for part in parts)
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    return day.replace(tzinfo=UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
