"""Photos that need much memory are decoded one after the other in a process, however many arrive at once."""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_LARGE_BYTES: Final = 48_000_000
_ONE_LARGE = threading.Lock()


@contextmanager
def room_for(byte_count: int) -> Iterator[None]:
    """Wait until nobody else needs much memory, where this does; afterwards it goes back to the system."""
    if byte_count < _LARGE_BYTES:
        yield
        return
    with _ONE_LARGE:
        try:
            yield
        finally:
            _give_back()


def _trimmer() -> Callable[[int], object]:
    """Find glibc's `malloc_trim`; other C libraries have none, and need none."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return lambda _: None
    return found


_TRIM = _trimmer()


def _give_back() -> None:
    # What a thread frees stays with this thread's arena; the next large photo in another one would come on top.
    _TRIM(0)
