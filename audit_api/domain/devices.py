"""Phones that auditors sign in with: the code that is typed or scanned, and what it is held to."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, 1, I, L, O and U, which are read or heard as something else."""
CODE_CHARACTERS = 10
"""30**10 codes, 49 bits: at MOST_TRIES a minute, finding one of a thousand live codes takes two thousand years."""
GROUP = 5
LONGEST_TYPED = 40
DEFAULT_MINUTES, MOST_MINUTES = 15, 1_440
MOST_TRIES, MOST_TRIES_OF_ONE = 600, 30
"""Codes tried in a minute, right or wrong: by everybody together, and from one public address."""
REPEAT_MINUTES = 10
"""How long the same phone may ask again with a code it has used: the answer may never have reached it."""


def draw_code(choose: Callable[[str], str]) -> str:
    """Draw a code as it is shown, `K7M2Q-9XRTB`; `choose` is `secrets.choice`."""
    drawn = "".join(choose(ALPHABET) for _ in range(CODE_CHARACTERS))
    return f"{drawn[:GROUP]}-{drawn[GROUP:]}"


def read_code(typed: str) -> str | None:
    """Read a code as people type it: small letters, blanks, any dash, full-width; None where it is none."""
    if len(typed) > LONGEST_TYPED:
        return None
    plain = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Pd")
    return kept if len(kept) == CODE_CHARACTERS and set(kept) <= set(ALPHABET) else None


def origin_of(address: str | None) -> str:
    """Give whom to count tries under: a public address, of IPv6 the /64 it lies in; "" where it names nobody.

    Behind a proxy every request comes from the proxy, whose address is a private one: it says nothing of who tries.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if not found.is_global:
        return ""
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
