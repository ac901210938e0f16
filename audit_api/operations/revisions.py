"""What people decide about changes one revision at a time: whoever read an older one is told what happened since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.flags import DecisionRefused
from audit_api.models import trail
from audit_api.models.base import Row, in_transaction
from audit_api.problems import Problem

Also = Callable[[ClientSession], None]


@dataclass(frozen=True, slots=True)
class Revised:
    """A kind of documents with state and revision: where they are kept, and the kind of their trail."""

    collection: Callable[[], Collection[Row]]
    kind: str
    zh: str
    en: str

    def change(
        self,
        row: Row,
        values: Row,
        *,
        push: Row | None = None,
        verb: str,
        details: Row,
        actor: Actor,
        at: datetime,
        also: Also = lambda session: None,
    ) -> None:
        """Write the next revision of a document, what belongs to it, and its entry in the trail, all or nothing.

        Raises STALE_REVISION when somebody was quicker.
        """
        change: Row = {"$set": values, "$inc": {"revision": 1}} | ({"$push": push} if push else {})
        told = details | {"state": values.get("state", row["state"]), "revision": row["revision"] + 1}

        def write(session: ClientSession) -> bool:
            wanted = {"_id": row["_id"], "revision": row["revision"]}
            if self.collection().update_one(wanted, change, session=session).modified_count != 1:
                return False
            also(session)
            trail.append(self.kind, row["_id"], verb, actor_id=actor.id, at=at, details=told, session=session)
            return True

        if not in_transaction(write):
            raise self.stale(row["_id"], row["revision"])

    def require_current(self, row: Row, revision: int) -> None:
        """Raise STALE_REVISION unless the revision that was read is the present one."""
        if row["revision"] != revision:
            raise self.stale(row["_id"], revision)

    def stale(self, name: str, read: int) -> Problem:
        """Make the answer to somebody who has read an older revision, with what has happened since."""
        row = self.collection().find_one({"_id": name}, {"revision": 1}) or {"revision": read}
        changes = [
            {"verb": entry["verb"], "state": entry["details"].get("state", ""), "at": entry["at"].isoformat()}
            for entry in trail.entries_of(self.kind, name)
            if entry["details"].get("revision", 0) > read
        ]
        return Problem(
            problems.STALE_REVISION,
            zh=f"您打开之后，{self.zh}已有新的变化（见 changes）；请刷新后再操作",
            en=f"{self.en} has changed since you opened it (see changes); refresh and act again",
            members={"current_revision": row["revision"], "changes": changes},
        )


def step_refused(refused: DecisionRefused) -> Problem:
    """Turn a refusal of the rules into a problem: INVALID where a field can be mended, else TRANSITION_REFUSED."""
    if not refused.field:
        return Problem(problems.TRANSITION_REFUSED, zh=refused.zh, en=refused.en)
    error = {"field": refused.field, "message": {"zh": refused.zh, "en": refused.en}}
    return Problem(problems.INVALID, zh=refused.zh, en=refused.en, members={"errors": [error]})
