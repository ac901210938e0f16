"""What a file says of where it came from: a camera, a screen, a program that edited it."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from audit_api.evidence.exif import ExifFacts
from audit_api.evidence.outlines import jpeg_outline
from audit_api.evidence.remarks import PhotoRefused

_XMP_BYTES: Final = 1 << 18
_TEXT: Final = 80
_PREVIEW_PIXELS: Final = 640 * 640
_NAMES: Final = (
    "adobe", "photoshop", "lightroom", "fireworks", "gimp", "snapseed", "picsart", "meitu", "美图", "xingtu", "醒图",
    "天天p图", "vsco", "pixelmator", "affinity", "paint.net", "painttool", "paint shop", "paintshop", "corel", "canva",
    "faceapp", "photoscape", "fotor", "polarr", "acdsee", "picasa", "luminar", "capture one", "darktable",
    "rawtherapee", "krita", "imagemagick", "photodirector", "faceu", "b612", "remini", "inshot", "photogrid",
    "pixlr", "photopea", "aviary", "skylum", "dxo", "topaz",
)  # fmt: skip
_EDITOR: Final = re.compile("(?<![a-z])(?:" + "|".join(map(re.escape, _NAMES)) + ")(?![a-z])")
# Written by programs only: both name a program that made or changed the file (XMP specification, part 2).
_XMP_TOOL: Final = re.compile(rb"""(?:CreatorTool|softwareAgent)(?:=["']|>)\s{0,8}([^"'<>]{1,80})""")
_SCREENSHOT: Final = re.compile("screen ?shot|screen capture|截屏|截图|屏幕快照", re.IGNORECASE)
_PHOTOSHOP_BLOCKS: Final = frozenset({0x0406, 0x040C, 0x03ED})
"""Quality of saving, thumbnail, resolution; captions (0x0404) are written by many a programme that changes no pixel."""

_SCREENS: Final = frozenset({
    (640, 1136), (750, 1334), (828, 1792), (1080, 1920), (1125, 2436), (1170, 2532), (1179, 2556), (1206, 2622),
    (1242, 2208), (1242, 2688), (1260, 2736), (1284, 2778), (1290, 2796), (1320, 2868),  # iPhone
    (720, 1280), (720, 1440), (720, 1520), (720, 1560), (720, 1600), (720, 1612), (720, 1640), (1080, 2160),
    (1080, 2220), (1080, 2240), (1080, 2244), (1080, 2280), (1080, 2310), (1080, 2316), (1080, 2340), (1080, 2376),
    (1080, 2388), (1080, 2400), (1080, 2408), (1080, 2412), (1080, 2460), (1080, 2520), (1084, 2412), (1176, 2400),
    (1200, 2640), (1200, 2652), (1200, 2664), (1216, 2640), (1216, 2688), (1220, 2712), (1224, 2700), (1240, 2772),
    (1256, 2760), (1260, 2720), (1260, 2800), (1264, 2780), (1344, 2772), (1344, 2992), (1440, 2560), (1440, 2880),
    (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120), (1440, 3168), (1440, 3200), (1440, 3216),  # Android
    (1488, 2266), (1536, 2048), (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388), (2048, 2732),  # iPad
    (768, 1024), (768, 1366), (800, 1280), (900, 1440), (900, 1600), (1024, 1280), (1050, 1680), (1200, 1920),
    (1600, 2560), (1664, 2560), (1800, 2880), (1864, 2880), (1964, 3024), (2160, 3840), (2234, 3456),  # computers
})  # fmt: skip
"""Shorter side first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Hold what the file says: named cameras, editors with where they are named, and the camera's own preview."""

    camera: bool
    says_screenshot: bool
    editors: tuple[tuple[str, str], ...]
    preview: Image.Image | None

    def screen_sized(self, size: tuple[int, int]) -> bool:
        """Tell whether a picture has exactly the pixels of a screen, lying or standing."""
        return (min(size), max(size)) in _SCREENS


def origin_of(exif: ExifFacts, info: Mapping[Any, Any]) -> Origin:
    """Gather what EXIF, XMP, comments and Photoshop's own blocks say; never raises, whatever the bytes."""
    named = list(_named(exif, info))
    seen = dict.fromkeys((source, name) for source, name in named if _EDITOR.search(name.lower()))
    words = [exif.comment or "", *(name for _, name in named)]
    return Origin(
        camera=bool(exif.make or exif.model),
        says_screenshot=any(_SCREENSHOT.search(text) for text in words),
        editors=tuple(seen)[:4],
        preview=_preview(exif.preview),
    )


def _named(exif: ExifFacts, info: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    if exif.software:
        yield "exif", exif.software[:_TEXT]
    packet = info.get("xmp")
    if isinstance(packet, bytes):
        for found in _XMP_TOOL.findall(packet[:_XMP_BYTES])[:20]:
            yield "xmp", _clean(found)
    blocks = info.get("photoshop")
    if isinstance(blocks, dict) and _PHOTOSHOP_BLOCKS & blocks.keys():
        yield "container", "Photoshop"
    for key in ("comment", "Software"):
        text = info.get(key)
        if isinstance(text, bytes | str):
            yield "container", _clean(text if isinstance(text, bytes) else text[:_TEXT].encode())


def _clean(raw: bytes) -> str:
    text = raw[: 2 * _TEXT].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_TEXT]


def _preview(block: bytes | None) -> Image.Image | None:
    """Decode the preview; one that is large or damaged counts as none."""
    if not block or not block.startswith(b"\xff\xd8\xff"):
        return None
    try:
        outline = jpeg_outline(io.BytesIO(block))
        if not 0 < outline.width * outline.height <= _PREVIEW_PIXELS:
            return None
        image = JpegImageFile(io.BytesIO(block))
        image.draft("L", (80, 80))
        return image.convert("L")
    except (PhotoRefused, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError):
        return None
