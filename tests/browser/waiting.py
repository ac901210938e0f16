"""Wait in a page for what takes a promise to find out: `wait_for_function` takes an unfinished promise for a yes."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Error, Page, TimeoutError

POLL_MS = 100


def until(page: Page, function: str, arg: Any = None, *, patience_ms: float = 15_000) -> Any:
    """Call a function in the page, async or not, until it gives something truthy; gives that.

    The page may load anew meanwhile.
    """
    deadline = time.monotonic() + patience_ms / 1000
    while True:
        try:
            if found := page.evaluate(function, arg):
                return found
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {patience_ms:.0f} ms: {function[:300]}")
        page.wait_for_timeout(POLL_MS)
