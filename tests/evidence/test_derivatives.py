"""Derivatives: upright, bare, the same each time; what is covered is gone, what is not is left alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from audit_api.domain.regions import SMALLEST_SHARE, Place, photo_name, place_around
from audit_api.evidence.derivatives import STEP, cover, display_of, open_display
from audit_api.evidence.photo import PhotoCaps
from tests.pictures.faces import hopper, in_a_scene
from tests.pictures.scenes import draw_scene

CAPS = PhotoCaps()


def display(data):
    return display_of(io.BytesIO(data), CAPS)


def levels(jpeg):
    return np.asarray(open_display(jpeg), dtype=np.int16)


def test_a_display_is_bare_bounded_and_the_same_each_time():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Secret maker"
    draw_scene(3).resize((4000, 3000)).save(out, "JPEG", exif=exif, icc_profile=b"profile", comment=b"a comment")
    made = display(out.getvalue())
    assert made == display(out.getvalue())
    for secret in (b"Secret maker", b"Exif", b"ICC_PROFILE", b"a comment"):
        assert secret in out.getvalue()
        assert secret not in made
    assert open_display(made).size == (2048, 1536)
    assert not open_display(made).getexif()


def test_a_small_picture_is_not_made_larger():
    assert open_display(display(hopper())).size == (512, 600)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_display_stands_upright(shared, orientation):
    upright = display(shared("photos/orientation/landscape_1.jpg").read_bytes())
    turned = display(shared(f"photos/orientation/landscape_{orientation}.jpg").read_bytes())
    assert open_display(turned).size == open_display(upright).size == (600, 450)
    # The same waterfall; the photographer wrote another number into each.
    apart = np.abs(levels(turned) - levels(upright)).mean()
    assert apart < 0.5 * np.abs(levels(turned)[::-1, ::-1] - levels(upright)).mean()


def test_nothing_is_left_of_what_is_covered():
    picture = display(in_a_scene(hopper()))
    first, second = Place(0.1, 0.1, 0.3, 0.25), Place(0.3, 0.2, 0.4, 0.5)
    covered, small = cover(picture, [first, second])
    before, after = levels(picture), levels(covered)
    inside = np.zeros(before.shape[:2], bool)
    for place in (first, second):
        left, top, right, bottom = place.pixels(512, 600)
        inside[top:bottom, left:right] = True
        # One colour, but for JPEG's ripple: no line of what was there.
        assert np.ptp(after[top + 16 : bottom - 16, left + 16 : left + 28], axis=(0, 1)).max() <= 8
    assert np.abs(after - before)[inside].mean() > 25
    # Sixteen pixels from a cover nothing but the re-encoding is different.
    near = np.asarray(Image.fromarray(inside).convert("L").resize((512, 600))) > 0
    for axis in (0, 1):
        near = np.logical_or.reduce([np.roll(near, shift, axis) for shift in range(-16, 17)])
    assert np.abs(after - before)[~near].max() <= 24
    assert np.abs(after - before)[~near].mean() < 1
    assert open_display(small).size == (273, 320)
    assert cover(picture, [second, first]) == (covered, small)


def test_two_pictures_that_differ_only_under_the_cover_become_the_same():
    """What is shown does not depend on what was covered, but for one colour of 512."""
    blank = Image.new("RGB", (256, 256), (90, 120, 150))
    rng = np.random.default_rng(1)
    pictures = []
    for _ in range(2):
        pixels = np.asarray(blank).copy()
        pixels[64:128, 64:128] = rng.integers(96, 160, (64, 64, 3))
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=100, subsampling=0)
        pictures.append(out.getvalue())
    place = Place(48 / 256, 48 / 256, 96 / 256, 96 / 256)
    assert pictures[0] != pictures[1]
    shown = [levels(cover(picture, [place])[0]) for picture in pictures]
    assert np.abs(shown[0] - shown[1]).max() <= 2
    assert STEP >= 32


@given(
    st.tuples(*[st.floats(-500, 3000)] * 4),
    st.integers(1, 4000),
    st.integers(1, 4000),
)
def test_a_place_around_any_box_lies_in_the_picture(box, width, height):
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    place = place_around((min(left, width), min(top, height), right, bottom), width, height)
    assert place.is_inside()
    x0, y0, x1, y1 = place.pixels(width, height)
    assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    # What of the box lies in the picture is covered, to the pixel.
    assert x0 <= max(0, min(left, width)) and y0 <= max(0, min(top, height))
    assert x1 >= min(right, width) - 0.01 or right < 0
    assert y1 >= min(bottom, height) - 0.01 or bottom < 0


@pytest.mark.parametrize(
    "place",
    [
        Place(0.9, 0.1, 0.2, 0.1), Place(0.1, 0.1, 0.0, 0.1), Place(float("nan"), 0, 1, 1), Place(-0.1, 0, 0.5, 0.5),
        Place(0, 0, 0.5, SMALLEST_SHARE / 2), Place(0, 0, float("inf"), 1),
    ],
)  # fmt: skip
def test_a_place_out_of_the_picture_is_none(place):
    assert not place.is_inside()


def test_a_name_tells_nothing_and_holds_in_one_visit_only():
    sha256 = "ab" * 32
    names = {
        photo_name(secret, visit, photo)
        for secret in (b"s" * 40, b"t" * 40)
        for visit in ("v1", "v2")
        for photo in (sha256, "cd" * 32)
    }
    assert len(names) == 8
    assert photo_name(b"s" * 40, "v1", sha256) == photo_name(b"s" * 40, "v1", sha256)
    assert all(len(name) == 24 and sha256[:6] not in name for name in names)
