"""Looks at a photo's bytes without trusting them: format, size, EXIF, thumbnail, perceptual hash.

One pass over the file for the SHA-256, one drafted decode for everything that needs pixels.
Format classes are called directly rather than through `Image.open`: its pixel limit is a module-wide
global with a process-wide warning, and both would race between threads. The caps below are checked on
the header's numbers instead, before a pixel is decoded.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import pillow_heif
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from audit_api.evidence.containers import TailReader, format_of, webp_length, webp_size
from audit_api.evidence.exif import ExifFacts, Position, TakenAt, read_exif
from audit_api.evidence.likeness import perceptual_hash
from audit_api.evidence.measures import Fact, PhotoMarks, measured
from audit_api.evidence.memory import room_for
from audit_api.evidence.origin import Origin, origin_of
from audit_api.evidence.outlines import JpegOutline, bytes_a_pixel, check_heic, check_png, check_webp, jpeg_outline
from audit_api.evidence.remarks import PhotoRefused, Remark, remark
from audit_api.evidence.shrink import Rows, brought_down, in_rows

_READ_BYTES: Final = 1 << 17
_JPEG_SCANS: Final = 100
_CUT_OFF: Final = ("truncated", "end of file", "premature")
_MARKS: Final = PhotoMarks()
_TOO_MUCH: Final = ("too large", "too much memory")

# How each EXIF orientation is turned upright (CIPA DC-008, 4.6.5.1.6).
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class PhotoCaps:
    """Bound what one photo may cost.

    `max_pixels_drafted` is for JPEG decoded at an eighth, row by row; every other file is decoded whole and held
    to `max_pixels` (a JPEG in several scans too: its coefficients are all kept until the last one).
    `max_decode_bytes` bounds the memory that decoding takes, as estimated from the header.
    """

    max_bytes: int = 30_000_000
    max_pixels_drafted: int = 200_000_000
    max_pixels: int = 64_000_000
    max_decode_bytes: int = 400_000_000
    thumbnail_pixels: int = 320


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """Hold what one look at a photo found; sizes in pixels as shown (after orientation).

    `perceptual_hash` and `perceptual_quality` are those of `likeness.py` (64 hex digits; 0..100).
    """

    sha256: str
    byte_count: int
    format: str
    width: int
    height: int
    orientation: int
    taken_at: TakenAt | None
    position: Position | None
    make: str | None
    model: str | None
    software: str | None
    thumbnail: bytes
    perceptual_hash: str
    perceptual_quality: int
    facts: tuple[Fact, ...]
    remarks: tuple[Remark, ...]


class _Jpeg(JpegImageFile):
    """A JPEG whose EXIF is left to our own reader: Pillow's would parse it for the dpi, and warn."""

    def _read_dpi_from_exif(self) -> None:
        """Leave the EXIF block alone."""


def inspect(
    source: str | PathLike[str] | BinaryIO, caps: PhotoCaps = PhotoCaps(), marks: PhotoMarks = _MARKS
) -> PhotoFacts:
    """Inspect a photo given as a path or a seekable binary file, which stays open.

    Raises PhotoRefused and nothing else, whatever the bytes; an OSError only where the path cannot be read.
    """
    if isinstance(source, str | PathLike):
        with Path(source).open("rb") as file:
            return inspect(file, caps, marks)
    byte_count = source.seek(0, io.SEEK_END)
    if byte_count == 0:
        raise PhotoRefused("empty")
    if byte_count > caps.max_bytes:
        raise PhotoRefused("too_many_bytes", bytes=byte_count, limit=caps.max_bytes)
    return _inspect(source, byte_count, caps, marks)


def open_upright(file: BinaryIO, caps: PhotoCaps, pixels: int) -> Image.Image:
    """Decode a photo upright, in RGB, at most so many pixels wide and high; for photos that were inspected before.

    Raises PhotoRefused and nothing else, whatever the bytes.
    """
    byte_count = file.seek(0, io.SEEK_END)
    file.seek(0)
    format_name = format_of(file.read(64))
    if format_name is None:
        raise PhotoRefused("unsupported_format")
    image, outline = _open(file, format_name, byte_count, caps)
    _check_size(image, format_name, outline, caps)
    try:
        picture, _ = _decode(image, pixels)
        turn = None if format_name == "HEIC" else _UPRIGHT.get(read_exif(_exif_block(image)).orientation)
        return _small(picture, turn, pixels)
    except Exception as cause:  # as in _look
        raise PhotoRefused(_reason(cause, cut_off=False)) from cause


def _inspect(file: BinaryIO, byte_count: int, caps: PhotoCaps, marks: PhotoMarks) -> PhotoFacts:
    file.seek(0)
    format_name = format_of(file.read(64))
    if format_name is None:
        raise PhotoRefused("unsupported_format")
    image, outline = _open(file, format_name, byte_count, caps)
    cost = _check_size(image, format_name, outline, caps)
    digest, tail = _read_through(file, image, format_name, outline)
    with room_for(cost):
        look = _look(image, format_name, tail, caps)
    exif, small = look.exif, look.small
    grey = small.convert("L")
    likeness, detail = perceptual_hash(grey)
    facts, marked = measured(small, grey, look.origin, look.size, marks)
    return PhotoFacts(
        sha256=digest,
        byte_count=byte_count,
        format=format_name,
        width=look.size[0],
        height=look.size[1],
        orientation=1 if format_name == "HEIC" else exif.orientation,
        taken_at=exif.taken_at,
        position=exif.position,
        make=exif.make,
        model=exif.model,
        software=exif.software,
        thumbnail=_jpeg_of(small),
        perceptual_hash=likeness,
        perceptual_quality=detail,
        facts=tuple(facts),
        remarks=exif.remarks + tuple(remark(code) for code in (*look.codes, *tail.codes(), *marked)),
    )


class _Look(NamedTuple):
    """What the decoded picture showed; the picture itself is gone."""

    small: Image.Image
    size: tuple[int, int]
    exif: ExifFacts
    origin: Origin
    codes: tuple[str, ...]


def _look(image: ImageFile.ImageFile, format_name: str, tail: TailReader, caps: PhotoCaps) -> _Look:
    """Decode and take what is needed; the memory is free when this returns or raises.

    An error's traceback would keep the picture until the request is answered, beside the next one.
    """
    try:
        picture, (width, height) = _decode(image, caps.thumbnail_pixels)
        exif = read_exif(_exif_block(image))
        # libheif has applied the container's own rotation, which overrides EXIF (ISO/IEC 23008-12, 7.2).
        turn = None if format_name == "HEIC" else _UPRIGHT.get(exif.orientation)
        if turn is not None and exif.orientation >= 5:
            width, height = height, width
        several = "mp" in image.info or (format_name == "HEIC" and getattr(image, "n_frames", 1) > 1)
        codes = ("several_images",) if several else ()
        origin = origin_of(exif, image.info)
        small = _small(picture, turn, caps.thumbnail_pixels)
        return _Look(small.copy() if small is image else small, (width, height), exif, origin, codes)
    except Exception as cause:  # Pillow and libheif answer hostile bytes with nearly every kind of error
        reason = _reason(cause, cut_off=tail.is_cut_off)
    finally:
        vars(image).clear()
    raise PhotoRefused(reason)


def _open(
    file: BinaryIO, format_name: str, byte_count: int, caps: PhotoCaps
) -> tuple[ImageFile.ImageFile, JpegOutline | None]:
    """Read the header with the class of the sniffed format; no pixel is decoded yet."""
    outline = None
    if format_name == "JPEG":
        outline = jpeg_outline(file)
    elif format_name == "PNG":
        check_png(file)
    elif format_name == "HEIC":
        check_heic(file, byte_count)
    else:
        limit = _most_pixels(format_name, {}, caps)
        width, height = webp_size(file)
        if width * height > limit:  # its decoder asks for the canvas at once
            raise PhotoRefused("too_many_pixels", width=width, height=height, limit=limit)
        if webp_length(file) > byte_count:
            raise PhotoRefused("truncated")
        check_webp(file)
    file.seek(0)
    factory: Callable[[BinaryIO], ImageFile.ImageFile] = _FACTORIES[format_name]
    try:
        image = factory(file)
    except Exception as cause:  # see above
        raise PhotoRefused(_reason(cause, cut_off=False)) from cause
    if format_name != "HEIC" and getattr(image, "is_animated", False):
        raise PhotoRefused("animated")
    return image, outline


_FACTORIES: Final[dict[str, Callable[[BinaryIO], ImageFile.ImageFile]]] = {
    "JPEG": _Jpeg,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "HEIC": pillow_heif.HeifImageFile,
}


def _most_pixels(format_name: str, info: Mapping[Any, Any], caps: PhotoCaps) -> int:
    return min(caps.max_pixels, caps.max_decode_bytes // bytes_a_pixel(format_name, info))


def _check_size(image: ImageFile.ImageFile, format_name: str, outline: JpegOutline | None, caps: PhotoCaps) -> int:
    """Hold the announced size to the caps; gives the memory that decoding will take, in bytes."""
    width, height = image.size
    if width < 1 or height < 1:
        raise PhotoRefused("undecodable")
    if outline is None:
        limit = _most_pixels(format_name, image.info, caps)
        cost = width * height * bytes_a_pixel(format_name, image.info)
    else:
        limit, cost = caps.max_pixels_drafted, outline.decode_bytes()
        if outline.whole:
            limit = min(caps.max_pixels, caps.max_decode_bytes * width * height // max(1, cost))
    if width * height > limit:
        raise PhotoRefused("too_many_pixels", width=width, height=height, limit=limit)
    return cost


def _read_through(
    file: BinaryIO, image: ImageFile.ImageFile, format_name: str, outline: JpegOutline | None
) -> tuple[str, TailReader]:
    """Hash the whole file and look at what follows the image; leaves the file where it was."""
    here = file.tell() if image.fp is not None and not image.fp.closed else 0
    tail = TailReader(format_name, scan_start=here)
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_READ_BYTES):
        digest.update(block)
        tail.feed(block)
    if outline is not None and outline.whole and tail.scans > _JPEG_SCANS:
        # Each scan of a progressive JPEG is a walk over the whole image, and an empty one takes ten bytes.
        raise PhotoRefused("decompression_bomb")
    file.seek(here)
    return digest.hexdigest(), tail


def _decode(image: ImageFile.ImageFile, pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    """Decode, for JPEG at the smallest scale that still gives the thumbnail; gives the full size beside it."""
    width, height = image.size
    if image.format == "JPEG":
        share = pixels / max(width, height)
        image.draft("RGB", (max(1, int(width * share)), max(1, int(height * share))))
    # `verify()` checks nothing in a JPEG. A HEIC is never drafted: its embedded preview may show another picture.
    image.load()
    return image, image.size if image.format == "HEIF" else (width, height)  # a HEIC can turn out another size


def _exif_block(image: ImageFile.ImageFile) -> bytes | None:
    block = image.info.get("exif")
    return block if isinstance(block, bytes) else None


def _small(image: Image.Image, turn: Image.Transpose | None, pixels: int) -> Image.Image:
    """Give the upright RGB thumbnail, transparent parts on white, without any metadata."""
    width, height = image.size
    if image.mode not in ("P", "1", "PA") and max(image.size) >= 4 * pixels:
        info = image.info
        image = brought_down(image.size, _eight_bits(in_rows(image)), pixels)
        image.info = info
        width, height = image.size
    if image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if image.mode in ("P", "1", "PA"):
        # A palette cannot be averaged; bring the size down first so that unpacking it stays cheap.
        share = min(1.0, 4 * pixels / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        image = image.resize(size, Image.Resampling.NEAREST).convert("RGBA")
    if image.mode == "CMYK":
        share = min(1.0, 4 * pixels / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        image = image.resize(size, Image.Resampling.BOX).convert("RGB")
    image.thumbnail((pixels, pixels))
    if image.mode in ("RGBA", "LA"):
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
        image = flat
    if image.mode != "RGB":
        image.info.clear()  # a transparent colour would be looked up in the palette, and warn
        image = image.convert("RGB")
    return image if turn is None else image.transpose(turn)


def _eight_bits(rows: Rows) -> Rows:
    return lambda top, bottom: _to_eight_bits(rows(top, bottom))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring sixteen bits of grey down to eight; anything else stays."""
    if not image.mode.startswith("I"):
        return image
    return image.point(lambda value: value * (1 / 256)).convert("L")


def _jpeg_of(image: Image.Image) -> bytes:
    """Encode anew; a plain pixel copy carries neither EXIF nor colour profile into the file."""
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _reason(cause: Exception, *, cut_off: bool) -> str:
    said = str(cause).lower()
    if isinstance(cause, Image.DecompressionBombError | MemoryError) or any(words in said for words in _TOO_MUCH):
        return "decompression_bomb"
    return "truncated" if cut_off or any(words in said for words in _CUT_OFF) else "undecodable"
