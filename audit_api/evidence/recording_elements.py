"""Reads WebM recordings (RFC 8794, RFC 9559), also those a browser wrote as it went. Nothing is decoded."""

import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from audit_api.evidence.attachment_words import AttachmentRefused
from audit_api.evidence.recording_facts import Counter, Limits, RecordingFacts, read_at

_HEADER: Final = 0x1A45DFA3
_DOCUMENT_TYPE: Final = 0x4282
_SEGMENT: Final = 0x18538067
_INFO: Final = 0x1549A966
_SCALE: Final = 0x2AD7B1
_LENGTH: Final = 0x4489
_TRACKS: Final = 0x1654AE6B
_TRACK: Final = 0xAE
_TRACK_TYPE: Final = 0x83
_CLUSTER: Final = 0x1F43B675
_CLUSTER_TIME: Final = 0xE7
_SIMPLE_BLOCK: Final = 0xA3
_GROUP: Final = 0xA0
_BLOCK: Final = 0xA1
_ATTACHED_FILES: Final = 0x1941A469
_OPENED: Final = frozenset({_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _GROUP})
_SHORT: Final = 16
_USUAL_SCALE: Final = 1_000_000  # nanoseconds


@dataclass
class _Found:
    scale: int = _USUAL_SCALE
    announced: float = 0.0
    types: set[int] = field(default_factory=set)
    cluster: int = 0
    latest: int = 0
    blocks: int = 0

    def seconds(self, ticks: float) -> float:
        return ticks * self.scale / 1e9


def read_elements(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Read which tracks there are and when the last block is due."""
    counter, found = Counter(limits), _Found()
    start, length = _document(file, size, counter)
    if size > start + length:
        raise AttachmentRefused("trailing_data")
    position = start
    while position < size:
        counter.one()
        identity, position, length = _element(file, position, size)
        if identity in (_SEGMENT, _HEADER):
            raise AttachmentRefused("trailing_data")
        if identity == _ATTACHED_FILES:
            raise AttachmentRefused("embedded_files")
        if identity in _OPENED:
            if length >= 0 and position + length > size:
                raise AttachmentRefused("truncated")
            continue  # its parts come next; where it ends makes no difference to what is looked for
        if length < 0:
            raise AttachmentRefused("undecodable")
        if position + length > size:
            raise AttachmentRefused("truncated")
        _take(found, identity, file, position, length)
        limits.check(found.seconds(found.latest), has_video=1 in found.types)
        position += length
    return _facts(found, limits)


def _document(file: BinaryIO, size: int, counter: Counter) -> tuple[int, int]:
    """Read the header; gives where the segment's content begins and its length (of all the rest if it says none)."""
    identity, position, length = _element(file, 0, size)
    if identity != _HEADER or not 0 < length <= 4096:
        raise AttachmentRefused("undecodable")
    end, kind = position + length, b""
    while position < end:
        counter.one()
        identity, position, length = _element(file, position, size)
        if length < 0 or position + length > end:
            raise AttachmentRefused("undecodable")
        if identity == _DOCUMENT_TYPE:
            kind = read_at(file, position, min(length, _SHORT)).rstrip(b"\0")
        position += length
    if kind != b"webm":
        raise AttachmentRefused("unsupported_format")
    identity, position, length = _element(file, position, size)
    if identity != _SEGMENT:
        raise AttachmentRefused("undecodable")
    if length >= 0 and position + length > size:
        raise AttachmentRefused("truncated")
    return position, size - position if length < 0 else length


def _element(file: BinaryIO, position: int, size: int) -> tuple[int, int, int]:
    """Read an element's id, where its content begins, and its length (-1: not said)."""
    head = read_at(file, position, min(12, size - position))
    id_bytes = _width(head, 4)
    size_bytes = _width(head[id_bytes:], 8)
    if len(head) < id_bytes + size_bytes:
        raise AttachmentRefused("truncated")
    length = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big") & ((1 << 7 * size_bytes) - 1)
    unknown = length == (1 << 7 * size_bytes) - 1
    return int.from_bytes(head[:id_bytes], "big"), position + id_bytes + size_bytes, -1 if unknown else length


def _width(head: bytes, most: int) -> int:
    """Give how many bytes a number of variable length has: its leading zeros and one."""
    if not head:
        raise AttachmentRefused("truncated")
    width = 9 - head[0].bit_length()
    if width > most:
        raise AttachmentRefused("undecodable")
    return width


def _take(found: _Found, identity: int, file: BinaryIO, position: int, length: int) -> None:
    if identity in (_SIMPLE_BLOCK, _BLOCK):
        head = read_at(file, position, min(length, _SHORT))
        width = _width(head, 8)
        if len(head) < width + 3:
            raise AttachmentRefused("undecodable")
        found.latest = max(found.latest, found.cluster + struct.unpack_from(">h", head, width)[0])
        found.blocks += 1
    elif identity in (_SCALE, _TRACK_TYPE, _CLUSTER_TIME):
        if length > 8:
            raise AttachmentRefused("undecodable")
        value = int.from_bytes(read_at(file, position, length), "big")
        if identity == _SCALE:
            found.scale = value
        elif identity == _TRACK_TYPE:
            found.types.add(value)
        else:
            found.cluster = value
    elif identity == _LENGTH:
        if length not in (4, 8):
            raise AttachmentRefused("undecodable")
        (found.announced,) = struct.unpack(">f" if length == 4 else ">d", read_at(file, position, length))


def _facts(found: _Found, limits: Limits) -> RecordingFacts:
    has_video, has_audio = 1 in found.types, 2 in found.types
    if not found.blocks or not (has_video or has_audio):
        raise AttachmentRefused("nothing_inside")
    counted, announced = found.seconds(found.latest), found.seconds(found.announced)
    if not found.scale or not 0 <= announced < float("inf"):
        raise AttachmentRefused("undecodable")
    limits.check(max(counted, announced), has_video=has_video)
    # The last block begins at `latest`; how long it lasts is mostly told nowhere, and short.
    remarks = ("length_unlike_announced",) if announced and abs(counted - announced) > 1 + counted / 10 else ()
    media_type = "video/webm" if has_video else "audio/webm"
    return RecordingFacts("WebM", media_type, has_audio, has_video, max(counted, 0.001), remarks)
