"""What the scenarios work with: auditors with codes to sign in by and tasks to do, pictures, and the server's view."""

from __future__ import annotations

import hashlib
import io
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, BrowserType, Error

from audit_api.domain.directory import OPERATOR, Actor, Role
from audit_api.domain.programmes import AssignmentRequest
from audit_api.models.devices import DeviceTries
from audit_api.operations.assignments import assign
from audit_api.operations.checklists import publish
from audit_api.operations.directory import revoke_tokens
from tests.browser import short_checklists as lists
from tests.browser.conftest import CHROMIUM, FLAGS, WAVE, Site, phone_settings

Picture = dict[str, Any]
STORY = {
    "zh": "进门后顾问迎上来，问了用途和预算，带看了两辆车。",
    "en": "The adviser came at once, asked about use and budget, and showed two cars.",
}
COMPLETE: list[tuple[Any, ...]] = [
    (lists.TIME, "now"), (lists.PLACE, "fix"), (lists.GREETED, "yes"), (lists.LOOK, "right"),
    (lists.TOPICS, "use", "budget"), (lists.CLEAN, "5"), (lists.RINGS, "2"), (lists.WAIT, "1.5"),
    (lists.ASKED, "no"), (lists.BEST, "干净 clean"), (lists.STORY, " ".join(STORY.values())),
]  # fmt: skip


class Field:
    """The server side of the scenarios."""

    def __init__(self, site: Site) -> None:
        self.site, self.network = site, site.network
        publish(lists.short(), actor=OPERATOR, at=datetime.now(UTC))
        _, self.manager = self.network.person(Role.PROGRAMME_MANAGER, name="manager", brands=("Aurora",))
        _, self.reviewer = self.network.person(Role.QUALITY_REVIEWER, name="reviewer", brands=("Aurora",))

    def auditor(self) -> Actor:
        return self.site.auditor()[0]

    def email(self, auditor: Actor) -> str:
        return f"{auditor.name}@example.com".lower()

    def code(self, auditor: Actor) -> str:
        """Have the programme manager make a code to sign in by; here one address signs in more phones than one may."""
        DeviceTries._get_collection().delete_many({})
        answer = self._client().post(
            "/v1/device-codes", json={"person": self.email(auditor), "minutes": 30}, headers=self.manager
        )
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return str(answer.json["code"])

    def expire(self, auditor: Actor) -> None:
        """End every session of an auditor."""
        assert revoke_tokens(email=self.email(auditor), actor=OPERATOR, at=datetime.now(UTC))

    def task(self, auditor: Actor, checklist: str = "FLD", version: int = 1) -> str:
        """Give an auditor a task of today."""
        self.site.count += 1
        day = datetime.now(UTC).date()
        request = AssignmentRequest(
            code=f"TASK-{self.site.count:05}", wave=WAVE, dealer="D0001", checklist=checklist, version=version,
            auditor=auditor.id, window_from=str(day - timedelta(days=20)), window_to=str(day + timedelta(days=20)),
            scenario="首次购车", selected_by="trigger",
        )  # fmt: skip
        assign(request, actor=OPERATOR, at=datetime.now(UTC) - timedelta(hours=1))
        return request.code

    def visits(self, assignment: str) -> list[dict[str, Any]]:
        """List the visits the server has of an assignment, with their content."""
        answer = self._client().get("/v1/visits?limit=200", headers=self.reviewer)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found = [row["visit"] for row in answer.json["items"] if row["assignment"] == assignment]
        return [dict(self._client().get(f"/v1/visits/{one}", headers=self.reviewer).json) for one in found]

    def visit(self, assignment: str) -> dict[str, Any]:
        """Give the one visit of an assignment."""
        found = self.visits(assignment)
        assert len(found) == 1, f"{len(found)} visits of {assignment} on the server"
        return found[0]

    def conflicts(self, visit: str) -> list[dict[str, Any]]:
        return list(self._client().get(f"/v1/visits/{visit}/conflicts", headers=self.reviewer).json["items"])

    def checks(self, visit: str) -> list[dict[str, Any]]:
        return list(self._client().get(f"/v1/visits/{visit}/checks", headers=self.reviewer).json["items"])

    def give_back(self, visit: str, item: str, note: str) -> None:
        """Have the reviewer send a report back with a note on an item."""
        row = self._client().get(f"/v1/visits/{visit}", headers=self.reviewer).json
        for verb, body in (("review", {}), ("return", {"reason": note, "notes": [{"item": item, "note": note}]})):
            sent = {"record_revision": row["record_revision"], **body}
            answer = self._client().post(f"/v1/visits/{visit}/{verb}", json=sent, headers=self.reviewer)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            row = answer.json

    def holds(self, pictures: list[Picture]) -> None:
        """Check that the server gives back every picture byte for byte."""
        for picture in pictures:
            name = sha256(picture)
            answer = self._client().get(f"/v1/photos/{name}", headers=self.reviewer)
            assert answer.status_code == 200, f"{picture['name']}: {answer.status_code}"
            assert hashlib.sha256(answer.data).hexdigest() == name, f"{picture['name']} came back with other bytes"

    def _client(self) -> Any:
        return self.network.client


def observation(visit: dict[str, Any], item: str) -> dict[str, Any] | None:
    """Find what the server holds of an item; None where nothing was sent of it."""
    return next((o for o in visit["observations"] if o["item"] == item), None)


def photos_of(visit: dict[str, Any]) -> list[str]:
    """List the hashes of the photos a visit names, in order, repeated ones too."""
    return [photo["sha256"] for o in visit["observations"] for photo in o["photos"]]


@cache
def picture(seed: int, *, size: tuple[int, int] = (64, 48), name: str = "", quality: int = 85) -> Picture:
    """Draw a JPEG, another for each seed, as the chooser of the phone would hand it over."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return {"name": name or f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def sha256(picture: Picture) -> str:
    return hashlib.sha256(picture["buffer"]).hexdigest()


class OwnBrowser:
    """A phone's browser with storage on disk, that can be killed and started again."""

    def __init__(self, kind: BrowserType, folder: Path, language: str) -> None:
        self.kind, self.folder, self.language = kind, folder, language
        self.context: BrowserContext | None = None

    def start(self) -> BrowserContext:
        self.context = self.kind.launch_persistent_context(
            str(self.folder), executable_path=CHROMIUM, args=list(FLAGS), **phone_settings(self.language)
        )
        self.context.set_default_timeout(30_000)
        return self.context

    def kill(self) -> None:
        """Kill -9 the browser with all of its processes: those that name our folder."""
        mark = f"--user-data-dir={self.folder}".encode()
        ours = [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/cmdline") if mark in _read(p)]
        assert ours, "no process of this browser found"
        for pid in ours:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        assert self.context is not None
        with suppress(Error):  # it may have noticed already that nobody is there
            self.context.close()
        for lock in self.folder.glob("Singleton*"):
            lock.unlink()

    def close(self) -> None:
        if self.context is not None:
            self.context.close()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
