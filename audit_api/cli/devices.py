"""`audit-api device …`."""

from __future__ import annotations

import click

from audit_api.cli.context import connected, now
from audit_api.domain.devices import DEFAULT_MINUTES, MOST_MINUTES
from audit_api.domain.directory import OPERATOR
from audit_api.operations import devices
from audit_api.web import sign_in_links


@click.group()
def device() -> None:
    """Auditors' phones."""


@device.command("code")
@click.option("--person", required=True, help="E-mail address or id of the auditor.")
@click.option("--minutes", default=DEFAULT_MINUTES, show_default=True, type=click.IntRange(1, MOST_MINUTES))
@click.option("--url", default="", help="Address of the server; default AUDIT_PUBLIC_URL, else http://127.0.0.1:8080.")
def code(*, person: str, minutes: int, url: str) -> None:
    """Make a code that signs one phone in, once; prints link, code and a QR code."""
    with connected() as services:
        settings = services.settings
        made, expires_at = devices.make_code(
            person=person, minutes=minutes, settings=settings, actor=OPERATOR, at=now()
        )
        link = sign_in_links.link(url or settings.public_url or "http://127.0.0.1:8080", made)
    click.echo(link)
    click.echo(made)
    click.echo(sign_in_links.for_terminal(link))
    click.echo(f"works once, until {expires_at:%Y-%m-%d %H:%M} UTC; it cannot be shown again", err=True)
