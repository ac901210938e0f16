"""Read a checklist file: YAML text in, a frozen Checklist out, or every problem with its line."""

from __future__ import annotations

from audit_api.domain.checklists import SCHEMA, Checklist, Item, Section
from audit_api.domain.contradiction_format import read_contradictions
from audit_api.domain.item_format import read_item
from audit_api.domain.source_fields import Fields, each
from audit_api.domain.source_text import Node, Report, read_nodes
from audit_api.domain.touchpoints import CodeBook

MAX_ITEMS = 500
MAX_SECTIONS = 60
CODE = r"[A-Z][A-Z0-9]{1,11}"
DOMAINS = ("sales", "after_sales")


def parse_checklist(text: str, file: str = "checklist", book: CodeBook | None = None) -> Checklist:
    """Read one checklist version.

    ``book`` is the code book touchpoints and expectations are looked up in; without it they are taken as written.
    Raises FormatError holding every problem found, in the order of the file.
    """
    report = Report(file)
    root = read_nodes(text, report)
    checklist = _checklist(root, report, book) if root is not None else None
    report.raise_if_any()
    assert checklist is not None
    return checklist


def _checklist(root: Node, report: Report, book: CodeBook | None) -> Checklist:
    fields = Fields(root, report)
    if not fields.broken:
        fields.choice("schema", (SCHEMA,))
    code = fields.word("code", pattern=CODE, shape="SMS")
    thresholds = fields.inner("thresholds", required=False)
    pass_at = thresholds.number("pass", 0, 100) if thresholds else 80
    watch_at = thresholds.number("watch", 0, 100) if thresholds else 60
    if thresholds:
        thresholds.done()
        if watch_at > pass_at:
            thresholds.wrong("watch", "watch 不能高于 pass", "watch cannot lie above pass")
    sections = _sections(fields, code, book)
    checklist = Checklist(
        code=code,
        version=fields.whole("version", 1, 100_000),
        title=fields.bilingual("title", longest=200),
        mode=fields.choice("mode", ("covert", "announced")),
        domain=fields.choice("domain", DOMAINS),
        expected_duration_min=fields.whole("expected_duration_min", 1, 10_000),
        capture=fields.choice("capture", ("discreet", "open")),
        auditor_notes=fields.bilingual("auditor_notes", longest=4000) if fields.has("auditor_notes") else None,
        pass_at=pass_at,
        watch_at=watch_at,
        sections=sections,
        contradicts=read_contradictions(fields, {item.id: item for section in sections for item in section.items}),
    )
    fields.done()
    return checklist


def _sections(fields: Fields, code: str, book: CodeBook | None) -> tuple[Section, ...]:
    earlier: dict[str, Item] = {}
    lines: dict[str, int] = {}
    found = []
    codes: set[str] = set()
    for inner in each(fields.listed("sections", MAX_SECTIONS), fields.report, "", "sections"):
        section_code = inner.word("code", pattern=r"[A-Z][A-Z0-9_]{1,19}", shape="VISIT")
        if section_code and section_code in codes:
            inner.wrong(
                "code", f"章节编号“{section_code}”重复", f"section code '{section_code}' is used twice: choose another"
            )
        codes.add(section_code)
        title = inner.bilingual("title", longest=200)
        weight = inner.whole("weight", 0, 100)
        items = []
        for node in inner.listed("items", MAX_ITEMS):
            item = read_item(node, fields.report, code, earlier, book)
            if item.id and item.id in earlier:
                fields.report.add(
                    node.line,
                    item.id,
                    f"编号重复（首次在第 {lines[item.id]} 行）；请换一个",
                    f"this id is used twice (first on line {lines[item.id]}): choose another",
                )
            earlier[item.id] = item
            lines.setdefault(item.id, node.line)
            items.append(item)
        _check_section(inner, section_code, weight, items)
        found.append(Section(section_code, title, weight, tuple(items)))
        inner.done()
    total = sum(section.weight for section in found)
    if found and total != 100:
        fields.wrong(
            "sections", f"各章节权重合计应为 100，现为 {total}", f"section weights must sum to 100, they sum to {total}"
        )
    if len(lines) > MAX_ITEMS:
        fields.wrong("sections", f"题目超过 {MAX_ITEMS} 个", f"there are more than {MAX_ITEMS} items")
    return tuple(found)


def _check_section(fields: Fields, code: str, weight: int, items: list[Item]) -> None:
    scored = [item for item in items if item.weight]
    if weight and not scored:
        fields.wrong(
            "weight",
            f"章节 {code} 有权重却没有计分项；请把权重改为 0 或加入计分项",
            f"section {code} has a weight but no scored item: set it to 0 or add one",
        )
    for item in () if weight else scored:
        fields.report.add(
            fields.key_lines.get("weight", fields.line),
            item.id,
            f"计分项不能放在不计分的章节 {code}",
            f"a scored item cannot stand in section {code}, which has weight 0",
        )
