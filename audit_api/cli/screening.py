"""`audit-api screening …`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.operations import screening as operations


@click.group()
def screening() -> None:
    """Compare surveys with audits and raise questions."""


@screening.command("run")
@click.option("--wave", required=True, help="Code of the wave.")
@click.option("--questionnaire", default="SSQ", show_default=True, help="Code of the questionnaire; one a run.")
@click.option("--action", is_flag=True, help="A declared action run: may flag; once for a wave. Else watch only.")
def run(*, wave: str, questionnaire: str, action: bool) -> None:
    """Screen a wave and keep what was found; the same data again changes nothing."""
    with connected():
        done = operations.run_screening(
            wave,
            questionnaire,
            actor=OPERATOR,
            at=now(),
            action=action,
            progress=lambda line: click.echo(line, err=True),
        )
        found = operations.flags_of_run(done["code"])
    counts = done["run"]["counts"]
    click.echo(f"{done['code']}" + (" (was there already)" if done["repeated"] else ""))
    click.echo(
        f"{counts['dealers']} dealers, {counts['responses']} responses, {counts['planned_visits']} planned visits: "
        f"{counts['flag']} flagged, {counts['watch']} on watch, {counts['not_assessable']} not assessable"
    )
    for flag in found:
        sentence = flag["summary"].get(terminal_language(), "")
        click.echo(f"{flag['grade']:5}  {flag['dealer']:12} p {flag['p']:.2g}  q {flag['q']:.2g}  {sentence}")
    click.echo("A flag is a question, not a verdict; a person decides it.", err=True)


@screening.command("export")
@click.argument("run_id", metavar="RUN")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def export(run_id: str, out: Path) -> None:
    """Write the inputs of RUN to the folder OUT, for screen-files: it gives the same figures."""
    from audit_api.intake.screening_folder import write_folder  # noqa: PLC0415 - NumPy, for this command only

    with connected():
        inputs = operations.inputs_of_run(OPERATOR, run_id)
    write_folder(out, inputs)
    click.echo(
        f"{len(inputs.dealers)} dealers, {len(inputs.responses)} responses, {len(inputs.audits)} audit rows", err=True
    )
    click.echo(str(out))
