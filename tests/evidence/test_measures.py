"""What is measured on a photo's small picture, and what its file says of where it came from."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from audit_api.evidence.measures import PhotoMarks, _steps
from audit_api.evidence.photo import inspect
from audit_api.evidence.remarks import FOR_REVIEWERS, REMARKS
from tests.pictures.scenes import draw_scene

MARKED = {"blurred", "dark", "uniform", *FOR_REVIEWERS}


def saved(image, format_name="JPEG", **options):
    out = io.BytesIO()
    image.save(out, format_name, **options)
    return out


def marks_of(file, **limits):
    return {said.code for said in inspect(file, marks=PhotoMarks(**limits)).remarks} & MARKED


def facts_of(file):
    return {found.fact: found for found in inspect(file).facts}


def screen(width=1080, height=2400):
    """Draw a chat as a phone shows it."""
    image = Image.new("RGB", (width, height), (245, 245, 247))
    draw = ImageDraw.Draw(image)
    for row in range(height // 200):
        draw.rounded_rectangle((60, row * 200 + 30, width - 200, row * 200 + 160), 30, fill=(255, 255, 255))
        draw.text((90, row * 200 + 60), "Your car is ready, please rate us with ten", fill=(20, 20, 20), font_size=36)
    return image


def test_it_works():
    file = saved(draw_scene(1), quality=90)
    assert marks_of(file) == set()
    facts = facts_of(file)
    assert {name: found.source for name, found in facts.items()} == dict.fromkeys(
        ("sharpness", "brightness", "contrast", "flat_share"), "pixels"
    )
    assert facts["sharpness"].limit == 60


def test_sharpness_falls_with_every_blur_and_the_threshold_cuts():
    scene = draw_scene(1)
    files = [saved(scene.filter(ImageFilter.GaussianBlur(sigma))) for sigma in (0, 1, 2, 4, 8)]
    found = [facts_of(file)["sharpness"].number for file in files]
    assert found == sorted(found, reverse=True)
    assert marks_of(files[0]) == set()
    assert marks_of(files[4]) == {"blurred"}
    assert marks_of(files[4], sharpness_least=0) == set()
    assert marks_of(files[0], sharpness_least=found[0] + 1) == {"blurred"}


def test_a_photo_of_any_size_is_measured_alike():
    scene = draw_scene(3)
    small, large = (facts_of(saved(scene.resize(size), "PNG")) for size in ((640, 480), (2560, 1920)))
    for name in ("brightness", "contrast"):
        assert large[name].number == pytest.approx(small[name].number, abs=3)


def test_dark_and_uniform_photos_are_not_called_blurred():
    scene = draw_scene(1)
    assert marks_of(saved(scene.point(lambda level: level * 0.15))) == {"dark"}
    assert marks_of(saved(Image.new("RGB", (640, 480), (120, 130, 120)))) == {"uniform"}
    assert marks_of(saved(Image.new("RGB", (640, 480)))) == {"dark", "uniform"}


def test_brightness_is_the_mean_and_contrast_the_span():
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:, 50:] = 200
    facts = facts_of(saved(Image.fromarray(pixels), "PNG"))
    assert facts["brightness"].number == 100
    assert facts["contrast"].number == 200


@pytest.mark.parametrize("size", [(1080, 2400), (2400, 1080), (1170, 2532), (1920, 1080)])
def test_screenshots(size):
    file = saved(screen(*size), "PNG")
    assert marks_of(file) == {"screenshot"}
    assert (facts_of(file)["screen"].source, facts_of(file)["screen"].text) == ("container", f"{size[0]} × {size[1]}")


def test_what_is_no_screenshot():
    """A screen's size alone, flatness alone, or both with a camera's name are no sign."""
    assert marks_of(saved(screen().crop((0, 0, 1080, 2300)), "PNG")) == set()
    assert marks_of(saved(draw_scene(1).resize((1920, 1080)))) == set()
    tags = Image.Exif()
    tags[0x10F] = "Camera"
    assert marks_of(saved(screen(), exif=tags)) == set()
    assert marks_of(saved(screen(), "PNG"), screen_flat_least=1.1) == set()


def test_a_file_that_says_it_is_a_screenshot(exif):
    said = b"ASCII\0\0\0Screenshot"
    block = exif.tiff(details=[(0x9286, 7, len(said), said)])
    assert marks_of(saved(draw_scene(1), exif=b"Exif\0\0" + block)) == {"screenshot"}


@pytest.mark.parametrize(
    "name",
    ["Adobe Photoshop 25.1 (Windows)", "GIMP 2.10.34", "Snapseed 2.0", "美图秀秀", "PicsArt", "醒图", "paint.net 5.0"],
)
def test_editors_in_exif(name):
    tags = Image.Exif()
    tags[0x131] = name.encode()
    file = saved(draw_scene(1), exif=tags)
    assert marks_of(file) == {"edited_by_software"}
    assert (facts_of(file)["editor"].source, facts_of(file)["editor"].text) == ("exif", name)


@pytest.mark.parametrize(
    "name",
    [
        "Nikon Transfer 1.1 W",
        "Ver.1.00",
        "17.5.1",
        "HarmonyOS 4.2",
        "MIUI Camera",
        "Gimpel's camera",
        "Megagimp 3",
        "AdobeX",
    ],
)
def test_a_camera_s_own_software_is_no_editor(name):
    tags = Image.Exif()
    tags[0x131] = name
    assert marks_of(saved(draw_scene(1), exif=tags)) == set()


def test_editors_in_xmp_and_comments():
    packet = b'<x:xmpmeta><rdf:Description xmp:CreatorTool="Adobe Lightroom 9"/></x:xmpmeta>'
    file = saved(draw_scene(1), xmp=packet)
    assert (facts_of(file)["editor"].source, facts_of(file)["editor"].text) == ("xmp", "Adobe Lightroom 9")
    assert facts_of(saved(draw_scene(1), comment=b"Created with GIMP"))["editor"].source == "container"
    assert marks_of(saved(draw_scene(1), xmp=b'<a xmp:CreatorTool="Nokia 8"/>')) == set()


def with_preview(image, preview):
    """Put a preview into the second directory."""
    data = (
        preview
        if isinstance(preview, bytes)
        else saved(preview.resize((160, 160 * preview.height // preview.width)), quality=80).getvalue()
    )
    main = b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x01\0\0\0" + (26).to_bytes(4, "little")
    second = b"\x02\0" + b"".join(
        tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0" + value.to_bytes(4, "little")
        for tag, value in ((0x201, 56), (0x202, len(data)))
    )
    return saved(image, exif=b"Exif\0\0II*\0\x08\0\0\0" + main + second + b"\0\0\0\0" + data)


def test_a_preview_that_shows_the_same_or_something_else():
    scene, other = draw_scene(1), draw_scene(2)
    assert marks_of(with_preview(scene, scene)) == set()
    assert facts_of(with_preview(scene, scene))["preview_likeness"].number > 0.95
    assert marks_of(with_preview(scene, other)) == {"preview_differs"}
    turned = scene.transpose(Image.Transpose.ROTATE_90)
    assert marks_of(with_preview(turned, scene)) == set()
    barred = Image.new("RGB", (640, 640))
    barred.paste(scene, (0, 80))
    assert marks_of(with_preview(scene, barred)) == set()


@pytest.mark.parametrize("preview", [b"\xff\xd8\xff", b"noise" * 100, b"\xff\xd8\xff\xe0" + b"\0" * 500])
def test_a_damaged_preview_counts_as_none(preview):
    file = with_preview(draw_scene(1), preview)
    assert "preview_likeness" not in facts_of(file)
    assert not inspect(file).remarks


def test_every_mark_has_words():
    assert REMARKS.keys() >= MARKED


# Photographs of real cameras, beside the repository

EDITED = {
    "Canon_40D.jpg", "Canon_40D_photoshop_import.jpg", "Nikon_D70.jpg", "PaintTool_sample.jpg", "long_description.jpg",
    "image01088.jpg", "image01137.jpg", "image01551.jpg", "landscape_1.jpg", "portrait_1.jpg",
}  # fmt: skip


def test_real_photographs(shared):
    """Only those that name an editor are marked, and all of them; twelve carry a preview, each like its photo."""
    found = {path.name: marks_of(path) for path in shared("photos").rglob("*.*") if path.suffix != ".md"}
    assert {name for name, marks in found.items() if marks} == EDITED
    assert all(found[name] == {"edited_by_software"} for name in EDITED)
    facts = [facts_of(path) for path in shared("photos").rglob("*.jpg")]
    previews = [known["preview_likeness"].number for known in facts if "preview_likeness" in known]
    assert len(previews) >= 11
    assert min(previews) > 0.9


def test_steps_are_what_they_are_called():
    """Held against the formula written out."""
    grey = np.random.default_rng(5).integers(0, 6, (40, 50)).astype(np.int16)
    sharpness, flat = _steps(grey)
    inner = [(y, x) for y in range(1, 39) for x in range(1, 49)]
    levels = grey.astype(int)
    laplacian = [
        4 * levels[y, x] - levels[y - 1, x] - levels[y + 1, x] - levels[y, x - 1] - levels[y, x + 1] for y, x in inner
    ]
    near = [max(abs(levels[y, x] - levels[y, x + 1]), abs(levels[y, x] - levels[y + 1, x])) <= 1 for y, x in inner]
    assert sharpness == pytest.approx(np.var(laplacian), rel=1e-4)
    assert flat == pytest.approx(np.mean(near))
