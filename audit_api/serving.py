"""What a server's worker process runs: the application, built from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_api.lifetime import obey_parent

if TYPE_CHECKING:
    from flask import Flask


def worker() -> Flask:
    """Build the application inside a worker process (granian calls this once a worker)."""
    obey_parent()
    # Imported only now: a worker told to stop while it still loads must know how.
    from audit_api.app import create_app  # noqa: PLC0415
    from audit_api.settings import from_env  # noqa: PLC0415

    return create_app(from_env())
