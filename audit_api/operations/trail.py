"""Verbs on the trail: verify."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from audit_api.models import sweeps
from audit_api.models.base import Row, client, to_milliseconds
from audit_api.models.trail import HEAD_ORDER, ORDER, TrailEntry, TrailHead
from audit_api.models.trail_check import REASONS, Progress, Walk, raw_rows, read_head
from audit_api.operations.busy import busy
from audit_api.operations.receipts import trusted_keys
from audit_api.operations.trail_seals import SealPosition, compare_seals, verify_seals
from audit_api.settings import Settings

SWEEP = "trail-verify"
SEGMENT = 20_000
"""Entries checked on one snapshot of the database, and between two notes of the position."""
BATCH = 1_000
LEASE_SECONDS = 120
SNAPSHOT_TOO_OLD = 239
"""The server's code for it."""


def verify_trail(
    *,
    settings: Settings,
    clock: Callable[[], datetime],
    anew: bool = False,
    kept_seals: dict[int, str] | None = None,
    say: Callable[[Progress], None] = lambda _: None,
    segment: int = SEGMENT,
) -> Row:
    """Check every chain, its head, and every seal; takes up an interrupted check unless `anew`.

    Memory is bounded whatever the length; entries may be appended meanwhile. `kept_seals`: hashes of seals by number,
    as noted outside of the database. Returns `{"chains", "entries", "seals", "broken", "found": [{"entry", "reason",
    "zh", "en"}], "started_at", "finished_at"}`; `found` names the first SHOWN broken places in the order of chains.
    Raises TRANSITION_REFUSED while another process verifies.
    """
    holder = uuid.uuid4().hex
    state = sweeps.take(SWEEP, holder, LEASE_SECONDS)
    if state is None:
        raise busy("核验轨迹", "verifying the trail")
    if anew or state.get("finished_at") or "progress" not in state:
        state = {"started_at": to_milliseconds(clock())}
    progress = Progress(**state.get("progress", {}))
    position = SealPosition(**state.get("seals", {}))

    if not progress.entries and not _places_are_unique():
        progress.report("trail", "places_open")

    def note(*, walked: bool, finished_at: datetime | None = None) -> None:
        kept = {"started_at": state["started_at"], "walked": walked, "finished_at": finished_at}
        kept |= {"progress": progress.as_document(), "seals": asdict(position)}
        if not sweeps.advance(SWEEP, holder, LEASE_SECONDS, kept):
            raise busy("核验轨迹", "verifying the trail")
        say(progress)

    try:
        if not state.get("walked"):
            more = True
            while more:
                before = copy.deepcopy(progress)
                try:
                    more = _walk_segment(progress, segment)
                except OperationFailure as error:
                    if error.code != SNAPSHOT_TOO_OLD or segment == 1:
                        raise
                    # The database keeps a snapshot for a while only: a slow machine takes smaller steps.
                    progress, segment = before, max(segment // 4, 1)
                    continue
                if more:
                    note(walked=False)
            note(walked=True)
        verify_seals(progress, position, trusted_keys(settings), lambda: note(walked=True))
        compare_seals(progress, kept_seals or {})
        finished_at = to_milliseconds(clock())
        note(walked=True, finished_at=finished_at)
    finally:
        sweeps.release(SWEEP, holder)
    found = [{**broken, **dict(zip(("zh", "en"), REASONS[broken["reason"]], strict=True))} for broken in progress.found]
    counts = {"chains": progress.chains, "entries": progress.entries, "broken": progress.broken}
    times = {"started_at": state["started_at"], "finished_at": finished_at}
    return {**counts, "seals": position.number, "found": found, **times}


def _places_are_unique() -> bool:
    """Tell whether the database itself refuses a second entry for the same place in a chain."""
    indexes = TrailEntry._get_collection().index_information().values()
    return any(index.get("unique") and list(index["key"]) == ORDER for index in indexes)


def _walk_segment(progress: Progress, segment: int) -> bool:
    """Check the next entries on one snapshot of entries and heads; False once the last is done."""
    seen = progress.entries
    with client().start_session(snapshot=True) as session:
        walk = Walk(progress, _heads(progress, session))
        behind = {"kind": progress.kind, "object_id": progress.object_id, "seq": progress.seq + 1}
        for raw in _rows(TrailEntry._get_collection(), ORDER, behind if progress.chains else None, session, segment):
            walk.take(raw)
        if progress.entries - seen == segment:
            return True
        walk.end()
        return False


def _heads(progress: Progress, session: ClientSession) -> Iterator[Row]:
    start = {"kind": progress.kind, "object_id": progress.object_id} if progress.chains else None
    for raw in _rows(TrailHead._get_collection(), HEAD_ORDER, start, session):
        yield read_head(raw)


def _rows(
    entries: Collection[Row], order: list[tuple[str, int]], start: Row | None, session: ClientSession, limit: int = 0
) -> Iterator[bytes]:
    """Read raw documents in the order of an index, from a place on; no filter, so that none can hide by its type."""
    found = entries.find_raw_batches({}, sort=order, session=session, limit=limit, batch_size=BATCH).hint(order)
    if start is not None:
        found = found.min(list(start.items()))
    return raw_rows(found)
