"""Catalogue of everything that can go wrong, as RFC 9457 problem types.

A slug is for ever: clients switch on `type`. A problem that is no longer raised stays here, marked retired.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TYPE_PREFIX = "/problems/"
# A full disk, a quota, a limit on the size of files: somebody makes room, and what was sent can be sent again.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class ProblemType:
    """One kind of problem: HTTP status, stable slug, title in both languages."""

    status: int
    slug: str
    zh: str
    en: str
    retired: bool = False

    @property
    def uri(self) -> str:
        """Give the value of `type` on the wire."""
        return TYPE_PREFIX + self.slug

    def title(self, language: str) -> str:
        """Give the title in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


class Problem(Exception):
    """A refusal that a person or a program can act on.

    `zh` and `en` say what happened in this case and what to do; `members` are extension members of the
    problem document (for instance `errors`, `missing`, `current_revision`); `headers` go on the wire.
    """

    def __init__(
        self,
        kind: ProblemType,
        *,
        zh: str = "",
        en: str = "",
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(en or kind.en)
        self.kind = kind
        self.zh = zh
        self.en = en
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def document(self, language: str) -> dict[str, Any]:
        """Give the problem document in `zh` or `en`."""
        detail = self.zh if language == "zh" else self.en
        document = {"type": self.kind.uri, "title": self.kind.title(language), "status": self.kind.status}
        if detail:
            document["detail"] = detail
        for name, value in self.members.items():
            document[name] = in_language(value, language)
        return document


def in_language(value: Any, language: str) -> Any:
    """Replace every `{"zh": …, "en": …}` inside a value by the text in one language."""
    if isinstance(value, Mapping):
        if set(value) == {"zh", "en"}:
            return value[language]
        return {key: in_language(inner, language) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [in_language(inner, language) for inner in value]
    return value


# The request itself
MALFORMED_REQUEST = ProblemType(400, "malformed-request", "请求格式有误", "The request is malformed")
UNAUTHENTICATED = ProblemType(401, "unauthenticated", "需要有效的令牌", "A valid token is needed")
FORBIDDEN = ProblemType(403, "forbidden", "您的角色不能执行此操作", "Your role may not do this")
NOT_FOUND = ProblemType(404, "not-found", "未找到", "Not found")
METHOD_NOT_ALLOWED = ProblemType(
    405, "method-not-allowed", "此地址不支持该方法", "This address does not support the method"
)
NOT_ACCEPTABLE = ProblemType(406, "not-acceptable", "无法提供所要求的格式", "The format asked for cannot be given")
REQUEST_TIMEOUT = ProblemType(408, "request-timeout", "请求超时", "The request took too long to arrive")
LENGTH_REQUIRED = ProblemType(411, "length-required", "需要说明内容长度", "The length of the content is needed")
PRECONDITION_FAILED = ProblemType(412, "precondition-failed", "前提条件不成立", "The precondition does not hold")
TOO_LARGE = ProblemType(413, "too-large", "内容过大", "The content is too large")
URI_TOO_LONG = ProblemType(414, "uri-too-long", "地址过长", "The address is too long")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    415, "unsupported-media-type", "不支持的内容格式", "The kind of content is not supported"
)
INVALID = ProblemType(422, "invalid", "内容未通过检查", "The content did not pass the checks")
PRECONDITION_REQUIRED = ProblemType(428, "precondition-required", "缺少前提条件", "A precondition is needed")
TOO_MANY_REQUESTS = ProblemType(429, "too-many-requests", "请求过于频繁", "Too many requests")
HEADERS_TOO_LARGE = ProblemType(431, "headers-too-large", "请求头过大", "The request headers are too large")
UNEXPECTED = ProblemType(500, "unexpected", "服务器出现意外错误", "Something unexpected went wrong on the server")
UNAVAILABLE = ProblemType(503, "unavailable", "服务暂时不可用", "The service is not available right now")

# People and dealers
EMAIL_TAKEN = ProblemType(409, "email-taken", "该邮箱已登记", "The e-mail address is already registered")
DEVICE_CODE_REFUSED = ProblemType(422, "device-code-refused", "登录码无法使用", "The sign-in code cannot be used")

# Checklists and questionnaires
CHECKLIST_INVALID = ProblemType(422, "checklist-invalid", "检查表未通过校验", "The checklist did not pass its checks")
CHECKLIST_PUBLISHED = ProblemType(
    409, "checklist-published", "已发布的版本不可更改", "A published version never changes"
)

# Programmes
ALREADY_EXISTS = ProblemType(
    409, "already-exists", "同一编号已存在且内容不同", "The code exists already with other content"
)

# Visits, photos, attachments
REVISION_CONFLICT = ProblemType(
    409,
    "revision-conflict",
    "服务器上已有另一份内容，两份均已保留",
    "The server holds other content; both are kept",
)
VISIT_LOCKED = ProblemType(
    423, "visit-locked", "报告已提交，不能再修改", "The report is submitted and can no longer be changed"
)
PHOTOS_MISSING = ProblemType(424, "photos-missing", "照片或附件尚未到齐", "Photos or attachments have not arrived yet")
EVIDENCE_MISSING = ProblemType(
    422, "evidence-missing", "缺少必填答案或取证照片", "Required answers or evidence are missing"
)
TRANSITION_REFUSED = ProblemType(
    409, "transition-refused", "当前状态下不能执行此操作", "This cannot be done in the present state"
)
CHECKS_OPEN = ProblemType(
    409,
    "checks-open",
    "有质控检查未通过，须写明理由方可批准",
    "Quality checks did not pass: give a reason for each to approve",
)
FOLLOW_UPS_OPEN = ProblemType(409, "follow-ups-open", "跟进项尚未到期", "Follow-up items are still open")
RELEASE_HELD = ProblemType(409, "release-held", "暗访结果尚在保留期内", "The covert result is still held")
HASH_MISMATCH = ProblemType(422, "hash-mismatch", "内容与其哈希值不符", "The bytes do not match their hash")
PHOTO_REFUSED = ProblemType(422, "photo-refused", "照片无法使用", "The photo cannot be used")
UPLOAD_OFFSET = ProblemType(409, "upload-offset", "续传位置与服务器上的不一致", "The upload goes on at another byte")
PHOTO_EXISTS = ProblemType(412, "photo-exists", "照片已在服务器上", "The photo is already on the server")
ATTACHMENT_REFUSED = ProblemType(422, "attachment-refused", "附件无法使用", "The attachment cannot be used")
ATTACHMENT_EXISTS = ProblemType(412, "attachment-exists", "附件已在服务器上", "The attachment is already on the server")
RECORDING_NOT_ALLOWED = ProblemType(422, "recording-not-allowed", "此处不允许录音", "Sound may not be recorded here")

# Surveys, screening, flags
IMPORT_REFUSED = ProblemType(422, "import-refused", "文件无法导入", "The file cannot be imported")
STALE_REVISION = ProblemType(
    409,
    "stale-revision",
    "内容已被他人更新，请刷新后重试",
    "Somebody has changed it in the meantime; refresh and try again",
)
SCREENING_REFUSED = ProblemType(422, "screening-refused", "无法进行筛查", "The screening cannot run")


def catalogue() -> tuple[ProblemType, ...]:
    """List every problem type, in the order of this file."""
    return tuple(value for value in globals().values() if isinstance(value, ProblemType))


def of_status(status: int) -> ProblemType:
    """Give the general problem type of an HTTP status (the first in the catalogue)."""
    return next(
        (kind for kind in catalogue() if kind.status == status),
        UNEXPECTED if status >= 500 else MALFORMED_REQUEST,
    )
