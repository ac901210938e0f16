"""Telling what a replay found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from audit_api.operations.screening_replay import Replay

SHOWN_DIFFERENCES = 100


def say_replay(done: Replay) -> None:
    """Print what differs, or that nothing does; leaves with status 1 where a figure differs."""
    for thing in done.surroundings:
        click.echo(f"not as it was: {thing.place} {thing.figure}: {thing.then}, now {thing.now}", err=True)
    if done.identical:
        click.echo(f"{done.run}: identical, {done.compared} figures compared")
        return
    for found in done.differences[:SHOWN_DIFFERENCES]:
        click.echo(f"{found.place}: {found.figure} was {found.then}, is {found.now}")
    if done.differing > SHOWN_DIFFERENCES:
        click.echo(f"… and {done.differing - SHOWN_DIFFERENCES} more")
    click.echo(f"{done.run}: {done.differing} of {done.compared} figures differ")
    raise SystemExit(1)
