"""What every command needs: settings, a database, the language of the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from audit_api.evidence.store import GridFSStore
from audit_api.extensions import Services
from audit_api.models import base
from audit_api.problems import Problem
from audit_api.settings import from_env


def terminal_language() -> str:
    """Choose `zh` or `en` by LC_ALL, LC_MESSAGES or LANG."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def now() -> datetime:
    """Give the time of this command."""
    return datetime.now(UTC)


@contextmanager
def connected() -> Iterator[Services]:
    """Connect to the database named by the settings, with its indexes."""
    settings = from_env()
    database = base.connect(settings.mongodb_uri, settings.database)
    base.build_indexes()
    try:
        yield Services(settings, database, GridFSStore(database))
    finally:
        base.disconnect()


def say_problem(problem: Problem) -> None:
    """Print a problem in the language of the terminal, with each of its errors."""
    document = problem.document(terminal_language())
    click.echo(
        f"audit-api: {document['title']}" + (f": {document['detail']}" if "detail" in document else ""),
        err=True,
    )
    for error in document.get("errors", []):
        click.echo("  " + ", ".join(f"{key} {value}" for key, value in error.items()), err=True)
