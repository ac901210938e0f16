"""`audit-api screening …`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
from pymongo.errors import PyMongoError

from audit_api.cli.context import connected, now, say_problem, terminal_language
from audit_api.cli.replays import say_replay
from audit_api.domain.directory import OPERATOR
from audit_api.operations import screening as operations
from audit_api.operations.screening_watch import watched
from audit_api.problems import Problem

figures_option = click.option(
    "--figures", is_flag=True, help="Also what grades dealers that are read blind; not for who decides about them."
)
BLIND = (
    "Random controls stand among the flags, so nothing here grades them; managers see p and q, --figures prints them."
)


@click.group()
def screening() -> None:
    """Compare surveys with audits and raise questions."""


@screening.command("run")
@click.option("--wave", required=True, help="Code of the wave.")
@click.option("--questionnaire", default="SSQ", show_default=True, help="Code of the questionnaire; one a run.")
@click.option("--action", is_flag=True, help="A declared action run: may flag; once for a wave. Else watch only.")
@figures_option
def run(*, wave: str, questionnaire: str, action: bool, figures: bool) -> None:
    """Screen a wave and keep what was found; the same data again changes nothing."""
    with connected() as services:
        done = operations.run_screening(
            wave,
            questionnaire,
            actor=OPERATOR,
            at=now(),
            action=action,
            control_share=services.settings.control_share,
            store=services.store,
            progress=lambda line: click.echo(line, err=True),
        )
        found = operations.flags_of_run(OPERATOR, done["code"], figures=figures)
    counts = done["run"]["counts"]
    blind = any(flag.get("blind") for flag in found) and not figures
    flagged = sum(flag["grade"] == "flag" for flag in found) if blind else counts["flag"]
    watched = sum(flag["grade"] == "watch" for flag in found) if blind else counts["watch"]
    click.echo(f"{done['code']}" + (" (was there already)" if done["repeated"] else ""))
    click.echo(
        f"{counts['dealers']} dealers, {counts['responses']} responses, {counts['planned_visits']} planned visits: "
        f"{flagged} {'to be read blind' if blind else 'flagged'}, {watched} on watch, "
        f"{counts['not_assessable']} not assessable"
    )
    for flag in found:
        sentence = flag["summary"].get(terminal_language(), "")
        told = "read blind" if flag["p"] is None else f"p {flag['p']:.2g}  q {flag['q']:.2g}  {sentence}"
        click.echo(f"{flag['grade']:5}  {flag['dealer']:12} {told}")
    if blind:
        click.echo(BLIND, err=True)
    click.echo("A flag is a question, not a verdict; a person decides it.", err=True)


@screening.command("export")
@click.argument("run_id", metavar="RUN")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def export(run_id: str, out: Path) -> None:
    """Write the frozen inputs of RUN to the folder OUT, for screen-files: it gives the same figures."""
    from audit_api.intake.screening_folder import write_folder  # noqa: PLC0415 - NumPy, for this command only
    from audit_api.intake.screening_run_file import write_run_file  # noqa: PLC0415 - likewise

    with connected() as services:
        found = operations.open_run(OPERATOR, run_id)
        inputs = operations.inputs_of_run(OPERATOR, run_id, store=services.store)
    write_folder(out, inputs)
    write_run_file(out, found["run"])
    if found["blind"]:
        click.echo(
            "Flags of this wave are read blind: not for who decides about them, for screening this folder tells "
            "controls from flags.",
            err=True,
        )
    click.echo(
        f"{len(inputs.dealers)} dealers, {len(inputs.responses)} responses, {len(inputs.audits)} audit rows", err=True
    )
    click.echo(str(out))


@screening.command("list")
@click.option("--wave", help="Runs on this wave only.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
def list_(*, wave: str | None, limit: int) -> None:
    """List the screening runs."""
    with connected():
        page = operations.list_runs(OPERATOR, limit=limit, wave=wave)
    for found in page["items"]:
        counts = found["run"]["counts"]
        kind = "action" if found["action"] else "watch"
        graded = "read blind" if found["blind"] else f"{counts['flag']:>4} flagged  {counts['watch']:>4} on watch"
        click.echo(
            f"{found['code']:32}  {kind:6}  {found['started_at']:%Y-%m-%d %H:%M}  {counts['responses']:>9} responses  "
            f"{graded}"
        )
    if page["next"]:
        click.echo(f"There are more than {limit}; narrow it down with --wave.", err=True)


@screening.command("show")
@click.argument("run_id", metavar="RUN")
@figures_option
def show(run_id: str, *, figures: bool) -> None:
    """Print the frozen record of RUN as JSON: code, libraries, parameters, inputs, counts."""
    with connected():
        found = operations.open_run(OPERATOR, run_id, figures=figures)
    names = (
        "code",
        "wave",
        "programme",
        "brand",
        "questionnaire",
        "action",
        "by",
        "code_sha256",
        "frozen",
        "blind",
        "run",
    )
    shown = {name: found.get(name) for name in names}
    times = {name: found[name].isoformat() for name in ("started_at", "finished_at")}
    click.echo(json.dumps(shown | times, ensure_ascii=False, indent=2, sort_keys=True))


@screening.command("replay")
@click.argument("run_id", metavar="RUN")
def replay(run_id: str) -> None:
    """Screen the frozen inputs of RUN again and compare every figure; exit status 1 if one differs."""
    from audit_api.operations.screening_replay import replay_run  # noqa: PLC0415 - this command only

    with connected() as services:
        done = replay_run(
            OPERATOR, run_id, store=services.store, progress=lambda line: click.echo(line, err=True)
        )  # fmt: skip
    say_replay(done)


@screening.command("watch")
@click.option("--once", is_flag=True, help="One round, then end.")
@click.option("--every", type=click.IntRange(1, 7 * 24 * 60), help="Minutes from one round to the next.")
@click.option("--rounds", type=click.IntRange(1), help="End after so many rounds; else with Ctrl-C.")
def watch(*, once: bool, every: int | None, rounds: int | None) -> None:
    """Screen every open wave whose data have changed since its last run; puts on watch, never flags."""
    if once == (every is not None):
        raise click.UsageError("give either --once or --every MINUTES")
    failed = False
    left = 1 if every is None else rounds
    while left is None or left > 0:
        begun = time.monotonic()
        failed = not _watch_round()
        left = None if left is None else left - 1
        if every is not None and left != 0:
            time.sleep(max(0.0, every * 60 - (time.monotonic() - begun)))
    raise SystemExit(1 if failed else 0)


def _watch_round() -> bool:
    """Screen what has changed; a wave that cannot be screened is said and does not stop the others."""
    well = True
    try:
        with connected() as services:
            for wave, questionnaire in watched(OPERATOR, now()):
                try:
                    done = operations.run_screening(wave, questionnaire, actor=OPERATOR, at=now(), store=services.store)
                except Problem as problem:
                    well = False
                    click.echo(f"{wave} {questionnaire}:", err=True)
                    say_problem(problem)
                    continue
                # Those raised, not those graded so: dealers in the queue are left out, and their number would tell.
                watched_now = len(operations.flags_of_run(OPERATOR, done["code"]))
                dealers = done["run"]["counts"]["dealers"]
                what = "no change" if done["repeated"] else f"{watched_now} of {dealers} on watch"
                click.echo(f"{now():%Y-%m-%d %H:%M} {done['code']}: {what}")
    except PyMongoError as error:  # the next round may find the database again
        click.echo(f"The database cannot be reached: {str(error)[:200]}", err=True)
        return False
    return well
