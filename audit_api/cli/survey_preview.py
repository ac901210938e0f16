"""The first rows of an import as they were understood, for people to compare with the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from audit_api.domain.checklists import NOT_APPLICABLE
from audit_api.domain.questionnaires import Questionnaire, SurveyItem
from audit_api.domain.rows import shown

LABELS = {
    "response_id": ("答卷编号", "response"), "dealer": ("经销商", "dealer"), "wave": ("波次", "wave"),
    "event_id": ("事件编号", "event"), "event_at": ("事件时间", "event at"), "invited_at": ("邀请时间", "invited at"),
    "started_at": ("开始时间", "started at"), "submitted_at": ("提交时间", "submitted at"),
    "channel": ("渠道", "channel"), "contact": ("联系方式", "contact"), "device": ("设备", "device"),
    "adviser": ("顾问", "adviser"), "job_type": ("作业类型", "job type"),
    "vehicle_class": ("车型级别", "vehicle class"),
    "comment": ("意见", "comment"),
}  # fmt: skip


def say_preview(rows: Sequence[dict[str, Any]], asked: Questionnaire, *, zh: bool) -> None:
    """Print rows as records, item by item in words; nothing a customer can be known by."""
    for row in rows:
        click.echo(f"── 第 {row['row']} 行" if zh else f"── row {row['row']}")
        for name, words in LABELS.items():
            if row.get(name):
                click.echo(f"  {words[0] if zh else words[1]}: {shown(str(row[name]))}")
        for item in asked.items:
            if item.id in row["answers"]:
                text = item.text.in_language("zh" if zh else "en")
                click.echo(f"  {item.id} {text}: {_in_words(item, row['answers'][item.id], asked, zh=zh)}")


def _in_words(item: SurveyItem, answer: int | str, asked: Questionnaire, *, zh: bool) -> str:
    if answer == NOT_APPLICABLE and item.scale != "text":
        return "不适用" if zh else "not applicable"
    levels = item.options if item.scale in ("single", "text") else asked.scale_by_name[item.scale].levels
    words = [level.text.in_language("zh" if zh else "en") for level in levels if level.value == answer]
    return f"{answer} ({words[0]})" if words else shown(str(answer))
