"""What the generated tests put into paths and bodies. A new route enters here, or its tests fail.

`IDS` knows, for each rule with arguments, an object of one's own, of another dealer of the same brand, of
another brand, and one that does not exist. `BODIES` knows an acceptable body for each method of a rule that takes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audit_api.domain.packaged import packaged_checklists_dir
from audit_api.models.base import collection
from tests import pdfs, worlds
from tests.contract import population_surveys
from tests.contract.population_devices import DEVICES
from tests.contract.population_surveys import FLAGS, flag_of, question_of, response, run_of
from tests.contract.population_visits import (
    auditor_run_of,
    finding_of,
    record_revision,
    region_of,
    region_revision,
    result_photo_of,
)
from tests.contract.route_map import NO_UUID, Route
from tests.contract.world import World

Values = dict[str, str]


@dataclass(frozen=True)
class Ids:
    """Path values by whose they are, as seen by somebody whose own is dealer D0001 of brand Aurora."""

    own: Values
    missing: Values
    other_dealer: Values | None = None
    other_brand: Values | None = None
    own_for: dict[str, Values] = field(default_factory=dict)
    # Why nobody owns the object (a checklist is every auditor's); then only `missing` is tried.
    unowned: str = ""
    # Auditors see what is assigned to them, not all of their brand.
    assigned: bool = False
    # Why a missing object is no 404 here (PUT makes it).
    missing_is_made: str = ""

    def of(self, role: str) -> Values:
        """Give the path values of an own object of somebody in a role."""
        return self.own_for.get(role, self.own)


def _three(name: str, values: dict[str, str], missing: str, **more: Any) -> Ids:
    """Make examples of one path value from what it is for own, other_dealer and other_brand."""
    return Ids(**{whose: {name: value} for whose, value in values.items()}, missing={name: missing}, **more)


def _dealer(_: World) -> Ids:
    return _three("code", DEALERS, "D9999")


def _photo(world: World) -> Ids:
    return _three("sha256", {whose: next(iter(sent)) for whose, sent in world.sent.items()}, "0" * 64, assigned=True)


def _photo_sent(data: bytes) -> Callable[[World], Ids]:
    return lambda _: Ids(
        own={"sha256": hashlib.sha256(data).hexdigest()},
        missing={"sha256": "0" * 64},
        unowned="whoever has the bytes may send them, and learns nothing of who else did",
        missing_is_made="what is missing is stored, or refused for the bytes it came with",
    )


def _attachment(world: World) -> Ids:
    values = {whose: next(iter(attached)) for whose, attached in world.attached.items()}
    return _three("sha256", values, "0" * 64, assigned=True)


def _visit_attachment(world: World) -> Ids:
    visit, attached = _visit("result")(world), _attachment(world)
    return Ids(
        own=visit.own | attached.own,
        other_dealer=(visit.other_dealer or {}) | (attached.other_dealer or {}),
        other_brand=(visit.other_brand or {}) | (attached.other_brand or {}),
        missing=visit.missing | attached.missing,
        assigned=True,
    )


def _flag_attachment(world: World) -> Ids:
    flag = _flag("appealed")(world)
    mine, other, brand = ({"sha256": world.replied[dealer]} for dealer in FLAGS.values())
    return Ids(
        own=flag.own | mine,
        other_dealer=(flag.other_dealer or {}) | other,
        other_brand=(flag.other_brand or {}) | brand,
        missing=flag.missing | {"sha256": "0" * 64},
    )


def _assignment(_: World) -> Ids:
    return _three("code", {whose: f"A-{whose}-open" for whose in DEALERS}, "A-none", assigned=True)


def _brand(own: str, other: str, name: str = "code") -> Callable[[World], Ids]:
    """Make examples of what belongs to a brand as a whole."""
    return lambda _: Ids(own={name: own}, other_brand={name: other}, missing={name: "none"})


def _everybodys(own: Values, why: str) -> Callable[[World], Ids]:
    return lambda _: Ids(own=own, missing=dict.fromkeys(own, "none"), unowned=why)


def _visit(what: str, **more: Any) -> Callable[[World], Ids]:
    def ids(world: World) -> Ids:
        values = {whose: made[what if whose == "own" else "result"].id for whose, made in world.visits.items()}
        return _three("visit_id", values, NO_UUID, assigned=True, **more)

    return ids


def _finding(world: World) -> Ids:
    return _three("finding_id", {w: finding_of(made["result"].id) for w, made in world.visits.items()}, "none:none")


def _flag(what: str) -> Callable[[World], Ids]:
    return lambda _: _three("flag", {whose: flag_of(dealer, what) for whose, dealer in FLAGS.items()}, "none:D0001")


def _chart(world: World) -> Ids:
    ids = _flag("read")(world)
    drawn = {"name": "distribution"}
    return Ids(
        own=ids.own | drawn,
        other_dealer=(ids.other_dealer or {}) | drawn,
        other_brand=(ids.other_brand or {}) | drawn,
        missing=ids.missing | drawn,
    )


def _flag_photo(world: World) -> Ids:
    flag = _flag("read")(world)
    mine, other, brand = (next(iter(world.sent[whose])) for whose in ("own", "other_dealer", "other_brand"))
    return Ids(
        own=flag.own | {"sha256": mine},
        other_dealer=(flag.other_dealer or {}) | {"sha256": other},
        other_brand=(flag.other_brand or {}) | {"sha256": brand},
        missing=flag.missing | {"sha256": "0" * 64},
    )


def _copied_photo(world: World) -> Ids:
    visit = _visit("result")(world)
    photos = {whose: {"sha256": next(iter(sent))} for whose, sent in world.sent.items()}
    return Ids(
        own=visit.own | photos["own"],
        other_dealer=(visit.other_dealer or {}) | photos["other_dealer"],
        other_brand=(visit.other_brand or {}) | photos["other_brand"],
        missing=visit.missing | {"sha256": "0" * 64},
        assigned=True,
    )


def _shown_photo(world: World) -> Ids:
    ids, shown = _copied_photo(world), {"shown": "display"}
    return Ids(
        own=ids.own | shown,
        other_dealer=(ids.other_dealer or {}) | shown,
        other_brand=(ids.other_brand or {}) | shown,
        missing=ids.missing | shown,
    )


def _result_photo(world: World) -> Ids:
    visits = {whose: made["result"].id for whose, made in world.visits.items()}
    names = {whose: {"visit_id": visit, "name": result_photo_of(world, visit)} for whose, visit in visits.items()}
    return Ids(**names, missing={"visit_id": NO_UUID, "name": "none"})


def _auditor_run(name: str = "code") -> Callable[[World], Ids]:
    """Make examples of a screening of auditors, or of one auditor in it."""
    return lambda _: Ids(
        own={name: auditor_run_of("Aurora")}, other_brand={name: auditor_run_of("Borealis")}, missing={name: "none"}
    )


def _screened_auditor(name: str) -> Callable[[World], Ids]:
    return lambda world: Ids(
        own={name: auditor_run_of("Aurora"), "auditor": world.actors["auditor"].id},
        other_brand={name: auditor_run_of("Borealis"), "auditor": world.actors["auditor of Borealis"].id},
        missing={name: auditor_run_of("Aurora"), "auditor": "none"},
    )


def _question(what: str) -> Callable[[World], Ids]:
    return lambda _: _three("question", {whose: question_of(dealer, what) for whose, dealer in FLAGS.items()}, "none")


NEW_PHOTO, CHUNKED_PHOTO = worlds.picture(9), worlds.picture(10)
NEW_ATTACHMENT, CHUNKED_ATTACHMENT = pdfs.plain(9), pdfs.plain(10)
DEALERS = {"own": "D0001", "other_dealer": "D0002", "other_brand": "D0003"}
PAGE = "a page for everybody"
PUBLISHED = "what is published is for everybody who may read checklists at all"
MADE = "the phone mints the id: a new one makes a visit, or a conflict where its assignment has one"
NEW_NAME = "a new name is a new mapping"
MAPPING = "how a source writes its files is no brand's secret"
QUESTIONNAIRE = "a questionnaire is everybody's; its responses are held within the scope row by row"

IDS: dict[str, Callable[[World], Ids]] = {
    "/auditors/<string:run>/<string:auditor>": _screened_auditor("run"),
    "/auditors/<string:run>/<string:auditor>/decisions": _screened_auditor("run"),
    "/flags/<string:flag>": _flag("read"),
    "/flags/<string:flag>/charts/<string:name>.svg": _chart,
    "/flags/<string:flag>/photos/<string:sha256>.jpg": _flag_photo,
    "/flags/<string:flag>/attachments/<string:sha256>": _flag_attachment,
    "/visits/<uuid:visit_id>/attachments": _visit("result"),
    "/visits/<uuid:visit_id>/attachments/<string:sha256>": _visit_attachment,
    "/visits/<uuid:visit_id>/evidence": _visit("sent"),
    "/visits/<uuid:visit_id>/copies": _visit("result"),
    "/visits/<uuid:visit_id>/copies/<string:sha256>.jpg": _copied_photo,
    "/visits/<uuid:visit_id>/photo-facts": _visit("result"),
    "/visits/<uuid:visit_id>/photos": _visit("result"),
    "/visits/<uuid:visit_id>/photos/<string:sha256>": _copied_photo,
    "/visits/<uuid:visit_id>/photos/<string:sha256>/<string:shown>.jpg": _shown_photo,
    "/visits/<uuid:visit_id>/result": _visit("result"),
    "/visits/<uuid:visit_id>/result/photos/<string:name>.jpg": _result_photo,
    "/visits/<uuid:visit_id>/result/thumbnails/<string:name>.jpg": _result_photo,
    "/docs/assets/<string:name>": _everybodys({"name": "swagger-ui.css"}, PAGE),
    "/field/<path:name>": _everybodys({"name": "main.js"}, PAGE),
    "/problems/<string:slug>": _everybodys({"slug": "not-found"}, PAGE),
    "/static/<path:name>": _everybodys({"name": "site.css"}, PAGE),
    "/v1/assignments/<string:code>": _assignment,
    "/v1/attachments/<string:sha256>": _attachment,
    "PATCH /v1/attachments/<string:sha256>": _photo_sent(CHUNKED_ATTACHMENT),
    "PUT /v1/attachments/<string:sha256>": _photo_sent(NEW_ATTACHMENT),
    "/v1/auditor-runs/<string:code>": _auditor_run(),
    "/v1/auditor-runs/<string:code>/auditors": _auditor_run(),
    "/v1/auditor-runs/<string:code>/auditors/<string:auditor>": _screened_auditor("code"),
    "/v1/auditor-runs/<string:code>/auditors/<string:auditor>/decisions": _screened_auditor("code"),
    "/v1/checklists/<string:code>": _everybodys({"code": "SAA"}, PUBLISHED),
    "/v1/checklists/<string:code>/versions/<string:version>": _everybodys({"code": "SAA", "version": "1"}, PUBLISHED),
    "/v1/dealers/<string:code>": _dealer,
    "/v1/devices/<uuid:device>/recovery-key": lambda _: _three("device", DEVICES, NO_UUID, assigned=True),
    "/v1/findings/<string:finding_id>": _finding,
    "/v1/flags/<string:flag>": _flag("read"),
    "/v1/flags/<string:flag>/appeal-decisions": _flag("appealed"),
    "/v1/flags/<string:flag>/decisions": _flag("decision"),
    "/v1/flags/<string:flag>/questions": _flag("ask"),
    "/v1/photos/<string:sha256>": _photo,
    "/v1/photos/<string:sha256>/display": _photo,
    "/v1/photos/<string:sha256>/region-removals": _photo,
    "/v1/photos/<string:sha256>/regions": _photo,
    "/v1/photos/<string:sha256>/thumbnail": _photo,
    "PATCH /v1/photos/<string:sha256>": _photo_sent(CHUNKED_PHOTO),
    "PUT /v1/photos/<string:sha256>": _photo_sent(NEW_PHOTO),
    "/v1/programmes/<string:code>": _brand("P-Aurora", "P-Borealis"),
    "/v1/programmes/<string:code>/recording": _brand("P-Aurora", "P-Borealis"),
    "/v1/questions/<string:question>": _question("reply"),
    "/v1/questions/<string:question>/appeals": _question("appeal"),
    "/v1/questions/<string:question>/evidence": _question("reply"),
    "/v1/questions/<string:question>/replies": _question("reply"),
    "/v1/screening-runs/<string:code>": _brand(run_of("D0001"), run_of("D0003")),
    "/v1/screening-runs/<string:code>/dealers": _brand(run_of("D0001"), run_of("D0003")),
    "/v1/survey-mappings/<string:name>": _everybodys({"name": "callcentre"}, MAPPING),
    "PUT /v1/survey-mappings/<string:name>": lambda _: Ids(
        own={"name": "callcentre"},
        missing={"name": "none"},
        unowned=MAPPING,
        missing_is_made=NEW_NAME,
    ),
    "/v1/surveys/<string:questionnaire>/imports": _everybodys({"questionnaire": "SSQ"}, QUESTIONNAIRE),
    "/v1/surveys/<string:questionnaire>/responses": _everybodys({"questionnaire": "SSQ"}, QUESTIONNAIRE),
    "/v1/visits/<uuid:visit_id>": _visit("sent"),
    "PUT /v1/visits/<uuid:visit_id>": _visit("sent", missing_is_made=MADE),
    "/v1/visits/<uuid:visit_id>/approval": _visit("approval"),
    "/v1/visits/<uuid:visit_id>/attachments": _visit("result"),
    "/v1/visits/<uuid:visit_id>/checks": _visit("sent"),
    "/v1/visits/<uuid:visit_id>/conflicts": _visit("sent"),
    "/v1/visits/<uuid:visit_id>/copies": _visit("result"),
    "/v1/visits/<uuid:visit_id>/photo-facts": _visit("result"),
    "/v1/visits/<uuid:visit_id>/differences": _visit("sent"),
    "/v1/visits/<uuid:visit_id>/evidence": _visit("sent"),
    "/v1/visits/<uuid:visit_id>/release": _visit("release"),
    "/v1/visits/<uuid:visit_id>/result": _visit("result"),
    "/v1/visits/<uuid:visit_id>/result/photos/<string:name>": _result_photo,
    "/v1/visits/<uuid:visit_id>/return": _visit("return"),
    "/v1/visits/<uuid:visit_id>/review": _visit("review"),
    "/v1/visits/<uuid:visit_id>/submission": _visit("submission"),
    "GET /v1/visits/<uuid:visit_id>/submission": _visit("result"),
    "/v1/visits/<uuid:visit_id>/versions": _visit("sent"),
    "/v1/visits/<uuid:visit_id>/void": _visit("void"),
    "/v1/waves/<string:code>": _brand(worlds.WAVES["Aurora"], worlds.WAVES["Borealis"]),
}


def _decision(what: str, **more: Any) -> Callable[[World], Any]:
    return lambda world: {"record_revision": record_revision(world.visits["own"][what].id), **more}


def _new_assignment(world: World) -> dict[str, Any]:
    return {
        "code": "A-new", "wave": worlds.WAVES["Aurora"], "dealer": "D0001", "checklist": {"code": "SAA", "version": 1},
        "auditor": world.actors["auditor"].id, "window_from": "2026-11-01T00:00:00+08:00",
        "window_to": "2026-11-30T00:00:00+08:00", "mode": "announced", "domain": "sales", "scenario": "家庭 SUV",
        "briefing": "周末除外", "selected_by": "plan",
    }  # fmt: skip


def _new_checklist(_: World) -> dict[str, Any]:
    path = packaged_checklists_dir() / "sales_announced_audit.yaml"
    return {"source": path.read_text("utf-8")}


DEALER_FILE = "code,name_zh,name_en,brand,region,city\nD0007,杭州七店,Seven,Aurora,East,杭州\n".encode()
ASSIGNMENT_FILE = (
    "code,wave,dealer,checklist,version,auditor,window_from,window_to\n"
    f"A-file,{worlds.WAVES['Aurora']},D0001,SAA,1,auditor-aurora@example.com,2026-11-01,2026-11-30\n"
).encode()
BODIES: dict[tuple[str, str], Callable[[World], Any]] = {
    ("POST", "/v1/assignment-imports"): lambda _: ASSIGNMENT_FILE,
    ("POST", "/v1/assignments"): _new_assignment,
    ("POST", "/v1/auditor-runs/<string:code>/auditors/<string:auditor>/decisions"): lambda _: {
        "revision": 1, "outcome": "coaching", "reason": "The two sheets were filled in from memory",
    },
    ("POST", "/v1/checklists"): _new_checklist,
    ("POST", "/v1/dealer-imports"): lambda _: DEALER_FILE,
    ("POST", "/v1/device-codes"): lambda world: {"person": world.actors["auditor"].email, "minutes": 15},
    ("POST", "/v1/device-tokens"): lambda world: {
        "code": world.device_code, "device": DEVICES["own"], "label": "Pixel 7",
    },
    ("POST", "/v1/flags/<string:flag>/appeal-decisions"): lambda _: {
        "revision": 1, "outcome": "confirmed", "reason": "Nothing new was said", "look_alike": "", "interests": [],
    },
    ("POST", "/v1/flags/<string:flag>/decisions"): lambda _: {
        "revision": 1, "outcome": "inconclusive", "reason": "The two sources do not agree", "look_alike": "",
        "interests": [],
    },
    ("POST", "/v1/flags/<string:flag>/questions"): lambda _: {
        "revision": 1, "text_zh": "请说明满意度与审核的差距是怎么来的", "text_en": "Where does the gap come from?",
        "indicators": ["discordance"], "interests": [],
    },
    ("PATCH", "/v1/attachments/<string:sha256>"): lambda _: CHUNKED_ATTACHMENT,
    ("PUT", "/v1/attachments/<string:sha256>"): lambda _: NEW_ATTACHMENT,
    ("PATCH", "/v1/photos/<string:sha256>"): lambda _: CHUNKED_PHOTO,
    ("PUT", "/v1/photos/<string:sha256>"): lambda _: NEW_PHOTO,
    ("POST", "/v1/photos/<string:sha256>/region-removals"): lambda world: {
        "revision": region_revision(next(iter(world.sent["own"]))),
        "region": region_of(next(iter(world.sent["own"]))),
    },
    ("POST", "/v1/photos/<string:sha256>/regions"): lambda world: {
        "revision": region_revision(next(iter(world.sent["own"]))),
        "kind": "plate", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.1,
    },
    ("POST", "/v1/programmes"): lambda _: {
        "code": "P-new", "name_zh": "新项目", "name_en": "New", "brand": "Aurora", "market": "CN",
        "recording_allowed": False,
    },
    ("PUT", "/v1/programmes/<string:code>/recording"): lambda _: {"allowed": True, "reason": "法务已批准"},
    ("POST", "/v1/questions/<string:question>/appeals"): lambda _: {
        "text": "我们不同意", "photos": [], "attachments": [],
    },
    ("POST", "/v1/questions/<string:question>/replies"): lambda _: {
        "text": "客户都是老客户", "photos": [], "attachments": [],
    },
    ("POST", "/v1/receipt-verifications"): lambda _: collection("visit_receipts").find_one()["receipt"],
    ("POST", "/v1/staff-contact-imports"): lambda _: b"dealer,contact\nD0001,13900000001\n",
    ("POST", "/v1/survey-event-imports"): lambda _: (
        b"event_id,dealer,kind,event_at,contact,invited\nE-9,D0001,delivery,2026-11-01 10:00,13900000002,1\n"
    ),
    ("PUT", "/v1/survey-mappings/<string:name>"): lambda _: {"source": population_surveys.MAPPING},
    ("POST", "/v1/surveys/<string:questionnaire>/imports"): lambda _: (
        b"response_id,dealer,event_at,submitted_at,SSQ-DRV-01\nR-file,D0001,2026-11-01,2026-11-12,5\n"
    ),
    ("POST", "/v1/surveys/<string:questionnaire>/responses"): lambda _: {
        "version": 1, "responses": [response(0, "D0001")],
    },
    ("POST", "/v1/visits/imports"): lambda _: (
        b"source,visit_id,dealer,auditor,checklist,version,started_at,SAA-FAC-01\n"
        b"agency,OLD-1,D0001,auditor-aurora@example.com,SAA,1,2026-11-02 10:00,yes\n"
    ),
    ("PUT", "/v1/visits/<uuid:visit_id>"): lambda world: world.visits["own"]["sent"].body,
    ("POST", "/v1/visits/<uuid:visit_id>/approval"): _decision("approval", unverified=["SAA-PRI-01"], cleared=[]),
    ("POST", "/v1/visits/<uuid:visit_id>/release"): _decision("release"),
    ("POST", "/v1/visits/<uuid:visit_id>/return"): _decision(
        "return", reason="照片不清楚", notes=[{"item": "SAA-PRI-01", "note": "请重拍"}]
    ),
    ("POST", "/v1/visits/<uuid:visit_id>/review"): _decision("review"),
    ("POST", "/v1/visits/<uuid:visit_id>/submission"): lambda _: {"revision": 1},
    ("POST", "/v1/visits/<uuid:visit_id>/void"): _decision("void", reason="找错了店"),
    ("POST", "/v1/waves"): lambda _: {
        "code": "W-new", "programme": "P-Aurora", "timezone": "Asia/Shanghai", "from_on": "2027-03-01",
        "to_on": "2027-04-30",
    },
}  # fmt: skip

# Paths into a body where values of any kind are lawful: what the hostile table puts there may be taken.
# A time without an offset in a survey is the dealer's wall clock; a delivery is often known by its date alone.
OPEN_VALUES: dict[tuple[str, str], frozenset[str]] = {
    ("PUT", "/v1/visits/<uuid:visit_id>"): frozenset({"observations.*.value"}),
    ("POST", "/v1/surveys/<string:questionnaire>/responses"): frozenset(
        f"responses.*.{name}: {what}" for name in ("event_at", "submitted_at") for what in ("a naive time", "a date")
    ),
}
# Headers without which an acceptable body says too little.
HEADERS: dict[tuple[str, str], dict[str, str]] = {
    ("PATCH", "/v1/attachments/<string:sha256>"): {
        "Upload-Offset": "0",
        "Upload-Length": str(len(CHUNKED_ATTACHMENT)),
    },
    ("PATCH", "/v1/photos/<string:sha256>"): {"Upload-Offset": "0", "Upload-Length": str(len(CHUNKED_PHOTO))},
}
MAY_BE_EMPTY = {("POST", "/v1/visits/<uuid:visit_id>/submission")}


def ids_of(world: World, route: Route) -> Ids:
    """Give the examples of a route with arguments; fails where nobody has written them."""
    assert route.rule in IDS, f"{route} has no examples: add its rule to IDS in tests/contract/examples.py"
    # A method whose objects are others than those of the rule's other methods has an entry of its own.
    return IDS.get(str(route), IDS[route.rule])(world)


def body_of(world: World, route: Route) -> Any:
    """Give an acceptable body; fails where nobody has written one."""
    key = (route.method, route.rule)
    assert key in BODIES, f"{route} has no example body: add it to BODIES in tests/contract/examples.py"
    return BODIES[key](world)


def arguments(world: World, route: Route) -> dict[str, Any]:
    """Give what the test client needs to send an acceptable body, if the route takes one."""
    if not route.media_types:
        return {}
    body = body_of(world, route)
    if isinstance(body, bytes):
        return {"data": body, "content_type": route.media_types[0]}
    return {"json": body}
