"""`audit-api survey …`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.cli.survey_frame import events, staff
from audit_api.cli.survey_mappings import mapping
from audit_api.cli.survey_preview import say_preview
from audit_api.cli.tables import rows_told, say_batch
from audit_api.domain.directory import OPERATOR
from audit_api.domain.rows import shown
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.quarantine import Quarantine
from audit_api.intake.tables import read_table
from audit_api.operations import survey_contacts, surveys
from audit_api.operations.checklists import open_questionnaire

CHANGES_PRINTED = 5


@click.group()
def survey() -> None:
    """Customers' answers, the sample frame, and how sources write them."""


survey.add_command(mapping)
survey.add_command(events)
survey.add_command(staff)


@survey.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questionnaire", help="Code of the questionnaire, where the file has no such column.")
@click.option("--version", type=click.IntRange(1), help="Its version; by default the file's, else the newest.")
@click.option("--mapping", "mapping_name", help="Translate the file by this saved column mapping.")
@click.option("--programme", help="Take waves of this programme only, where several hold the same days.")
@click.option("--dry-run", is_flag=True, help="Check, count and show the first rows as understood; write nothing.")
def import_(
    *,
    file: Path,
    questionnaire: str | None,
    version: int | None,
    mapping_name: str | None,
    programme: str | None,
    dry_run: bool,
) -> None:
    """Import responses from a CSV, XLSX, JSON or JSON Lines file; bad rows go to FILE.quarantine.csv."""
    with connected() as services, Quarantine(file) as quarantine:
        report = surveys.import_table(
            read_table(file),
            questionnaire=questionnaire,
            version=version,
            mapping=mapping_name,
            programme=programme,
            dry_run=dry_run,
            hasher=ContactHasher.of(services.settings),
            actor=OPERATOR,
            at=now(),
            refuse=quarantine.add,
            progress=rows_told(),
        )
        asked = open_questionnaire(report.questionnaire, report.version)
    zh = terminal_language() == "zh"
    if dry_run:
        say_preview(report.preview, asked, zh=zh)
    say_batch(report, _counts(report, zh=zh), _remarks(report, zh=zh), quarantine, zh=zh)


def _counts(report: surveys.SurveyReport, *, zh: bool) -> str:
    if zh:
        return (
            f"读取 {report.read} 行：新增 {report.new}，已有 {report.same}，内容有变 {report.changed}，"
            f"拒绝 {report.refused}"
        )
    return (
        f"{report.new} new, {report.same} known already, {report.changed} with other content, "
        f"{report.refused} refused, of {report.read} rows"
    )


def _remarks(report: surveys.SurveyReport, *, zh: bool) -> Iterator[str]:
    if report.unasked:
        yield f"{'没有对应的列：' if zh else 'no column for: '}{', '.join(report.unasked)}"
    for change in report.changes[:CHANGES_PRINTED]:
        row, name, way = change["row"], shown(change["response_id"]), change["direction"] or "?"
        yield (
            f"第 {row} 行：{name} 已有答卷，以第一份为准，此份存为后续版本（{way}）"
            if zh
            else f"row {row}: {name} was answered before; the first answer counts, this one is kept beside it ({way})"
        )


@survey.command("list")
def list_() -> None:
    """Count the responses by wave and questionnaire."""
    with connected():
        for line in surveys.count_responses(OPERATOR):
            click.echo(f"{line['wave']}\t{line['questionnaire']}\t{line['responses']}")


@survey.command("rotate-contacts")
def rotate_contacts() -> None:
    """Wrap all kept contact hashes under the present key; can be stopped and run again.

    First put the old key into AUDIT_CONTACT_KEYS_PREVIOUS (as k1=…), a new one into AUDIT_CONTACT_KEY and a new name
    into AUDIT_CONTACT_KEY_ID, and restart every process; the old keys stay in the settings for good.
    """
    with connected() as services:
        hasher = ContactHasher.of(services.settings)
        report = survey_contacts.rotate_contacts(
            hasher,
            actor=OPERATOR,
            at=now(),
            progress=lambda name, done: click.echo(f"{name}: {done:,}", err=True),
        )
    for name, count in report.wrapped.items():
        click.echo(f"{name}: {count} under {hasher.key_id}")
    if not report.wrapped:
        click.echo(f"nothing to do: everything is under {hasher.key_id}")
    if report.unknown:
        names = ", ".join(f"{shown(name)} ({count})" for name, count in sorted(report.unknown.items()))
        sys.exit(f"audit-api: left alone, their keys are not in the settings: {names}")
