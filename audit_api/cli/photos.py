"""`audit-api photos …`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click
from pymongo.errors import PyMongoError

from audit_api.cli.context import connected, now
from audit_api.domain.directory import OPERATOR
from audit_api.evidence.detector import Detector, DetectorMissingError, load_detector
from audit_api.extensions import Services
from audit_api.lifetime import stop_with_input
from audit_api.models.base import Row
from audit_api.operations import photo_checks, regions_detecting
from audit_api.problems import Problem

LISTED_AT_ONCE = 200
COVERED_AT_ONCE = 50
QUIET_SECONDS = 2.0
every_option = click.option(
    "--every", type=click.IntRange(min=1), metavar="SECONDS", help="Go on, and begin again so long after each end."
)


@click.group()
def photos() -> None:
    """Kept photos: are they all there, are they what their names say, what may be shown of them."""


@photos.command("verify")
@every_option
@click.option("--for", "seconds", type=click.IntRange(min=1), metavar="SECONDS", help="Stop after so long, for cron.")
def verify(every: int | None, seconds: int | None) -> None:
    """Read all kept photos again and hold them against their names; exit status 1 where one is damaged or missing.

    Can be stopped at any time: the next run goes on behind the last photo checked. Reads no faster than
    AUDIT_PHOTO_CHECK_BYTES_PER_SECOND. One process at a time; a second one says so and ends (with --every it waits).
    """

    def once() -> None:
        state = photo_checks.verify_photos(
            services.store,
            settings=services.settings,
            actor=OPERATOR,
            now=now,
            clock=time.monotonic,
            sleep=time.sleep,
            seconds=seconds,
            say=lambda found: click.echo(f"{found['sha256']}\t{found['state']}"),
        )
        _say_round(state)

    with connected() as services:
        _repeat(once, every)
        known = photo_checks.list_damages(OPERATOR, limit=1)["items"]
    sys.exit(1 if known else 0)


@photos.command("damaged")
def damaged() -> None:
    """List photos found damaged or missing: SHA-256, state, when found, visits; tab-separated."""
    after: str | None = None
    with connected():
        while True:
            found = photo_checks.list_damages(OPERATOR, limit=LISTED_AT_ONCE, after=after)
            for row in found["items"]:
                when = row["found_at"].isoformat(timespec="seconds")
                click.echo("\t".join((row["sha256"], row["state"], when, " ".join(row["visits"]))))
            if (after := found["next"]) is None:
                return


@photos.command("cover")
@click.option("--follow", is_flag=True, help="Go on with photos as they arrive; end with Ctrl-C.")
@click.option("--failed", is_flag=True, help="First let photos wait again that could not be looked at.")
@click.option("--dealer", metavar="CODE", help="Only photos of visits to this dealer.")
@click.option("--stop-with-stdin", is_flag=True, hidden=True, help="Stop when standard input ends (for a parent).")
def cover(*, follow: bool, failed: bool, dealer: str | None, stop_with_stdin: bool) -> None:
    """Look at photos that wait for it, find faces and number plates, and make what a dealer may see of them.

    Until then no dealer sees a photo. Several of these may run; killed, they lose nothing. Memory: about 500 MB.
    """
    if stop_with_stdin:
        stop_with_input()
    try:
        detector = load_detector()
    except DetectorMissingError as error:
        sys.exit(f"audit-api: {error}")
    while True:
        try:
            with connected() as services:
                if failed:
                    click.echo(f"{regions_detecting.look_again_at_failed()} wait again", err=True)
                    failed = False
                _cover_all(services, detector, follow=follow, dealer=dealer)
                return
        except PyMongoError as error:  # the database may come back
            if not follow:
                raise
            click.echo(f"The database cannot be reached: {str(error)[:200]}", err=True)
            time.sleep(QUIET_SECONDS)


def _cover_all(services: Services, detector: Detector, *, follow: bool, dealer: str | None) -> None:
    """Look at all that wait; with `follow`, go on."""
    while True:
        done = regions_detecting.look_at_photos(
            services.store, detector, settings=services.settings, actor=OPERATOR, now=now, most=COVERED_AT_ONCE,
            dealer=dealer,
        )  # fmt: skip
        if done:
            waiting, bad = regions_detecting.count_waiting(), regions_detecting.count_failed()
            click.echo(f"{now():%Y-%m-%d %H:%M} {done} looked at, {waiting} waiting, {bad} failed in all", err=True)
        elif not follow:
            return
        else:
            time.sleep(QUIET_SECONDS)


@photos.command("sweep")
@every_option
def sweep(every: int | None) -> None:
    """Remove what broken uploads left behind longer than AUDIT_UPLOAD_DAYS ago; from cron, or with --every."""

    def once() -> None:
        removed = photo_checks.sweep_photos(services.store, settings=services.settings, at=now())
        click.echo(f"{removed} broken uploads removed")

    with connected() as services:
        _repeat(once, every)


def _repeat(once: Callable[[], None], every: int | None) -> None:
    """Do it once, or again and again; a turn that another process has is left to it."""
    while True:
        try:
            once()
        except Problem as problem:
            if every is None:
                raise
            click.echo(f"audit-api: {problem}", err=True)
        if every is None:
            return
        time.sleep(every)


def _say_round(state: Row) -> None:
    walk = state["round"] or state["last"]
    where = "under way" if state["round"] else "done"
    click.echo(
        f"round {walk['number']} {where}: {walk['photos']} files, {walk['byte_count']} bytes checked, "
        f"{walk['damaged']} damaged, {walk['missing']} missing",
        err=True,
    )
