"""Watch the open waves: screen what has changed, and let the newest watch take the place of older ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from audit_api.domain.directory import Actor
from audit_api.domain.flags import FlagState
from audit_api.models import flags, trail
from audit_api.models.base import Row
from audit_api.models.programmes import Wave
from audit_api.models.surveys import Response
from audit_api.operations.programmes import brand_filter

ANSWERS_ARRIVE = timedelta(days=60)
"""A wave stays open to watching this long after its end: customers answer about events in it."""
MOST_WAVES = 200


def watched(actor: Actor, at: datetime) -> list[tuple[str, str]]:
    """Return wave and questionnaire of everything open that holds responses; at most 200 waves, the latest first."""
    open_ = {"starts_at": {"$lte": at}, "ends_at": {"$gt": at - ANSWERS_ARRIVE}}
    waves = Wave._get_collection().find({"$and": [open_, brand_filter(actor)]}, {"_id": 1})
    found = []
    for wave in waves.sort([("starts_at", -1), ("_id", 1)]).limit(MOST_WAVES):
        names = Response._get_collection().distinct("questionnaire", {"wave": wave["_id"]})
        found += [(wave["_id"], name) for name in sorted(names)]
    return found


def supersede_watches(run: Row, *, actor: Actor, at: datetime, session: ClientSession) -> None:
    """Mark the undecided watches of other runs on the run's wave and questionnaire as superseded by it.

    They keep their state and their evidence. A reviewer who had one open is told that it has changed.
    """
    wanted = {
        "wave": run["wave"],
        "questionnaire": run["questionnaire"],
        "run": {"$ne": run["_id"]},
        "grade": "watch",
        "state": FlagState.WATCH.value,
        "superseded_by": None,
    }
    kept = flags.Flag._get_collection()
    for old in list(kept.find(wanted, {"_id": 1, "revision": 1}, session=session).sort("_id", 1)):
        change = {"$set": {"superseded_by": run["_id"]}, "$inc": {"revision": 1}}
        kept.update_one({"_id": old["_id"], "revision": old["revision"]}, change, session=session)
        details = {"by_run": run["_id"], "revision": old["revision"] + 1}
        trail.append("flag", old["_id"], "superseded", actor_id=actor.id, at=at, details=details, session=session)
