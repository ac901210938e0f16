"""`audit-api copy …`."""

from __future__ import annotations

import time

import click
from pymongo.errors import PyMongoError

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.lifetime import stop_with_input
from audit_api.operations import copies, copies_entering

AT_ONCE = 500
QUIET_SECONDS = 2.0


@click.group()
def copy() -> None:
    """Photos used more than once."""


@copy.command("enter")
@click.option("--follow", is_flag=True, help="Go on with photos as they arrive; end with Ctrl-C.")
@click.option("--lost", is_flag=True, help="First look for photos whose entry is gone.")
@click.option("--stop-with-stdin", is_flag=True, hidden=True, help="Stop when standard input ends (for a parent).")
def enter(*, follow: bool, lost: bool, stop_with_stdin: bool) -> None:
    """Compare photos that wait for it with all earlier ones, and let later ones be compared with them.

    Several of these may run; killed, they lose nothing. Memory: about 1 KB a photo.
    """
    if stop_with_stdin:
        stop_with_input()
    index = copies_entering.CopyIndex()
    while True:
        try:
            with connected():
                if lost:
                    click.echo(f"{copies_entering.forget_lost_entries()} entries lost", err=True)
                    lost = False
                click.echo(f"{index.catch_up()} entries read", err=True)
                _enter_all(index, follow=follow)
                return
        except PyMongoError as error:  # the database may come back
            if not follow:
                raise
            click.echo(f"The database cannot be reached: {str(error)[:200]}", err=True)
            time.sleep(QUIET_SECONDS)


def _enter_all(index: copies_entering.CopyIndex, *, follow: bool) -> None:
    while True:
        if entered := copies_entering.enter_photos(index, at=now(), most=AT_ONCE):
            click.echo(f"{now():%Y-%m-%d %H:%M} {entered} entered, {index.last} in all", err=True)
        elif not copies_entering.count_waiting():
            if not follow:
                return
            time.sleep(QUIET_SECONDS)


@copy.command("list")
@click.argument("visit")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
def list_(visit: str, limit: int) -> None:
    """List the copies of the photos of VISIT."""
    language = terminal_language()
    with connected():
        found = copies.list_copies(OPERATOR, visit, limit=limit)
    for pair in found["items"]:
        told = ", ".join(change[language] for change in pair["changes"])
        click.echo(f"{pair['item']} {pair['slot']}  {pair['distance']:>2}/{pair['bits']}  {told}")
        for use in pair["uses"]:
            click.echo(
                f"    {use['started_at']:%Y-%m-%d}  {use['dealer']:12} {use['item']} {use['slot']}  "
                f"{use['auditor_name'] or use['auditor']}  visit {use['visit']}"
            )
    click.echo(f"{found['entered']} compared, {found['waiting']} waiting, {found['plain']} too plain", err=True)
    if found["next"]:
        click.echo(f"There are more than {limit}.", err=True)
