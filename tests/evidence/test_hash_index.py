"""The index of hashes gives exactly what a plain scan gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.evidence import hash_index
from audit_api.evidence.hash_index import MOST_DISTANCE, PIECES, HashIndex, distances, words_of


def scan(hashes, query, distance):
    """Compare bit by bit, with nothing of the code under test."""
    bits = np.unpackbits(np.ascontiguousarray(hashes).view(np.uint8), axis=1)
    apart = (bits != np.unpackbits(np.ascontiguousarray(query).view(np.uint8))).sum(axis=1)
    return sorted((int(apart[place]), int(place)) for place in np.flatnonzero(apart <= distance))


def strewn(chance, count, seeds, flips):
    """Make hashes near a few seeds: many share pieces, some are equal."""
    hashes = chance.integers(0, 2**64, (seeds, 4), dtype=np.uint64)[chance.integers(0, seeds, count)]
    for row in hashes:
        for bit in chance.choice(256, chance.integers(0, flips + 1), replace=False):
            row[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    return hashes


@given(
    st.integers(0, 2**32), st.integers(0, 300), st.integers(1, 30), st.integers(0, 60),
    st.integers(0, MOST_DISTANCE), st.integers(1, 4),
)  # fmt: skip
def test_it_finds_what_a_scan_finds(seed, count, seeds, flips, distance, parts):
    """At every distance, whatever was added when, before and after the pieces are sorted."""
    chance = np.random.default_rng(seed)
    hashes = strewn(chance, count, seeds, flips)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_index, "TAIL", int(chance.integers(1, 50)))
        index = HashIndex()
        for part in np.array_split(hashes, parts):
            index.extend(part)
            index.search(hashes[:1], 0)
    queries = strewn(chance, 2, seeds, flips) if not count else np.concatenate(
        [hashes[chance.integers(0, count, 2)], strewn(chance, 1, 1, 0)]
    )  # fmt: skip
    rows, places, apart = index.search(queries, distance)
    assert len(index) == count
    for row, query in enumerate(queries):
        mine = rows == row
        assert list(zip(apart[mine].tolist(), places[mine].tolist(), strict=True)) == scan(hashes, query, distance)
    assert (np.diff(rows) >= 0).all()


@given(st.integers(0, 2**32), st.integers(0, MOST_DISTANCE), st.booleans())
def test_the_farthest_allowed_neighbour_is_found_wherever_its_bits_lie(seed, distance, evenly):
    """The pigeonhole at its edge: exactly `distance` bits, dealt evenly over the pieces, or heaped."""
    chance = np.random.default_rng(seed)
    query = chance.integers(0, 2**64, (1, 4), dtype=np.uint64)
    pieces = hash_index._DEALT.reshape(PIECES, -1)
    if evenly:
        order = np.concatenate([chance.permuted(pieces, axis=1)[chance.permutation(PIECES)].T]).ravel()
    else:
        order = pieces[chance.permutation(PIECES)].ravel()
    bits = np.unpackbits(query.view(np.uint8))
    bits[order[:distance]] ^= 1
    neighbour = np.packbits(bits).view(np.uint64).reshape(1, 4)
    others = chance.integers(0, 2**64, (40, 4), dtype=np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_index, "TAIL", 0)
        index = HashIndex()
        index.extend(np.concatenate([others, neighbour]))
        _, places, apart = index.search(query, distance)
    assert index._indexed == 41
    assert (40, distance) in zip(places.tolist(), apart.tolist(), strict=True)
    assert distance == 0 or 40 not in index.search(query, distance - 1)[1]


def test_opposite_hashes_are_256_apart():
    one = words_of(b"\x00" * 32)
    assert distances(one, ~one[0]).tolist() == [256]
    assert distances(one, one[0]).tolist() == [0]


def test_a_million_equal_hashes_cost_no_more_than_a_scan():
    index = HashIndex()
    index.extend(np.zeros((20_000, 4), dtype=np.uint64))
    index.search(np.zeros((1, 4), dtype=np.uint64), 31)
    assert index._indexed == 20_000
    assert len(index._candidates(np.zeros(PIECES, dtype=np.uint16), 31)) == 20_000
    assert len(index.search(np.zeros((1, 4), dtype=np.uint64), 31)[1]) == 20_000


@pytest.mark.parametrize("distance", [-1, MOST_DISTANCE + 1])
def test_a_distance_it_is_not_made_for_is_refused(distance):
    with pytest.raises(ValueError, match="between 0 and 47"):
        HashIndex().search(np.zeros((1, 4), dtype=np.uint64), distance)
