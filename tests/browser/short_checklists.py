"""Checklists of the tests' own: one with every type of item, short enough to be filled in often; one of 500 items."""

from __future__ import annotations

import json
from typing import Any

from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import Checklist

Item = dict[str, Any]
TIME, PLACE, FRONT = "FLD-VIS-01", "FLD-VIS-02", "FLD-VIS-03"
GREETED, WHY, LOOK, TOPICS, CLEAN, RINGS, WAIT = (f"FLD-QST-{n:02d}" for n in range(1, 8))
ADDED = "FLD-QST-08"
ASKED, BEST, STORY, CALLED = "FLD-INT-01", "FLD-END-01", "FLD-END-02", "FLD-END-03"
BANDS = [{"up_to": 3, "score": 100}, {"up_to": None, "score": 0}]


def item(number: str, kind: str, zh: str, en: str, *, weight: int = 0, **more: Any) -> Item:
    """Give one item, required, without N/A and without evidence unless said otherwise."""
    made = {
        "id": number, "touchpoint": "SAL_RECEP", "type": kind, "text": {"zh": zh, "en": en},
        "guidance": {"zh": f"{zh}：按所见作答", "en": f"{en}: answer what you saw"}, "weight": weight,
        "required": True, "allow_na": False, "evidence": {"rule": "none", "min_photos": 0}, "expectations": [],
    }  # fmt: skip
    return made | more


def photos(rule: str, least: int = 1) -> dict[str, Any]:
    """Give an evidence rule that takes pictures of the gallery too."""
    of = {"zh": "所见之处", "en": "What was seen"}
    return {"evidence": {"rule": rule, "min_photos": least, "of": of, "gallery": True}}


def options(*named: tuple[str, str, str, int]) -> list[Item]:
    return [{"code": code, "zh": zh, "en": en, "score": score} for code, zh, en, score in named]


def short(version: int = 1) -> Checklist:
    """Give FLD: every type of item, one shown only after a fail, one photo demanded, one watched for 72 hours."""
    new = (
        [item(ADDED, "yes_no", "是否递名片", "Was a card given?", pass_on="yes", required=False)] if version > 1 else []
    )
    place = [
        item(TIME, "auto_time", "到达时间", "Time of arrival"),
        item(PLACE, "auto_gps", "到达位置", "Position on arrival"),
        item(FRONT, "photo", "门头照片", "Photo of the front", **photos("always")),
    ]
    questions = [
        item(GREETED, "yes_no", "是否主动问候", "Were you greeted?", weight=2, pass_on="yes", allow_na=True,
             **photos("optional", 0)),
        item(WHY, "text", "当时的情形", "What happened instead", min_chars=2, required=False,
             show_if={"item": GREETED, "op": "eq", "value": "no"}),
        item(LOOK, "single", "关注程度", "Amount of attention", weight=1,
             options=options(("right", "恰到好处", "About right", 100), ("little", "关注不够", "Too little", 0))),
        item(TOPICS, "multi", "谈到的内容", "Topics raised", weight=1, combine="sum_capped",
             options=options(("use", "用途", "Use", 50), ("budget", "预算", "Budget", 50))),
        item(CLEAN, "scale5", "整洁程度", "Cleanliness", weight=1, scale="SAT5", **photos("on_fail")),
        item(RINGS, "number", "响铃次数", "Rings", weight=1, unit="ring", bands=BANDS),
        item(WAIT, "duration_min", "等候分钟数", "Minutes waited", weight=1, unit="minute", bands=BANDS),
    ]  # fmt: skip
    end = [
        item(ASKED, "yes_no", "是否请求满分", "Was a full mark asked for?", pass_on="yes",
             integrity={"signal": "G06", "adverse": "yes"}),
        item(BEST, "text", "最好的一点", "Best point", min_chars=2),
        item(STORY, "narrative", "经过", "Account", min_chars=10),
        item(CALLED, "yes_no", "72小时内是否回访", "Called back within 72 h?", pass_on="yes", follow_up_hours=72),
    ]  # fmt: skip
    return _checklist(
        "FLD", version, ("短表", "Short list"),
        [("PLACE", "到达", "Arrival", 0, place), ("MAIN", "接待", "Reception", 100, questions + new),
         ("END", "结尾", "Ending", 0, end)],
    )  # fmt: skip


def long(items: int = 500) -> Checklist:
    """Give LNG: many items of the common types in ten sections, half of them shown by the one before."""
    sections = []
    for at in range(10):
        made: list[Item] = []
        for n in range(items // 10):
            number = f"LNG-S{chr(65 + at)}-{n + 1:02d}"
            if n % 4 == 0:
                made.append(item(number, "yes_no", f"第 {at}.{n} 问", f"Question {at}.{n}", weight=1, pass_on="yes",
                                 allow_na=True))  # fmt: skip
            elif n % 4 == 1:
                show = {"item": made[-1]["id"], "op": "eq", "value": "yes"}
                made.append(item(number, "scale5", f"第 {at}.{n} 问", f"Question {at}.{n}", weight=1, scale="SAT5",
                                 show_if=show))  # fmt: skip
            else:
                made.append(item(number, "text", f"第 {at}.{n} 问", f"Question {at}.{n}", min_chars=0, required=False))
        sections.append((f"SEC{at}", f"第 {at} 部分", f"Part {at}", 10, made))
    return _checklist("LNG", 1, ("长表", "Long list"), sections)


def _checklist(code: str, version: int, title: tuple[str, str], sections: list[Any]) -> Checklist:
    source = {
        "schema": "dealer-checklist/1", "code": code, "version": version,
        "title": {"zh": title[0], "en": title[1]}, "mode": "announced", "domain": "sales", "expected_duration_min": 20,
        "capture": "open", "thresholds": {"pass": 80, "watch": 60},
        "sections": [
            {"code": name, "title": {"zh": zh, "en": en}, "weight": weight, "items": items}
            for name, zh, en, weight, items in sections
        ],
    }  # fmt: skip
    return parse_checklist(json.dumps(source, ensure_ascii=False), f"{code}.yaml")
