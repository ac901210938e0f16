"""kill -9 of the processes that enter photos: each photo is entered once, and no likeness is missed."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import ImageOps

from audit_api.domain.directory import Role
from audit_api.models.copies import PhotoCopies
from audit_api.operations import copies_entering, photos
from tests.conftest import NOW
from tests.pictures.alterations import encoded
from tests.pictures.scenes import draw_scene
from tests.servers import environment

PLACES, SHOTS, KILLS, WAIT_SECONDS = (4, 8, 6, 90) if os.environ.get("FULL") == "1" else (3, 4, 2, 90)


@pytest.fixture
def enter(settings):
    """Start `audit-api copy enter`; what a test leaves running is killed."""
    started = []

    def start(*options):
        command = [sys.executable, "-c", "from audit_api.cli import main; main()", "copy", "enter", *options]
        process = subprocess.Popen(
            command, env=environment(settings.mongodb_uri, settings.database), stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=30)


def wait_for(count):
    until = time.monotonic() + WAIT_SECONDS
    while (known := PhotoCopies._get_collection().count_documents({})) < count:
        assert time.monotonic() < until, f"{known} of {count} entered after {WAIT_SECONDS} s"
        time.sleep(0.02)


def test_killed_again_and_again_it_enters_each_photo_once(app, people, enter):
    auditor, services = people.add(Role.AUDITOR), app.extensions["audit"]
    place_of = {}

    def send(shot):
        for place in range(PLACES):
            scene = draw_scene(place)
            data = encoded(ImageOps.mirror(scene) if shot % 2 else scene, quality=60 + shot)
            sha256 = hashlib.sha256(data).hexdigest()
            place_of[sha256] = place
            photos.receive_photo(
                services.store, io.BytesIO(data), sha256, settings=services.settings, actor=auditor, at=NOW
            )

    send(0)
    stays, killed = enter("--follow"), enter("--follow")
    for shot in range(1, SHOTS):
        send(shot)
        if shot <= KILLS:
            wait_for(PLACES * shot)
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait(timeout=30)
            killed = enter("--follow")
    wait_for(PLACES * SHOTS)
    assert stays.poll() is None
    assert enter().wait(timeout=WAIT_SECONDS) == 0  # ends by itself when nothing waits
    assert copies_entering.count_waiting() == 0
    entries = list(PhotoCopies._get_collection().find().sort("_id", 1))
    assert [entry["_id"] for entry in entries] == list(range(1, PLACES * SHOTS + 1))
    assert {entry["sha256"] for entry in entries} == set(place_of)
    for number, entry in enumerate(entries):
        same = {e["sha256"] for e in entries[:number] if place_of[e["sha256"]] == place_of[entry["sha256"]]}
        assert {found["sha256"] for found in entry["found"]} == same
