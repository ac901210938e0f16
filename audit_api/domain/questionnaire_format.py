"""Read a survey file: YAML text in, a frozen Questionnaire out, or every problem with its line."""

from __future__ import annotations

from collections.abc import Iterable

from audit_api.domain.checklist_format import CODE, DOMAINS
from audit_api.domain.checklists import NOT_APPLICABLE, SIGNALS, Text
from audit_api.domain.questionnaires import (
    ARMS,
    RATED_ROLES,
    ROLES,
    SCHEMA,
    FieldWindow,
    Level,
    Questionnaire,
    Scale,
    SurveyItem,
)
from audit_api.domain.source_fields import Fields, each
from audit_api.domain.source_text import Node, Report, read_nodes
from audit_api.domain.touchpoints import CodeBook

MAX_ITEMS = 200
PAIRED = ("expectation", "experience", "list_experiment")
SCORING_NOTES = ("driver", "csi", "nps", "gap", "integrity")


def parse_questionnaire(text: str, file: str = "questionnaire", book: CodeBook | None = None) -> Questionnaire:
    """Read one questionnaire version; raises FormatError holding every problem found, in the order of the file."""
    report = Report(file)
    root = read_nodes(text, report)
    questionnaire = _questionnaire(root, report, book) if root is not None else None
    report.raise_if_any()
    assert questionnaire is not None
    return questionnaire


def _questionnaire(root: Node, report: Report, book: CodeBook | None) -> Questionnaire:
    fields = Fields(root, report)
    if not fields.broken:
        fields.choice("schema", (SCHEMA,))
    code = fields.word("code", pattern=CODE, shape="SSQ")
    scales = _scales(fields)
    made = Questionnaire(
        code=code,
        version=fields.whole("version", 1, 100_000),
        title=fields.bilingual("title", longest=200),
        domain=fields.choice("domain", DOMAINS),
        field_window=_window(fields),
        channels=fields.words("channels", 20),
        scales=scales,
        items=_items(fields, code, scales, book),
        expectation_pairs_per_respondent=_rotation(fields),
    )
    notes = fields.inner("scoring", required=False)  # words for readers; the rules themselves are code
    for name in SCORING_NOTES if notes else ():
        assert notes is not None
        notes.word(name, required=False, longest=500)
    if notes:
        notes.done()
    fields.done()
    return made


def _window(fields: Fields) -> FieldWindow:
    inner = fields.inner("field_window_days")
    if inner is None or inner.broken:
        return FieldWindow(0, 0, "")
    opens, closes = inner.whole("open_after", 0, 730), inner.whole("close_after", 0, 730)
    if closes < opens:
        inner.wrong("close_after", "close_after 不能早于 open_after", "close_after cannot lie before open_after")
    event = inner.word("event", pattern=r"[a-z_]{2,40}", shape="delivery")
    inner.done()
    return FieldWindow(opens, closes, event)


def _rotation(fields: Fields) -> int:
    inner = fields.inner("rotation", required=False)
    if inner is None:
        return 0
    pairs = inner.whole("expectation_pairs_per_respondent", 0, 50)
    inner.word("note", required=False, longest=1000)
    inner.done()
    return pairs


def _scales(fields: Fields) -> tuple[Scale, ...]:
    inner = fields.inner("scales")
    if inner is None or inner.broken:
        return ()
    found = []
    for name in list(inner.nodes)[:50]:
        node = inner.node(name)
        if node is not None:
            found.append(_range(inner, name) if isinstance(node.value, dict) else _levels(inner, name))
    return tuple(found)


def _levels(fields: Fields, name: str) -> Scale:
    levels = tuple(
        _level(inner) for inner in each(fields.listed(name, 50, least=2), fields.report, "", fields.path(name))
    )
    return Scale(name, levels=_distinct(fields, name, levels))


def _distinct(fields: Fields, key: str, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    if len({level.value for level in levels}) != len(levels):
        fields.wrong(key, f"“{fields.path(key)}”里的 value 重复", f"'{fields.path(key)}' holds a value twice")
    return levels


def _level(fields: Fields) -> Level:
    node = fields.node("value")
    value: int | str = 0
    if node is not None and isinstance(node.value, int) and not isinstance(node.value, bool):
        value = fields.whole("value", -100, 100)
    elif node is not None:
        value = fields.word("value", pattern=r"[a-z0-9_]{1,40}", shape="unsure")
        if value == NOT_APPLICABLE:
            fields.wrong(
                "value", "value 不能是 na；不适用请用 allow_na: true", "a value cannot be na: use allow_na: true"
            )
    made = Level(value, fields.text_here(200))
    fields.done()
    return made


def _range(fields: Fields, name: str) -> Scale:
    inner = fields.inner(name)
    assert inner is not None
    low, high = inner.whole("min", -100, 100), inner.whole("max", -100, 100)
    zh, en = (inner.words(language, 2, least=2) for language in ("zh", "en"))
    if low >= high:
        inner.wrong("max", "max 须大于 min", "max must lie above min")
    inner.done()
    ends = [Text(*pair) for pair in zip(zh, en, strict=False)] if len(zh) == len(en) == 2 else [None, None]
    return Scale(name, low=low, high=high, low_text=ends[0], high_text=ends[1])


def _items(fields: Fields, code: str, scales: tuple[Scale, ...], book: CodeBook | None) -> tuple[SurveyItem, ...]:
    names = {scale.name: scale for scale in scales}
    found: list[SurveyItem] = []
    pairs: dict[str, list[SurveyItem]] = {}
    for node in fields.listed("items", MAX_ITEMS):
        item = _item(node, fields.report, code, names, book)
        if item.id and any(item.id == other.id for other in found):
            fields.report.add(node.line, item.id, "编号重复；请换一个", "this id is used twice: choose another")
        if item.pair:
            pairs.setdefault(item.pair, []).append(item)
        found.append(item)
    for pair, items in pairs.items():
        _check_pair(fields, pair, items)
    return tuple(found)


def _check_pair(fields: Fields, pair: str, items: list[SurveyItem]) -> None:
    roles = [item.role for item in items]
    if "list_experiment" in roles:
        longer = len(items) == 2 and len(items[1].statements) - len(items[0].statements)
        if set(roles) != {"list_experiment"} or tuple(item.arm for item in items) != ARMS or longer != 1:
            fields.wrong(
                "items",
                f"配对“{pair}”须先有一个 control，再有一个多一条陈述的 treatment",
                f"pair '{pair}' needs one control followed by one treatment with one statement more",
            )
    elif roles != ["expectation", "experience"]:
        fields.wrong(
            "items",
            f"配对“{pair}”须先有一个 expectation，再有一个 experience",
            f"pair '{pair}' needs one expectation followed by one experience",
        )


def _item(node: Node, report: Report, code: str, scales: dict[str, Scale], book: CodeBook | None) -> SurveyItem:
    id_node = node.value.get("id") if isinstance(node.value, dict) else None
    item_id = id_node.value if id_node is not None and isinstance(id_node.value, str) else ""
    fields = Fields(node, report, item_id[:60])
    fields.word("id", pattern=rf"{code}-[A-Z]{{2,6}}-\d{{2,3}}[A-Z]?", shape=f"{code or 'SSQ'}-DRV-01")
    role = fields.choice("role", ROLES, default="open")
    scale = fields.choice("scale", (*scales, "single", "text"), default="text")
    touchpoint = fields.word("touchpoint", longest=40)
    known = book.by_code.get(touchpoint) if book is not None and touchpoint else None
    if book is not None and touchpoint and known is None:
        fields.wrong(
            "touchpoint",
            f"触点“{touchpoint}”不在 touchpoints.yaml 中",
            f"touchpoint '{touchpoint}' is not in touchpoints.yaml",
        )
    elif known is not None and role in ("driver", "fact", "expectation") and not known.in_survey:
        fields.wrong(
            "touchpoint", f"触点“{touchpoint}”未标记 in_survey", f"touchpoint '{touchpoint}' is not marked in_survey"
        )
    options: tuple[Level, ...] = ()
    if scale == "single":
        listed = each(fields.listed("options", 50, least=2), report, fields.item, "options")
        options = _distinct(fields, "options", tuple(_level(inner) for inner in listed))
    values = (
        {level.value for level in options}
        if scale == "single"
        else (scales[scale].values if scale in scales else set())
    )
    item = SurveyItem(
        id=item_id,
        touchpoint=touchpoint,
        role=role,
        scale=scale,
        text=fields.bilingual("text"),
        required=fields.flag("required"),
        allow_na=fields.flag("allow_na", required=False),
        pair=fields.word("pair", required=role in PAIRED, longest=60) or None,
        favourable=fields.word("favourable", required=role == "fact", longest=60) or None,
        adverse=_adverse(fields, role),
        signal=fields.choice("signal", SIGNALS, required=role == "integrity") or None,
        options=options,
        arm=fields.choice("arm", ARMS) or None if role == "list_experiment" else None,
        statements=_statements(fields) if role == "list_experiment" else (),
    )
    for key, given in (("favourable", (item.favourable,) if item.favourable else ()), ("adverse", item.adverse)):
        for value in given:
            if value not in values:
                fields.wrong(key, f"“{value}”不是本题的答案", f"'{value}' is not an answer of this item")
    written = fields.nodes["scale"].value if fields.has("scale") else None
    if role in RATED_ROLES and written in (*scales, "single", "text") and not _is_run(values):
        fields.wrong(
            "scale",
            f"{role} 题的量表须为连续整数，如 1 至 5 或 1 至 10",
            f"a {role} item needs a scale of consecutive whole numbers, such as 1 to 5 or 1 to 10",
        )
    if item.statements and values != set(range(len(item.statements) + 1)):
        fields.wrong(
            "scale",
            f"答案是成立的陈述条数，量表须为 0 至 {len(item.statements)}",
            f"the answer is how many statements hold: the scale must run from 0 to {len(item.statements)}",
        )
    fields.done()
    return item


def _is_run(values: Iterable[int | str]) -> bool:
    marks = sorted(value for value in values if isinstance(value, int))
    return len(marks) > 1 and marks == list(range(marks[0], marks[-1] + 1)) and len(marks) == len(set(values))


def _statements(fields: Fields) -> tuple[Text, ...]:
    listed = each(fields.listed("statements", 20, least=2), fields.report, fields.item, "statements")
    found = []
    for inner in listed:
        found.append(inner.text_here(300))
        inner.done()
    return tuple(found)


def _adverse(fields: Fields, role: str) -> tuple[str | int, ...]:
    node = fields.node("adverse", required=role == "integrity")
    if node is None:
        return ()
    if isinstance(node.value, list):
        return fields.words("adverse", 20)
    word = fields.word("adverse", longest=60)
    return (word,) if word else ()
