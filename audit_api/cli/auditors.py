"""`audit-api auditor …`."""

from __future__ import annotations

import json

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.operations import auditors as operations


@click.group()
def auditor() -> None:
    """Compare auditors with one another; for quality teams, never for auditors or dealers."""


@auditor.command("screen")
@click.option("--wave", required=True, help="Code of the wave; visits of its programme within a year count.")
def screen(*, wave: str) -> None:
    """Screen the auditors of a wave's programme and keep a dossier of each; the same data again changes nothing."""
    with connected():
        done = operations.screen_auditors(
            wave, actor=OPERATOR, at=now(), progress=lambda line: click.echo(line, err=True)
        )
        found = operations.ranked_auditors(OPERATOR, done["code"])
    counts = done["run"]["counts"]
    click.echo(f"{done['code']}" + (" (was there already)" if done["repeated"] else ""))
    click.echo(
        f"{counts['auditors']} auditors, {counts['visits']} visits: {counts['flag']} flagged, {counts['watch']} on "
        f"watch, {counts['not_assessable']} not assessable"
    )
    for row in found:
        if row["grade"] in ("flag", "watch"):
            click.echo(f"{row['grade']:5}  {row['name'] or row['auditor']:20} {', '.join(row['reasons'])}")
    click.echo("A question for a person, not a verdict, and no evidence about any dealer.", err=True)


@auditor.command("dossier")
@click.argument("run_id", metavar="RUN")
@click.argument("auditor_id", metavar="AUDITOR")
@click.option("--json", "as_json", is_flag=True, help="The whole dossier as JSON.")
def dossier(run_id: str, auditor_id: str, *, as_json: bool) -> None:
    """Print what RUN found about AUDITOR."""
    with connected():
        found = operations.open_auditor_dossier(OPERATOR, run_id, auditor_id)
    if as_json:
        click.echo(json.dumps(found["dossier"], ensure_ascii=False, indent=2, sort_keys=True))
        return
    language = terminal_language()
    click.echo(f"{found['name'] or found['auditor']}: {found['grade']}, {found['visits']} visits")
    for piece in found["dossier"]["evidence"]:
        click.echo(f"{'*' if piece['stands_out'] and piece['raises'] else ' '} {piece['sentence'][language]}")
