"""The body of PUT /v1/visits/{id}: typed, bounded, decoded straight from bytes because phones send it often."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from audit_api import problems
from audit_api.extensions import INT_LIMIT, printable
from audit_api.problems import Problem

MOST_OBSERVATIONS = 1_000
MOST_PHOTOS = 50
MOST_ATTACHMENTS = 10  # of an item; domain/attachments.py bounds those of a visit
MOST_OPTIONS = 100
LONGEST_VALUE = 20_000
LONGEST_COMMENT = 4_000
FIRST_YEAR, LAST_YEAR = "2000", "2099"
OBSERVATION_PATH = re.compile(r"\$\.observations\[(\d+)\]")
NAMED_FIELD = re.compile(r"(?:unknown|required) field `(.{1,60})`")
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$", max_length=100)]
ItemId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length=60)]
Slot = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", max_length=40)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the original bytes, in hex")]
Label = Annotated[str, Meta(pattern=NO_CONTROLS, max_length=200)]
OptionCode = Annotated[str, Meta(max_length=60)]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with its offset, in the years 2000 to 2099")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Metres = Annotated[float, Meta(ge=0, le=1_000_000)]


class Fix(Struct, forbid_unknown_fields=True, frozen=True):
    """A position as the phone measured it."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Metres
    fixed_at: Moment
    datum: Literal["WGS-84", "GCJ-02", "BD-09"] = "WGS-84"


class PhotoReference(Struct, forbid_unknown_fields=True, frozen=True):
    """A photo of an item, by the hash of its bytes."""

    slot: Slot
    sha256: Sha256
    taken_at: Moment | None = None
    fix: Fix | None = None


class AttachmentReference(Struct, forbid_unknown_fields=True, frozen=True):
    """A recording, video or document of an item, by the hash of its bytes; slots are its own, beside photos'."""

    slot: Slot
    sha256: Sha256
    kind: Literal["audio", "video", "document"]
    recorded_at: Moment | None = None


Value = (
    Annotated[str, Meta(max_length=LONGEST_VALUE)]
    | Annotated[int, Meta(ge=-INT_LIMIT, le=INT_LIMIT)]
    | float
    | Annotated[list[OptionCode], Meta(max_length=MOST_OPTIONS)]
    | Fix
    | None
)


class Observation(Struct, forbid_unknown_fields=True, frozen=True):
    """One recorded answer to one item, with its photos and attachments."""

    item: ItemId
    value: Value = None
    comment: Annotated[str, Meta(max_length=LONGEST_COMMENT)] | None = None
    answered_at: Moment | None = None
    photos: Annotated[list[PhotoReference], Meta(max_length=MOST_PHOTOS)] = []
    attachments: Annotated[list[AttachmentReference], Meta(max_length=MOST_ATTACHMENTS)] = []


class ChecklistReference(Struct, forbid_unknown_fields=True, frozen=True):
    """Which version of which checklist."""

    code: Code
    version: Annotated[int, Meta(ge=1, le=100_000)]


LONGEST_CORRECTION = 2_000


class FieldClient(Struct, forbid_unknown_fields=True, frozen=True):
    """What sent the visit."""

    app: Label = ""
    device: Label = ""


class VisitContent(Struct, forbid_unknown_fields=True, frozen=True):
    """A visit as the phone holds it; `revision` is minted by the phone, from 1.

    `correction` says why a returned visit changes more than was asked; left out where it does not.
    """

    revision: Annotated[int, Meta(ge=1, le=1_000_000)]
    checklist: ChecklistReference
    assignment: Code
    dealer: Code
    started_at: Moment
    ended_at: Moment | None = None
    locale: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=30)] = "zh"
    client: FieldClient = FieldClient()
    observations: Annotated[list[Observation], Meta(max_length=MOST_OBSERVATIONS)] = []
    correction: Annotated[str, Meta(min_length=1, max_length=LONGEST_CORRECTION)] | None = None


_DECODER = msgspec.json.Decoder(VisitContent)


def wire_components() -> dict[str, Any]:
    """Give the schemas of this body for the OpenAPI file, by name."""
    _, components = msgspec.json.schema_components([VisitContent], ref_template="#/components/schemas/{name}")
    return dict(components)


def read_content(data: bytes, mimetype: str) -> dict[str, Any]:
    """Check a visit's content and give it as it was sent, plain, with what was left out filled in.

    The typed decoder judges, the plain one delivers: times, for one, stay the very text of the phone.
    Raises Problem(UNSUPPORTED_MEDIA_TYPE), or Problem(INVALID) naming field, item and reason.
    """
    if mimetype != "application/json":
        raise Problem(
            problems.UNSUPPORTED_MEDIA_TYPE, zh="请以 application/json 发送", en="Send the body as application/json"
        )
    try:
        _DECODER.decode(data)
        content: dict[str, Any] = json.loads(data, object_pairs_hook=_unrepeated)
    except msgspec.ValidationError as error:
        raise _refused(str(error), data) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        reason = printable(str(error))
        raise Problem(
            problems.INVALID,
            zh=f"请求体不是可接受的 JSON：{reason}",
            en=f"The body is not acceptable JSON: {reason}",
        ) from error
    return _filled_in(content)


def _unrepeated(items: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a key twice: the typed decoder would silently keep the last."""
    found = dict(items)
    if len(found) != len(items):
        raise ValueError("an object names the same key twice")
    return found


def _filled_in(content: dict[str, Any]) -> dict[str, Any]:
    """Fill in what was left out, so that leaving out and sending the default are the same content."""
    filled = {"ended_at": None, "locale": "zh", "client": {}, "observations": [], **content}
    filled["client"] = {"app": "", "device": "", **filled["client"]}
    filled["observations"] = [
        {"value": None, "comment": None, "answered_at": None, **observation}
        | {"photos": [{"taken_at": None, "fix": None, **photo} for photo in observation.get("photos", ())]}
        for observation in filled["observations"]
    ]
    for observation in filled["observations"]:
        # Left out where there are none: what was sent before there were attachments keeps its content hash.
        if attachments := observation.pop("attachments", None):
            observation["attachments"] = [{"recorded_at": None, **attachment} for attachment in attachments]
    _check_years(filled)
    return filled


def _check_years(content: dict[str, Any]) -> None:
    """Refuse years that overflow once turned into UTC; done here, a check in each typed value would cost a call."""
    for name in ("started_at", "ended_at"):
        _check_year(content[name], name, None)
    for observation in content["observations"]:
        item = observation["item"]
        _check_year(observation["answered_at"], "answered_at", item)
        for photo in observation["photos"]:
            _check_year(photo["taken_at"], "taken_at", item)
            if photo["fix"] is not None:
                _check_year(photo["fix"]["fixed_at"], "fixed_at", item)
        for attachment in observation.get("attachments", ()):
            _check_year(attachment["recorded_at"], "recorded_at", item)


def _check_year(text: str | None, field: str, item: str | None) -> None:
    if text is None or FIRST_YEAR <= text[:4] <= LAST_YEAR:
        return
    message = {"zh": "时间须在 2000 至 2099 年之间", "en": "a time must lie in the years 2000 to 2099"}
    entry = {"field": field, "message": message} | ({"item": item} if item else {})
    raise Problem(problems.INVALID, members={"errors": [entry]})


def _refused(message: str, data: bytes) -> Problem:
    reason, _, path = message.partition(" - at ")
    if named := NAMED_FIELD.search(reason):
        path = f"{path.strip('`') or '$'}.{named[1]}"
    entry = {"field": printable(path.strip("`").removeprefix("$").removeprefix(".")), "message": printable(reason)}
    if found := OBSERVATION_PATH.search(path):
        entry |= _item_at(data, int(found.group(1)))
    return Problem(problems.INVALID, members={"errors": [entry]})


def _item_at(data: bytes, index: int) -> dict[str, str]:
    """Name the item of an observation in a body that was refused, as far as it can be read."""
    try:
        item = json.loads(data)["observations"][index]["item"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {"item": printable(item)} if isinstance(item, str) else {}
