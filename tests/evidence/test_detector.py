"""The detector on a package's portrait: small and large, and on scenes without anybody."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from audit_api.evidence.derivatives import cover, display_of, open_display
from audit_api.evidence.detector import load_detector
from audit_api.evidence.photo import PhotoCaps
from tests.pictures.alterations import encoded
from tests.pictures.faces import HOPPER_FACE, hopper, in_a_scene
from tests.pictures.scenes import draw_scene

SCENE = encoded(draw_scene(2).resize((1280, 960)))


@pytest.fixture(scope="module")
def detector():
    return load_detector()


def display(data):
    return display_of(io.BytesIO(data), PhotoCaps())


def faces(detector, image):
    return [found.place for found in detector.look_at(image) if found.kind == "face"]


@pytest.mark.parametrize(("height", "left", "top"), [(600, 300, 200), (240, 900, 30), (110, 40, 820)])
def test_a_face_is_found_where_it_is_and_not_again_once_covered(detector, height, left, top):
    picture = display(in_a_scene(SCENE, height=height, left=left, top=top))
    image = open_display(picture)
    found = faces(detector, image)
    wide = height * 512 / 600
    x0, x1 = ((left + wide * share) / image.width for share in HOPPER_FACE[::2])
    y0, y1 = ((top + height * share) / image.height for share in HOPPER_FACE[1::2])
    assert any(
        place.x <= x0 and place.y <= y0 and place.x + place.width >= x1 and place.y + place.height >= y1
        for place in found
    ), found
    covered, small = cover(picture, found)
    assert faces(detector, open_display(covered)) == []
    assert faces(detector, open_display(small)) == []


def test_the_second_picture_of_another_shape_is_looked_at_as_well_as_the_first(detector):
    """OpenCV's network gives hundreds of wrong boxes once its input has changed its shape."""
    portrait = open_display(display(hopper()))
    for size in ((512, 600), (600, 400), (300, 512), (512, 512), (512, 600)):
        assert 1 <= len(faces(detector, portrait.resize(size))) <= 2


def test_a_scene_without_anybody_has_no_face(detector):
    assert [faces(detector, draw_scene(number)) for number in (1, 4, 5)] == [[], [], []]


def test_a_dark_on_light_plate_is_found_and_so_is_a_light_on_dark_one(detector):
    for ground, sign in (("white", "black"), ("#1440a8", "white")):
        image = draw_scene(6).resize((1024, 768))
        draw = ImageDraw.Draw(image)
        draw.rectangle((300, 380, 740, 640), fill="#7a7f86")
        plate = Image.new("RGB", (220, 48), ground)
        pen = ImageDraw.Draw(plate)
        pen.rectangle((1, 1, 218, 46), outline=sign, width=2)
        pen.text((10, 4), "A 123 BC 77", fill=sign, font_size=34)
        image.paste(plate, (410, 520))
        found = [found.place for found in detector.look_at(image) if found.kind == "plate"]
        middle = (520 / 1024, 544 / 768)
        assert any(
            p.x <= middle[0] <= p.x + p.width and p.y <= middle[1] <= p.y + p.height and p.width > 0.15 for p in found
        ), (ground, found)
