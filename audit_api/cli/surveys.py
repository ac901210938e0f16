"""`audit-api survey …`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api import problems
from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.domain.rows import RowError
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.quarantine import Quarantine
from audit_api.intake.surveys import read_responses
from audit_api.operations import surveys
from audit_api.operations.checklists import open_questionnaire
from audit_api.problems import Problem

SHOWN = 5


@click.group()
def survey() -> None:
    """Customers' answers."""


@survey.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questionnaire", help="Code of the questionnaire, where the file has no such column.")
@click.option("--version", type=click.IntRange(1), help="Its version; by default the file's, else the newest.")
@click.option("--programme", help="Take waves of this programme only, where several hold the same days.")
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
def import_(
    *, file: Path, questionnaire: str | None, version: int | None, programme: str | None, dry_run: bool
) -> None:
    """Import responses from a CSV or XLSX file; bad rows go to FILE.quarantine.csv."""
    source = read_responses(file)
    code = questionnaire or source.questionnaire
    if not code:
        raise Problem(
            problems.IMPORT_REFUSED,
            zh="文件未注明问卷；请加 questionnaire 列或用 --questionnaire 指定",
            en="The file names no questionnaire: add the column questionnaire or use --questionnaire",
        )
    if version is None and source.version.isdigit():
        version = int(source.version[:6])
    with connected() as services, Quarantine(file) as quarantine:

        def refuse(error: RowError) -> None:
            quarantine.add(error.row, error.column, error.value, error.zh, error.en)

        report = surveys.import_responses(
            source.rows(),
            columns=source.columns,
            questionnaire=open_questionnaire(code, version),
            hasher=ContactHasher.of(services.settings),
            actor=OPERATOR,
            at=now(),
            programme=programme,
            dry_run=dry_run,
            refuse=refuse,
            progress=lambda rows: click.echo(f"{rows} rows", err=True),
        )
    _say(report, quarantine)


def _say(report: surveys.SurveyReport, quarantine: Quarantine) -> None:
    begin = "would be: " if report.dry_run else ""
    click.echo(
        f"{begin}{report.new} new, {report.same} known already, {report.changed} with other content, "
        f"{report.refused} refused, of {report.read} rows"
    )
    for wave, count in sorted(report.waves.items()):
        click.echo(f"  {wave}: {count}")
    if report.unasked:
        click.echo(f"no column for: {', '.join(report.unasked)}", err=True)
    for error in report.errors[:SHOWN]:
        reason = error.zh if terminal_language() == "zh" else error.en
        click.echo(f"row {error.row}, {error.column or 'row'}: {reason}", err=True)
    if quarantine.cells:
        click.echo(f"{quarantine.cells} refused cells are in {quarantine.path}", err=True)


@survey.command("list")
def list_() -> None:
    """Count the responses by wave and questionnaire."""
    with connected():
        for line in surveys.count_responses(OPERATOR):
            click.echo(f"{line['wave']}\t{line['questionnaire']}\t{line['responses']}")
