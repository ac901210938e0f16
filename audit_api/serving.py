"""What a server's worker process runs: the application, built from the environment."""

from __future__ import annotations

from flask import Flask

from audit_api.app import create_app
from audit_api.lifetime import stop_with_parent
from audit_api.settings import from_env


def worker() -> Flask:
    """Build the application inside a worker process (granian calls this once a worker)."""
    stop_with_parent()
    return create_app(from_env())
