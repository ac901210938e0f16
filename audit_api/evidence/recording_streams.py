"""Reads recordings that are a run of frames or chunks: MP3, AAC (ADTS), Ogg, WAV. Nothing is decoded."""

import struct
from typing import BinaryIO, Final

from audit_api.evidence.attachment_words import AttachmentRefused
from audit_api.evidence.recording_facts import Counter, Limits, RecordingFacts, read_at

# ISO/IEC 11172-3 and 13818-3, layer III: kbit/s by index, and samples a second by version and index.
_KBITS: Final = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
# ISO/IEC 14496-3, table 1.18.
_AAC_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_WAV_FORMATS: Final = frozenset({1, 3, 6, 7, 0xFFFE})
_OPUS_RATE: Final = 48000
_NO_GRANULE: Final = 2**64 - 1
_FREE_TEXT: Final = 10_000_000  # a tag with a cover picture


def read_mp3(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Walk the frames of an MP3 from its tag to its end."""
    position = start = _after_id3(file, size)
    end = _before_tags(file, size)
    counter, seconds, frames, announced = Counter(limits), 0.0, 0, None
    while position + 4 <= end:
        counter.one()
        header = read_at(file, position, 4)
        length, samples, rate = _mpeg_frame(header)
        if not length:
            if frames and _is_blank(file, position, end):
                break
            raise AttachmentRefused("trailing_data" if frames else "undecodable")
        if position + length > end:
            raise AttachmentRefused("truncated")
        if position == start and (found := _announced_frames(read_at(file, position, length))) is not None:
            announced = found  # this frame is silent: it holds the index
        else:
            frames, seconds = frames + 1, seconds + samples / rate
            limits.check(seconds, has_video=False)
        position += length
    if announced is not None and frames < announced:
        raise AttachmentRefused("truncated")
    return _sound("MP3", "audio/mpeg", seconds)


def _after_id3(file: BinaryIO, size: int) -> int:
    head = read_at(file, 0, min(size, 10))
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:10]:  # seven bits each (ID3v2.4, 6.2)
        length = length << 7 | (byte & 0x7F)
    if length > _FREE_TEXT:
        raise AttachmentRefused("too_complex")
    after = 10 + length + (10 if head[5] & 0x10 else 0)
    if after > size:
        raise AttachmentRefused("truncated")
    return after


def _before_tags(file: BinaryIO, size: int) -> int:
    """Find where the frames end: before an ID3v1 tag and an APEv2 tag, where there are such."""
    end = size
    if end >= 128 and read_at(file, end - 128, 3) == b"TAG":
        end -= 128
    if end >= 32:
        footer = read_at(file, end - 32, 32)
        if footer.startswith(b"APETAGEX"):
            length = int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
            if length > min(end, _FREE_TEXT):
                raise AttachmentRefused("undecodable")
            end -= length
    return end


def _mpeg_frame(header: bytes) -> tuple[int, int, int]:
    """Give length in bytes, samples and rate of a layer III frame; length 0 for what is none."""
    if header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0, 0, 1
    version = header[1] >> 3 & 3
    kbits, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or kbits in (0, 15) or rate == 3:
        return 0, 0, 1
    samples = 1152 if version == 3 else 576
    hertz = _MPEG_RATES[version][rate]
    bits = _KBITS[1 if version == 3 else 2][kbits] * 1000
    return samples // 8 * bits // hertz + (header[2] >> 1 & 1), samples, hertz


def _announced_frames(frame: bytes) -> int | None:
    """Read how many frames follow, from a Xing or Info header; None for an ordinary frame."""
    for name in (b"Xing", b"Info"):
        at = frame.find(name, 4, 64)
        if at >= 0 and len(frame) >= at + 12:
            return int.from_bytes(frame[at + 8 : at + 12], "big") if frame[at + 7] & 1 else 0
    return None


def _is_blank(file: BinaryIO, position: int, end: int) -> bool:
    """Tell whether the rest is a little padding."""
    return end - position <= 4096 and not any(read_at(file, position, end - position))


def read_adts(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Walk the frames of a bare AAC stream."""
    counter, position, seconds = Counter(limits), 0, 0.0
    while position < size:
        counter.one()
        head = read_at(file, position, min(7, size - position))
        if head[0] != 0xFF or (len(head) > 1 and head[1] & 0xF6 != 0xF0):
            raise AttachmentRefused("trailing_data" if position else "undecodable")
        if len(head) < 7:
            raise AttachmentRefused("truncated")
        rate, length = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if rate >= len(_AAC_RATES) or length < 7:
            raise AttachmentRefused("undecodable")
        if position + length > size:
            raise AttachmentRefused("truncated")
        seconds += 1024 * ((head[6] & 3) + 1) / _AAC_RATES[rate]
        limits.check(seconds, has_video=False)
        position += length
    return _sound("AAC", "audio/aac", seconds)


def read_ogg(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Walk the pages of an Ogg file with one Opus or Vorbis stream (RFC 3533, RFC 7845)."""
    counter, position, ended, granule = Counter(limits), 0, False, 0
    serial, rate, skipped = b"", 0, 0
    while position < size:
        counter.one()
        if ended or read_at(file, position, min(4, size - position)) != b"OggS"[: size - position]:
            raise AttachmentRefused("trailing_data" if position else "undecodable")
        header = read_at(file, position, 27)
        lacing = read_at(file, position + 27, header[26])
        body = position + 27 + header[26]
        if body + sum(lacing) > size:
            raise AttachmentRefused("truncated")
        if position == 0:
            serial = header[14:18]
            rate, skipped = _ogg_codec(read_at(file, body, min(19, sum(lacing))))
        elif header[14:18] != serial:
            raise AttachmentRefused("unsupported_format")  # several streams: a video, or sounds behind one another
        here = int.from_bytes(header[6:14], "little")
        granule = max(granule, 0 if here == _NO_GRANULE else here)
        limits.check((granule - skipped) / rate, has_video=False)
        ended = bool(header[5] & 4)
        position = body + sum(lacing)
    remarks = () if ended else ("end_missing",)
    return _sound("Ogg", "audio/ogg", (granule - skipped) / rate, remarks)


def _ogg_codec(packet: bytes) -> tuple[int, int]:
    """Give samples a second and samples to skip, from a stream's first packet."""
    if packet.startswith(b"OpusHead") and len(packet) >= 12:
        return _OPUS_RATE, int.from_bytes(packet[10:12], "little")
    if packet.startswith(b"\x01vorbis") and len(packet) >= 16 and (rate := int.from_bytes(packet[12:16], "little")):
        return rate, 0
    raise AttachmentRefused("unsupported_format")


def read_wav(file: BinaryIO, size: int, limits: Limits) -> RecordingFacts:
    """Walk the chunks of a WAV."""
    end = struct.unpack("<I", read_at(file, 4, 4))[0] + 8
    if end > size:
        raise AttachmentRefused("truncated")
    if size - end > end % 2:
        raise AttachmentRefused("trailing_data")
    counter, position, a_second, length = Counter(limits), 12, 0, 0
    while position + 8 <= end:
        counter.one()
        name, count = struct.unpack("<4sI", read_at(file, position, 8))
        if position + 8 + count > end:
            raise AttachmentRefused("truncated")
        if name == b"fmt " and count >= 16:
            tag, _, rate, _, block = struct.unpack("<HHIIH", read_at(file, position + 8, 14))
            if tag not in _WAV_FORMATS:
                raise AttachmentRefused("unsupported_format")
            a_second = rate * block
        elif name == b"data":
            length += count
        position += 8 + count + count % 2
    if not a_second:
        raise AttachmentRefused("undecodable")
    limits.check(length / a_second, has_video=False)
    return _sound("WAV", "audio/wav", length / a_second)


def _sound(name: str, media_type: str, seconds: float, remarks: tuple[str, ...] = ()) -> RecordingFacts:
    if seconds <= 0:
        raise AttachmentRefused("nothing_inside")
    return RecordingFacts(name, media_type, True, False, seconds, remarks)
