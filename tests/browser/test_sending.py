"""What an auditor has sent arrives: once, whole, whatever the line, the server and the browser do meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Phones, Site
from tests.browser.field_work import Field, photos_of
from tests.browser.line import Line
from tests.browser.sending import Sender, a_work, hashes

BIG = (900, 700)  # noise of so many pixels makes a JPEG of more than one chunk


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    made = Line(site.server.port)
    yield made
    made.close()


@pytest.fixture
def sender(phones: Phones, site: Site, field: Field) -> Iterator[Callable[..., Any]]:
    """Make signed-in phones, each with a task; a test fails where a page threw something that nobody caught."""
    made: list[Sender] = []

    def make(app: str = "", tasks: int = 1, **more: Any) -> tuple[Sender, Any, list[str]]:
        auditor, token = site.auditor()
        codes = [field.task(auditor) for _ in range(tasks)]
        one = Sender(phones("zh", **more).new_page(), app or site.app).sign_in(auditor, token)
        made.append(one)
        return one, auditor, codes

    yield make
    for one in made:
        assert not one.faults, one.faults


def test_a_visit_arrives_once_over_a_line_that_cuts_swallows_and_doubles(
    sender: Callable[..., Any], field: Field, line: Line
) -> None:
    phone, _, (task,) = sender(line.app)
    visit, work = phone.start(task), a_work(photos=4, size=BIG)
    phone.fill(visit, work)
    line.flap()
    line.befall("answer_lost", "PUT /v1/visits/")
    line.befall("answer_lost", "POST /v1/visits/")
    line.befall("cut", "PATCH /v1/photos/", times=3)
    phone.send(visit)
    draft = phone.reaches(visit, "received")
    held = field.visit(task)
    assert held["visit"] == visit and held["state"] == "submitted"
    assert sorted(photos_of(held)) == hashes(work.shots)
    field.holds(work.pictures)
    assert line.suffered()
    assert {photo["sha256"] for photo in draft["receipt"]["photos"]} == set(hashes(work.shots))
    assert not field.conflicts(visit)
    assert phone.run("Promise.all(names.map((one) => photos.bytesOf(one)))", names=hashes(work.shots)) == [None] * 4
