"""What a client does about a problem, by HTTP status; shown on the page its `type` leads to."""

from __future__ import annotations

ADVICE: dict[int, tuple[str, str]] = {
    400: ("请按接口文档修正请求后再发送。", "Correct the request as the API docs describe it, then send it again."),
    401: (
        "请在 Authorization 头中提供有效令牌；令牌过期或被吊销时，请向管理员领取新的。",
        "Send a valid token in the Authorization header; "
        "where it has expired or been revoked, ask an administrator for a new one.",
    ),
    403: (
        "令牌有效，但该角色无权执行此操作；请换用有权限的人员。",
        "The token is valid, but its role may not do this; it takes a person with another role.",
    ),
    404: (
        "该对象不存在，或不在您的范围之内；两种情况的回答相同。",
        "The object does not exist or lies outside your scope; the answer is the same for both.",
    ),
    405: ("Allow 头列出可用的方法。", "The header Allow lists the methods that work."),
    406: ("请改用接口文档中列出的格式。", "Ask for one of the formats the API docs list."),
    408: ("请重新发送；重复发送不会产生第二份。", "Send it again; a repetition makes no second copy."),
    409: (
        "请先读取当前内容，再决定是否重做；服务器没有丢弃任何一份已接收的内容。",
        "Read the present state first, then decide whether to repeat; nothing that was received has been dropped.",
    ),
    411: ("请在请求头中说明 Content-Length。", "Give Content-Length in the request's headers."),
    412: ("前提条件已不成立；请先读取当前内容。", "The condition no longer holds; read the present state first."),
    413: ("请减小内容后再发送；上限见设置说明。", "Send less at once; the limits stand in the settings reference."),
    414: ("请缩短地址或查询参数。", "Shorten the address or its query."),
    415: ("请改用接口文档中列出的内容格式。", "Send one of the content types the API docs list."),
    422: (
        "内容已读到，但未通过检查；请按 detail 与 errors 修正后再发送，原样重发结果相同。",
        "The content was read but did not pass; correct what detail and errors name. "
        "Sent unchanged, it gets the same answer.",
    ),
    423: (
        "该内容已锁定；需要更改时请联系质量复核员。",
        "The content is locked; ask a quality reviewer where it has to change.",
    ),
    424: (
        "请先补齐 missing 列出的内容，再重复同一请求。",
        "Send what missing lists first, then repeat the same request.",
    ),
    428: ("请按接口文档补充前提条件。", "Add the precondition the API docs name."),
    429: ("请在 Retry-After 指明的秒数之后再试。", "Try again after the seconds given by Retry-After."),
    431: ("请减少或缩短请求头。", "Send fewer or shorter headers."),
    500: (
        "这是服务器的错误；请保留内容稍后重发，并把 instance 中的请求编号告诉运维人员。",
        "The fault is the server's: keep the content and send it again later, "
        "and tell the operator the request id in instance.",
    ),
    503: (
        "请在 Retry-After 指明的秒数之后重发；所有写入都可以重复，不会产生第二份。",
        "Send it again after the seconds given by Retry-After; "
        "every write may be repeated without making a second copy.",
    ),
}


def advice(status: int, language: str) -> str:
    """Give the sentence for a status in `zh` or `en`; the general one of its class where none is kept."""
    zh, en = ADVICE.get(status) or ADVICE[500 if status >= 500 else 400]
    return zh if language == "zh" else en
