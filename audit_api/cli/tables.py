"""Reading a file for a command, and telling what became of its rows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

import click

from audit_api.cli.context import terminal_language
from audit_api.domain.rows import ImportReport, RowError, shown
from audit_api.intake.quarantine import Quarantine
from audit_api.operations.import_ledger import BatchReport

ERRORS_PRINTED = 50
ERRORS_BESIDE_QUARANTINE = 5  # the file has them all
SECONDS_BETWEEN = 2.0


def rows_told() -> Callable[[int], None]:
    """Make a listener that tells now and then how many rows are done, and how quickly."""
    begun = last = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= SECONDS_BETWEEN:
            last = moment
            rate = rows / (moment - begun)
            zh = terminal_language() == "zh"
            click.echo(f"{rows:,} 行，每秒 {rate:,.0f} 行" if zh else f"{rows:,} rows, {rate:,.0f} a second", err=True)

    return tell


def say_report(report: ImportReport, file: str) -> None:
    """Print an import's report in the language of the terminal; leaves with status 1 where a row was refused."""
    zh = terminal_language() == "zh"
    for error in report.errors[:ERRORS_PRINTED]:
        click.echo(f"{file}: {_told(error, zh=zh)}", err=True)
    if (more := len(report.errors) - ERRORS_PRINTED) > 0:
        click.echo(f"… 另有 {more} 条错误" if zh else f"… and {more} more errors", err=True)
    click.echo(_summary(report, zh=zh))
    if report.refused:
        sys.exit(1)


def say_batch(report: BatchReport, counts: str, remarks: Iterable[str], quarantine: Quarantine, *, zh: bool) -> None:
    """Print the report of an import in batches: its counts, new ones by wave, remarks, the first errors."""
    begin = ("试运行，未写入。" if zh else "would be: ") if report.dry_run else ""
    click.echo(begin + counts)
    for wave, count in sorted(report.waves.items()):
        click.echo(f"  {wave}: {count}")
    for remark in remarks:
        click.echo(remark, err=True)
    for error in report.errors[:ERRORS_BESIDE_QUARANTINE]:
        click.echo(_told(error, zh=zh), err=True)
    if quarantine.cells:
        click.echo(
            f"被拒绝的 {quarantine.cells} 个单元格见 {quarantine.path}"
            if zh
            else f"refused cells: {quarantine.cells}, in {quarantine.path}",
            err=True,
        )


def _told(error: RowError, *, zh: bool) -> str:
    place = f"第 {error.row} 行" if zh else f"row {error.row}"
    column = error.column or ("整行" if zh else "row")
    value = f" {shown(error.value)!r}" if error.value else ""
    return f"{place}, {column}{value}: {error.zh if zh else error.en}"


def _summary(report: ImportReport, *, zh: bool) -> str:
    if zh:
        counts = (
            f"读取 {report.read} 行:新增 {report.new},变更 {report.changed},相同 {report.same},拒绝 {report.refused}"
        )
        return f"试运行,未写入。{counts}" if report.dry_run else counts
    counts = (
        f"{report.read} rows read: {report.new} new, {report.changed} changed, {report.same} the same, "
        f"{report.refused} refused"
    )
    return f"Dry run, nothing written. {counts}" if report.dry_run else counts
