"""`audit-api auditor …`."""

from __future__ import annotations

import json

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.cli.replays import say_replay
from audit_api.domain.auditor_cases import CaseOutcome
from audit_api.domain.directory import OPERATOR
from audit_api.operations import auditors as operations
from audit_api.operations import auditors_deciding


@click.group()
def auditor() -> None:
    """Compare auditors with one another; for quality teams, never for auditors or dealers."""


@auditor.command("screen")
@click.option("--wave", required=True, help="Code of the wave; visits of its programme within a year count.")
def screen(*, wave: str) -> None:
    """Screen the auditors of a wave's programme and keep a dossier of each; the same data again changes nothing."""
    with connected() as services:
        done = operations.screen_auditors(
            wave, actor=OPERATOR, at=now(), store=services.store, progress=lambda line: click.echo(line, err=True)
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
    if found["state"]:
        click.echo(f"case {found['state']}, revision {found['revision']}")
    for taken in found["decisions"]:
        click.echo(f"  {taken['at']:%Y-%m-%d} {taken['by']}: {taken['outcome']}, {taken['reason']}")
    for piece in found["dossier"]["evidence"]:
        click.echo(f"{'*' if piece['stands_out'] and piece['raises'] else ' '} {piece['sentence'][language]}")


@auditor.command("decide")
@click.argument("run_id", metavar="RUN")
@click.argument("auditor_id", metavar="AUDITOR")
@click.option("--outcome", required=True, type=click.Choice([outcome.value for outcome in CaseOutcome]))
@click.option("--reason", required=True, help="Why, in a sentence or more.")
@click.option("--revision", required=True, type=click.IntRange(1), help="The one that `auditor dossier` printed.")
def decide(run_id: str, auditor_id: str, *, outcome: str, reason: str, revision: int) -> None:
    """Decide the case RUN raised about AUDITOR as explained or for coaching; a confirmation takes two people by name.

    Who confirms signs in: on the page of the auditor, or through the API.
    """
    with connected():
        done = auditors_deciding.decide_auditor_case(
            run_id, auditor_id, outcome=outcome, reason=reason, revision=revision, actor=OPERATOR, at=now()
        )
    click.echo(f"{done['name'] or done['auditor']}: {done['state']}")


@auditor.command("replay")
@click.argument("run_id", metavar="RUN")
def replay(run_id: str) -> None:
    """Screen the frozen inputs of RUN again and compare every figure; exit status 1 if one differs."""
    from audit_api.operations.auditors_replay import replay_auditor_run  # noqa: PLC0415 - this command only

    with connected() as services:
        done = replay_auditor_run(
            OPERATOR, run_id, store=services.store, progress=lambda line: click.echo(line, err=True)
        )
    say_replay(done)
