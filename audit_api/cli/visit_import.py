"""`audit-api import …`: what was done before this programme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.cli.tables import rows_told, say_batch
from audit_api.domain.directory import OPERATOR
from audit_api.domain.rows import shown
from audit_api.domain.scoring import shown_score
from audit_api.domain.visit_heads import SELECTED_BY
from audit_api.intake.quarantine import Quarantine
from audit_api.intake.tables import read_table
from audit_api.operations.checklists import open_checklist
from audit_api.operations.visit_import import FileOptions, VisitImportReport, import_visits

UNKNOWN = {"dealer": ("未知经销商", "unknown dealers"), "auditor": ("未知审核员", "unknown auditors"),
           "checklist": ("未发布的检查表", "checklists not published")}  # fmt: skip


@click.group("import")
def import_() -> None:
    """What was done before: past visits."""


@import_.command("visits")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="Where the file comes from: an id is one visit's within its source.")
@click.option("--mapping", help="Translate the file by this saved column mapping.")
@click.option("--checklist", help="Code of the checklist, where the file does not say.")
@click.option("--version", type=click.IntRange(1), help="Its version, where the file does not say; retired ones too.")
@click.option(
    "--selected-by",
    type=click.Choice(SELECTED_BY),
    help="Why dealers were visited, where the file does not say; unknown visits are no evidence about a dealer.",
)
@click.option("--programme", help="Take waves of this programme only, where several hold the same days.")
@click.option("--correct", metavar="REASON", help="Let changed content take the place of what was kept, and say why.")
@click.option("--dry-run", is_flag=True, help="Check, count and show the first visits as understood; write nothing.")
def visits(*, file: Path, **options: Any) -> None:
    """Import past visits from a CSV, XLSX, JSON or JSON Lines file; bad rows go to FILE.quarantine.csv."""
    zh = terminal_language() == "zh"
    with connected() as services, Quarantine(file) as quarantine:
        report = import_visits(
            read_table(file), FileOptions(**options), settings=services.settings, actor=OPERATOR, at=now(),
            refuse=quarantine.add, progress=rows_told(),
        )  # fmt: skip
        for row in report.preview:
            _say_visit(row, zh=zh)
    say_batch(report, _counts(report, zh=zh), _remarks(report, zh=zh), quarantine, zh=zh)


def _say_visit(row: dict[str, Any], *, zh: bool) -> None:
    """Print a visit as it was understood, item by item in words."""
    checklist = open_checklist(**row["checklist"])
    language = "zh" if zh else "en"
    click.echo(f"── 第 {row['row']} 行" if zh else f"── row {row['row']}")
    names = ("visit_id", "dealer", "auditor", "wave", "started_at", "ended_at", "selected_by")
    click.echo("  " + ", ".join(f"{name} {shown(str(row[name]))}" for name in names if row[name]))
    title = checklist.title.in_language(language)
    click.echo(f"  {checklist.code} {checklist.version} {title}: {_in_points(row['score']['capped'])}")
    for item in checklist.items:
        if item.id in row["answers"]:
            answer = row["answers"][item.id]
            words = [found.text.in_language(language) for code in _listed(answer) if (found := item.option(code))]
            told = f"{shown(str(answer))} ({', '.join(words)})" if words else shown(str(answer))
            click.echo(f"  {item.id} {item.text.in_language(language)}: {told}")
        if comment := row["comments"].get(item.id):
            click.echo(f"  {item.id} “{shown(comment)}”")


def _in_points(score: float | None) -> str:
    return "–" if score is None else f"{shown_score(score):.1f}"


def _listed(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def _counts(report: VisitImportReport, *, zh: bool) -> str:
    kept = report.changed - report.corrected
    if zh:
        return (
            f"读取 {report.rows} 行，{report.read} 次走访：新增 {report.new}，已有 {report.same}，"
            f"内容有变而并存 {kept}，已更正 {report.corrected}，拒绝 {report.refused}"
        )
    return (
        f"{report.new} new, {report.same} known already, {kept} with other content kept beside, "
        f"{report.corrected} corrected, {report.refused} refused, of {report.read} visits in {report.rows} rows"
    )


def _remarks(report: VisitImportReport, *, zh: bool) -> Iterator[str]:
    if unknown := report.selected_by["unknown"]:
        yield (
            f"{unknown} 次走访不知选店原因，不作为判断依据；如属计划走访，请用 --selected-by plan 注明"
            if zh
            else f"{unknown} visits do not say why the dealer was chosen and are no evidence; if by plan, say "
            "--selected-by plan"
        )
    for what, names in report.unknown_names.items():
        listed = ", ".join(f"{name or '(空)' if zh else name or '(none)'} ({count})" for name, count in names.items())
        yield f"{UNKNOWN[what][0]}：{listed}" if zh else f"{UNKNOWN[what][1]}: {listed}"
