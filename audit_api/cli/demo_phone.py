"""What the demo prints for who tries the field app: a link that signs in, and how a phone comes to trust the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit_api.cli.context import now, terminal_language
from audit_api.cli.demo_https import Place, fingerprint
from audit_api.domain.devices import MOST_MINUTES
from audit_api.domain.directory import OPERATOR

if TYPE_CHECKING:
    from audit_api.settings import Settings


def sign_in_link(auditor: str, settings: Settings) -> str:
    """Make a code for an auditor (e-mail address) and give the link that signs one phone in, once, within a day."""
    from audit_api.operations import devices  # noqa: PLC0415 - heavy; not needed to say what is missing
    from audit_api.web import sign_in_links  # noqa: PLC0415 - likewise

    code, _ = devices.make_code(person=auditor, minutes=MOST_MINUTES, settings=settings, actor=OPERATOR, at=now())
    return sign_in_links.link(settings.public_url, code)


def explain_phone(chosen: Place, link: str, authority_url: str) -> None:
    """Print the link; for a real phone also its QR code, and where the authority's certificate is to be had."""
    from audit_api.web import sign_in_links  # noqa: PLC0415 - see above

    zh = terminal_language() == "zh"
    if chosen.authority:
        told = (
            f"手机先安装证书：打开 {authority_url} ，按页面步骤操作；核对 SHA-256："
            if zh
            else f"The phone first installs a certificate: open {authority_url} and do as it says. SHA-256 to compare:"
        )
        click.echo(f"\n{told}\n  {fingerprint(chosen.authority)}\n{sign_in_links.for_terminal(authority_url)}")
    told = (
        "现场应用，以审核员身份登录（24 小时内一次有效）："
        if zh
        else "The field app, signed in as an auditor (works once, within 24 hours):"
    )
    click.echo(f"\n{told}\n  {link}")
    if chosen.authority:
        click.echo(sign_in_links.for_terminal(link))
