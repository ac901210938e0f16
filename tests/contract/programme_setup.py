"""A programme of brand Aurora with a published checklist and a wave, for the tests that start from there."""

from datetime import date

from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.packaged import packaged_checklists
from audit_api.operations import checklists, programmes
from tests.conftest import NOW

PROGRAMME = {
    "code": "P1",
    "name_zh": "销售服务质量",
    "name_en": "Sales and service",
    "brand": "Aurora",
    "market": "CN",
    "recording_allowed": False,
}
WAVE = {
    "code": "W1", "programme": "P1", "timezone": "Asia/Shanghai", "from_on": "2026-10-01", "to_on": "2026-12-31",
}  # fmt: skip


def publish(code="SMS"):
    found = next(c for c in packaged_checklists() if c.code == code)
    checklists.publish(found, actor=OPERATOR, at=NOW)


def a_wave():
    programmes.add_programme(**PROGRAMME, actor=OPERATOR, at=NOW)
    dates = {name: date.fromisoformat(WAVE[name]) for name in ("from_on", "to_on")}
    programmes.add_wave(**WAVE | dates, actor=OPERATOR, at=NOW)


def assignment(auditor, /, **changes):
    return {
        "code": "A1", "wave": "W1", "dealer": "D0001", "checklist": {"code": "SMS", "version": 1},
        "auditor": auditor.id, "window_from": "2026-11-01T00:00:00+08:00", "window_to": "2026-11-30T00:00:00+08:00",
        "scenario": "家庭 SUV", "briefing": "周末除外",
    } | changes  # fmt: skip


def planner(people, **scope):
    return people.add(Role.PROGRAMME_MANAGER, **scope)
