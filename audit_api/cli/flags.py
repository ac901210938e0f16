"""`audit-api flag …`."""

from __future__ import annotations

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.cli.screening import figures_option
from audit_api.domain.directory import OPERATOR
from audit_api.domain.dossier_text import dossier_lines
from audit_api.operations import screening


@click.group()
def flag() -> None:
    """Flags, and the dossiers of any dealer."""


@flag.command("dossier")
@click.argument("run")
@click.argument("dealer")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language; the terminal's where left out.")
@figures_option
def dossier(run: str, dealer: str, lang: str | None, *, figures: bool) -> None:
    """Print in words what RUN saw at DEALER, how sure it is, and why it is or is not flagged.

    While flags of the wave are read blind, only what was seen. Not kept with the run, it is computed anew from the
    run's inputs.
    """
    language = lang or terminal_language()
    with connected():
        found = screening.open_dealer_screening(OPERATOR, run, dealer, compute=True, figures=figures, at=now())
    for line in dossier_lines(found, language):
        click.echo(line)
