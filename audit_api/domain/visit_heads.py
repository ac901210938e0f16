"""What holds for a past visit as a whole: its source's id, dealer, auditor, checklist, times, wave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from audit_api.domain.checklists import Checklist
from audit_api.domain.programmes import SelectedBy, Wave
from audit_api.domain.rows import RowError
from audit_api.domain.survey_times import TimeRefusedError, read_moment
from audit_api.domain.surveys import (
    SHORTENED,
    DealerPlace,
    WaveSegments,
    no_single_wave,
    usable,
    wave_segments,
)

UNKNOWN = "unknown"
"""Nobody knows any more why the dealer was visited: such a visit is no evidence about a dealer."""
SELECTED_BY = (*(reason.value for reason in SelectedBy), UNKNOWN)
LONGEST_ID = 100
LONGEST_SOURCE = 60
MOST_UNKNOWN = 1_000
MOST_DIGITS = 6
TIMES = ("started_at", "ended_at", "submitted_at")


@dataclass(frozen=True, slots=True)
class VisitDefaults:
    """What holds for every visit of a file that does not say otherwise."""

    source: str = ""
    checklist: str = ""
    version: int | None = None
    selected_by: str = UNKNOWN


@dataclass(frozen=True)
class Places:
    """What a file of visits may name: dealers in scope, people by id and address, waves, checklists."""

    dealers: Mapping[str, DealerPlace]
    auditors: Mapping[str, str]
    waves: Sequence[Wave]
    checklist: Callable[[str, int], Checklist | None]


class Head(NamedTuple):
    """What holds for a visit as a whole; times are UTC."""

    source: str
    visit_id: str
    dealer: DealerPlace
    wave: str
    checklist: Checklist
    auditor: str
    started_at: datetime
    ended_at: datetime | None
    submitted_at: datetime | None
    selected_by: str


class Refusals(list[RowError]):
    """What is wrong with the cells of one row, or of several."""

    def refuse(self, row: int, cell: tuple[str, str], zh: str, en: str) -> None:
        """Refuse a cell, given as column and value."""
        self.append(RowError(row, *cell, zh, en))


def is_source(name: str) -> bool:
    """Tell whether a text can name where visits come from."""
    return 1 <= len(name) <= LONGEST_SOURCE and name.isprintable() and usable(name)


def read_time(row: int, cell: tuple[str, str], zone: ZoneInfo, errors: Refusals) -> datetime | None:
    """Read a cell that holds a time, UTC; None for an empty one and for one that is refused."""
    if not cell[1]:
        return None
    try:
        return read_moment(cell[1], zone)
    except TimeRefusedError as refused:
        errors.refuse(row, cell, refused.zh, refused.en)
        return None


class HeadReader:
    """Reads what holds for a visit; `before` is now, and no past visit lies after it.

    `unknown` counts the names that nobody knows, by what they name.
    """

    def __init__(self, places: Places, defaults: VisitDefaults, before: datetime) -> None:
        self._places, self._defaults, self._before = places, defaults, before
        self.zones = {dealer.timezone: ZoneInfo(dealer.timezone) for dealer in places.dealers.values()}
        self._segments = WaveSegments(wave_segments(places.waves))
        self._waves = {wave.code: wave for wave in places.waves}
        self.unknown: dict[str, dict[str, int]] = {"dealer": {}, "auditor": {}, "checklist": {}}

    def read(self, row: int, words: Mapping[str, str], errors: Refusals) -> Head | None:
        """Read the cells by column; None where something is refused."""
        before = len(errors)
        self._check_id(row, words["visit_id"], errors)
        source = words.get("source", "") or self._defaults.source
        if not is_source(source):
            zh, en = f"须为 1 至 {LONGEST_SOURCE} 个可见字符", f"1 to {LONGEST_SOURCE} visible characters"
            errors.refuse(row, ("source", source), zh, en)
        dealer = self._dealer(row, words["dealer"], errors)
        auditor = self._auditor(row, words["auditor"], errors)
        checklist = self._checklist(row, words, errors)
        selected_by = words.get("selected_by", "") or self._defaults.selected_by
        if selected_by not in SELECTED_BY:
            allowed = ", ".join(SELECTED_BY)
            cell = ("selected_by", selected_by)
            errors.refuse(row, cell, f"须为以下之一：{allowed}", f"must be one of {allowed}")
        if dealer is None:
            return None
        started, ended, submitted = self._times(row, words, self.zones[dealer.timezone], errors)
        if started is None:
            return None
        wave = self._wave(row, words, (dealer, started), errors)
        if len(errors) > before or checklist is None or auditor is None:
            return None
        return Head(source, words["visit_id"], dealer, wave, checklist, auditor, started, ended, submitted, selected_by)

    def _check_id(self, row: int, name: str, errors: Refusals) -> None:
        if not name or len(name) > LONGEST_ID or not name.isprintable() or not usable(name):
            zh, en = f"须为 1 至 {LONGEST_ID} 个可见字符", f"1 to {LONGEST_ID} visible characters"
            errors.refuse(row, ("visit_id", name), zh, en)
        elif SHORTENED.fullmatch(name):
            zh = "电子表格已将此号码缩写并丢失末位数字；请将该列设为文本后重新导出"
            en = "a spreadsheet has shortened this number and lost digits; export the column as text"
            errors.refuse(row, ("visit_id", name), zh, en)

    def _dealer(self, row: int, code: str, errors: Refusals) -> DealerPlace | None:
        found = self._places.dealers.get(code)
        if found is None:
            self._count("dealer", code)
            zh, en = "没有这个经销商，或不在您的范围内", "no such dealer, or out of your scope"
            errors.refuse(row, ("dealer", code), zh, en)
        return found

    def _auditor(self, row: int, name: str, errors: Refusals) -> str | None:
        found = self._places.auditors.get(name.casefold())
        if found is None:
            self._count("auditor", name)
            zh, en = "没有这位审核员；请填编号或邮箱", "no such auditor: give the id or the e-mail address"
            errors.refuse(row, ("auditor", name), zh, en)
        return found

    def _checklist(self, row: int, words: Mapping[str, str], errors: Refusals) -> Checklist | None:
        code = words.get("checklist", "") or self._defaults.checklist
        version = words.get("version", "").removesuffix(".0") or str(self._defaults.version or "")
        if not code or not version:
            cell = ("version" if code else "checklist", "")
            zh, en = "须注明检查表及其版本", "name the checklist and its version, here or for the whole file"
            errors.refuse(row, cell, zh, en)
            return None
        plain = version.isascii() and version.isdigit() and len(version) <= MOST_DIGITS
        found = self._places.checklist(code, int(version)) if plain else None
        if found is None:
            self._count("checklist", f"{code}:{version}")
            zh = "这个检查表的这一版未发布；已停用的版本也须发布"
            en = "this version of this checklist is not published; a retired one must be, too"
            errors.refuse(row, ("version" if words.get("version") else "checklist", f"{code}:{version}"), zh, en)
        return found

    def _times(
        self, row: int, words: Mapping[str, str], zone: ZoneInfo, errors: Refusals
    ) -> tuple[datetime | None, ...]:
        cells = [(name, words.get(name, "")) for name in TIMES]
        if not cells[0][1]:
            errors.refuse(row, cells[0], "不能为空", "must not be empty")
        moments = [read_time(row, cell, zone, errors) for cell in cells]
        for cell, moment in zip(cells, moments, strict=True):
            if moment is not None and moment > self._before:
                errors.refuse(
                    row, cell, "在将来；只导入过去的走访", "lies in the future: only past visits are imported"
                )
        started, ended, submitted = moments
        if started and ended and ended < started:
            errors.refuse(row, cells[1], "早于开始时间", "lies before started_at")
        if started and submitted and submitted < (ended or started):
            errors.refuse(row, cells[2], "早于走访结束", "lies before the end of the visit")
        return tuple(moments)

    def _wave(self, row: int, words: Mapping[str, str], event: tuple[DealerPlace, datetime], errors: Refusals) -> str:
        dealer, started = event
        if named := words.get("wave", ""):
            wave = self._waves.get(named)
            if wave is None or wave.brand != dealer.brand or not wave.holds(started):
                zh, en = "不是该品牌包含此时间的波次", f"no wave of brand {dealer.brand} that holds started_at"
                errors.refuse(row, ("wave", named), zh, en)
            return named
        holding = self._segments.holding(dealer.brand, started)
        if len(holding) != 1:
            errors.refuse(row, ("started_at", words["started_at"]), *no_single_wave(holding, dealer.brand))
            return ""
        return holding[0]

    def _count(self, what: str, name: str) -> None:
        counted = self.unknown[what]
        if name in counted or len(counted) < MOST_UNKNOWN:
            counted[name] = counted.get(name, 0) + 1
