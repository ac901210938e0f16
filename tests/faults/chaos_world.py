"""Visits with photographs for the chaos: some drafts first, clocks a day off, some photos that two visits share."""

from __future__ import annotations

import hashlib
import io
import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from audit_api.domain.directory import Actor
from tests import worlds
from tests.faults.phone import Errand

# Bytes of comment behind the picture's head: from less than one chunk to several of them.
PADDING = (0, 0, 60_000, 60_000, 300_000, 700_000)
SEGMENT = 60_000
CLOCKS = (timedelta(0), timedelta(days=1), timedelta(days=-1))
SHARED_IN = 15
"""Every so manieth visit shows a photo of its auditor's visit before in a further slot."""


@cache
def _picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (240, 320, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


def _photo(chance: random.Random) -> bytes:
    """A JPEG with its own bytes in its comments."""
    picture, padding = _picture(chance.randrange(6)), chance.choice(PADDING)
    comments = b""
    for length in [40, *[SEGMENT] * (padding // SEGMENT)]:
        comments += b"\xff\xfe" + (length + 2).to_bytes(2, "big") + chance.randbytes(length)
    return picture[:2] + comments + picture[2:]


def make_errand(number: int, assignment: str, before: Errand | None, chance: random.Random) -> Errand:
    """Make a visit with five photos of its own; its clock, its drafts and what it shares follow from its number."""
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40) + CLOCKS[number % 3]
    template = worlds.make_visit(assignment, seed=1 + number % 7, started_at=started_at)
    body, photos = json.loads(json.dumps(template.body)), {}
    for observation in body["observations"]:
        for photo in observation["photos"]:
            data = _photo(chance)
            photo["sha256"] = hashlib.sha256(data).hexdigest()
            photos[photo["sha256"]] = data
    if before is not None and number % SHARED_IN == 0:
        sha256 = next(iter(before.photos))
        photos[sha256] = before.photos[sha256]
        shown = next(o for o in body["observations"] if o["photos"])
        shown["photos"].append(shown["photos"][0] | {"slot": "2", "sha256": sha256})
    bodies = [body]
    if number % 4 == 0:  # a draft goes first
        draft = json.loads(json.dumps(body)) | {"ended_at": None}
        bodies = [draft, body | {"revision": 2}]
    return Errand(str(uuid.UUID(int=chance.getrandbits(128), version=4)), bodies, photos)


def leave_unfinished(errand: Errand, before: Errand | None, chance: random.Random) -> Errand:
    """Let one photo of a visit stop on the way, somewhere within; none that another visit sends."""
    own = [sha256 for sha256 in errand.photos if before is None or sha256 not in before.photos]
    sha256 = max(own, key=lambda name: len(errand.photos[name]))
    limit = chance.randrange(1, len(errand.photos[sha256]) - 1)
    return Errand(errand.id, errand.bodies, errand.photos, {sha256: limit})


def plan(visits: int, unfinished: int, auditors: list[Actor], chance: random.Random) -> list[tuple[int, Errand]]:
    """Assign visits and make what is to be sent: pairs of the auditor's place and the errand; unfinished ones last."""
    made: list[tuple[int, Errand]] = []
    latest: dict[int, Errand] = {}
    for number in range(visits + unfinished):
        place = number % len(auditors)
        worlds.make_assignment(f"C-{number}", auditors[place])
        before = latest.get(place)
        errand = make_errand(number, f"C-{number}", before, chance)
        if number >= visits:
            errand = leave_unfinished(errand, before, chance)
        else:
            latest[place] = errand
        made.append((place, errand))
    return made


def slots(errand: Errand) -> list[dict[str, Any]]:
    """List the photo slots of a visit's last revision as its receipt shows them, without times."""
    return [
        {"item": observation["item"], "slot": photo["slot"], "sha256": photo["sha256"]}
        for observation in errand.bodies[-1]["observations"]
        for photo in observation["photos"]
    ]
