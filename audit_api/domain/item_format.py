"""Read one item of a checklist from its node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.checklists import (
    NOT_APPLICABLE,
    SCORED_TYPES,
    SIGNALS,
    TYPES,
    WORDED_TYPES,
    Band,
    Critical,
    Evidence,
    Integrity,
    Item,
    Option,
    Text,
)
from audit_api.domain.condition_format import items_in, read_condition
from audit_api.domain.source_fields import Fields, each
from audit_api.domain.source_text import Node, Report
from audit_api.domain.touchpoints import CodeBook

LONGEST_FOLLOW_UP = 720
EVIDENCE_RULES = ("none", "optional", "always", "on_fail", "on_adverse")
MEASURED_ON_SITE = ("auto_gps", "auto_time")
ID_TAIL = r"[A-Z]{2,6}-\d{2,3}"


def read_item(node: Node, report: Report, checklist: str, earlier: Mapping[str, Item], book: CodeBook | None) -> Item:
    """Return one item; ``earlier`` holds the items a condition may refer to."""
    id_node = node.value.get("id") if isinstance(node.value, dict) else None
    item_id = id_node.value if id_node is not None and isinstance(id_node.value, str) else ""
    fields = Fields(node, report, item_id[:60], "")
    fields.word("id", pattern=f"{checklist}-{ID_TAIL}", shape=f"{checklist or 'SMS'}-VIS-01")
    kind = fields.choice("type", TYPES)
    weight = fields.whole("weight", 0, 5)
    if not kind:  # which other keys are right depends on the type: mend that first
        empty = Text("", "")
        return Item(item_id, "", "text", empty, empty, weight, False, False, Evidence("none"))
    touchpoint = fields.word("touchpoint", longest=40)
    if book is not None and touchpoint and touchpoint not in book.by_code:
        fields.wrong(
            "touchpoint",
            f"触点“{touchpoint}”不在 touchpoints.yaml 中",
            f"touchpoint '{touchpoint}' is not in touchpoints.yaml",
        )
    item = Item(
        id=item_id,
        touchpoint=touchpoint,
        type=kind,
        text=fields.bilingual("text"),
        guidance=fields.bilingual("guidance"),
        weight=weight,
        required=fields.flag("required"),
        allow_na=fields.flag("allow_na"),
        evidence=_evidence(fields, weight),
        expectations=_expectations(fields, book),
        pass_on=fields.choice("pass_on", ("yes", "no")) if kind == "yes_no" else None,
        options=_options(fields, weight, kind) if kind in ("single", "multi") else (),
        combine=fields.choice("combine", ("sum_capped",), required=False, default="sum_capped")
        if kind == "multi"
        else None,
        bands=_bands(fields, weight) if kind in ("number", "duration_min") else (),
        unit=_unit(fields, kind),
        scale=fields.choice("scale", ("SAT5",), required=False, default="SAT5") if kind == "scale5" else None,
        min_chars=fields.whole("min_chars", 0, 2000, required=False) if kind in WORDED_TYPES else 0,
        show_if=read_condition(fields, earlier),
        critical=_critical(fields, weight),
        integrity=_integrity(fields, weight, kind),
        follow_up_hours=fields.whole("follow_up_hours", 1, LONGEST_FOLLOW_UP, required=False),
    )
    _check_whole(fields, item)
    _check_follow_up(fields, item, earlier)
    fields.done()
    return item


def _unit(fields: Fields, kind: str) -> str | None:
    if kind == "number":
        return fields.word("unit", longest=40) or None
    return (fields.word("unit", longest=40, required=False) or None) if kind == "duration_min" else None


def _expectations(fields: Fields, book: CodeBook | None) -> tuple[str, ...]:
    found = fields.words("expectations", 20, least=0)
    for code in found:
        if book is not None and code not in book.expectation_ids:
            fields.wrong(
                "expectations",
                f"期望编号“{code[:20]}”不在 touchpoints.yaml 中",
                f"expectation '{code[:20]}' is not in touchpoints.yaml",
            )
    return found


def _evidence(fields: Fields, weight: int) -> Evidence:
    inner = fields.inner("evidence")
    if inner is None or inner.broken:
        return Evidence("none")
    rule = inner.choice("rule", EVIDENCE_RULES, default="none")
    photos = inner.whole("min_photos", 0, 20, required=rule not in ("none", "optional"))
    of = inner.bilingual("of") if rule != "none" else None
    gallery = inner.flag("gallery", required=False)
    if rule in ("always", "on_fail", "on_adverse") and photos < 1 and inner.has("min_photos"):
        inner.wrong(
            "min_photos", f"取证规则“{rule}”至少要 1 张照片", f"evidence rule '{rule}' needs min_photos of at least 1"
        )
    if rule == "none" and photos:
        inner.wrong(
            "min_photos", "取证规则为 none 时 min_photos 应为 0", "min_photos must be 0 with evidence rule none"
        )
    if rule == "on_fail" and not weight:
        inner.wrong(
            "rule",
            "on_fail 只用于计分项；请改用 always 或 optional",
            "on_fail works on scored items only: use always or optional",
        )
    inner.done()
    return Evidence(rule, photos, of, gallery)


def _options(fields: Fields, weight: int, kind: str) -> tuple[Option, ...]:
    found = []
    for inner in each(fields.listed("options", 50, least=2), fields.report, fields.item, "options"):
        code = inner.word("code", pattern=r"[A-Za-z0-9_]{1,40}", shape="first_car")
        if code == NOT_APPLICABLE:
            inner.wrong(
                "code",
                "选项编号不能是 na；不适用请用 allow_na: true",
                "an option cannot be coded na: use allow_na: true",
            )
        score = inner.number("score", 0, 100, required=False) if inner.has("score") else None
        found.append(Option(code, inner.text_here(), score))
        inner.done()
    codes = [option.code for option in found if option.code]
    if len(set(codes)) != len(codes):
        fields.wrong("options", "选项编号重复；每个编号只用一次", "two options have the same code: use each once")
    scores = [option.score for option in found if option.score is not None]
    if weight and kind == "single" and max(scores, default=0) != 100:
        fields.wrong(
            "options", "计分单选项中须有一个选项得 100 分", "a scored single item needs an option that scores 100"
        )
    if weight and kind == "multi" and (len(scores) < len(found) or sum(scores) < 100):
        fields.wrong(
            "options",
            "计分多选项的每个选项都要有分数，合计至少 100",
            "every option of a scored multi item needs a score, together at least 100",
        )
    return tuple(found)


def _bands(fields: Fields, weight: int) -> tuple[Band, ...]:
    if not fields.has("bands"):
        if weight:
            fields.wrong("type", "计分的数值项需要 bands", "a scored number needs bands: add them")
        return ()
    found = []
    for inner in each(fields.listed("bands", 20), fields.report, fields.item, "bands"):
        if "up_to" not in inner.nodes and not inner.broken:
            inner.wrong("up_to", "缺少“up_to”；最后一档写 null", "'up_to' is missing: write null in the last band")
        up_to = inner.number("up_to", -1e6, 1e6, required=False) if inner.has("up_to") else None
        found.append(Band(up_to, inner.number("score", 0, 100)))
        inner.done()
    ends = [band.up_to for band in found]
    inside = [end for end in ends[:-1] if end is not None]
    if ends and (ends[-1] is not None or len(inside) < len(ends) - 1 or sorted(set(inside)) != inside):
        fields.wrong(
            "bands",
            "各档 up_to 须递增，且仅最后一档为 null",
            "up_to must rise from band to band and be null in the last only",
        )
    if weight and found and max(band.score for band in found) != 100:
        fields.wrong("bands", "须有一档得 100 分", "one band must score 100")
    return tuple(found)


def _critical(fields: Fields, weight: int) -> Critical | None:
    inner = fields.inner("critical", required=False)
    if inner is None or inner.broken:
        return None
    if not weight:
        fields.wrong("critical", "一票否决项的权重须大于 0", "a critical item needs a weight above 0")
    made = Critical(
        inner.choice("cap", ("touchpoint", "total"), default="total"),
        inner.number("max_score", 0, 100),
        inner.number("fail_below", 0, 100, required=False, default=50),
    )
    inner.done()
    return made


def _integrity(fields: Fields, weight: int, kind: str) -> Integrity | None:
    inner = fields.inner("integrity", required=False)
    if inner is None or inner.broken:
        return None
    if weight:
        fields.wrong("weight", "诚信项的权重必须为 0", "an integrity item must have weight 0")
    signal = inner.choice("signal", SIGNALS, default=SIGNALS[0])
    node = inner.node("adverse")
    op: str = "context"
    values: tuple[str | float, ...] = ()
    if node is not None:
        op, values = _adverse(inner, node.value, kind)
    inner.done()
    return Integrity(signal, op, values)


def _adverse(inner: Fields, value: Any, kind: str) -> tuple[str, tuple[str | float, ...]]:
    """Read the adverse answer: a value, a list of values, ``context`` or ``{op, value}``."""
    if isinstance(value, dict):
        held = inner.inner("adverse")
        assert held is not None
        op = held.choice("op", ("eq", "ne", "lt", "lte", "gt", "gte"), default="gte")
        if kind not in ("number", "duration_min", "scale5"):
            held.wrong(
                "op", "{op, value} 只用于数值项", "{op, value} works on numbers only: give the adverse answer itself"
            )
        number = held.number("value", -1e6, 1e6)
        held.done()
        return op, (number,)
    if isinstance(value, list):
        return "in", inner.words("adverse", 20)
    word = inner.word("adverse")
    return ("context", ()) if word == "context" else ("in", (word,))


def _check_whole(fields: Fields, item: Item) -> None:
    """Check what only the whole item shows."""
    if item.weight and item.type not in SCORED_TYPES:
        fields.wrong(
            "weight", f"类型 {item.type} 从不计分；权重须为 0", f"type {item.type} is never scored: weight must be 0"
        )
    adverse = item.integrity.values if item.integrity and item.integrity.op == "in" else ()
    known = answers_of(item)
    for value in adverse:
        if known and value and value not in known:
            fields.wrong(
                "integrity", f"adverse 的“{value}”不是本题的答案", f"adverse '{value}' is not an answer of this item"
            )
        elif not known:
            fields.wrong(
                "integrity", "数值项的 adverse 请写成 {op, value}", "adverse of this type is written {op, value}"
            )
    if item.evidence.rule == "on_adverse" and (item.integrity is None or item.integrity.op == "context"):
        fields.wrong(
            "evidence",
            "on_adverse 需要写明 integrity 与不利答案",
            "on_adverse needs an integrity part with an adverse answer",
        )


def _check_follow_up(fields: Fields, item: Item, earlier: Mapping[str, Item]) -> None:
    """See that what follows later can be answered later, and that what hangs on it stays open as long."""
    if item.follow_up_hours and item.type in MEASURED_ON_SITE:
        fields.wrong(
            "follow_up_hours",
            f"类型 {item.type} 在现场记录，不能作为跟进项",
            f"type {item.type} is recorded on site: it cannot follow later",
        )
    for name in items_in(item.show_if):
        wanted = earlier[name].follow_up_hours if name in earlier else 0
        if wanted > item.follow_up_hours:
            fields.wrong(
                "follow_up_hours",
                f"显示条件取决于跟进项 {name}；本题的 follow_up_hours 至少为 {wanted}",
                f"it is shown by follow-up {name}: give it a follow_up_hours of at least {wanted}",
            )


def answers_of(item: Item) -> tuple[str, ...]:
    """Return the codes a closed item can be answered with; empty for open ones."""
    if item.type == "yes_no":
        return ("yes", "no")
    return tuple(option.code for option in item.options)
