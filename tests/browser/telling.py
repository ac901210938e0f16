"""Words that tell what the app is for: in discreet mode none of them may stand on any screen."""

from __future__ import annotations

import re

ZH = (
    "审核", "审计", "检查表", "暗访", "明访", "神秘", "经销商", "门店", "店方", "取证", "证据", "走访", "质控", "报告",
    "情景", "隐蔽", "项目经理", "任务", "4S", "顾问", "派单",
)  # fmt: skip
EN = (
    "audit", "checklist", "dealer", "evidence", "mystery", "covert", "shopper", "inspect", "visit", "assignment",
    "report", "scenario", "briefing", "discreet", "programme", "quality control", "adviser",
)  # fmt: skip
PATTERN = re.compile("|".join(map(re.escape, (*ZH, *EN))), re.IGNORECASE)


def telling(text: str) -> list[str]:
    """List the telling words in a text."""
    return sorted({found.lower() for found in PATTERN.findall(text)})
