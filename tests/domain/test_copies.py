"""What change would explain a likeness, and how often chance comes as near."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain import copies_measured
from audit_api.domain.copies import CHANGES, NEAR, Seen, chance, changes, closest
from audit_api.evidence.likeness import CROPS, EDGES, TILTS, TURNS

PHOTO = {"format": "JPEG", "width": 640, "height": 480, "tone": (120.0, 128.0, 128.0), "taken_at": None}
CUTS = ["whole", "trimmed", *(f"crop_{round(100 * c)}" for c in CROPS)]
ASKED = [*CUTS, *(f"edge_{round(100 * share)}" for share, _ in EDGES), *(f"tilt_{t:g}" for t in TILTS)]


def at(seconds):
    return {"local": f"2026-11-20T10:02:{seconds:02}", "offset": None, "source": "DateTimeOriginal"}


@pytest.mark.parametrize(
    ("seen", "later", "expected"),
    [
        (("whole", "upright", "whole"), {}, ["encoded_again"]),
        (("crop_5", "upright", "crop_5"), {}, ["encoded_again"]),
        (("whole", "mirrored", "whole"), {}, ["mirrored"]),
        (("whole", "turned_180", "whole"), {}, ["turned"]),
        (("whole", "turned_90", "whole"), {"width": 480, "height": 640}, ["turned"]),
        (("whole", "turned_90", "whole"), {"width": 240, "height": 320}, ["turned", "resized"]),
        (("whole", "transposed", "whole"), {"width": 480, "height": 640}, ["mirrored", "turned"]),
        (("whole", "upright", "whole"), {"width": 320, "height": 240}, ["resized"]),
        (("whole", "upright", "whole"), {"format": "WEBP"}, ["format_changed"]),
        (("whole", "upright", "whole"), {"tone": (140.0, 128.0, 128.0)}, ["light_changed"]),
        (("whole", "upright", "whole"), {"tone": (120.0, 120.0, 128.0)}, ["colour_changed"]),
        (("whole", "upright", "crop_10"), {"tone": (140.0, 128.0, 128.0), "width": 576}, ["cropped"]),
        (("crop_10", "upright", "whole"), {}, ["wider"]),
        (("crop_5", "upright", "crop_20"), {}, ["cropped"]),
        (("crop_20", "upright", "crop_5"), {}, ["wider"]),
        (("edge_5", "upright", "crop_20"), {"width": 608}, ["cropped"]),
        (("trimmed", "upright", "whole"), {"height": 900}, ["framed"]),
        (("whole", "upright", "trimmed"), {}, ["cropped"]),
        (("tilt_2", "upright", "crop_10"), {}, ["tilted"]),
        (("whole", "upright", "whole"), {"taken_at": at(31)}, ["one_sitting"]),
        (("whole", "upright", "whole"), {"taken_at": at(11)}, ["encoded_again"]),
        (("whole", "upright", "whole"), {"taken_at": {"local": "yesterday"}}, ["encoded_again"]),
    ],
)
def test_the_change_that_explains_it(seen, later, expected):
    cut, turn, earlier_cut = seen
    assert changes(PHOTO | later, PHOTO | {"taken_at": at(11)}, Seen(4, cut, turn, earlier_cut)) == expected


@given(st.sampled_from(ASKED), st.sampled_from(TURNS), st.sampled_from(CUTS), st.sampled_from(["JPEG", "HEIC"]))
def test_every_pair_of_views_has_an_explanation_in_words(cut, turn, earlier_cut, format_name):
    found = changes(PHOTO | {"format": format_name}, PHOTO, Seen(9, cut, turn, earlier_cut))
    assert found
    assert set(found) <= set(CHANGES)
    assert len(set(found)) == len(found)


def test_the_words_are_in_both_languages():
    for zh, en in CHANGES.values():
        assert re.search("[一-鿿]", zh)
        assert re.fullmatch("[ -~°]+", en)


def test_the_plain_explanation_is_preferred_unless_another_is_clearly_nearer():
    whole = Seen(10, "whole", "upright", "whole")
    assert closest([Seen(4, "crop_5", "upright", "crop_5"), whole]) == whole
    cropped = Seen(1, "whole", "upright", "crop_5")
    assert closest([whole, cropped]) == cropped
    assert closest([cropped, whole]) == cropped


def test_what_chance_does_is_what_was_measured():
    assert copies_measured.PICTURES >= 800
    assert copies_measured.NEAREST > NEAR
    for distance in range(NEAR + 1):
        found = chance(distance)
        assert found["distance"] >= distance
        assert found["as_near"] == copies_measured.AS_NEAR[found["distance"]][0]
        assert found["share"] <= found["upper_share"] < 1e-4
    shares = [chance(distance)["upper_share"] for distance in range(60)]
    assert shares == sorted(shares)
