"""How many sound photos each advisory measure marks, and how many altered ones; writes docs/photo-marks.md.

python -m tests.benchmarks.photo_marks [--write]
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from audit_api.evidence.photo import inspect
from tests.benchmarks.copies import PHOTOS, real_pictures
from tests.pictures.scenes import draw_scene

PAGE = Path(__file__).parents[2] / "docs" / "photo-marks.md"
SCENES = 200
CODES = ("blurred", "dark", "uniform", "screenshot", "edited_by_software", "preview_differs")
BLURS = (0.002, 0.004, 0.008, 0.016)
DARKER = (0.5, 0.25, 0.15, 0.08)
SCREENS = ((1080, 2400), (1170, 2532), (1080, 1920), (1920, 1080), (750, 1334), (1440, 3200))
Picture = Image.Image


def marks(data: bytes) -> set[str]:
    return {said.code for said in inspect(io.BytesIO(data)).remarks} & set(CODES)


def encoded(image: Picture, format_name: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, format_name, quality=88, **more)
    return out.getvalue()


def screens(photos: list[Picture]) -> Iterator[tuple[str, bytes]]:
    """Draw screens: a chat, a form, and a photo shown large between bars; as PNG and as JPEG."""
    for number, (width, height) in enumerate(SCREENS):
        chance = random.Random(number)
        chat, form, shown = (Image.new("RGB", (width, height), shade) for shade in ((240, 240, 243), "white", "black"))
        draw, sheet = ImageDraw.Draw(chat), ImageDraw.Draw(form)
        for row in range(height // 220):
            left = chance.choice((40, width // 3))
            draw.rounded_rectangle((left, row * 220 + 30, left + width // 2, row * 220 + 180), 30, fill="white")
            draw.text((left + 30, row * 220 + 70), "Please rate us with ten", fill="black", font_size=34)
            sheet.text((40, row * 220 + 40), f"Question {row + 1}", fill="black", font_size=44)
            sheet.line((40, row * 220 + 200, width - 40, row * 220 + 200), fill=(200, 200, 200), width=3)
        photo = ImageOps.contain(photos[number % len(photos)], (width, height))
        shown.paste(photo, ((width - photo.width) // 2, (height - photo.height) // 2))
        for name, image in (("chat", chat), ("form", form), ("photo shown large", shown)):
            for format_name in ("PNG", "JPEG"):
                yield f"{name}, {format_name}", encoded(image, format_name)


def with_preview(image: Picture, preview: Picture) -> bytes:
    """Save with a preview in the second EXIF directory, as cameras do."""
    small = encoded(ImageOps.contain(preview, (160, 120)))
    main = b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x01\0\0\0" + (26).to_bytes(4, "little")
    second = b"\x02\0" + b"".join(
        tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0" + value.to_bytes(4, "little")
        for tag, value in ((0x201, 56), (0x202, len(small)))
    )
    return encoded(image, exif=b"Exif\0\0II*\0\x08\0\0\0" + main + second + b"\0\0\0\0" + small)


def middle(share: float, image: Picture) -> Picture:
    across, down = image.width * (1 - share) / 2, image.height * (1 - share) / 2
    return image.crop((round(across), round(down), round(image.width - across), round(image.height - down)))


def counted(name: str, code: str, files: list[bytes]) -> str:
    return f"| {name} | {sum(code in marks(data) for data in files)} of {len(files)} |"


def altered(
    name: str, code: str, change: Callable[[Picture], bytes], photos: list[Picture], drawn: list[Picture]
) -> str:
    parts = [f"{sum(code in marks(change(image)) for image in images)} of {len(images)}" for images in (photos, drawn)]
    return f"| {name} | `{code}` | {' | '.join(parts)} |"


def tables() -> Iterator[str]:
    files = [path.read_bytes() for path in sorted(real_files())]
    photos = [image for image in real_pictures() if max(image.size) > 320]
    drawn = [draw_scene(place) for place in range(SCENES)]
    plain = [encoded(image) for image in drawn]
    yield HEAD.format(files=len(files), scenes=SCENES, photos=len(photos))
    yield "| Mark | Real photographs as they are | Drawn scenes |\n|---|---|---|"
    sets = [[marks(data) for data in group] for group in (files, plain)]
    for code in CODES:
        yield f"| `{code}` | " + " | ".join(f"{sum(code in s for s in group)} of {len(group)}" for group in sets) + " |"
    yield MIDDLE
    yield "| Alteration | Mark | Photographs | Drawn scenes |\n|---|---|---|---|"
    for share in BLURS:
        yield altered(
            f"blurred, σ = {share:.1%} of the longer side", "blurred",
            lambda image, share=share: encoded(image.filter(ImageFilter.GaussianBlur(max(image.size) * share))),
            photos, drawn,
        )  # fmt: skip
    for light in DARKER:
        yield altered(
            f"darkened to {light:.0%}", "dark",
            lambda image, light=light: encoded(image.point(lambda level: level * light)), photos, drawn,
        )  # fmt: skip
    for share in (1.0, 0.8, 0.6, 0.4):
        name = f"cropped to the middle {share:.0%}, the preview left" if share < 1 else "nothing, with its own preview"
        yield altered(
            name, "preview_differs", lambda image, share=share: with_preview(middle(share, image), image), photos, drawn
        )
    others = {
        id(image): other for group in (photos, drawn) for image, other in zip(group, group[1:] + group[:1], strict=True)
    }
    yield altered(
        "another picture's preview",
        "preview_differs",
        lambda image: with_preview(image, others[id(image)]),
        photos,
        drawn,
    )
    yield "\n| Generated | Marked |\n|---|---|"
    plains = [
        encoded(Image.new("RGB", (640, 480), shade)) for shade in ("gray", "white", (90, 60, 40), (200, 210, 220))
    ]
    yield counted("one colour: `uniform`", "uniform", plains)
    found: dict[str, list[bytes]] = {}
    for name, data in screens(photos):
        found.setdefault(name, []).append(data)
    for name, group in found.items():
        yield counted(f"screen, {name}: `screenshot`", "screenshot", group)


def real_files() -> list[Path]:
    return [path for path in PHOTOS.rglob("*.*") if path.suffix in (".jpg", ".heif", ".heic")]


HEAD = """# What the advisory measures mark

Written by `python -m tests.benchmarks.photo_marks --write`, with the thresholds of the settings' defaults; what the measures are is in [photos.md](photos.md). {files} real photographs as they came from their cameras and editors, {photos} of them (and of those that come with scikit-learn) larger than 320 pixels altered here, and {scenes} drawn scenes (`tests/pictures/scenes.py`).

## Sound photos
"""  # noqa: E501 -- a paragraph of the page
MIDDLE = """
Ten of the photographs name an editor in EXIF or XMP, and were edited; no other is marked.

## Altered photos
"""


def main() -> None:
    page = "\n".join(tables()) + "\n"
    if "--write" in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
