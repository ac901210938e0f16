"""`audit-api receipt …`."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path
from typing import Any

import click

from audit_api.cli.context import connected, terminal_language
from audit_api.domain import signatures
from audit_api.operations import receipts
from audit_api.settings import RECEIPT_KEY_BYTES

LARGEST_BYTES = 10_000_000
KEPT = {True: ("本系统存有同一份回执", "The same receipt is kept here"),
        False: ("本系统没有存这份回执！", "No such receipt is kept here!")}  # fmt: skip


@click.group()
def receipt() -> None:
    """Receipts of submissions."""


@receipt.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "pem",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A public key in PEM: check against it alone, without database and settings.",
)
def verify(file: Path, pem: Path | None) -> None:
    """Check the signature of a receipt (JSON as it was given); exit status 1 where it is not good.

    Against the keys of the settings, and the database knows whether the very same receipt is kept; or with --key
    against a public key alone.
    """
    document = _read(file)
    if pem is not None:
        found = _checked_alone(document, pem)
    else:
        with connected() as services:
            found = receipts.verify_receipt(document, services.settings)
    place = ("zh", "en").index(terminal_language())
    click.echo(receipts.WORDS[found["result"]][place])
    if found["result"] == "valid" and found["kept"] is not None:
        click.echo(KEPT[found["kept"]][place])
    sys.exit(0 if found["result"] == "valid" and found["kept"] is not False else 1)


@receipt.command("keys")
def keys() -> None:
    """Print the public keys of receipts, the present one last, in base64 and as PEM, to be published elsewhere too."""
    with connected() as services:
        found = receipts.list_keys(services.settings)["items"]
    for key in found:
        since = f", since {key['first_used_at'].isoformat()}" if key["first_used_at"] else ""
        click.echo(f"# {key['key_id']} {key['algorithm']} {key['public_key']}{since}")
        click.echo(key["pem"], nl=False)


@receipt.command("new-key")
def new_key() -> None:
    """Print a new private key for AUDIT_RECEIPT_KEY; it is kept nowhere."""
    click.echo(base64.b64encode(secrets.token_bytes(RECEIPT_KEY_BYTES)).decode())


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise ValueError("too large")
        document = json.loads(file.read_text("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise click.ClickException(f"{file.name} holds no receipt in JSON: {error}") from error
    return document


def _checked_alone(document: dict[str, Any], pem: Path) -> dict[str, Any]:
    try:
        public = signatures.from_pem(pem.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{pem.name}: {error}") from error
    if document.get("key_id") != signatures.key_id(public):
        return {"result": "unknown_key", "kept": None}
    return {"result": "valid" if signatures.is_signed(document, public) else "altered", "kept": None}
