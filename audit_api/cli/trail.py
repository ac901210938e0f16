"""`audit-api trail …`."""

from __future__ import annotations

import sys
import time

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.models.trail_check import Progress
from audit_api.operations.trail import verify_trail
from audit_api.operations.trail_seals import seal_trail
from audit_api.problems import Problem


@click.group()
def trail() -> None:
    """The trail of everything that was done: one hash chain for each object."""


@trail.command("verify")
@click.option("--anew", is_flag=True, help="Begin anew where an interrupted check could be taken up.")
@click.option(
    "--seal",
    "kept",
    multiple=True,
    metavar="NUMBER:HASH",
    help="A seal as `trail seal` printed it and somebody kept it outside of the database; repeat.",
)
def verify(*, anew: bool, kept: tuple[str, ...]) -> None:
    """Find entries that were changed, removed or inserted, and ends that were cut off; exit status 1 if any.

    Can be stopped at any time: the next run goes on where this one was. The first broken place is named first.
    """
    seals = dict(map(_seal, kept))
    begun, last = time.monotonic(), 0

    def say(progress: Progress) -> None:
        nonlocal last
        if progress.entries != last:
            last = progress.entries
            click.echo(f"{progress.entries} entries, {progress.broken} broken", err=True)

    with connected() as services:
        report = verify_trail(settings=services.settings, clock=now, anew=anew, kept_seals=seals, say=say)
    for broken in report["found"]:
        click.echo(f"{broken['entry']}: {broken[terminal_language()]}")
    seconds = time.monotonic() - begun
    click.echo(
        f"{report['entries']} entries in {report['chains']} chains, {report['seals']} seals: {report['broken']} broken "
        f"({seconds:.1f} s)"
    )
    sys.exit(1 if report["broken"] else 0)


@trail.command("seal")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Go on, and seal again so often.")
def seal(every: int | None) -> None:
    """Sign the ends of all chains, and print NUMBER:HASH of the seal: keep that line outside of the database.

    What is sealed cannot be cut off or rewritten unnoticed by anybody who does not hold the key, and not even by who
    does once the line is kept elsewhere.
    """
    with connected() as services:
        while True:
            try:
                made = seal_trail(settings=services.settings, actor=OPERATOR, at=now())
            except Problem:
                if every is None:
                    raise
                made = None  # another process is at it; the next turn may be ours
            if made:
                click.echo(f"{made['seal']}:{made['hash']} {made['sealed_at']} {made['leaves']}")
            elif every is None:
                click.echo("nothing new to seal", err=True)
            if every is None:
                return
            time.sleep(every)


def _seal(text: str) -> tuple[int, str]:
    number, _, held = text.strip().partition(":")
    if not number.isdecimal() or len(held) != 64:
        raise click.BadParameter(f"{text!r} is not NUMBER:HASH", param_hint="--seal")
    return int(number), held
