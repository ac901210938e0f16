"""`audit-api openapi`."""

from __future__ import annotations

import json

import click


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 description (needs the settings of a running system)."""
    from audit_api.app import create_app  # noqa: PLC0415 - the whole application
    from audit_api.settings import from_env  # noqa: PLC0415

    click.echo(json.dumps(create_app(from_env()).extensions["openapi"], ensure_ascii=False, indent=2))
