"""The longest checklist our format allows: 500 items in 25 areas, a third of them shown by other answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import OPERATOR
from audit_api.operations.checklists import publish
from tests.browser.made_checklists import Document, as_checklist
from tests.worlds import PROGRAMMED_AT

CODE = "BIG"
AREAS = 25
NO_PHOTOS = {"rule": "none", "min_photos": 0}
SEEN = {"zh": "所见情况", "en": "What was seen"}
BANDS = [{"up_to": 5, "score": 100}, {"up_to": 15, "score": 60}, {"up_to": None, "score": 0}]

Asked = tuple[str, str, str, dict[str, Any]]
QUESTIONS: tuple[Asked, ...] = (
    ("yes_no", "该区域今天开放", "This area is open today", {"weight": 1, "pass_on": "yes"}),
    ("yes_no", "地面干净，没有积水", "The floor is clean and dry", {"weight": 2, "pass_on": "yes", "fails": 1}),
    ("yes_no", "价格牌齐全且看得清", "Price signs are complete and clear", {"weight": 2, "pass_on": "yes", "fails": 1}),
    ("scale5", "对照明满意吗", "How satisfied are you with the lighting?", {"weight": 3}),
    ("scale5", "对温度满意吗", "How satisfied are you with the temperature?", {"weight": 1}),
    ("single", "谁先招呼您", "Who spoke to you first?",
     {"weight": 3, "options": {"adviser": ("销售顾问", "A sales adviser", 100), "desk": ("前台", "The front desk", 80),
                               "guard": ("保安", "The guard", 40), "nobody": ("没有人", "Nobody", 0)}}),
    ("multi", "提供了哪些东西", "What was offered?",
     {"weight": 2, "options": {"water": ("水", "Water", 40), "tea": ("茶", "Tea", 40),
                               "seat": ("座位", "A seat", 40), "wifi": ("无线网络", "Wi-Fi", 20)}}),
    ("number", "在岗员工人数", "Staff on duty", {"unit": "person"}),
    ("duration_min", "等候了多久", "How long did you wait?", {"weight": 3, "unit": "minute", "bands": BANDS}),
    ("text", "看到的宣传语", "The slogan on display", {"optional": True}),
    ("yes_no", "有人询问您的需求", "Somebody asked what you need", {"weight": 4, "pass_on": "yes", "opened": True}),
    ("yes_no", "有人记下了您的联系方式", "Somebody noted how to reach you",
     {"weight": 1, "pass_on": "yes", "opened": True}),
    ("scale5", "对解答满意吗", "How satisfied are you with the answers?", {"weight": 4, "opened": True}),
    ("photo", "拍一张区域全景", "Take a picture of the whole area", {"optional": True, "opened": True}),
    ("number", "展车数量", "Cars on display", {"unit": "vehicle", "opened": True}),
    ("text", "展车型号", "Models on display", {"optional": True, "follows": 15}),
    ("duration_min", "讲解用了多久", "How long did the explanation take?", {"unit": "minute", "opened": True}),
    ("yes_no", "有人催您给满分", "Somebody pressed you for full marks", {"pass_on": "no", "adverse": True}),
    ("narrative", "按先后顺序说说经过", "Tell what happened, in order", {"optional": True, "min_chars": 20}),
    ("text", "其他观察", "Anything else you noticed", {"optional": True}),
)  # fmt: skip


@cache
def big_checklist() -> Checklist:
    """Make it through the format's own reader."""
    sections = [
        {"code": f"AREA{number}", "title": {"zh": f"第 {number} 区", "en": f"Area {number}"}, "weight": 100 // AREAS,
         "items": [_item(number, at, asked) for at, asked in enumerate(QUESTIONS, start=1)]}
        for number in range(1, AREAS + 1)
    ]  # fmt: skip
    return as_checklist(CODE, sections, "五百题检查表", "Five hundred questions")


def publish_big() -> Checklist:
    """Publish it in the database of this test, so that a task can name it (`site.assignment(…, checklist=CODE)`)."""
    publish(big_checklist(), actor=OPERATOR, at=PROGRAMMED_AT)
    return big_checklist()


def big_id(area: int, number: int) -> str:
    """Name an item: of an area from 1 to 25, the question from 1 to 20."""
    return f"{CODE}-{'ABCDEFGHIJKLMNOPQRSTUVWXY'[area - 1]}A-{number:02d}"


def _item(area: int, number: int, asked: Asked) -> Document:
    kind, zh, en, more = asked
    made: Document = {
        "id": big_id(area, number), "touchpoint": "SAL_FACILITY", "type": kind, "weight": more.get("weight", 0),
        "text": {"zh": f"{zh}（第 {area} 区）", "en": f"{en} (area {area})"},
        "guidance": {"zh": "按当场所见填写", "en": "As you see it on the spot"},
        "required": "optional" not in more, "allow_na": number % 4 == 0, "evidence": NO_PHOTOS, "expectations": [],
    }  # fmt: skip
    made |= {name: more[name] for name in ("pass_on", "unit", "bands", "min_chars") if name in more}
    if "options" in more:
        made["options"] = [
            {"code": code, "zh": zh, "en": en, "score": score} for code, (zh, en, score) in more["options"].items()
        ]
    if "fails" in more:
        made["evidence"] = {"rule": "on_fail", "min_photos": more["fails"], "of": SEEN}
    if "adverse" in more:
        made["integrity"] = {"signal": "G01", "adverse": ["yes"]}
    if "follows" in more:
        made["show_if"] = {"item": big_id(area, more["follows"]), "op": "gt", "value": 0}
    if "opened" in more:
        made["show_if"] = _opened(area)
    return made


def _opened(area: int) -> Document:
    """Shown where the area is open, from the second on where the one before was pleasant or busy as well."""
    opened: Document = {"item": big_id(area, 1), "op": "eq", "value": "yes"}
    if area == 1:
        return opened
    before = [
        {"item": big_id(area - 1, 4), "op": "gte", "value": 2},
        {"item": big_id(area - 1, 6), "op": "in", "value": ["adviser", "desk", "guard"]},
        {"item": big_id(area - 1, 4), "op": "answered"},
    ]
    return {"any": [opened, {"all": [opened, {"any": before}]}]}
