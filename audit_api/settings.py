"""Typed, frozen settings: the one place that reads the environment.

Each field's metadata carries its explanation; `docs/reference.md` is made from it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

PREFIX = "AUDIT_"
MINIMUM_SECRET_CHARACTERS = 32
BARE = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
RECEIPT_KEY_BYTES = 32
RECEIPT_KEY_LABEL = b"audit-api receipt key 1"


class SettingsError(ValueError):
    """A setting is missing or makes no sense; the message names the variable and the way out."""


def setting(help_text: str, *, default: Any = ..., variable: str | None = None, secret: bool = False) -> Any:
    """Declare a setting: explanation, default (none means required) and its variable where it is not AUDIT_<NAME>."""
    metadata = {"help": help_text, "variable": variable, "secret": secret}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a process needs to know before it starts."""

    mongodb_uri: str = setting(
        "Address of a MongoDB replica set (7 or 8 in production). Set: nothing is started.",
        variable="MONGODB_URI",
        secret=True,  # it can hold a password
    )
    secret_key: str = setting("Signs sessions and forms; at least 32 characters.", secret=True)
    contact_key: str = setting("Key of the HMAC over customers' contacts; at least 32 characters.", secret=True)
    contact_key_id: str = setting("Name of the contact key, stored beside every hash.", default="k1")
    contact_keys_previous: str = setting(
        "Contact keys used before the present one, oldest first, as `k1=…` with blanks between them. Contacts are "
        "hashed with all of them in turn, the present one last, so that what is kept can be wrapped and still match "
        "(see the command survey rotate-contacts).",
        default="",
        secret=True,
    )
    receipt_key: str = setting(
        "Private key (Ed25519, 32 bytes in base64) that signs receipts and the trail's seals; make one with the "
        "command receipt new-key. Empty: one derived from AUDIT_SECRET_KEY. Before changing either, put the public key "
        "of before into AUDIT_RECEIPT_KEYS_PREVIOUS.",
        default="",
        secret=True,
    )
    receipt_keys_previous: str = setting(
        "Public keys (base64, with blanks between them, as the command receipt keys prints them) that receipts and "
        "seals were signed with before the present one: what they signed stays good. No other key is trusted, whatever "
        "the database says.",
        default="",
    )
    database: str = setting("Name of the database.", default="audit")
    public_url: str = setting(
        "Address at which phones and browsers reach this server, such as https://audit.example.com: sign-in links of "
        "the field app begin with it. Empty: the address that a request was made to.",
        default="",
    )
    field_dir: str = setting(
        "Folder of the field app's files, read anew whenever one changes, for working on the app. Empty: the files of "
        "the package, read once.",
        default="",
    )
    upload_dir: str = setting(
        "Folder for photos and attachments being received, kept from one start to the next and the same for all "
        "processes of a host (web and the command photos sweep); empty means the system's temporary folder.",
        default="",
    )
    max_body_bytes: int = setting("Largest request body except photos and attachments.", default=2_000_000)
    max_photo_bytes: int = setting("Largest photo.", default=30_000_000)
    max_attachment_bytes: int = setting("Largest recording, video or PDF sent as evidence.", default=60_000_000)
    max_audio_seconds: int = setting("Longest sound recording sent as evidence.", default=300)
    max_video_seconds: int = setting("Longest video sent as evidence.", default=60)
    max_document_pages: int = setting("Most pages of a PDF sent as evidence.", default=100)
    max_import_bytes: int = setting("Largest import file by HTTP.", default=50_000_000)
    photo_check_bytes_per_second: int = setting(
        "How fast kept photos are read again and held against their names, bytes a second.", default=5_000_000
    )
    upload_days: int = setting("Days after which parts of a photo that was never finished are removed.", default=7)
    upload_chunk_bytes: int = setting(
        "Largest chunk of a photo or attachment that is sent in chunks.", default=1_048_576
    )
    upload_open_photos: int = setting(
        "Photos and attachments that one person may have half sent at a time; each holds up to AUDIT_MAX_PHOTO_BYTES "
        "or AUDIT_MAX_ATTACHMENT_BYTES of the disk.",
        default=40,
    )
    upload_day_bytes: int = setting(
        "Bytes of photos and attachments that one person may send in a day.", default=5_000_000_000
    )
    token_days: int = setting("Days until a new token expires, unless told otherwise.", default=180)
    token_cache_seconds: float = setting(
        "How long a worker may trust a token it has just checked; a revoked token can live this long.",
        default=2.0,
    )
    covert_hold_days: int = setting("Days between a covert visit and the earliest release to the dealer.", default=7)
    follow_up_grace_hours: int = setting(
        "Hours after the watch of a follow-up item through which its answer is still taken.", default=24
    )
    clock_skew_seconds: int = setting("Difference between phone and server time that is noted.", default=300)
    check_shortest_share: float = setting(
        "Share of a checklist's expected duration below which a visit is noted.", default=0.4
    )
    check_longest_share: float = setting(
        "Share of a checklist's expected duration above which a visit is noted.", default=2.5
    )
    check_late_minutes: float = setting(
        "Minutes after the end of a visit from which changed answers are noted.", default=30.0
    )
    check_covert_characters: int = setting("Characters that the narrative of a covert visit usually has.", default=200)
    check_announced_characters: int = setting("Characters that the narrative of other visits usually has.", default=120)
    check_photo_minutes: float = setting(
        "Minutes before and after a visit within which its photos are taken.", default=30.0
    )
    check_identical_fixes: int = setting(
        "Position fixes at one exact place at different times from which on it is noted.", default=5
    )
    photo_sharpness: float = setting(
        "Sharpness (variance of the Laplacian at 320 pixels) below which a photo is said to be blurred; 0 for never.",
        default=60.0,
    )
    photo_brightness: float = setting(
        "Mean brightness (0 to 255) below which a photo is said to be dark.", default=30.0
    )
    photo_contrast: float = setting(
        "Span of brightness (0 to 255) below which a photo is said to be of one plain tone.", default=20.0
    )
    photo_flat_share: float = setting(
        "Share of flat pixels from which a picture of a screen's size without a camera may be a screenshot.",
        default=0.5,
    )
    photo_preview_likeness: float = setting(
        "Correlation (-1 to 1) with the camera's own preview below which a photo is said to differ from it.",
        default=0.6,
    )
    hearing_working_days: int = setting(
        "Working days (Monday to Friday) a dealer has to answer a question before a flag can be confirmed.", default=10
    )
    appeal_working_days: int = setting("Working days a dealer has to appeal a confirmed flag.", default=10)
    control_share: float = setting(
        "Share of the unflagged dealers that an action run puts into the review queue, blind; 0 for none.", default=0.02
    )
    session_hours: int = setting("Hours until somebody signed in by browser has to sign in again.", default=12)
    log_level: str = setting("debug, info, warning or error.", default="info")
    demo: bool = setting("True only in the demo: says so on the landing page.", default=False)

    def __post_init__(self) -> None:
        for name in ("secret_key", "contact_key"):
            if len(getattr(self, name)) < MINIMUM_SECRET_CHARACTERS:
                length = len(getattr(self, name))
                raise SettingsError(
                    f"{variable_of(name)} has {length} characters, at least {MINIMUM_SECRET_CHARACTERS} are needed; "
                    "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
                )
        self.contact_key_chain()
        self.receipt_seed()
        self.previous_receipt_keys()
        if not self.mongodb_uri.startswith(("mongodb://", "mongodb+srv://")):
            raise SettingsError("MONGODB_URI must begin with mongodb:// or mongodb+srv://")
        for name in (
            "max_body_bytes", "max_photo_bytes", "max_import_bytes", "token_days", "photo_check_bytes_per_second",
            "max_attachment_bytes", "max_audio_seconds", "max_video_seconds", "max_document_pages",
            "upload_days", "upload_chunk_bytes", "upload_open_photos", "upload_day_bytes",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise SettingsError(f"{variable_of(name)} must be at least 1, it is {getattr(self, name)}")
        for name in ("hearing_working_days", "appeal_working_days", "session_hours"):
            if not 1 <= getattr(self, name) <= 366:
                raise SettingsError(f"{variable_of(name)} must lie between 1 and 366, it is {getattr(self, name)}")
        if not 0 <= self.control_share <= 0.5:
            raise SettingsError(
                f"{variable_of('control_share')} must lie between 0 and 0.5, it is {self.control_share}"
            )
        self._check_durations()
        for name in (
            "token_cache_seconds", "covert_hold_days", "follow_up_grace_hours", "clock_skew_seconds",
            "check_late_minutes",
            "check_covert_characters", "check_announced_characters", "check_photo_minutes", "check_identical_fixes",
            "photo_sharpness", "photo_brightness", "photo_contrast", "photo_flat_share",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                raise SettingsError(f"{variable_of(name)} must not be negative, it is {getattr(self, name)}")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f"{variable_of('log_level')} must be debug, info, warning or error")
        self._check_places()

    def _check_places(self) -> None:
        if self.public_url and not re.fullmatch(r"https?://[^\s/?#]+/?", self.public_url):
            raise SettingsError(f"{variable_of('public_url')} must be like https://audit.example.com, without a path")
        for name in ("upload_dir", "field_dir"):
            if getattr(self, name) and not Path(getattr(self, name)).is_dir():
                raise SettingsError(f"{variable_of(name)} names no folder: {getattr(self, name)}")

    def _check_durations(self) -> None:
        low, high = self.check_shortest_share, self.check_longest_share
        if not 0 <= low < high:
            raise SettingsError(
                f"{variable_of('check_shortest_share')} must not be negative and must lie below "
                f"{variable_of('check_longest_share')}, they are {low} and {high}"
            )

    def contact_key_chain(self) -> tuple[tuple[str, str], ...]:
        """Give the contact keys with their names, the oldest first, the present one last; raises SettingsError."""
        variable = variable_of("contact_keys_previous")
        pairs = [tuple(word.partition("=")[::2]) for word in self.contact_keys_previous.split()]
        for name, key in pairs:
            if len(key) < MINIMUM_SECRET_CHARACTERS:
                raise SettingsError(
                    f"{variable} must hold name=key pairs, each key of {MINIMUM_SECRET_CHARACTERS} characters or more"
                )
            if key == self.contact_key:
                raise SettingsError(f"{variable} holds the present key, under the name {name}")
        chain = (*pairs, (self.contact_key_id, self.contact_key))
        names = [name for name, _ in chain]
        if not all(re.fullmatch(r"[A-Za-z0-9_.-]{1,20}", name) for name in names) or len(set(names)) < len(names):
            raise SettingsError(
                f"{variable_of('contact_key_id')} and the names in {variable} must differ and have 1 to 20 letters, "
                f"digits, dots, dashes or underscores; they are: {', '.join(name[:20] for name in names)}"
            )
        return chain  # type: ignore[return-value] # partition()[::2] gives pairs

    def receipt_seed(self) -> bytes:
        """Give the 32 bytes of the private key that receipts are signed with; raises SettingsError."""
        if not self.receipt_key:
            return hmac.digest(self.secret_key.encode(), RECEIPT_KEY_LABEL, "sha256")
        seed = _key_bytes(self.receipt_key)
        if not seed:
            raise SettingsError(
                f"{variable_of('receipt_key')} must hold {RECEIPT_KEY_BYTES} bytes in base64; make one with: "
                "audit-api receipt new-key"
            )
        return seed

    def previous_receipt_keys(self) -> tuple[bytes, ...]:
        """Give the public keys used before the present one, 32 bytes each; raises SettingsError."""
        keys = tuple(map(_key_bytes, self.receipt_keys_previous.split()))
        if not all(keys):
            raise SettingsError(
                f"{variable_of('receipt_keys_previous')} must hold public keys of {RECEIPT_KEY_BYTES} bytes in base64, "
                "as printed by: audit-api receipt keys"
            )
        return keys

    def __repr__(self) -> str:
        shown = (f"{f.name}={'***' if f.metadata['secret'] else getattr(self, f.name)!r}" for f in fields(self))
        return f"Settings({', '.join(shown)})"


def _key_bytes(text: str) -> bytes:
    """Read a key from base64; empty where it is none."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return key if len(key) == RECEIPT_KEY_BYTES else b""


def variable_of(name: str) -> str:
    """Name the environment variable of a setting."""
    declared = next(f for f in fields(Settings) if f.name == name)
    return declared.metadata["variable"] or PREFIX + name.upper()


def names_database(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the environment names a database to use; where it does, none is started."""
    return bool(mongodb_uri_of(environ))


def mongodb_uri_of(environ: Mapping[str, str] | None = None) -> str:
    """Give the database that the environment names, "" where it names none."""
    return _text(os.environ if environ is None else environ, variable_of("mongodb_uri")) or ""


def bare_environment() -> dict[str, str]:
    """Give an environment for a child process that is to know nothing of ours but where programs and modules lie."""
    kept = {name: os.environ[name] for name in BARE if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def child_environment(settings: Settings) -> dict[str, str]:
    """Give this process's environment with exactly these settings in it, for a child process."""
    ours = {variable_of(f.name) for f in fields(Settings)}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) and name.removesuffix("_FILE") not in ours
    }
    values = {variable_of(f.name): getattr(settings, f.name) for f in fields(Settings)}
    return kept | {name: str(v).lower() if isinstance(v, bool) else str(v) for name, v in values.items()}


def from_env(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings from the environment; `NAME_FILE` names a file that holds the value.

    Raises SettingsError naming the variable when one is missing, malformed or unknown (a misspelt
    AUDIT_ variable is refused rather than ignored).
    """
    environ = os.environ if environ is None else environ
    types = get_type_hints(Settings)
    values: dict[str, Any] = {}
    known = set()
    for declared in fields(Settings):
        variable = variable_of(declared.name)
        known |= {variable, variable + "_FILE"}
        text = _text(environ, variable)
        if text is not None and declared.name not in overrides:
            values[declared.name] = _converted(variable, text, types[declared.name])
    unknown = sorted(v for v in environ if v.startswith(PREFIX) and v not in known)
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]}; see docs/reference.md for the names")
    values.update(overrides)
    for declared in fields(Settings):
        if declared.name in ("mongodb_uri", "secret_key", "contact_key") and not values.get(declared.name):
            raise SettingsError(f"{variable_of(declared.name)} is not set: {declared.metadata['help']}")
    return Settings(**values)


def _text(environ: Mapping[str, str], variable: str) -> str | None:
    if path := environ.get(variable + "_FILE"):
        if not Path(path).is_file():
            raise SettingsError(f"{variable}_FILE names no readable file: {path}")
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(variable)


def _converted(variable: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise SettingsError(f"{variable} must be true or false, it is {text!r}")
        return text.lower() == "true"
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{variable} must be a number, it is {text!r}") from None
