"""Contacts become keyed hashes at the door; what was written is never kept nor logged.

Two rows share a hash exactly when they name the same contact under the same key: numbers are brought to E.164
(China where no country is given), mail addresses to lower case. HMAC-SHA256 with a secret key, because the space of
phone numbers is small enough to hash through.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import phonenumbers

from audit_api.settings import Settings

REGION = "CN"
BLOCK_BYTES = 64
REMEMBERED = 50_000
SEPARATOR = ">"
# The form nearly every Chinese row has. 179… may be a carrier's dialling prefix and is left to the library.
MOBILE = re.compile(r"1(?:[3-689]\d|7[0-8])\d{8}\Z", re.ASCII)
PHONE_CHARACTERS = re.compile(r"[+＋]?[\d\s().\-/]{5,30}\Z")


class HashedContact(NamedTuple):
    """A contact as it is kept: hash (empty where none was given) and kind: phone, mail, other or empty."""

    hash: str
    kind: str


def normalise_contact(written: str) -> tuple[str, str]:
    """Bring a contact to its one form; returns it with its kind: phone, mail, other, or two empty texts."""
    text = written.strip()
    if not text:
        return "", ""
    if MOBILE.match(text):
        return "+86" + text, "phone"
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip()
    if "@" in text:
        return text, "mail"
    if PHONE_CHARACTERS.match(text):
        try:
            number = phonenumbers.parse(text, REGION)
        except phonenumbers.NumberParseException:
            return text, "other"
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "phone"
    return text, "other"


class ContactHasher:
    """Hashes contacts, devices, advisers and vehicles; `key_id` names the chain of keys beside every hash.

    A new key wraps: h2 = HMAC(k2, h1). Two hashes under the same chain match exactly when those under its beginning
    did, so what was kept can be brought under a new key without its plain text, and new contacts go through the
    whole chain. The old key alone then reads nothing that is kept.
    """

    def __init__(self, key: str, key_id: str, previous: Sequence[tuple[str, str]] = ()) -> None:
        chain = (*previous, (key_id, key))
        names = [name for name, _ in chain]
        self._keys = [_Key(secret) for _, secret in chain]
        self.chains = tuple(SEPARATOR.join(names[: n + 1]) for n in range(len(names)))
        self.key_id = self.chains[-1]
        self._devices = _Remembered(lambda written: self._hash("device", written))
        self._advisers = _Remembered(lambda pair: self._hash("adviser", f"{pair[0]}\n{pair[1]}"))

    @classmethod
    def of(cls, settings: Settings) -> ContactHasher:
        """Make the hasher of this installation."""
        *previous, (key_id, key) = settings.contact_key_chain()
        return cls(key, key_id, previous)

    def __repr__(self) -> str:
        return f"ContactHasher(key_id={self.key_id!r})"

    def contact(self, written: str) -> HashedContact:
        """Hash a customer's contact."""
        plain, kind = normalise_contact(written)
        return HashedContact(self._hash("contact", plain), kind) if plain else HashedContact("", "")

    def contacts(self, written: Iterable[str]) -> tuple[list[str], list[str]]:
        """Hash a column of contacts; returns their hashes and their kinds."""
        plain = [("+86" + text, "phone") if MOBILE.match(text) else normalise_contact(text) for text in written]
        made = [f"contact:{text}" for text, _ in plain]
        for key in self._keys:
            made = key.hashes(made)
        return [one if kind else "" for one, (_, kind) in zip(made, plain, strict=True)], [kind for _, kind in plain]

    def contact_stages(self, written: str) -> list[str]:
        """Give a contact's hash under each beginning of the chain, the oldest first; empty for no contact."""
        plain, _ = normalise_contact(written)
        if not plain:
            return []
        stages = [self._keys[0].hash(f"contact:{plain}")]
        for key in self._keys[1:]:
            stages.append(key.hash(stages[-1]))
        return stages

    def device(self, written: str) -> str:
        """Hash a device's identity; empty stays empty."""
        plain = written.strip()
        return self._devices[plain] if plain else ""

    def adviser(self, dealer: str, written: str) -> str:
        """Hash an adviser within a dealer; the same name at another dealer is another person."""
        plain = written.strip()
        return self._advisers[dealer, plain] if plain else ""

    def vehicle(self, written: str) -> str:
        """Hash a vehicle identification number, written in any case, with or without blanks and dashes."""
        plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", written)).upper()
        return self._hash("vin", plain) if plain else ""

    def wrap(self, kept: str, key_id: str) -> str:
        """Bring a kept hash from a beginning of the chain under the whole; raises KeyError for any other chain."""
        if key_id not in self.chains:
            raise KeyError(key_id)
        for key in self._keys[self.chains.index(key_id) + 1 :] if kept else ():
            kept = key.hash(kept)
        return kept

    def _hash(self, kind: str, plain: str) -> str:
        made = f"{kind}:{plain}"
        for key in self._keys:
            made = key.hash(made)
        return made


class _Key:
    """HMAC-SHA256 (RFC 2104) with its two keyed beginnings made once: a third of the time of hmac.digest."""

    def __init__(self, key: str) -> None:
        secret = key.encode()
        block = (hashlib.sha256(secret).digest() if len(secret) > BLOCK_BYTES else secret).ljust(BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def hash(self, text: str) -> str:
        return self.hashes((text,))[0]

    def hashes(self, texts: Iterable[str]) -> list[str]:
        begin, end, made = self._inner.copy, self._outer.copy, []
        for text in texts:
            inner, outer = begin(), end()
            inner.update(text.encode())
            outer.update(inner.digest())
            # 128 bits: some two of a thousand million contacts share a hash with a chance below 2e-21.
            made.append(outer.hexdigest()[:32])
        return made


class _Remembered(dict[Any, str]):
    """Hashes met before, while the hasher lives: advisers and devices come again and again."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, plain: Any) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        made = self[plain] = self._make(plain)
        return made
