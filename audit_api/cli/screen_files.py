"""`audit-api screen-files`: screen a folder without a database."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api.intake.screening_files import FolderRefusedError, notices, read_folder, write_screening
from audit_api.intake.screening_run_file import parameters_of

SEED = 20260101


@click.command("screen-files")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--scale", default="1:5", show_default=True, help="Lowest and highest answer, such as 1:10.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--action/--watch", default=None, help="An action run may flag (the default); a watch run never does.")
@click.option("--seed", type=int, default=None, help=f"Seed of every random draw; {SEED} unless given.")
def screen_files(folder: Path, scale: str, out: Path, action: bool | None, seed: int | None) -> None:
    """Screen the dealers of FOLDER and write screening.csv, indicators.csv and run.json to OUT.

    A folder that `screening export` wrote holds the run's own parameters; options given here come before them.
    """
    # Only this command needs the statistics: loading them would slow every other one.
    from audit_api.anomaly.screening import screen  # noqa: PLC0415

    try:
        inputs = read_folder(folder, _scale(scale))
        for line in notices(folder):
            click.echo(line, err=True)
        click.echo(
            f"{len(inputs.dealers)} dealers, {len(inputs.responses)} responses, {len(inputs.audits)} audit rows",
            err=True,
        )
        chosen = {name: value for name, value in (("action", action), ("seed", seed)) if value is not None}
        parameters = parameters_of(folder, chosen, {"action": True, "seed": SEED})
        result = screen(inputs, parameters, lambda line: click.echo(line, err=True), dossiers=False)
        write_screening(out, result)
    except FolderRefusedError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from error
    counts = result.run["counts"]
    click.echo(f"{counts['flag']} flags, {counts['watch']} on watch; written to {out}", err=True)


def _scale(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = 0.0, 0.0
    if not -1e6 < ends[0] < ends[1] < 1e6:
        raise click.BadParameter("give lowest and highest answer, such as 1:10", param_hint="--scale")
    return ends
