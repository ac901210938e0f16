"""Chunks in any order, repeated, cut, strange, half written by who was killed: the photo ends whole, or is told how
far it is; and what is told is always so."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.partials import PartialUploads
from audit_api.operations import photo_checks, photos
from audit_api.operations.photo_chunks import find_offset, receive_chunk
from audit_api.problems import Problem

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EXAMPLES = 250 if os.environ.get("FULL") == "1" else 60


def drawn():
    out = io.BytesIO()
    Image.effect_noise((48, 36), 60).save(out, "JPEG")
    return out.getvalue()


PHOTO = drawn()
NAME, LENGTH = hashlib.sha256(PHOTO).hexdigest(), len(PHOTO)
lengths = st.one_of(st.integers(0, 100), st.integers(1, LENGTH))
STEPS = st.one_of(
    st.tuples(st.just("chunk"), lengths),
    st.tuples(st.just("cut"), lengths),
    st.tuples(st.just("again"), st.just(0)),
    st.tuples(st.just("anywhere"), st.integers(0, LENGTH)),
    st.tuples(st.just("strange"), st.integers(1, 200)),
    st.tuples(st.just("killed"), st.integers(1, 300)),
    st.tuples(st.just("put"), st.just(0)),
    st.tuples(st.just("sweep"), st.integers(6, 8)),
)


class Model:
    """What the server must hold, and what it must answer."""

    def __init__(self):
        self.held, self.whole = b"", False

    def chunk(self, offset, data):
        """Give the status that the chunk must get, and take it in."""
        if self.whole:
            return 412
        if offset != len(self.held):
            return 409
        if len(self.held) + len(data) > LENGTH:
            return 422
        joined = self.held + data
        if len(self.held) < 64 and len(joined) >= 12 and not joined.startswith(b"\xff\xd8\xff"):
            self.held = b""
            return 415
        self.held = joined
        if len(joined) < LENGTH:
            return 204
        self.held, self.whole = b"", joined == PHOTO
        return 201 if self.whole else 422


class Phone:
    """Does one step after the other, to the server and to the model."""

    def __init__(self, app, config):
        self.store, self.settings, self.model = app.extensions["audit"].store, config, Model()
        person = uuid.uuid4().hex
        self.actor = Actor(person, f"{person}@example.com", person, Role.AUDITOR, frozenset({"*"}), frozenset(), "zh")
        self.last = (0, PHOTO[:50])
        self.uploads = PartialUploads(config.upload_dir)

    def send(self, offset, data):
        expected = self.model.chunk(offset, data)
        self.last = (offset, data)
        more = {"settings": self.settings, "actor": self.actor, "at": AT}
        try:
            got = receive_chunk(self.store, io.BytesIO(data), NAME, offset=offset, length=LENGTH, **more)
        except Problem as problem:
            assert problem.kind.status == expected
            if problem.kind is problems.UPLOAD_OFFSET:
                assert problem.headers["Upload-Offset"] == str(len(self.model.held))
            return
        assert expected == (204 if got.facts is None else 201)
        assert got.offset == (LENGTH if got.facts else len(self.model.held))

    def step(self, what, number):
        held = len(self.model.held)
        if what == "chunk":
            self.send(held, PHOTO[held : held + number])
        elif what == "cut":  # of a longer chunk
            self.send(held, PHOTO[held : held + number // 2])
        elif what == "again":
            self.send(*self.last)
        elif what == "anywhere":
            self.send(number, PHOTO[number : number + 100])
        elif what == "strange":
            self.send(held, b"\x00" * number)
        elif what == "killed" and held and not self.model.whole:
            left = PHOTO[held : min(held + number, LENGTH - 1)]
            with self.uploads.locked(self.actor.id, NAME) as partial, partial._path.open("ab") as file:
                file.write(left)
            self.model.held += left
        elif what == "put":
            with_what = {"settings": self.settings, "actor": self.actor, "at": AT}
            try:
                photos.receive_photo(self.store, io.BytesIO(PHOTO), NAME, **with_what)
                assert not self.model.whole
            except Problem as problem:
                assert problem.kind is problems.PHOTO_EXISTS and self.model.whole
            self.model.held, self.model.whole = b"", True
        elif what == "sweep":
            photo_checks.sweep_photos(self.store, settings=self.settings, at=AT + timedelta(days=number))
            if number > self.settings.upload_days:
                self.model.held = b""

    def look(self):
        """Hold what is told against the model."""
        if self.model.whole:
            assert find_offset(NAME, settings=self.settings, actor=self.actor) is None
            assert not self.uploads.exists(self.actor.id, NAME)
        elif self.model.held:
            assert find_offset(NAME, settings=self.settings, actor=self.actor) == len(self.model.held)
        else:
            with pytest.raises(Problem) as none:
                find_offset(NAME, settings=self.settings, actor=self.actor)
            assert none.value.kind is problems.NOT_FOUND


@settings(max_examples=EXAMPLES)
@given(steps=st.lists(STEPS, max_size=12))
def test_it_ends_whole(app, request, steps):
    phone = Phone(app, app.extensions["audit"].settings)
    for step in steps:
        phone.step(*step)
        phone.look()
    for _ in range(3):  # what was strange is found out at the end, and then it begins anew
        phone.step("chunk", LENGTH)
        phone.look()
    assert phone.model.whole
    with phone.store.open(NAME) as blob:
        assert blob.read() == PHOTO
