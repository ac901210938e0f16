"""The demo's invented network: dealers, people, programmes, waves, assignments. Nothing here exists."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from audit_api.domain.directory import Role
from audit_api.domain.programmes import AssignmentRequest

TIMEZONE = "Asia/Shanghai"
BRANDS = (("Lanmu", "岚牧"), ("Northbay", "北湾"))
FIRST_WAVE, SECOND_WAVE, OTHER_WAVE = "LANMU-1", "LANMU-2", "NORTHBAY-1"
# Region, city in both languages, tier, position (city centres, WGS-84).
CITIES = (
    ("East", "杭州", "Hangzhou", "1", 30.2741, 120.1551),
    ("East", "宁波", "Ningbo", "2", 29.8683, 121.5440),
    ("East", "合肥", "Hefei", "2", 31.8206, 117.2272),
    ("South", "佛山", "Foshan", "2", 23.0218, 113.1219),
    ("South", "厦门", "Xiamen", "2", 24.4798, 118.0894),
    ("South", "南宁", "Nanning", "3", 22.8170, 108.3665),
    ("North", "石家庄", "Shijiazhuang", "2", 38.0428, 114.5149),
    ("North", "济南", "Jinan", "2", 36.6512, 117.1201),
    ("West", "成都", "Chengdu", "1", 30.5728, 104.0668),
    ("West", "西安", "Xi'an", "1", 34.3416, 108.9398),
    ("West", "贵阳", "Guiyang", "3", 26.6470, 106.6302),
    ("North", "太原", "Taiyuan", "3", 37.8706, 112.5489),
)
NAMES = (("恒远", "Hengyuan"), ("明驰", "Mingchi"), ("嘉禾", "Jiahe"), ("瑞程", "Ruicheng"), ("安途", "Antu"))
BANDS = ("S", "M", "L")
COVERT_AUDITORS, ANNOUNCED_AUDITORS = 6, 3
AUDITOR_OF_THE_COMMANDS = "auditor@example.com"
OPEN_ASSIGNMENTS = 30
VISIT_DAYS = 44
SURVEY_DAYS = 28
SCENARIOS = {
    "SMS": "首次购车，家用，预算 20 万元左右",
    "AMS": "常规保养，另请检查刹车异响",
    "SAA": "销售流程与记录抽查",
    "AAA": "售后流程与记录抽查",
}


@dataclass(frozen=True, slots=True)
class DemoDealer:
    """One invented dealer."""

    code: str
    name_zh: str
    name_en: str
    brand: str
    region: str
    city: str
    city_tier: str
    lat: float
    lon: float
    opened_on: str
    ownership: str
    owner_group: str
    volume_band: str


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One invented person; `shown` people get a token that the demo prints."""

    email: str
    name: str
    role: Role
    brands: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()
    shown: bool = False


@dataclass(frozen=True, slots=True)
class DemoWave:
    """A wave of the demo by local dates, both inclusive."""

    code: str
    programme: str
    from_on: date
    to_on: date


@dataclass(frozen=True, slots=True)
class DemoVisit:
    """A visit to make: its assignment, when it begins, and which of a dealer's drawn days it is."""

    request: AssignmentRequest
    visit_id: str
    started_at: datetime
    number: int


@dataclass(frozen=True)
class DemoPlan:
    """Everything the demo invents, from the local day it was first loaded; the same day gives the same plan."""

    today: date
    dealers: tuple[DemoDealer, ...]
    people: tuple[DemoPerson, ...]
    waves: tuple[DemoWave, ...]
    visits: tuple[DemoVisit, ...]
    open_assignments: tuple[AssignmentRequest, ...]

    @property
    def survey_from(self) -> date:
        """First day of the events that customers are asked about; they go on for SURVEY_DAYS."""
        return next(wave.from_on for wave in self.waves if wave.code == SECOND_WAVE)

    def of_brand(self, brand: str) -> tuple[DemoDealer, ...]:
        """Give the dealers of a brand."""
        return tuple(dealer for dealer in self.dealers if dealer.brand == brand)


def plan_demo(today: date, dealers: int) -> DemoPlan:
    """Plan the demo of a number of dealers, five in six of the first brand."""
    network = tuple(_dealers(dealers))
    waves = _waves(today)
    visits = tuple(_visits(network, waves))
    return DemoPlan(today, network, tuple(_people(network)), waves, visits, tuple(_open(network, waves)))


def _dealers(count: int) -> Iterator[DemoDealer]:
    rng = np.random.default_rng(2026)
    others = max(1, count // 6)
    for number in range(count):
        brand, brand_zh = BRANDS[number >= count - others]
        region, city, city_en, tier, lat, lon = CITIES[number % len(CITIES)]
        name, name_en = NAMES[number // len(CITIES) % len(NAMES)]
        north, east = rng.uniform(-0.08, 0.08, 2)
        group = f"{name}汽车集团" if number % 3 else ""
        yield DemoDealer(
            code=f"D{number + 1:03d}",
            name_zh=f"{city}{name}{brand_zh}4S店",
            name_en=f"{brand} {city_en} {name_en}",
            brand=brand,
            region=region,
            city=city,
            city_tier=tier,
            lat=round(lat + float(north), 5),
            lon=round(lon + float(east), 5),
            opened_on=date(2008 + number % 14, 1 + number % 12, 1 + number % 28).isoformat(),
            ownership="group" if group else "single",
            owner_group=group,
            volume_band=BANDS[int(rng.integers(0, len(BANDS)))],
        )


def _people(network: tuple[DemoDealer, ...]) -> Iterator[DemoPerson]:
    first = network[0]
    yield DemoPerson("admin@example.com", "系统管理员 Admin", Role.ADMIN, brands=("*",), shown=True)
    yield DemoPerson("manager@example.com", "项目经理 Manager", Role.PROGRAMME_MANAGER, brands=("*",), shown=True)
    yield DemoPerson("reviewer@example.com", "质量复核员 Reviewer", Role.QUALITY_REVIEWER, brands=("*",), shown=True)
    yield DemoPerson(AUDITOR_OF_THE_COMMANDS, "神秘客 Auditor", Role.AUDITOR, brands=("*",), shown=True)
    yield DemoPerson(
        f"dealer-{first.code.lower()}@example.com", first.name_zh, Role.DEALER, dealers=(first.code,), shown=True
    )
    for kind, count in (("covert", COVERT_AUDITORS), ("announced", ANNOUNCED_AUDITORS)):
        for number in range(count):
            yield DemoPerson(f"{kind}-{number + 1}@example.com", f"{kind} {number + 1}", Role.AUDITOR, brands=("*",))


def _waves(today: date) -> tuple[DemoWave, ...]:
    """Two waves of the first brand, the second still open; one of the other brand."""
    second = today - timedelta(days=56)
    return (
        DemoWave(FIRST_WAVE, "LANMU", second - timedelta(days=56), second - timedelta(days=1)),
        DemoWave(SECOND_WAVE, "LANMU", second, today + timedelta(days=27)),
        DemoWave(OTHER_WAVE, "NORTHBAY", second, today + timedelta(days=27)),
    )


def _visits(network: tuple[DemoDealer, ...], waves: tuple[DemoWave, ...]) -> Iterator[DemoVisit]:
    """Make the visits: a covert one to each dealer in each wave of its brand, some announced and after-sales ones."""
    rng = np.random.default_rng(7)
    first, second, other = waves
    for place, dealer in enumerate(network):
        if dealer.brand == BRANDS[0][0]:
            wanted = [(first, "SMS", 0), (second, "SMS", 1)]
            wanted += [(second, "SAA", 2)] if place % 5 == 0 else []
            wanted += [(second, "AMS" if place % 2 else "AAA", 2)] if place % 8 == 3 else []
        else:
            wanted = [(other, "SMS", 1)]
        for wave, checklist, number in wanted:
            day = wave.from_on + timedelta(days=int(rng.integers(2, VISIT_DAYS)))
            local = datetime.combine(day, time(9 + int(rng.integers(0, 7)), int(rng.integers(0, 60))))
            started_at = local.replace(tzinfo=ZoneInfo(TIMEZONE)).astimezone(UTC)
            request = _request(f"{wave.code}-{dealer.code}-{checklist}", wave, dealer, checklist, place)
            window = replace(request, window_from=day.isoformat(), window_to=day.isoformat())
            yield DemoVisit(window, visit_uuid(window.code), started_at, number)


def _open(network: tuple[DemoDealer, ...], waves: tuple[DemoWave, ...]) -> Iterator[AssignmentRequest]:
    """Keep assignments open for the printed commands and for trying the API."""
    wave = waves[1]
    mine = [dealer for dealer in network if dealer.brand == BRANDS[0][0]]
    for number in range(OPEN_ASSIGNMENTS):
        request = _request(f"OPEN-{number + 1:02d}", wave, mine[number % len(mine)], "SMS", number)
        yield replace(
            request,
            auditor=AUDITOR_OF_THE_COMMANDS,
            window_from=(wave.to_on - timedelta(days=27)).isoformat(),
            window_to=wave.to_on.isoformat(),
        )


def _request(code: str, wave: DemoWave, dealer: DemoDealer, checklist: str, place: int) -> AssignmentRequest:
    covert = checklist.endswith("S")
    auditor = f"covert-{place % COVERT_AUDITORS + 1}" if covert else f"announced-{place % ANNOUNCED_AUDITORS + 1}"
    return AssignmentRequest(
        code=code,
        wave=wave.code,
        dealer=dealer.code,
        checklist=checklist,
        version=1,
        auditor=f"{auditor}@example.com",
        window_from=wave.from_on.isoformat(),
        window_to=wave.to_on.isoformat(),
        scenario=SCENARIOS[checklist],
    )


def visit_uuid(text: str) -> str:
    """Give the random-looking UUID of a demo visit: the same text, the same visit, so that loading again heals."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))
