"""How one source writes its files: its names of columns, its words for answers, its dates, translated into ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from audit_api.domain import surveys
from audit_api.domain.questionnaires import Questionnaire, folded
from audit_api.domain.rows import RowError, shown
from audit_api.domain.source_fields import Fields
from audit_api.domain.source_text import Node, Report, read_nodes
from audit_api.domain.survey_frame import EVENT_COLUMNS, REQUIRED_EVENT_COLUMNS, STAFF_COLUMNS
from audit_api.domain.survey_times import canonical_time
from audit_api.domain.visit_columns import (
    ITEM_ID,
    LONG_COLUMNS,
    REQUIRED_VISIT_COLUMNS,
    VISIT_COLUMNS,
    VISIT_TIMES,
    AuditItems,
    commented_item,
)

RESPONSES, EVENTS, STAFF, VISITS = "responses", "events", "staff", "visits"
KINDS = (RESPONSES, EVENTS, STAFF, VISITS)
COLUMNS_OF = {
    RESPONSES: (surveys.REQUIRED_COLUMNS, surveys.COLUMNS),
    EVENTS: (REQUIRED_EVENT_COLUMNS, EVENT_COLUMNS),
    STAFF: (STAFF_COLUMNS, STAFF_COLUMNS),
    VISITS: (REQUIRED_VISIT_COLUMNS, (*VISIT_COLUMNS, *LONG_COLUMNS)),
}
"""Required and known columns of each kind of import; responses and visits have items as well."""
TIMES = frozenset((*surveys.TIMES, *VISIT_TIMES))
WITH_ITEMS = (RESPONSES, VISITS)
EVERYWHERE = "any"
MOST_COLUMNS, MOST_VALUES, MOST_FORMATS = 500, 2_000, 20
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
Rows = Iterable[tuple[int, Sequence[Any] | RowError]]


@dataclass(frozen=True)
class ColumnMapping:
    """A source's way of writing.

    `columns` leads from their header to ours (a column of the import or an item's id), `values` from an item, a
    scale, a column or "any" to their words and ours; `constants` fills our columns that they do not have. A time
    without an offset is the wall clock of `timezone`, where that is empty the dealer's.
    """

    kind: str = RESPONSES
    questionnaire: str = ""
    questionnaire_version: int | None = None
    checklist: str = ""
    checklist_version: int | None = None
    columns: Mapping[str, str] = None  # type: ignore[assignment] # always given by parse_mapping
    ignore: tuple[str, ...] = ()
    constants: Mapping[str, str] = None  # type: ignore[assignment] # likewise
    values: Mapping[str, Mapping[str, str]] = None  # type: ignore[assignment] # likewise
    dates: tuple[str, ...] = ()
    timezone: str = ""
    decimal_comma: bool = False

    def document(self) -> dict[str, Any]:
        """Give the mapping as plain data; a checklist only where one is named."""
        unsaid = {} if self.checklist else {"checklist", "checklist_version"}
        return {name: value for name, value in asdict(self).items() if name not in unsaid}


def parse_mapping(text: str, file: str = "mapping") -> ColumnMapping:
    """Read a mapping in YAML or JSON; raises FormatError with every problem found."""
    report = Report(file)
    root = read_nodes(text, report)
    mapping = _mapping(Fields(root, report)) if root is not None else None
    report.raise_if_any()
    assert mapping is not None
    return mapping


def mapping_of(document: Mapping[str, Any]) -> ColumnMapping:
    """Give the mapping a document was made of."""
    known = {name: document[name] for name in ColumnMapping.__dataclass_fields__ if name in document}
    return ColumnMapping(**known | {"ignore": tuple(known["ignore"]), "dates": tuple(known["dates"])})


def _mapping(fields: Fields) -> ColumnMapping:
    kind = fields.choice("kind", KINDS, required=False, default=RESPONSES)
    version = fields.whole("version", 1, 999_999, required=False) if fields.has("version") else None
    mapping = ColumnMapping(
        kind=kind,
        questionnaire=fields.word("questionnaire", required=kind == RESPONSES, longest=40),
        questionnaire_version=version,
        checklist=fields.word("checklist", required=False, longest=40) if kind == VISITS else "",
        checklist_version=(
            fields.whole("checklist_version", 1, 100_000, required=False)
            if kind == VISITS and fields.has("checklist_version")
            else None
        ),
        columns=_words(fields.inner("columns"), MOST_COLUMNS),
        ignore=fields.words("ignore", MOST_COLUMNS, required=False),
        constants=_words(fields.inner("constants", required=False), MOST_COLUMNS),
        values=_values(fields.inner("values", required=False)),
        dates=fields.words("dates", MOST_FORMATS, required=False),
        timezone=fields.word("timezone", required=False, longest=60),
        decimal_comma=fields.flag("decimal_comma", required=False),
    )
    _check(fields, mapping)
    fields.done()
    return mapping


def _check(fields: Fields, mapping: ColumnMapping) -> None:
    for written in mapping.dates:
        if "%d" not in written or not re.search("%[yYm]", written):
            fields.wrong(
                "dates", f"日期格式“{written[:40]}”应如 %d.%m.%Y %H:%M", f"write '{written[:40]}' like %d.%m.%Y %H:%M"
            )
    if mapping.timezone:
        try:
            ZoneInfo(mapping.timezone)
        except (ValueError, OSError, KeyError):
            zh, en = "没有这个时区；应如 Asia/Shanghai", "no such time zone: write it like Asia/Shanghai"
            fields.wrong("timezone", zh, en)
    targets = [*mapping.columns.values(), *mapping.constants]
    if twice := sorted({name for name in targets if targets.count(name) > 1}):
        names = ", ".join(name[:60] for name in twice)
        fields.wrong("columns", f"两列对应同一目标：{names}", f"two columns lead to the same: {names}")
    _, known = COLUMNS_OF[mapping.kind]
    for name in targets:
        is_item = mapping.kind in WITH_ITEMS and ITEM_ID.fullmatch(name)
        is_item = is_item or (mapping.kind == VISITS and ITEM_ID.fullmatch(commented_item(name)))
        if name not in known and not is_item:
            near = surveys.nearest_name(name, known)
            zh, en = (f"；是否为 {near}？", f"; did you mean {near}?") if near else ("", "")
            text = shown(name)
            fields.wrong("columns", f"“{text}”不是可用的列{zh}", f"'{text}' is no column of the import{en}")


def _words(fields: Fields | None, most: int) -> dict[str, str]:
    """Read a mapping of free keys to words; numbers and truth values are read as they are written."""
    if fields is None or fields.broken:
        return {}
    if len(fields.nodes) > most:
        fields.wrong("", f"超过 {most} 项", f"it has more than {most} entries")
    found = {}
    for key in list(fields.nodes)[:most]:
        word = _word(fields, key)
        if word:
            found[key.strip()] = word
    return found


def _word(fields: Fields, key: str) -> str:
    node: Node | None = fields.node(key)
    if node is None:
        return ""
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, int):
        return str(node.value)
    return fields.word(key, longest=200)


def _values(fields: Fields | None) -> dict[str, dict[str, str]]:
    if fields is None or fields.broken:
        return {}
    found = {}
    for name in list(fields.nodes)[:MOST_COLUMNS]:
        fields.node(name)
        found[name] = _words(fields.inner(name), MOST_VALUES)
    return found


class UnknownColumnsError(ValueError):
    """Columns of a file that the mapping neither leads anywhere nor ignores, or that are needed and not there."""

    def __init__(self, unknown: Sequence[str], missing: Sequence[str]) -> None:
        super().__init__(f"unknown {list(unknown)}, missing {list(missing)}")
        self.unknown = tuple(unknown)
        self.missing = tuple(missing)


class Translator:
    """Translates the rows of one file by a mapping; `columns` are ours, in the order of the translated cells.

    `asked` is the questionnaire of responses, or the items of visits. A column of theirs that has one of our names
    needs no entry. Raises UnknownColumnsError.
    """

    def __init__(
        self, mapping: ColumnMapping, theirs: Sequence[str], asked: Questionnaire | AuditItems | None = None
    ) -> None:
        required, known = COLUMNS_OF[mapping.kind]
        ours = {*known, *(asked.by_id if asked else ()), *(asked.comments if isinstance(asked, AuditItems) else ())}
        unknown = [n for n in theirs if n not in mapping.columns and n not in ours and n not in mapping.ignore]
        missing = [n for n, leads_to in mapping.columns.items() if n not in theirs and leads_to in required]
        if unknown or missing:
            raise UnknownColumnsError(unknown, missing)
        kept = [(place, name) for place, name in enumerate(theirs) if name not in mapping.ignore]
        self._places = [place for place, _ in kept]
        self._theirs = {mapping.columns.get(name, name): name for _, name in kept}
        self.columns = (*self._theirs, *mapping.constants)
        self._constants = tuple(mapping.constants.values())
        self._width = len(theirs)
        self._mapping, self._asked = mapping, asked
        self._answers: dict[str, Callable[[str], str] | None] = {}
        zone = ZoneInfo(mapping.timezone) if mapping.timezone else None
        work = [(i, _work(mapping, name, zone, asked)) for i, name in enumerate(self._theirs)]
        self._work = [(i, done) for i, done in work if done is not None]

    def rows(self, rows: Rows) -> Iterator[tuple[int, Sequence[Any] | RowError]]:
        """Translate rows as they come; a row that cannot be read stays the reason why."""
        for number, cells in rows:
            if isinstance(cells, RowError) or len(cells) != self._width:
                yield number, cells
                continue
            made = [cells[place] for place in self._places]
            for i, work in self._work:
                made[i] = work(made[i])
            yield number, (*made, *self._constants)

    def translated(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Translate columns of text (Arrow) as `rows` does their cells; no row is blank."""
        from audit_api.domain.survey_columns import same_text, text_by_text  # noqa: PLC0415 - Arrow only for a file

        work = dict(self._work)
        theirs = list(columns.values())
        made = [theirs[place] for place in self._places]
        made = [text_by_text(one, work[i]) if i in work else one for i, one in enumerate(made)]
        same = [same_text(text, len(theirs[0])) for text in self._constants]
        return dict(zip(self.columns, [*made, *same], strict=True))

    def answer(self, item: str, text: str) -> str:
        """Translate the answer to an item that a cell names, as in files with one answer a row."""
        if item not in self._answers and len(self._answers) < MOST_VALUES:
            self._answers[item] = _work(self._mapping, item, None, self._asked)
        work = self._answers.get(item)
        return text if work is None else work(text)

    def in_their_words(self, error: RowError) -> RowError:
        """Name the column of an error as their file does."""
        theirs = self._theirs.get(error.column, error.column)
        return RowError(error.row, theirs, error.value, error.zh, error.en)


def _work(
    mapping: ColumnMapping, name: str, zone: ZoneInfo | None, asked: Questionnaire | AuditItems | None
) -> Callable[[str], str] | None:
    """Give what has to be done to the cells of a column of ours, None for nothing."""
    if name in TIMES:
        if mapping.dates or zone:
            return lambda text: canonical_time(text, mapping.dates, zone)
        return None
    item = asked.by_id.get(name) if asked else None
    words: dict[str, str] = {}
    for place in (EVERYWHERE, item.scale if item else "", name):
        if place != EVERYWHERE or item is not None:  # words for answers say nothing of dealers and channels
            words |= {folded(theirs): ours for theirs, ours in mapping.values.get(place, {}).items()}
    if not words and not mapping.decimal_comma:
        return None
    return _Words(words, decimal_comma=mapping.decimal_comma and (item is not None or name == "wait_days"))


class _Words(dict[str, str]):
    """Their word → ours; each way of writing is worked out once while there are few."""

    def __init__(self, words: Mapping[str, str], *, decimal_comma: bool) -> None:
        super().__init__()
        self._words, self._decimal_comma = words, decimal_comma

    def __call__(self, text: str) -> str:
        return self[text]

    def __missing__(self, text: str) -> str:
        found = self._words.get(folded(text), text) if text else text
        if self._decimal_comma and DECIMAL_COMMA.fullmatch(found):
            found = found.replace(",", ".")
        if len(self) < MOST_VALUES:
            self[text] = found
        return found
