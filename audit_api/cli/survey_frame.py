"""`audit-api survey events …` and `audit-api survey staff …`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api.cli.context import connected, now
from audit_api.cli.tables import rows_told, say_report
from audit_api.domain.directory import OPERATOR
from audit_api.domain.survey_mappings import EVENTS, STAFF
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.quarantine import Quarantine
from audit_api.intake.tables import read_table
from audit_api.operations import survey_frame

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def events() -> None:
    """The sample frame: deliveries and repair orders whose customers could be asked."""


@click.group()
def staff() -> None:
    """Contacts of dealers' staff, kept as keyed hashes."""


@events.command("import")
@click.argument("file", type=FILE)
@click.option("--mapping", help="Translate the file by this saved column mapping.")
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
def import_events(file: Path, mapping: str | None, *, dry_run: bool) -> None:
    """Import events; bad rows go to FILE.quarantine.csv; the same file again changes nothing."""
    _import(file, EVENTS, mapping, dry_run=dry_run)


@staff.command("import")
@click.argument("file", type=FILE)
@click.option("--mapping", help="Translate the file by this saved column mapping.")
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
def import_staff(file: Path, mapping: str | None, *, dry_run: bool) -> None:
    """Import staff contacts (dealer, contact); bad rows go to FILE.quarantine.csv."""
    _import(file, STAFF, mapping, dry_run=dry_run)


def _import(file: Path, kind: str, mapping: str | None, *, dry_run: bool) -> None:
    with connected() as services, Quarantine(file) as quarantine:
        report = survey_frame.import_table(
            read_table(file),
            kind,
            mapping=mapping,
            dry_run=dry_run,
            hasher=ContactHasher.of(services.settings),
            actor=OPERATOR,
            at=now(),
            refuse=quarantine.add,
            progress=rows_told(),
        )
    if quarantine.cells:
        click.echo(f"-> {quarantine.path}", err=True)
    say_report(report, file.name)
