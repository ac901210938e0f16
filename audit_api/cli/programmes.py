"""`audit-api programme …`, `audit-api wave …`, `audit-api assignment …`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from audit_api.cli.context import connected, now
from audit_api.cli.tables import say_report
from audit_api.domain.directory import OPERATOR
from audit_api.intake.tables import read_table
from audit_api.operations import assignments, programmes

DATE = click.DateTime(formats=["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def programme() -> None:
    """Programmes: one brand in one market."""


@programme.command("add")
@click.argument("code")
@click.option("--brand", required=True)
@click.option("--name-zh", required=True)
@click.option("--name-en", default="")
@click.option("--market", default="")
@click.option("--recording-allowed", is_flag=True, help="Sound may be recorded on its visits: needs legal approval.")
def add_programme(*, code: str, brand: str, name_zh: str, name_en: str, market: str, recording_allowed: bool) -> None:
    """Add a programme."""
    with connected():
        programmes.add_programme(
            code=code,
            brand=brand,
            name_zh=name_zh,
            name_en=name_en,
            market=market,
            recording_allowed=recording_allowed,
            actor=OPERATOR,
            at=now(),
        )
    click.echo(code)


@programme.command("recording")
@click.argument("code")
@click.option("--allow/--forbid", "allowed", required=True, help="From now on; what was submitted before stays.")
@click.option("--reason", required=True, help="Who approved it, on what grounds; kept in the trail.")
def set_recording(*, code: str, allowed: bool, reason: str) -> None:
    """Allow or forbid sound recordings, and videos with sound, on a programme's visits."""
    with connected():
        made = programmes.set_recording(code, allowed=allowed, reason=reason, actor=OPERATOR, at=now())
    click.echo(f"{code} recording {'allowed' if made['recording_allowed'] else 'forbidden'}")


@click.group()
def wave() -> None:
    """Waves: fieldwork periods of a programme."""


@wave.command("add")
@click.argument("code")
@click.option("--programme", "programme_code", required=True)
@click.option("--from", "from_on", type=DATE, required=True, help="First local day.")
@click.option("--to", "to_on", type=DATE, required=True, help="Last local day.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True)
def add_wave(*, code: str, programme_code: str, from_on: datetime, to_on: datetime, timezone: str) -> None:
    """Add a wave to a programme."""
    with connected():
        made = programmes.add_wave(
            code=code,
            programme=programme_code,
            timezone=timezone,
            from_on=from_on.date(),
            to_on=to_on.date(),
            actor=OPERATOR,
            at=now(),
        )
    click.echo(f"{code} {made['starts_at'].isoformat()} {made['ends_at'].isoformat()}")


@click.group()
def assignment() -> None:
    """Assignments: who visits which dealer, when, with what."""


@assignment.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
def import_assignments(file: Path, *, dry_run: bool) -> None:
    """Import assignments from a CSV or XLSX file."""
    with connected():
        table = read_table(file)
        report = assignments.import_assignments(table, dry_run=dry_run, actor=OPERATOR, at=now())
    say_report(report, file.name)
