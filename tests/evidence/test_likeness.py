"""Pictures are found again after what people do to them, and others are not."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
from PIL import Image

from audit_api.domain.copies import NEAR
from audit_api.domain.copies_measured import NEAREST
from audit_api.evidence.likeness import PLAIN, likeness_of, perceptual_hash
from audit_api.evidence.photo import inspect
from tests.pictures.alterations import ALTERATIONS, encoded
from tests.pictures.scenes import draw_scene

LAYS = {
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT, "upside_down": Image.Transpose.FLIP_TOP_BOTTOM,
    "turned_180": Image.Transpose.ROTATE_180, "transposed": Image.Transpose.TRANSPOSE,
    "turned_90": Image.Transpose.ROTATE_90, "turned_270": Image.Transpose.ROTATE_270,
    "transversed": Image.Transpose.TRANSVERSE,
}  # fmt: skip


CUT_EDGES = [
    edges for edges in product((0, 0.1), repeat=4) if any(edges) and not all(edges[::2]) and not all(edges[1::2])
]


def seen(data):
    return likeness_of(inspect(io.BytesIO(data)).thumbnail)


def bits_apart(one, other):
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum(dtype=int))


def apart(later, earlier):
    return min(bits_apart(a.hash, k.hash) for a in later.asked for k in earlier.kept)


@pytest.fixture(scope="module")
def scenes():
    return {place: draw_scene(place) for place in range(6)}


@pytest.fixture(scope="module")
def originals(scenes):
    return {place: seen(encoded(scene, quality=92)) for place, scene in scenes.items()}


def test_the_whole_view_is_the_hash_kept_with_the_photo(scenes):
    """Frequencies computed here are those of ImageHash."""
    facts = inspect(io.BytesIO(encoded(scenes[0])))
    whole = next(view for view in likeness_of(facts.thumbnail).kept if view.cut == "whole")
    with Image.open(io.BytesIO(facts.thumbnail)) as thumbnail:
        assert whole.hash.hex() == perceptual_hash(thumbnail)[0]


@pytest.mark.parametrize("turn", LAYS)
def test_a_lay_is_the_hash_of_the_picture_laid_so(scenes, turn):
    """Without a pixel being looked at again: only ties at the median may fall otherwise."""
    for scene in scenes.values():
        image = scene.resize((96, 64))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=95)
        with Image.open(out) as plain:
            laid = plain.convert("RGB").transpose(LAYS[turn])
        views = likeness_of(out.getvalue()).asked
        made_of = next(v for v in views if v.cut == "whole" and v.turn == inverse(turn))
        assert bits_apart(made_of.hash, bytes.fromhex(perceptual_hash(laid)[0])) <= 4


def inverse(turn):
    return {"turned_90": "turned_270", "turned_270": "turned_90"}.get(turn, turn)


@pytest.mark.parametrize("kind", ALTERATIONS)
def test_an_altered_picture_is_found(scenes, originals, kind):
    places = list(scenes)
    for number, alter in enumerate(ALTERATIONS[kind].values()):
        place = places[number % len(places)]
        assert apart(seen(alter(scenes[place])), originals[place]) <= NEAR


@pytest.mark.parametrize("edges", CUT_EDGES, ids=str)
def test_a_picture_cut_at_one_edge_or_two_is_found(scenes, originals, edges):
    left, top, right, bottom = edges
    for place in (0, 3):
        width, height = scenes[place].size
        box = (round(left * width), round(top * height), round(width - right * width), round(height - bottom * height))
        assert apart(seen(encoded(scenes[place].crop(box))), originals[place]) <= NEAR


def test_other_places_are_not(originals):
    nearest = min(apart(a, b) for p, a in originals.items() for q, b in originals.items() if p != q)
    assert nearest > NEAR
    assert nearest >= NEAREST  # these are among the pictures measured


def test_the_same_place_at_another_visit_is_not(originals):
    for place, original in originals.items():
        assert apart(seen(encoded(draw_scene(place, view=1))), original) > NEAR


def test_a_plain_picture_is_not_compared():
    wall = seen(encoded(Image.new("RGB", (640, 480), (200, 200, 195))))
    assert wall.kept == wall.asked == ()
    assert perceptual_hash(Image.new("RGB", (64, 64), "grey"))[1] < PLAIN
