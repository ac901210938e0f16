"""Which of millions of 256-bit hashes lie within a Hamming distance: the same ones as a plain scan finds.

Multi-index hashing (Norouzi, Punjani & Fleet 2012): hashes are cut into 16 pieces of 16 bits. Within distance
d = 16·r + a, by the pigeonhole principle, one of any a + 1 pieces differs in at most r bits or one of the other
pieces in at most r − 1. So only the hashes sharing such a piece are compared whole, some thousands among a million.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS: Final = 256
PIECES: Final = 16
PIECE_BITS: Final = BITS // PIECES
KEYS: Final = 1 << PIECE_BITS
WORDS: Final = BITS // 64
MOST_DISTANCE: Final = PIECES * 3 - 1
"""Beyond this so many pieces would have to be tried that a scan is as quick."""
TAIL: Final = 4096
TAIL_SHARE: Final = 256

_ALL: Final = np.arange(PIECES)
_AT_ONCE: Final = 1 << 14

Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _masks(radius: int) -> NDArray[np.uint16]:
    """Give every pattern of at most `radius` bits of a piece."""
    chosen = (bits for size in range(radius + 1) for bits in combinations(range(PIECE_BITS), size))
    return np.array([sum(1 << bit for bit in bits) for bits in chosen], dtype=np.uint16)


MASKS: Final = tuple(_masks(radius) for radius in range(3))

# Neighbouring frequencies say nearly the same; dealt out over the pieces, each piece says more by itself.
_DEALT: Final = np.arange(BITS).reshape(PIECE_BITS, PIECES).T.ravel()


def distances(hashes: NDArray[np.uint64], query: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Give the Hamming distance of each row to a query, rows of four words."""
    counts = np.bitwise_count(hashes ^ query)  # bytes: two words together have at most 128
    halves = counts[:, :2] + counts[:, 2:]
    return halves[:, 0].astype(np.int64) + halves[:, 1]


def words_of(hashes: bytes) -> NDArray[np.uint64]:
    """Read concatenated hashes of 32 bytes as rows of four words."""
    return np.frombuffer(hashes, dtype="<u8").reshape(-1, WORDS)


class HashIndex:
    """Holds hashes in the order they came; a hash is named by its place, from 0.

    What came since the pieces were last sorted is compared whole; a search sorts them when that has become much.
    Not for several threads at once. About 130 bytes a hash.
    """

    def __init__(self) -> None:
        self._words = np.empty((TAIL, WORDS), dtype=np.uint64)
        self._count = 0
        self._indexed = 0
        self._order = np.empty((PIECES, 0), dtype=np.uint32)
        self._starts = np.zeros((PIECES, KEYS + 1), dtype=np.uint32)

    def __len__(self) -> int:
        """Count the hashes."""
        return self._count

    def extend(self, hashes: NDArray[np.uint64]) -> None:
        """Add hashes, rows of four words; they are found from now on."""
        needed = self._count + len(hashes)
        if needed > len(self._words):
            grown = np.empty((max(needed, 2 * len(self._words)), WORDS), dtype=np.uint64)
            grown[: self._count] = self._words[: self._count]
            self._words = grown
        self._words[self._count : needed] = hashes
        self._count = needed

    def search(self, queries: NDArray[np.uint64], distance: int) -> Found:
        """Find, for rows of four words, everything within a distance: (row of the query, place, distance).

        Sorted by query, then distance, then place. Raises ValueError for a distance not in 0..47.
        """
        if not 0 <= distance <= MOST_DISTANCE:
            raise ValueError(f"the distance must lie between 0 and {MOST_DISTANCE}, it is {distance}")
        if self._count - self._indexed > TAIL + self._indexed // TAIL_SHARE:
            self._index()
        keys = _pieces(queries)
        found = [
            self._near(row, self._candidates(keys[row], distance), query, distance) for row, query in enumerate(queries)
        ]
        none = np.empty(0, dtype=np.int64)
        rows, places, apart = (np.concatenate([none, *(part[column] for part in found)]) for column in range(3))
        return rows, places, apart

    def _near(self, row: int, places: NDArray[np.int64], query: NDArray[np.uint64], distance: int) -> Found:
        """Keep those of the candidates that are near, each once."""
        # `take` is several times as quick as indexing, and this is where the time goes.
        apart = distances(self._words.take(places, axis=0), query)
        near = np.flatnonzero(apart <= distance)
        unique, first = np.unique(places[near], return_index=True)
        apart = apart[near][first]
        order = np.lexsort((unique, apart))
        return np.full(len(unique), row), unique[order], apart[order]

    def _index(self) -> None:
        """Sort all places by each piece anew."""
        keys = _pieces(self._words[: self._count])
        order = np.empty((PIECES, self._count), dtype=np.uint32)
        for piece in range(PIECES):
            column = np.ascontiguousarray(keys[:, piece])
            order[piece] = np.argsort(column, kind="stable")
            self._starts[piece, 1:] = np.cumsum(np.bincount(column, minlength=KEYS))
        self._order, self._indexed = order, self._count

    def _candidates(self, keys: NDArray[np.uint16], distance: int) -> NDArray[np.int64]:
        """Give the places of all that must be compared whole, for the pieces of one query; some of them twice."""
        tail = np.arange(self._indexed, self._count)
        radius, wider = divmod(distance, PIECES)
        found = [tail]
        for pieces, reach in ((_ALL[: wider + 1], radius), (_ALL[wider + 1 :], radius - 1)):
            if reach >= 0 and len(pieces) and self._indexed:
                found.append(self._sharing(keys, pieces, MASKS[reach]))
        if sum(map(len, found)) > self._count:  # many equal pieces: comparing everything is less
            return np.arange(self._count)
        return np.concatenate(found)

    def _sharing(
        self, keys: NDArray[np.uint16], pieces: NDArray[np.int64], masks: NDArray[np.uint16]
    ) -> NDArray[np.int64]:
        """Collect the places that share one of some pieces with a query, up to the bits of a mask."""
        tried = ((keys[pieces, None] ^ masks) + (pieces * (KEYS + 1))[:, None]).ravel()
        begins = self._starts.ravel().take(tried).astype(np.int64)
        counts = self._starts.ravel().take(tried + 1) - begins
        ends = np.cumsum(counts)
        offsets = begins - (ends - counts) + np.repeat(pieces * self._indexed, len(masks))
        return self._order.ravel().take(np.repeat(offsets, counts) + np.arange(ends[-1])).astype(np.int64)


def _pieces(words: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Cut hashes into their pieces, bits dealt out."""
    pieces = np.empty((len(words), PIECES), dtype=np.uint16)
    for start in range(0, len(words), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        bits = np.unpackbits(np.ascontiguousarray(words[some]).view(np.uint8), axis=1)
        pieces[some] = np.packbits(np.ascontiguousarray(bits[:, _DEALT]), axis=1).view(np.uint16)
    return pieces
