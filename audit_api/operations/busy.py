"""Refuses what another process is doing already."""

from __future__ import annotations

from audit_api import problems
from audit_api.problems import Problem


def busy(zh: str, en: str) -> Problem:
    """Say that another process is at it; `zh` and `en` name what."""
    return Problem(
        problems.TRANSITION_REFUSED,
        zh=f"另一进程正在{zh}；若它已中止，几分钟后即可重新开始",
        en=f"Another process is {en}; if it has died, this can begin again in a few minutes",
    )
