"""The sample frame: events a customer could have been asked about, and the contacts of a dealer's staff."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from audit_api.domain.questionnaires import folded
from audit_api.domain.rows import Cells, RowError
from audit_api.domain.survey_times import TimeRefusedError, read_moment
from audit_api.domain.surveys import LONGEST_PLAIN, SHORTENED, DealerPlace

EVENT_KINDS = ("delivery", "repair_order")
REQUIRED_EVENT_COLUMNS = ("event_id", "dealer", "kind", "event_at")
EVENT_FLAGS = ("supplied", "valid", "invited", "opted_out", "complaint", "comeback")
"""Yes, no, or empty where nobody knows: contact supplied, contact valid, invited, opted out, complained, came back."""
OPTIONAL_EVENT_COLUMNS = ("vin", "job_type", "contact", *EVENT_FLAGS, "wait_days")
EVENT_COLUMNS = (*REQUIRED_EVENT_COLUMNS, *OPTIONAL_EVENT_COLUMNS)
STAFF_COLUMNS = ("dealer", "contact")
PERSONAL = frozenset({"vin", "contact"})
YES = frozenset({"1", "yes", "y", "true", "是", "有"})
NO = frozenset({"0", "no", "n", "false", "否", "无"})
LONGEST_WAIT_DAYS = 3650
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.ASCII)


class EventRecord(NamedTuple):
    """One event as understood; vehicle and contact are still plain and go no further than their hash."""

    event_id: str
    dealer: str
    brand: str
    kind: str
    event_at: datetime
    vin: str
    job_type: str
    contact: str
    flags: dict[str, bool | None]
    wait_days: float | None

    def __repr__(self) -> str:
        return f"EventRecord({self.event_id!r}, dealer={self.dealer!r})"


class StaffRecord(NamedTuple):
    """A contact of somebody who works at a dealer, still plain."""

    dealer: str
    brand: str
    contact: str

    def __repr__(self) -> str:
        return f"StaffRecord(dealer={self.dealer!r})"


class _FrameCells(Cells):
    """The cells of one row; what a customer or an employee is known by is not repeated."""

    def refuse(self, column: str, zh: str, en: str) -> None:
        """Collect an error on a column."""
        value = "" if column in PERSONAL else self.values.get(column, "")
        self.errors.append(RowError(self.row, column, value, zh, en))

    def dealer(self, dealers: Mapping[str, DealerPlace]) -> DealerPlace | None:
        """Read the dealer."""
        found = dealers.get(self.values.get("dealer", ""))
        if found is None:
            self.refuse("dealer", "没有这个经销商，或不在您的范围内", "no such dealer, or out of your scope")
        return found

    def number_kept(self, column: str, *, required: bool = False) -> str:
        """Read an id or contact that a spreadsheet may have shortened."""
        value = self.text(column, longest=LONGEST_PLAIN, required=required)
        if SHORTENED.fullmatch(value):
            zh = "电子表格已将此号码缩写并丢失末位数字；请将该列设为文本后重新导出"
            en = "a spreadsheet has shortened this number and lost digits; export the column as text"
            self.refuse(column, zh, en)
        return value

    def flag(self, column: str) -> bool | None:
        """Read yes or no; empty gives None."""
        word = folded(self.values.get(column, ""))
        if word and word not in YES and word not in NO:
            self.refuse(column, "须为 1/0、是/否、yes/no 或留空", "use 1 or 0, yes or no, or leave it empty")
        return True if word in YES else False if word in NO else None

    def moment(self, column: str, zone: ZoneInfo) -> datetime | None:
        """Read a time."""
        text = self.text(column, longest=40, required=True)
        try:
            return read_moment(text, zone) if text else None
        except TimeRefusedError as refused:
            self.refuse(column, refused.zh, refused.en)
            return None


def parse_event(
    row: int, values: Mapping[str, str], dealers: Mapping[str, DealerPlace]
) -> EventRecord | list[RowError]:
    """Read one event by column, or say what is wrong with it."""
    cells = _FrameCells(row, values)
    event_id = cells.number_kept("event_id", required=True)
    kind = cells.choice("kind", EVENT_KINDS)
    vin = re.sub(r"[\s-]", "", values.get("vin", "")).upper()
    if vin and not _VIN.fullmatch(vin):
        zh, en = "车架号须为 17 位字母和数字（无 I、O、Q）", "a VIN has 17 letters and digits, without I, O and Q"
        cells.refuse("vin", zh, en)
    job_type = cells.text("job_type", longest=LONGEST_PLAIN)
    contact = cells.number_kept("contact")
    flags = {name: cells.flag(name) for name in EVENT_FLAGS}
    wait_days = cells.number("wait_days", 0, LONGEST_WAIT_DAYS)
    dealer = cells.dealer(dealers)
    event_at = cells.moment("event_at", ZoneInfo(dealer.timezone)) if dealer else None
    if cells.errors or dealer is None or event_at is None:
        return cells.errors
    return EventRecord(event_id, dealer.code, dealer.brand, kind, event_at, vin, job_type, contact, flags, wait_days)


def parse_staff(
    row: int, values: Mapping[str, str], dealers: Mapping[str, DealerPlace]
) -> StaffRecord | list[RowError]:
    """Read one contact of a dealer's staff, or say what is wrong with it."""
    cells = _FrameCells(row, values)
    contact = cells.number_kept("contact", required=True)
    dealer = cells.dealer(dealers)
    return cells.errors if cells.errors or dealer is None else StaffRecord(dealer.code, dealer.brand, contact)
