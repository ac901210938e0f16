"""The dealer's hearing: its clock, what the dealer may see of the evidence, and the responses proposed afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SATURDAY = 5
SHORTEST_QUESTION, LONGEST_QUESTION = 5, 4_000
MOST_PHOTOS = 20
MOST_ATTACHMENTS = 10
MOST_REPLIES = 20
MOST_QUESTIONS = 10
HIDDEN_GROUPS = frozenset({"statement"})
"""Customers' and auditors' integrity answers: no dealer is shown what they said, or that they said it."""
ORGANISED_GROUPS = frozenset({"copying", "process"})
"""Groups that show answers nobody gave (G01, G02, G04 of the playbook), rather than answers talked up."""


def after_working_days(moment: datetime, days: int, timezone: str) -> datetime:
    """Return the end of the n-th working day after a moment, in the dealer's time zone.

    Monday to Friday count; public holidays are not known here and count too: give more days around them.
    """
    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone)


def dealers_part(piece: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the dealer sees of one piece of evidence: what was seen there and at comparable dealers.

    No chance, no threshold, no rows: neither respondents nor visits nor auditors can be read off it.
    """
    figures = {"observed": _figure(piece, "observed"), "expected": _figure(piece, "expected")}
    return {
        "title": dict(piece["title"]),
        "sentence": {
            "zh": f"{piece['title']['zh']}：本店 {figures['observed']['zh']}，可比店预期 {figures['expected']['zh']}。",
            "en": f"{piece['title']['en']}: {figures['observed']['en']} at your dealership, "
            f"{figures['expected']['en']} expected at comparable ones.",
        },
        "possible_explanations": [{"zh": cause["zh"], "en": cause["en"]} for cause in piece["honest_explanations"]],
    }


def _figure(piece: Mapping[str, Any], name: str) -> dict[str, str]:
    value, unit = piece[name], piece["unit"]
    if unit == "share":
        return {"zh": f"{value:.0%}", "en": f"{value:.0%}"}
    if unit == "SD":
        return {"zh": f"{value:+.2f} 个标准差", "en": f"{value:+.2f} standard deviations"}
    return {"zh": f"{value:.2f}", "en": f"{value:.2f}"}


def names_in_rows(rows: Any) -> set[str]:
    """Collect every name in the rows behind a piece of evidence: responses, visits, identities."""
    if isinstance(rows, Mapping):
        return {name for inner in rows.values() for name in names_in_rows(inner)}
    if isinstance(rows, str):
        return {rows}
    if isinstance(rows, Iterable):
        return {name for inner in rows for name in names_in_rows(inner)}
    return set()


def tell_tale(text: str, names: Iterable[str]) -> str:
    """Return a name of at least five characters that a text for the dealer gives away, "" where there is none."""
    lowered = text.casefold()
    found = (name for name in sorted(names) if len(name) >= 5 and not name.startswith(("SAL_", "AFS_", "XCT_")))
    return next((name for name in found if name.casefold() in lowered), "")


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the playbook's response ladder."""

    rung: int
    zh: str
    en: str


LADDER = (
    Rung(
        1,
        "个别员工行为、首次：相关答卷作废，书面提醒，辅导，下一波次联系方式抽样加倍",
        "Isolated act of staff, first time: affected answers void, written notice, coaching, contact sample of the "
        "next wave doubled",
    ),
    Rung(
        2,
        "再次发生或由主管安排：由厂家中心重新调查该波次并以其结果为准，管理层整改计划，C 级，诚信复查",
        "Repeated or managed by a supervisor: the maker's centre surveys the wave again and that result counts, "
        "corrective action plan for management, tier C, integrity re-check",
    ),
    Rung(
        3,
        "有组织的编造：暂缓该波次与分数挂钩的返利，进入合同程序，通知集团",
        "Organised fabrication: the wave's score-linked rebate withheld, contract process, group told",
    ),
)


def propose_response(groups: Sequence[str], earlier_confirmed: int) -> dict[str, Any]:
    """Propose a rung of the ladder; whoever answers for the programme chooses, nothing happens by itself.

    Rung 1 the first time; 2 after an earlier confirmation; 3 where, after an earlier one, the evidence shows
    answers nobody gave. Managed or organised conduct is not visible in data: the reviewers may know better.
    """
    organised = bool(ORGANISED_GROUPS & set(groups))
    rung = 1 if not earlier_confirmed else 3 if organised else 2
    return {
        "proposed": rung,
        "why": {
            "zh": f"此前经确认 {earlier_confirmed} 次；证据组：{'、'.join(groups) or '无'}。仅为建议，须由人决定。",
            "en": f"Confirmed before: {earlier_confirmed}; evidence groups: {', '.join(groups) or 'none'}. "
            "A proposal only: a person decides.",
        },
        "ladder": [{"rung": step.rung, "zh": step.zh, "en": step.en} for step in LADDER],
        "always": {
            "zh": "经销商已被听取意见，可向未参与者申诉；处置须相称；不因单次走访处分具名员工。",
            "en": "The dealer has been heard and may appeal to somebody uninvolved; the remedy is proportionate; "
            "no sanction against a named employee from a single visit.",
        },
    }
