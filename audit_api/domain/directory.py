"""Who acts, and how far their sight reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from audit_api.domain.rows import Cells, RowError


class Role(StrEnum):
    """What a person is here for; one role a person."""

    AUDITOR = "auditor"
    QUALITY_REVIEWER = "quality_reviewer"
    PROGRAMME_MANAGER = "programme_manager"
    DEALER = "dealer"
    ADMIN = "admin"


STAFF = (Role.QUALITY_REVIEWER, Role.PROGRAMME_MANAGER, Role.ADMIN)
ALL_BRANDS = "*"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as the rules see them: role, and scope by brand and by dealer.

    `brands` holds brand names, or "*" for all; `dealers` holds dealer codes and, where not empty,
    narrows the scope to just these (always so for the role `dealer`).
    """

    id: str
    email: str
    name: str
    role: Role
    brands: frozenset[str] = frozenset()
    dealers: frozenset[str] = frozenset()
    locale: str = "zh"

    def sees(self, *, brand: str, dealer: str) -> bool:
        """Tell whether a dealer of a brand lies within the scope."""
        if self.role is Role.DEALER or self.dealers:
            return dealer in self.dealers
        return ALL_BRANDS in self.brands or brand in self.brands

    @property
    def sees_everything(self) -> bool:
        """Tell whether the scope is the whole network."""
        return self.role is not Role.DEALER and not self.dealers and ALL_BRANDS in self.brands


OPERATOR = Actor("operator", "", "operator", Role.ADMIN, frozenset({ALL_BRANDS}))
"""Whoever runs `audit-api` on the server's own terminal."""


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_timezone(name: str) -> bool:
    """Tell whether a name is a time zone of the IANA database, such as Asia/Shanghai."""
    return name in _timezones()


DATUMS = ("WGS-84", "GCJ-02", "BD-09")
"""Phones give WGS-84; Chinese map services use the other two, which differ from it by hundreds of metres."""
DEFAULT_FENCE_M = 300
DEFAULT_TIMEZONE = "Asia/Shanghai"
REQUIRED_COLUMNS = ("code", "name_zh", "brand")
OPTIONAL_COLUMNS = (
    "name_en", "region", "city", "city_tier", "lat", "lon", "datum", "fence_m", "timezone", "opened_on", "ownership",
    "owner_group", "volume_band",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DealerRecord:
    """A dealer as one row of a file describes it; `timezone` is that of its naive times and office hours."""

    code: str
    name_zh: str
    name_en: str
    brand: str
    region: str
    city: str
    city_tier: str
    lat: float | None
    lon: float | None
    datum: str
    fence_m: int
    timezone: str
    opened_on: str
    ownership: str
    owner_group: str
    volume_band: str


def parse_dealer(row: int, values: Mapping[str, str]) -> DealerRecord | list[RowError]:
    """Read one row of a dealer file; gives the errors by column where it cannot be taken.

    Empty cells mean: datum WGS-84, fence 300 m, time zone Asia/Shanghai, everything else unknown.
    """
    cells = Cells(row, values)
    record = DealerRecord(
        code=cells.code("code"),
        name_zh=cells.text("name_zh", longest=200, required=True),
        name_en=cells.text("name_en", longest=200),
        brand=cells.text("brand", longest=60, required=True),
        region=cells.text("region", longest=60),
        city=cells.text("city", longest=60),
        city_tier=cells.text("city_tier", longest=20),
        lat=cells.number("lat", -90, 90),
        lon=cells.number("lon", -180, 180),
        datum=_datum(cells),
        fence_m=cells.whole("fence_m", 10, 10_000, default=DEFAULT_FENCE_M),
        timezone=cells.text("timezone", longest=60, default=DEFAULT_TIMEZONE),
        opened_on=cells.day("opened_on", "1900-01-01", "2100-12-31"),
        ownership=cells.text("ownership", longest=60),
        owner_group=cells.text("owner_group", longest=120),
        volume_band=cells.text("volume_band", longest=20),
    )
    if record.brand == ALL_BRANDS:
        cells.refuse("brand", "“*”不能用作品牌名", "A brand cannot be named *, which means all brands")
    if not known_timezone(record.timezone):
        cells.refuse(
            "timezone", "未知时区，请用 Asia/Shanghai 这样的名称", "Unknown time zone; use names like Asia/Shanghai"
        )
    _check_position(cells, record)
    return cells.errors or record


def _datum(cells: Cells) -> str:
    """Read the datum, written with or without its dash, in any case."""
    value = cells.values.get("datum", "").strip()
    known = {name.replace("-", ""): name for name in DATUMS}
    found = known.get(value.upper().replace("-", "").replace(" ", "")) if value else DATUMS[0]
    if found is None:
        cells.refuse("datum", f"须为以下之一：{'、'.join(DATUMS)}", f"It must be one of: {', '.join(DATUMS)}")
    return found or DATUMS[0]


def _check_position(cells: Cells, record: DealerRecord) -> None:
    if any(error.column in ("lat", "lon") for error in cells.errors):
        return
    if (record.lat is None) != (record.lon is None):
        column = "lat" if record.lat is None else "lon"
        cells.refuse(column, "纬度和经度须同时填写或同时留空", "Give both lat and lon, or neither")
    elif record.lat == 0 and record.lon == 0:
        cells.refuse("lat", "0, 0 位于海上；未知请留空", "0, 0 lies in the sea; leave both empty where unknown")
