"""Verbs on regions of a photo: list, add, remove; and what of a photo may be shown to whom."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.regions import MOST_REGIONS, PERSON, Place
from audit_api.evidence.derivatives import thumbnail_of
from audit_api.models import photos as models
from audit_api.models import trail
from audit_api.models.base import Row, collection, in_transaction, to_milliseconds
from audit_api.models.regions import PhotoView, view_of
from audit_api.operations.directory import scope_filter
from audit_api.operations.evidence_reading import check_sight
from audit_api.operations.photos import PHOTOS
from audit_api.operations.regions_detecting import covered
from audit_api.operations.visit_reading import find_visit
from audit_api.problems import Problem

SHOWN = ("state", "revision", "detector", "looked_at", "width", "height", "regions")
WAITING: Row = {"state": "waiting", "revision": 0, "regions": []}


def list_regions(actor: Actor, sha256: str) -> Row:
    """Give the regions of a photo and where it stands: waiting, looked_at or failed. Raises NOT_FOUND."""
    check_sight(PHOTOS, sha256, actor)
    return _shown(sha256, view_of(sha256))


def add_region(sha256: str, *, revision: int, kind: str, place: Place, actor: Actor, at: datetime) -> Row:
    """Cover one more region of a photo at once; returns all. Raises as `_change`, INVALID for a bad place."""
    if not place.is_inside():
        message = {"zh": "区域须在照片之内且不能过小", "en": "the region must lie within the picture and not be tiny"}
        raise Problem(problems.INVALID, members={"errors": [{"field": "width", "message": message}]})
    region = {
        "id": uuid.uuid4().hex[:12], "kind": kind, "source": PERSON, "by": actor.id, "at": to_milliseconds(at),
        "x": place.x, "y": place.y, "width": place.width, "height": place.height,
    }  # fmt: skip
    view = _view_to_change(actor, sha256, revision)
    if len(view["regions"]) >= MOST_REGIONS:
        message = {"zh": f"一张照片最多 {MOST_REGIONS} 个区域", "en": f"a photo has at most {MOST_REGIONS} regions"}
        raise Problem(problems.INVALID, members={"errors": [{"field": "regions", "message": message}]})
    return _change(view, [*view["regions"], region], "region_added", region, actor=actor, at=at)


def remove_region(sha256: str, *, revision: int, region: str, actor: Actor, at: datetime) -> Row:
    """Show a region of a photo again; returns all that are left. Raises as `_change`.

    FORBIDDEN where a visit out of the actor's scope uses the photo as well: its dealer would see what was covered.
    """
    view = _view_to_change(actor, sha256, revision)
    removed = next((one for one in view["regions"] if one["id"] == region), None)
    if removed is None:
        raise Problem(problems.NOT_FOUND, zh="照片没有这个区域", en="The photo has no such region")
    _check_scope(actor, sha256)
    left = [one for one in view["regions"] if one["id"] != region]
    return _change(view, left, "region_removed", removed, actor=actor, at=at)


def open_display(actor: Actor, sha256: str) -> bytes:
    """Give the display derivative, uncovered; raises NOT_FOUND, also while the photo waits."""
    check_sight(PHOTOS, sha256, actor)
    view = view_of(sha256, pictures=True)
    if view is None or view["state"] != "looked_at":
        raise Problem(problems.NOT_FOUND)
    return bytes(view["display"])


def covered_picture(sha256: str, *, thumbnail: bool = False) -> bytes | None:
    """Give what a dealer may see of a photo, None while there is nothing: it waits, or could not be looked at."""
    view = view_of(sha256, pictures=True)
    if view is None or view["state"] != "looked_at":
        return None
    if view["regions"]:
        return bytes(view["covered_thumbnail" if thumbnail else "covered"])
    return thumbnail_of(bytes(view["display"])) if thumbnail else bytes(view["display"])


def ready(hashes: list[str]) -> set[str]:
    """Give those of the photos of which a dealer may see something."""
    wanted = {"_id": {"$in": hashes}, "state": "looked_at"}
    return {row["_id"] for row in PhotoView._get_collection().find(wanted, {"_id": 1})}


def visit_photos(actor: Actor, visit_id: str) -> list[Row]:
    """List the photos of a visit that its auditor has sent, with where each stands. Raises NOT_FOUND."""
    visit = find_visit(actor, visit_id)
    slots = [
        {"item": observation["item"], "slot": photo["slot"], "sha256": photo["sha256"]}
        for observation in visit.get("observations", ())
        for photo in observation.get("photos", ())
    ]
    hashes = sorted({slot["sha256"] for slot in slots})
    sent = models.sent_by(visit["auditor"], hashes)
    fields = {"state": 1, "regions.kind": 1}
    views = {row["_id"]: row for row in PhotoView._get_collection().find({"_id": {"$in": hashes}}, fields)}
    return [
        slot | {"state": view.get("state", "waiting"), "regions": len(view.get("regions", ()))}
        for slot in slots
        if slot["sha256"] in sent
        for view in [views.get(slot["sha256"], {})]
    ]


def find_visit_photo(actor: Actor, visit_id: str, sha256: str) -> None:
    """Return if the visit is in sight and names the photo, which its auditor has sent; raises NOT_FOUND."""
    if all(slot["sha256"] != sha256 for slot in visit_photos(actor, visit_id)):
        raise Problem(problems.NOT_FOUND)


def _view_to_change(actor: Actor, sha256: str, revision: int) -> Row:
    check_sight(PHOTOS, sha256, actor)
    view = view_of(sha256, pictures=True)
    if view is None or view["state"] != "looked_at":
        raise Problem(
            problems.TRANSITION_REFUSED,
            zh="照片尚未检测人脸和车牌，检测后才能修改区域；在此之前经销商看不到它",
            en="The photo has not been looked at yet; until it has, no region can be changed and no dealer sees it",
        )
    if view["revision"] != revision:
        raise _stale(view["revision"])
    return view


def _change(view: Row, regions: list[Row], verb: str, region: Row, *, actor: Actor, at: datetime) -> Row:
    """Write regions and the pictures that cover them in one step.

    Raises NOT_FOUND, TRANSITION_REFUSED (not looked at yet), STALE_REVISION (somebody changed them since).
    """
    sha256, revision = view["_id"], view["revision"]
    pictures = covered(bytes(view["display"]), regions)
    changed: dict[str, Any] = {"$set": {"regions": regions} | pictures, "$inc": {"revision": 1}}
    if not pictures:
        changed["$unset"] = {"covered": 1, "covered_thumbnail": 1}
    details = {name: region[name] for name in ("id", "kind", "source", "x", "y", "width", "height")}

    def write(session: ClientSession) -> None:
        done = PhotoView._get_collection().update_one({"_id": sha256, "revision": revision}, changed, session=session)
        if not done.matched_count:
            raise _stale(None)
        told = details | {"revision": revision + 1}
        trail.append("photo", sha256, verb, actor_id=actor.id, at=at, details=told, session=session)

    in_transaction(write)
    return _shown(sha256, view | {"regions": regions, "revision": revision + 1})


def _check_scope(actor: Actor, sha256: str) -> None:
    naming = {"observations.photos.sha256": sha256, "auditor": {"$in": models.senders_of(sha256)}}
    beyond = {"$and": [naming, {"$nor": [scope_filter(actor)]}]}
    if collection("visits").find_one(beyond, {"_id": 1}) is not None:
        raise Problem(
            problems.FORBIDDEN,
            zh="您的权限范围以外的走访也使用这张照片，不能取消遮盖",
            en="A visit out of your scope uses this photo as well, so what is covered stays covered",
        )


def _stale(current: int | None) -> Problem:
    members = {} if current is None else {"current_revision": current}
    return Problem(
        problems.STALE_REVISION,
        zh="他人已更新该照片的区域，请刷新后重试",
        en="Somebody has changed the photo's regions since you read them; refresh and try again",
        members=members,
    )


def _shown(sha256: str, view: Row | None) -> Row:
    return {"sha256": sha256, **{name: (view or WAITING).get(name) for name in SHOWN}}
