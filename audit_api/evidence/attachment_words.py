"""What is said to people about an attachment: reasons for one refused, remarks on one taken in."""

from typing import Final

from audit_api.evidence.remarks import EvidenceRefused, Remark


def attachment_remark(code: str) -> Remark:
    """Look up the words of a remark; a code without words is a programming mistake (KeyError)."""
    return Remark(code, *REMARKS[code])


REMARKS: Final[dict[str, tuple[str, str]]] = {
    "end_missing": (
        "录音没有结束标记，可能在结束前中断；已收到的部分完整。",
        "The recording has no end mark and may have been broken off; what there is, is whole.",
    ),
    "length_unlike_announced": (
        "文件自述的时长与实际内容不符；以实际内容为准。",
        "The file announces another length than it has; what it has is what counts.",
    ),
}

REASONS: Final[dict[str, tuple[str, str]]] = {
    "empty": ("附件是空文件（0 字节），请重新上传。", "The attachment is empty (0 bytes); please send it again."),
    "too_many_bytes": (
        "附件有 {bytes} 字节，超过上限 {limit} 字节。",
        "The attachment has {bytes} bytes; at most {limit} are accepted.",
    ),
    "unsupported_format": (
        "无法识别，或格式不受支持；可接受录音 AAC、M4A、MP3、Ogg、WebM、WAV，视频 MP4、MOV、WebM，以及 PDF。",
        "This is not in a supported format; accepted are AAC, M4A, MP3, Ogg, WebM and WAV recordings, MP4, MOV and "
        "WebM videos, and PDF.",
    ),
    "too_long": (
        "录制时长 {seconds} 秒，超过上限 {limit} 秒；请截取相关部分。",
        "The recording lasts {seconds} seconds; at most {limit} are accepted: keep the part that matters.",
    ),
    "too_many_pages": (
        "PDF 有 {pages} 页，超过上限 {limit} 页。",
        "The PDF has {pages} pages; at most {limit} are accepted.",
    ),
    "truncated": (
        "文件不完整，后面的部分缺失，请重新上传。",
        "The file is incomplete: a part of it is missing. Please send it again.",
    ),
    "undecodable": (
        "文件结构已损坏，无法读取，请重新录制或导出。",
        "The file's structure is damaged and cannot be read; please record or export it again.",
    ),
    "nothing_inside": (
        "文件中没有任何声音、画面或页面。",
        "There is no sound, picture or page in the file.",
    ),
    "too_complex": (
        "文件结构异常复杂，已拒绝。",
        "The file is built beyond all measure of such a file and was refused.",
    ),
    "trailing_data": (
        "文件结尾之后还有其他数据，已拒绝；请直接上传原始录制或导出的文件。",
        "Other data follows the end of the file, so it was refused; send the file as it was recorded or exported.",
    ),
    "archive_inside": (
        "文件末尾带有压缩包，已拒绝。",
        "The file ends with an archive and was refused.",
    ),
    "embedded_files": (
        "文件中嵌有其他文件，已拒绝；请另行导出不带附件的文件。",
        "The file carries other files inside, so it was refused; export it without them.",
    ),
    "encrypted": (
        "PDF 已加密或设有密码或权限限制，无法检查；请上传未加密的文件。",
        "The PDF is encrypted (a password, or restricted permissions) and cannot be checked; send it unprotected.",
    ),
    "pdf_javascript": (
        "PDF 中含有 JavaScript，已拒绝；请“打印为 PDF”后重新上传。",
        "The PDF carries JavaScript, so it was refused; print it to a PDF and send that.",
    ),
    "pdf_launch": (
        "PDF 中含有启动程序的动作，已拒绝；请“打印为 PDF”后重新上传。",
        "The PDF carries an action that starts programs, so it was refused; print it to a PDF and send that.",
    ),
    "pdf_active": (
        "PDF 中含有会发送数据、打开其他文件或播放媒体的动态内容，已拒绝；请“打印为 PDF”后重新上传。",
        "The PDF carries active content (sends data, opens other files, plays media), so it was refused; print it to "
        "a PDF and send that.",
    ),
}


class AttachmentRefused(EvidenceRefused):
    """Tell why an attachment cannot be taken in."""

    reasons = REASONS
