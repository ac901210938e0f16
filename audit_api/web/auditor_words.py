"""Words of the pages about auditors in both languages."""

from __future__ import annotations

from collections.abc import Mapping

STATES: Mapping[str, tuple[str, str]] = {
    "watch": ("关注（内部）", "watch (internal)"),
    "open": ("待决定", "open"),
    "confirmed": ("已确认", "confirmed"),
    "explained": ("已有正常解释", "explained"),
    "coaching": ("需要辅导", "coaching"),
}
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "explained": ("有正常解释", "Explained: an honest cause"),
    "coaching": ("需要辅导", "Coaching: the auditor needs guidance"),
    "confirmed": (
        "确认：走访未按所报执行（须两位人员分别确认）",
        "Confirmed: visits were not done as reported (two people have to say so)",
    ),
}
HEADS: Mapping[str, tuple[str, str]] = {
    "visit": ("走访", "Visit"),
    "item": ("条目", "Item"),
    "dealer": ("经销商", "Dealer"),
    "gap": ("高出（分）", "Above (points)"),
    "visits": ("走访次数", "Visits"),
    "by_others": ("他人走访次数", "By others"),
    "metres": ("距离（米）", "Metres"),
    "other": ("另一次走访", "Other visit"),
    "share": ("比例", "Share"),
    "previous": ("前一次审核", "Previous audit"),
    "beyond_like_scored": ("超出同分走访", "Beyond visits of like score"),
    "sha256": ("照片", "Photo"),
    "first_visit": ("首次用于走访", "First used in visit"),
    "first_dealer": ("首次用于经销商", "First used at dealer"),
    "next": ("下一次走访", "Next visit"),
    "km": ("公里", "Kilometres"),
    "minutes": ("分钟", "Minutes"),
    "expected_minutes": ("预计分钟", "Expected minutes"),
}
