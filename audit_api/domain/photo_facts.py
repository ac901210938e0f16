"""What is known of a photo, each with where it came from: in words, for reviewers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Row = dict[str, Any]

SOURCES: Final[dict[str, tuple[str, str]]] = {
    "exif": ("相机写入的 EXIF", "EXIF, written by the camera"),
    "xmp": ("文件中的 XMP", "XMP in the file"),
    "container": ("文件结构", "the file's own structure"),
    "pixels": ("由缩小的画面测得", "measured on the small picture"),
    "phone": ("手机在走访内容中所报", "sent by the phone with the visit"),
    "server": ("服务器", "the server"),
}

FACTS: Final[dict[str, tuple[str, str]]] = {
    "taken_at": ("拍摄时间", "Time taken"),
    "received_at": ("收到时间（UTC）", "Received (UTC)"),
    "position": ("位置（纬度, 经度）", "Position (latitude, longitude)"),
    "position_accuracy_m": ("定位精度（米）", "Accuracy of the position (m)"),
    "position_fixed_at": ("定位时间", "Time of the position"),
    "device": ("设备", "Device"),
    "software": ("写入文件的软件", "Software named in the file"),
    "format": ("格式", "Format"),
    "size": ("尺寸（像素）", "Size (pixels)"),
    "byte_count": ("字节数", "Bytes"),
    "sharpness": ("清晰度", "Sharpness"),
    "brightness": ("亮度", "Brightness"),
    "contrast": ("对比度", "Contrast"),
    "flat_share": ("平坦像素占比", "Share of flat pixels"),
    "screen": ("屏幕截图迹象", "Sign of a screenshot"),
    "editor": ("图像编辑软件", "Editing software"),
    "preview_likeness": ("与相机预览图的相关度", "Correlation with the camera's preview"),
}


def facts_of(photo: Mapping[str, Any], sent: Mapping[str, Any]) -> list[Row]:
    """List the facts of a photo as kept, and of what the phone sent of it with the visit (`taken_at`, `fix`)."""
    return [_worded(row) for row in (*_times(photo, sent), *_places(photo, sent), *_file(photo), *photo["facts"])]


def _fact(fact: str, source: str, value: object, detail: str | None = None) -> Iterator[Row]:
    if value is None or value == "":
        return
    known: Row = {"number": float(value)} if isinstance(value, int | float) else {"text": str(value)}
    yield {"fact": fact, "source": source, "detail": detail, **known}


def _times(photo: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Row]:
    if taken := photo["taken_at"]:
        yield from _fact("taken_at", "exif", taken["local"] + (taken["offset"] or ""), taken["source"])
    yield from _fact("taken_at", "phone", sent.get("taken_at"))
    yield from _fact("received_at", "server", photo["received_at"].isoformat())


def _places(photo: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Row]:
    for source, place in (("exif", photo["position"]), ("phone", sent.get("fix"))):
        if place:
            yield from _fact("position", source, f"{place['lat']}, {place['lon']}", place.get("datum"))
            yield from _fact("position_accuracy_m", source, place.get("accuracy_m"))
            yield from _fact("position_fixed_at", source, place.get("fixed_at"))


def _file(photo: Mapping[str, Any]) -> Iterator[Row]:
    yield from _fact("device", "exif", " ".join(filter(None, (photo["make"], photo["model"]))))
    yield from _fact("software", "exif", photo["software"])
    yield from _fact("format", "container", photo["format"])
    yield from _fact("size", "container", f"{photo['width']} × {photo['height']}")
    yield from _fact("byte_count", "container", photo["byte_count"])


def _worded(row: Mapping[str, Any]) -> Row:
    names, sources = FACTS[row["fact"]], SOURCES[row["source"]]
    empty: Row = dict.fromkeys(("number", "text", "limit", "detail"))
    return {
        **empty, **row, "zh": names[0], "en": names[1], "source_zh": sources[0], "source_en": sources[1]
    }  # fmt: skip
