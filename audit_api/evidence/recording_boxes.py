"""Reads recordings built of boxes: MP4, M4A, MOV (ISO/IEC 14496-12), whole or in fragments. Nothing is decoded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import numpy as np

from audit_api.evidence.attachment_words import AttachmentRefused
from audit_api.evidence.recording_facts import Counter, Limits, RecordingFacts, read_at

_BRANDS: Final = frozenset(
    {b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"M4A ", b"M4B ", b"M4V ", b"M4VH", b"MSNV", b"dash", b"qt  "}
    | {b"iso%d" % number for number in range(2, 10)}
)
_PICTURES: Final = frozenset({b"mif1", b"msf1", b"heic", b"heix", b"avif", b"avis"})
# What over-runs the end of the file and is none of these is something else behind it.
_AT_THE_TOP: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"free", b"skip", b"wide", b"uuid", b"meta"}
    | {b"udta", b"pnot", b"emsg", b"prft", b"pdin"}
)
_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B "})
_INDEX_BYTES: Final = 8_000_000  # minutes of video need less than one
_FRAGMENT_BYTES: Final = 1_000_000


@dataclass
class _Track:
    handler: bytes = b""
    scale: int = 0
    announced: int = 0
    counted: float = 0.0
    identity: int = 0
    usual: int = 0  # length of a sample in fragments, where they do not say


@dataclass
class _Movie:
    scale: int = 0
    announced: int = 0
    tracks: list[_Track] = field(default_factory=list)
    usual: dict[int, int] = field(default_factory=dict)


def is_box_recording(head: bytes) -> bool:
    """Tell from a file's first 64 bytes whether it is a recording of this family, and no picture of it."""
    if head[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
    return bool(brands & _BRANDS) and not brands & _PICTURES


def read_boxes(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Read which tracks there are and how long they last, by their sample tables and by their fragments."""
    counter, movie, media, fragments = Counter(limits), None, False, []
    position = 0
    while position < size:
        name, start, end = _top_box(file, position, size, counter)
        if name == b"moov":
            if movie is not None:
                raise AttachmentRefused("undecodable")
            movie = _movie(_inside(file, start, end, _INDEX_BYTES), counter)
        elif name == b"moof":
            fragments.append((start, end))
        media = media or (name == b"mdat" and end > start)
        position = end
    if movie is None:
        raise AttachmentRefused("truncated" if media else "undecodable")  # the index comes last on most phones
    for start, end in fragments:
        _fragment(movie, _inside(file, start, end, _FRAGMENT_BYTES), counter)
    return _facts(movie, read_at(file, 8, 4), limits, media=media)


def _top_box(file: BinaryIO, position: int, size: int, counter: Counter) -> tuple[bytes, int, int]:
    counter.one()
    head = read_at(file, position, min(16, size - position))
    if len(head) < 8:
        raise AttachmentRefused("truncated")
    if not (head[4:8].isascii() and head[4:8].decode("ascii").isprintable()):
        raise AttachmentRefused("trailing_data" if position else "undecodable")
    length, start = int.from_bytes(head[:4], "big"), position + 8
    if length == 1:
        length, start = int.from_bytes(head[8:16], "big"), position + 16
    end = size if length == 0 else position + length
    if end < start:
        raise AttachmentRefused("undecodable")
    if end > size:
        raise AttachmentRefused("truncated" if head[4:8] in _AT_THE_TOP else "trailing_data")
    return head[4:8], start, end


def _inside(file: BinaryIO, start: int, end: int, most: int) -> bytes:
    if end - start > most:
        raise AttachmentRefused("too_complex")
    return read_at(file, start, end - start)


def _boxes(data: bytes, counter: Counter) -> Iterator[tuple[bytes, bytes]]:
    """Give the boxes in a piece, one level deep; what follows the last whole one is left alone."""
    position = 0
    while position + 8 <= len(data):
        counter.one()
        length = int.from_bytes(data[position : position + 4], "big")
        start = position + 8
        if length == 1:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        elif length == 0:
            length = len(data) - position
        if position + length > len(data) or position + length < start:
            raise AttachmentRefused("undecodable")
        yield data[position + 4 : position + 8], data[start : position + length]
        position += length


def _numbers(data: bytes, layout: str, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error:
        raise AttachmentRefused("undecodable") from None


def _movie(data: bytes, counter: Counter) -> _Movie:
    movie = _Movie()
    for name, inner in _boxes(data, counter):
        if name == b"mvhd":
            movie.scale, movie.announced = _scale_and_length(inner)
        elif name == b"trak":
            movie.tracks.append(_track(inner, counter))
        elif name == b"mvex":
            for kind, extends in _boxes(inner, counter):
                if kind == b"trex":
                    track, _, usual = _numbers(extends, ">III", 4)
                    movie.usual[track] = usual
    return movie


def _scale_and_length(data: bytes) -> tuple[int, int]:
    """Read time scale and length of `mvhd` and `mdhd`; all ones mean that nobody knew."""
    long = bool(data[:1] and data[0])
    scale, length = _numbers(data, ">IQ" if long else ">II", 20 if long else 12)
    return scale, 0 if length == (2**64 - 1 if long else 2**32 - 1) else length


def _track(data: bytes, counter: Counter) -> _Track:
    track = _Track()
    for name, inner in _boxes(data, counter):
        if name == b"tkhd":
            (track.identity,) = _numbers(inner, ">I", 20 if inner[:1] and inner[0] else 12)
        elif name == b"mdia":
            for kind, part in _boxes(inner, counter):
                if kind == b"mdhd":
                    track.scale, track.announced = _scale_and_length(part)
                elif kind == b"hdlr":
                    track.handler = part[8:12]
                elif kind == b"minf":
                    _count_samples(track, part, counter)
    return track


def _count_samples(track: _Track, data: bytes, counter: Counter) -> None:
    for name, inner in _boxes(data, counter):
        if name != b"stbl":
            continue
        for kind, part in _boxes(inner, counter):
            if kind == b"stts":
                (count,) = _numbers(part, ">I", 4)
                pairs = np.frombuffer(part, ">u4", offset=8, count=(len(part) - 8) // 4 // 2 * 2).reshape(-1, 2)
                if len(pairs) < count:
                    raise AttachmentRefused("undecodable")
                track.counted += float((pairs[:count, 0].astype(float) * pairs[:count, 1]).sum())


def _fragment(movie: _Movie, data: bytes, counter: Counter) -> None:
    """Add the samples of a fragment to their tracks."""
    by_identity = {track.identity: track for track in movie.tracks}
    for name, inner in _boxes(data, counter):
        if name != b"traf":
            continue
        track, usual, begun, length = None, 0, None, 0.0
        for kind, part in _boxes(inner, counter):
            if kind == b"tfhd":
                flags, identity = _numbers(part, ">II", 0)
                track = by_identity.get(identity)
                usual = movie.usual.get(identity, 0)
                if flags & 0x8:
                    (usual,) = _numbers(part, ">I", 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0))
            elif kind == b"tfdt":
                (begun,) = _numbers(part, ">Q" if part[:1] and part[0] else ">I", 4)
            elif kind == b"trun":
                length += _run_length(part, usual)
        if track is not None:
            track.counted = max(track.counted, (track.counted if begun is None else begun) + length)


def _run_length(part: bytes, usual: int) -> float:
    flags, count = _numbers(part, ">II", 0)
    if not flags & 0x100:
        return float(count) * usual
    at = 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    width = 1 + sum(bool(flags & bit) for bit in (0x200, 0x400, 0x800))
    if len(part) < at + count * width * 4:
        raise AttachmentRefused("undecodable")
    table = np.frombuffer(part, ">u4", offset=at, count=count * width).reshape(-1, width)
    return float(table[:, 0].astype(float).sum())


def _facts(movie: _Movie, brand: bytes, limits: Limits, *, media: bool) -> RecordingFacts:
    shown = [track for track in movie.tracks if track.handler in (b"soun", b"vide")]
    if any(not track.scale for track in shown):
        raise AttachmentRefused("undecodable")
    has_audio = any(track.handler == b"soun" for track in shown)
    has_video = any(track.handler == b"vide" for track in shown)
    counted = max((track.counted / track.scale for track in shown), default=0.0)
    announced = max((track.announced / track.scale for track in shown), default=0.0)
    if movie.scale:
        announced = max(announced, movie.announced / movie.scale)
    if not counted or not media:
        raise AttachmentRefused("nothing_inside")
    # The longer of the two is held against the limit: players differ in which one they believe.
    limits.check(max(counted, announced), has_video=has_video)
    if has_video:
        name, media_type = ("MOV", "video/quicktime") if brand == b"qt  " else ("MP4", "video/mp4")
    else:
        name, media_type = ("M4A", "audio/mp4") if brand in _AUDIO_BRANDS else ("MP4", "audio/mp4")
    remarks = ("length_unlike_announced",) if announced and abs(counted - announced) > 1 + counted / 10 else ()
    return RecordingFacts(name, media_type, has_audio, has_video, counted, remarks)
