"""How well recycled photos are found: recall by kind of alteration, false matches, and speed among a million.

    python -m tests.benchmarks.copies [--write]

Without --write the tables are printed; with it docs/copies-results.md and audit_api/domain/copies_measured.py are
written, which the product reads. Figures of quality do not depend on the machine: the same pictures in every run.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy.stats import beta
from sklearn import datasets

from audit_api.domain.copies import NEAR
from audit_api.evidence.hash_index import HashIndex, words_of
from audit_api.evidence.likeness import Likeness, View, likeness_of
from audit_api.evidence.photo import inspect
from tests.benchmarks.figures import Figure, interleaved
from tests.pictures.alterations import ALTERATIONS, encoded
from tests.pictures.scenes import draw_scene

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT.parent / "shared" / "photos"
REAL = (
    "cameras/Canon_40D.jpg", "cameras/Nikon_D70.jpg", "cameras/PaintTool_sample.jpg", "cameras/long_description.jpg",
    "gps/DSCN0010.jpg", "gps/DSCN0012.jpg", "gps/DSCN0021.jpg", "gps/DSCN0025.jpg", "gps/DSCN0027.jpg",
    "heic/HMD_Nokia_8.3_5G_hdr.heif", "heic/samplefilehub.heif", "invalid/image01088.jpg", "invalid/image01137.jpg",
    "invalid/image01551.jpg", "mobile/jolla.jpg", "orientation/landscape_1.jpg", "orientation/portrait_1.jpg",
)  # fmt: skip
"""One file of each picture; those under `invalid` have broken EXIF only."""
LARGEST = 1600
SCENES, SAME_PLACES, ALTERED_SCENES = 1_200, 300, 40
STEPS = (8, 16, 24, NEAR, 40, 48, 56, 64)
HASHES, QUERIES, ROUNDS = 1_000_000, 64, 7
WANTED = ("recompressed", "resized", "brightness, contrast")


@dataclass(frozen=True)
class Recall:
    """How many altered pictures of one kind and degree were found."""

    kind: str
    degree: str
    real: int
    real_found: int
    scenes: int
    scenes_found: int


def real_pictures() -> list[Image.Image]:
    """Load the real photographs, upright: shared ones and the two that come with scikit-learn."""
    pillow_heif.register_heif_opener()
    pictures = [ImageOps.exif_transpose(Image.open(PHOTOS / name)).convert("RGB") for name in REAL]
    pictures += [Image.fromarray(pixels) for pixels in datasets.load_sample_images().images]
    for picture in pictures:
        picture.thumbnail((LARGEST, LARGEST))
    return pictures


def likeness(data: bytes) -> Likeness:
    """Take a photo in as the product does, and look at it."""
    return likeness_of(inspect(io.BytesIO(data)).thumbnail)


def _words(views: tuple[View, ...]) -> NDArray[np.uint64]:
    return words_of(b"".join(view.hash for view in views))


def apart(later: Likeness, earlier: list[Likeness]) -> NDArray[np.int64]:
    """Give the distance of the nearest views to each earlier picture; 256 where one of the two is too plain."""
    nearest = np.full(len(earlier), 256)
    shown = [place for place, picture in enumerate(earlier) if picture.kept]
    if not later.asked or not shown:
        return nearest
    kept = np.concatenate([_words(earlier[place].kept) for place in shown])
    starts = np.cumsum([0] + [len(earlier[place].kept) for place in shown[:-1]])
    best = np.full(len(kept), 256, dtype=np.int64)
    for query in _words(later.asked):
        best = np.minimum(best, np.bitwise_count(kept ^ query).sum(axis=1, dtype=np.int64))
    nearest[shown] = np.minimum.reduceat(best, starts)
    return nearest


def measure_recall(scenes: int = ALTERED_SCENES, kinds: Iterable[str] = tuple(ALTERATIONS)) -> Iterator[Recall]:
    """Alter every picture in every way and look for it."""
    real = real_pictures()
    pictures = [*real, *(draw_scene(place) for place in range(scenes))]
    originals = [likeness(encoded(picture, quality=92)) for picture in pictures]
    for kind in kinds:
        for degree, alter in ALTERATIONS[kind].items():
            found = [
                bool(apart(likeness(alter(picture)), [original])[0] <= NEAR)
                for picture, original in zip(pictures, originals, strict=True)
            ]
            yield Recall(kind, degree, len(real), sum(found[: len(real)]), scenes, sum(found[len(real) :]))


@dataclass(frozen=True)
class Unrelated:
    """Distances between pictures that are no copies."""

    pictures: int
    plain: int
    apart: NDArray[np.int64]
    matched_pictures: int
    same_place: NDArray[np.int64]


def measure_unrelated() -> Unrelated:
    """Compare each picture with all before it; and each of some places with itself at another visit."""
    scenes = [likeness(encoded(draw_scene(place))) for place in range(SCENES)]
    pictures = [*scenes, *(likeness(encoded(picture)) for picture in real_pictures())]
    found = [apart(later, pictures[:place]) for place, later in enumerate(pictures) if place]
    matched = {place + 1 for place, row in enumerate(found) if (row <= NEAR).any()}
    matched |= {int(earlier) for row in found for earlier in np.flatnonzero(row <= NEAR)}
    again = [
        int(apart(likeness(encoded(draw_scene(place, view=1))), [scenes[place]])[0]) for place in range(SAME_PLACES)
    ]
    plain = sum(not picture.kept for picture in pictures)
    return Unrelated(len(pictures), plain, np.concatenate(found), len(matched), np.array(again))


def upper_bound(count: int, of: int) -> float:
    """Give the one-sided 95 % upper bound of a share (Clopper and Pearson 1934)."""
    return 1.0 if count >= of else float(beta.ppf(0.95, count + 1, of - count))


def a_million(like_photos: bool) -> NDArray[np.uint64]:
    """Make hashes: evenly random, or strewn about those of drawn scenes as photographs are."""
    chance = np.random.default_rng(4)
    if not like_photos:
        return chance.integers(0, 2**64, (HASHES, 4), dtype=np.uint64)
    seeds = np.concatenate([_words(likeness(encoded(draw_scene(place))).kept) for place in range(60)])
    hashes = seeds[chance.integers(0, len(seeds), HASHES)]
    # A bit set in three random words at once, or one in eight, is turned: 64 of 256 on the average, in two steps.
    for _ in range(2):
        noise = chance.integers(0, 2**64, (3, HASHES, 4), dtype=np.uint64)
        hashes = hashes ^ (noise[0] & noise[1] & noise[2])
    return hashes


def measure() -> list[Figure]:
    """Give the ratio of the index to plain NumPy scans, and the recall where it has an aim (photographs only)."""
    figures = [figure for like_photos in (False, True) for figure in _speed(like_photos)]
    recalls = list(measure_recall(scenes=0, kinds=WANTED))
    for kind in WANTED:
        some = [one for one in recalls if one.kind == kind]
        found, of = sum(one.real_found for one in some), sum(one.real for one in some)
        note = f"{found} of {of} altered photographs; more in docs/copies-results.md"
        figures.append(Figure(f"found again: {kind}", "all", 100 * found / of, 95.0, unit="%", note=note))
    return figures


def _speed(like_photos: bool) -> list[Figure]:
    hashes = a_million(like_photos)
    index = HashIndex()
    index.extend(hashes)
    chance = np.random.default_rng(5)
    queries = hashes[chance.integers(0, HASHES, QUERIES)].copy()
    for query in queries:
        for bit in chance.choice(256, 20, replace=False):
            query[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    columns = [np.ascontiguousarray(hashes[:, word]) for word in range(4)]

    def scan(query: NDArray[np.uint64]) -> NDArray[np.int64]:
        return np.flatnonzero(np.bitwise_count(hashes ^ query).sum(axis=1) <= NEAR)

    def quickest_scan(query: NDArray[np.uint64]) -> NDArray[np.int64]:
        count = [np.bitwise_count(column ^ word) for column, word in zip(columns, query, strict=True)]
        far = (count[0] + count[1]).astype(np.uint16) + (count[2] + count[3])
        return np.flatnonzero(far <= NEAR)

    for query in queries:
        wanted = scan(query)
        if not np.array_equal(np.sort(index.search(query[None], NEAR)[1]), wanted):
            raise AssertionError("the index does not find what the scan finds")
        assert np.array_equal(quickest_scan(query), wanted)
    strewn = "strewn as photos are" if like_photos else "evenly random"
    figures = []
    for what, floor, aim, note in (
        ("plain NumPy scan", scan, 50.0, f"{strewn}; same neighbours for all {QUERIES} queries"),
        ("quickest NumPy scan", quickest_scan, None, f"{strewn}; one column a word, sums in bytes"),
    ):
        ratio, spread = interleaved(
            ROUNDS,
            partial(_seconds, floor, queries[:8]),
            partial(_seconds, lambda query: index.search(query[None], NEAR), queries),
            best=min,
        )
        # Times, not rates: the floor's seconds over ours.
        figures.append(Figure("nearest of 1,000,000 hashes", what, ratio, aim, spread=spread, note=note))
    return figures


def _seconds(work: object, queries: NDArray[np.uint64]) -> float:
    begun = time.perf_counter()
    for query in queries:
        work(query)  # type: ignore[operator] # a function of a query
    return (time.perf_counter() - begun) / len(queries)


HEAD = """# How well recycled photos are found

Written by `make bench-copies`; how the search works is in [copies.md](copies.md). A photo counts as found when the nearest of its views lies within {near} of 256 bits of the original's. Photographs: {real}, six of them of at most 100 pixels a side; originals of more than {largest} pixels were made smaller first. Drawn scenes: workshops, showrooms, receptions and stores of one dealer network (`tests/pictures/scenes.py`).

## Recall

| Alteration | Degree | Photographs found | Drawn scenes found |
|---|---|---|---|
"""  # noqa: E501 - a line of Markdown is a paragraph


def page(recalls: list[Recall], seen: Unrelated) -> str:
    """Lay out docs/copies-results.md."""
    lines = []
    for kind in ALTERATIONS:
        some = [one for one in recalls if one.kind == kind]
        real, real_found = sum(one.real for one in some), sum(one.real_found for one in some)
        drawn, drawn_found = sum(one.scenes for one in some), sum(one.scenes_found for one in some)
        lines.append(
            f"| **{kind}** | all | **{real_found} of {real} ({real_found / real:.1%})** | "
            f"{drawn_found} of {drawn} ({drawn_found / drawn:.1%}) |"
        )
        lines += [
            f"| | {one.degree} | {one.real_found} of {one.real} | {one.scenes_found} of {one.scenes} |" for one in some
        ]
    pairs = len(seen.apart)
    text = HEAD.format(near=NEAR, real=recalls[0].real, largest=LARGEST) + "\n".join(lines)
    text += (
        f"\n\n## False matches\n\n{seen.pictures:,} pictures, no two of one place ({SCENES:,} drawn, the others "
        f"photographs): {pairs:,} pairs, each with all pairs of views. {seen.plain} were too plain to compare. "
        f"The nearest pair was {seen.apart.min()} bits apart. {seen.matched_pictures} of the pictures had a false "
        f"match within {NEAR} (95 % upper bound {upper_bound(seen.matched_pictures, seen.pictures):.2%} of pictures); "
        "pairs that share a picture are not independent, so the bound by pairs says less than its digits. The last "
        f"columns are {len(seen.same_place)} places drawn at two visits: camera moved, other cars, other light. Those "
        "are no copies either.\n\n"
        "| Distance at most | Unrelated pairs | 95 % upper bound | Same place, two visits | 95 % upper bound |\n"
        "|---|---|---|---|---|\n"
    )
    for step in STEPS:
        count, same = int((seen.apart <= step).sum()), int((seen.same_place <= step).sum())
        text += (
            f"| {step}{' (used)' if step == NEAR else ''} | {count} | {1e6 * upper_bound(count, pairs):.2f} in a "
            f"million | {same} | {upper_bound(same, len(seen.same_place)):.2%} |\n"
        )
    return text


def module(seen: Unrelated) -> str:
    """Lay out audit_api/domain/copies_measured.py."""
    pairs = len(seen.apart)

    def rows(values: NDArray[np.int64]) -> str:
        counts = [int((values <= step).sum()) for step in STEPS]
        return "".join(
            f"    {step}: ({count}, {upper_bound(count, len(values)):.3e}),\n"
            for step, count in zip(STEPS, counts, strict=True)
        )

    return (
        '"""How near photos come that are no copies; written by `make bench-copies`, see docs/copies-results.md."""\n\n'
        "from __future__ import annotations\n\nfrom typing import Final\n\n"
        f"PICTURES: Final = {seen.pictures}\nPAIRS: Final = {pairs}\nNEAREST: Final = {seen.apart.min()}\n"
        f"AS_NEAR: Final[dict[int, tuple[int, float]]] = {{\n{rows(seen.apart)}}}\n"
        '"""Pairs of unrelated pictures at most so far apart, and the upper 95 % bound of their share."""\n'
        f"SAME_PLACE_PAIRS: Final = {len(seen.same_place)}\n"
        f"SAME_PLACE: Final[dict[int, tuple[int, float]]] = {{\n{rows(seen.same_place)}}}\n"
        '"""Likewise for one place drawn at two visits."""\n'
    )


def main() -> None:
    """Measure quality; print it or write it where the product and its readers look."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the page and the module")
    given = parser.parse_args()
    recalls, seen = list(measure_recall()), measure_unrelated()
    if given.write:
        (ROOT / "docs" / "copies-results.md").write_text(page(recalls, seen), "utf-8")
        (ROOT / "audit_api" / "domain" / "copies_measured.py").write_text(module(seen), "utf-8")
    else:
        print(page(recalls, seen))


if __name__ == "__main__":
    main()
