"""Who acts, and how far their sight reaches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones


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
