"""What is said to people about a photo: remarks on one taken in, reasons for one refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final


@dataclass(frozen=True, slots=True)
class Remark:
    """Say one thing about a photo, by code and in both languages."""

    code: str
    zh: str
    en: str


class EvidenceRefused(Exception):
    """Tell why a file cannot be taken in: `code` for programs, `zh` and `en`, from `reasons`, for people."""

    reasons: ClassVar[Mapping[str, tuple[str, str]]]

    def __init__(self, code: str, **numbers: object) -> None:
        zh, en = self.reasons[code]
        self.code = code
        self.zh = zh.format(**numbers)
        self.en = en.format(**numbers)
        super().__init__(self.en)


def remark(code: str) -> Remark:
    """Look up the words of a remark; a code without words is a programming mistake (KeyError)."""
    zh, en = REMARKS[code]
    return Remark(code, zh, en)


REMARKS: Final[dict[str, tuple[str, str]]] = {
    "exif_absent": (
        "照片不含 EXIF 信息；这本身不说明任何问题。",
        "The photo carries no EXIF data; that says nothing by itself.",
    ),
    "exif_broken": (
        "EXIF 信息有损坏，已读取其中可用的部分。",
        "The EXIF data is damaged; the readable part was kept.",
    ),
    "exif_text_cut": (
        "EXIF 中的文字过长或含控制字符，已作清理。",
        "A text in the EXIF data was too long or held control characters and was cleaned.",
    ),
    "orientation_unreadable": (
        "EXIF 中的方向值无效，照片按原样显示。",
        "The EXIF orientation is not a valid value; the photo is shown as it is stored.",
    ),
    "time_unreadable": (
        "EXIF 中的拍摄时间不是有效时间，未采用。",
        "The EXIF time is not a valid time and was not used.",
    ),
    "position_unset": (
        "EXIF 中的位置为 0, 0，相机当时未定位，未采用。",
        "The EXIF position is 0, 0: the camera had no fix, so it was not used.",
    ),
    "position_unreadable": (
        "EXIF 中的位置不完整或无效，未采用。",
        "The EXIF position is incomplete or invalid and was not used.",
    ),
    "position_datum_differs": (
        "EXIF 中的位置注明了 WGS-84 以外的坐标系，未采用。",
        "The EXIF position names a datum other than WGS-84 and was not used.",
    ),
    "altitude_unreadable": (
        "EXIF 中的海拔无效，未采用。",
        "The EXIF altitude is invalid and was not used.",
    ),
    "several_images": (
        "文件中有多幅图像，只查看了主图。",
        "The file holds several images; only the main one was looked at.",
    ),
    "end_missing": (
        "文件缺少结尾标记，但图像完整可见。",
        "The file lacks its end marker, though the whole image can be seen.",
    ),
    "trailing_data": (
        "图像之后还有其他数据（实况照片等属正常情况）。",
        "More data follows the image (usual for motion photos and the like).",
    ),
    "dark": (
        "照片很暗，请确认是否看得清；如还在现场可补拍。",
        "The photo is very dark: can what it should show be seen? Take it again if you are still there.",
    ),
    "uniform": (
        "照片几乎是一片单色，可能是镜头被遮挡或拍到了墙面。",
        "The photo is nearly one plain tone: a covered lens, or a wall.",
    ),
    "blurred": (
        "照片模糊，缩小后也看不清细节；如还在现场可补拍。",
        "The photo is blurred even when shown small. Take it again if you are still there.",
    ),
    "screenshot": (
        "照片可能是屏幕截图：自称截图，或尺寸与屏幕完全一致、无相机信息且大面积平坦。",
        "The photo may be a screenshot: it says so, or it has exactly a screen's size, names no camera and is flat.",
    ),
    "edited_by_software": (
        "文件中写有图像编辑软件的名称；裁剪、调色或转存都会留下，不说明内容被改动。",
        "The file names image editing software; mere cropping, toning or saving with it does that too.",
    ),
    "preview_differs": (
        "相机写入的预览图与照片不一致；拍摄后裁剪也会如此。",
        "The preview that the camera wrote shows something else than the photo; cropping it later does that too.",
    ),
    "archive_inside": (
        "文件末尾带有压缩包；只会以附件形式提供原件。",
        "The file ends with an archive; the original is only ever served as an attachment.",
    ),
    "markup_inside": (
        "文件中夹带网页或脚本文字；只会以附件形式提供原件。",
        "The file carries markup or script text; the original is only ever served as an attachment.",
    ),
}

FOR_REVIEWERS: Final = frozenset({"screenshot", "edited_by_software", "preview_differs"})
"""Of where a photo comes from; whoever sent it is not told, nor what would have to be left out to avoid it."""

REASONS: Final[dict[str, tuple[str, str]]] = {
    "empty": ("照片是空文件（0 字节），请重新上传。", "The photo is empty (0 bytes); please send it again."),
    "too_many_bytes": (
        "照片有 {bytes} 字节，超过上限 {limit} 字节。",
        "The photo has {bytes} bytes; at most {limit} are accepted.",
    ),
    "unsupported_format": (
        "无法识别为照片，或格式不受支持；可接受 JPEG、PNG、WebP、HEIC。",
        "This is not a photo in a supported format; JPEG, PNG, WebP and HEIC are accepted.",
    ),
    "animated": (
        "不接受动图，请上传静态照片。",
        "Animated images are not accepted; please send a still photo.",
    ),
    "too_many_pixels": (
        "照片为 {width}×{height} 像素，超过该格式的上限（{limit} 像素）。",
        "The photo has {width}×{height} pixels; at most {limit} are accepted for this kind of file.",
    ),
    "decompression_bomb": (
        "照片解压后大得异常，已拒绝。",
        "The photo expands beyond all measure when unpacked and was refused.",
    ),
    "too_many_parts": (
        "照片文件由过多的数据段组成，正常相机不会如此，已拒绝。",
        "The file is made of far more parts than any camera writes and was refused.",
    ),
    "truncated": (
        "照片不完整，后面的部分缺失，请重新上传。",
        "The photo is incomplete: its end is missing. Please send it again.",
    ),
    "undecodable": (
        "照片数据已损坏，无法打开，请重新拍摄或上传。",
        "The photo's data is damaged and cannot be opened; please take or send it again.",
    ),
}


class PhotoRefused(EvidenceRefused):
    """Tell why a photo cannot be taken in."""

    reasons = REASONS
