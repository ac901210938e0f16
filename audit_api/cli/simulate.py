"""`audit-api simulate`: what a policy of screening would find and whom it would wrong, before it goes live."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import click
import yaml

from audit_api.cli.context import terminal_language
from audit_api.simulator.catalogue import HONEST, PLAYBOOK, TACTICS
from audit_api.simulator.power import BANDS, Study, Tallies, Tally

if TYPE_CHECKING:
    from audit_api.anomaly.grades import Parameters

MAX_POLICY_BYTES = 100_000
TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float)}
WORDS = {
    "tactics": ("手法（第一波）", "tactic (first wave)"),
    "bands": ("每店答卷数，仅有操纵的店", "responses per dealer, gamed dealers only"),
    "honest": ("诚实的店", "honest dealers"),
    "dealers": ("店数", "dealers"),
    "flagged": ("标记", "flagged"),
    "interval": ("90% 区间", "90% interval"),
    "watched": ("关注", "watched"),
    "by_last": ("{} 波内标记", "flagged in {} waves"),
    "waves": ("至标记的波数（中位）", "waves until flagged (median)"),
    "plain": ("普通店", "plain"),
    "all": ("合计", "all"),
}


@click.command("simulate")
@click.option("--dealers", default=300, show_default=True, type=click.IntRange(30, 5_000), help="Dealers a network.")
@click.option("--responses", default=60.0, show_default=True, type=click.FloatRange(5, 1_000), help="Median a wave.")
@click.option("--visits", default=3, show_default=True, type=click.IntRange(0, 8), help="Planned visits a wave.")
@click.option("--levels", default="5", show_default=True, type=click.Choice(["5", "10"]), help="Levels of the scale.")
@click.option("--prevalence", default=0.05, show_default=True, type=click.FloatRange(0, 0.5), help="Share gamed.")
@click.option(
    "--intensity", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Share of customers touched."
)
@click.option("--networks", default=10, show_default=True, type=click.IntRange(1, 500), help="Networks to invent.")
@click.option("--waves", default=3, show_default=True, type=click.IntRange(1, 12), help="Waves of each network.")
@click.option("--tactic", "tactics", multiple=True, type=click.Choice(TACTICS), help="Only these tactics; repeat it.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="The same seed, the same table.")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML: parameters.")
def simulate(
    *,
    dealers: int,
    responses: float,
    visits: int,
    levels: str,
    prevalence: float,
    intensity: float,
    networks: int,
    waves: int,
    tactics: tuple[str, ...],
    seed: int,
    policy: Path | None,
) -> None:
    """Tell power, false alarms and time to detect on invented networks of your size."""
    # Only this command needs the statistics: loading them would slow every other one.
    from audit_api.operations.simulations import try_policy  # noqa: PLC0415

    announced = visits // 3
    study = Study(
        networks=networks,
        waves=waves,
        seed=seed,
        fixed={
            "dealers": dealers,
            "median_responses": responses,
            "levels": int(levels),
            "gamed_share": prevalence,
            "intensity": intensity,
            "mystery_visits": visits - announced,
            "announced_visits": announced,
            "visit_spread": 0,
            **({"tactics": tactics} if tactics else {}),
        },
    )
    parameters = read_policy(policy)
    tallies = try_policy(study, parameters, _say_progress)
    _end_progress()
    for line in report(tallies, zh=terminal_language() == "zh"):
        click.echo(line)


def read_policy(path: Path | None) -> Parameters:
    """Read a policy: a YAML mapping of the parameters of a screening; raises UsageError naming what is wrong."""
    from audit_api.anomaly.grades import Parameters  # noqa: PLC0415

    if path is None:
        return Parameters()
    if path.stat().st_size > MAX_POLICY_BYTES:
        raise click.UsageError(f"{path.name} is larger than a policy can be.")
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path.name} is not YAML: {error}") from error
    known = {field.name: field.type for field in fields(Parameters) if field.name not in ("action", "ensemble")}
    if not isinstance(given, dict):
        raise click.UsageError(f"{path.name} must map names to values. Known names: {', '.join(known)}.")
    for name, value in given.items():
        if name not in known:
            raise click.UsageError(f"{path.name}: unknown name {name!r}. Known names: {', '.join(known)}.")
        wanted = TYPES.get(str(known[name]), (object,))
        if not isinstance(value, wanted) or (isinstance(value, bool) and str(known[name]) != "bool"):
            raise click.UsageError(f"{path.name}: {name} must be {known[name]}, not {value!r}.")
    try:
        return Parameters(**given)
    except ValueError as error:
        raise click.UsageError(f"{path.name}: {error}.") from error


def report(tallies: Tallies, *, zh: bool) -> list[str]:
    """Return the lines of the report: by tactic, by number of responses, among honest dealers, in sum."""

    def word(name: str) -> str:
        return WORDS[name][0 if zh else 1]

    waves = word("by_last").format(tallies.waves)
    head = [word("dealers"), word("flagged"), word("interval"), word("watched"), waves, word("waves")]
    tactics = [
        (f"{PLAYBOOK[kind][0]} {PLAYBOOK[kind][1] if zh else kind}", tallies.tactics[kind])
        for kind in sorted(tallies.tactics, key=_code)
    ]
    bands = [(name, tallies.bands[name]) for name, _ in BANDS if name in tallies.bands]
    honest = [
        (f"{HONEST[kind][0]} {HONEST[kind][1] if zh else kind}" if kind else word("plain"), tallies.honest[kind])
        for kind in sorted(tallies.honest, key=_code)
    ]
    lines = _table([word("tactics"), *head], [*tactics, (word("all"), _sum(tallies.tactics.values()))])
    if bands:
        lines += ["", *_table([word("bands"), *head[:4]], bands)]
    lines += ["", *_table([word("honest"), *head], [*honest, (word("all"), _sum(tallies.honest.values()))]), ""]
    sample = tallies.minimum_sample()
    share = f"{tallies.false / tallies.flags:.0%}" if tallies.flags else "–"
    if zh:
        lines += [
            f"最少样本：{sample or '各档都不足'}（至少一半有操纵的店得到关注或标记的最低一档）。",
            f"{tallies.networks} 个网络中，{tallies.any_false} 个在第一波误标至少一家诚实的店；"
            f"所有标记中误标占 {share}（{tallies.false}/{tallies.flags}）。",
            "网络是虚构的：品质、习惯与手法随机变化，真实网络可能不同。标记是提问，不是结论。",
        ]
    else:
        lines += [
            f"Minimum sample: {sample or 'no band is enough'} (lowest band in which half the gamed dealers are "
            "watched or flagged).",
            f"Of {tallies.networks} networks, {tallies.any_false} flagged an honest dealer in the first wave; "
            f"{share} of all flags were wrong ({tallies.false}/{tallies.flags}).",
            "The networks are invented, with quality, habits and tactics drawn at random; a real one may differ. "
            "A flag is a question, not a verdict.",
        ]
    return lines


def _code(kind: str) -> tuple[bool, str, str]:
    """Sort by playbook code: plain dealers first, kinds without a code last."""
    code = {**PLAYBOOK, **HONEST}.get(kind, ("",))[0]
    return code == "–", code, kind


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.dealers += tally.dealers
        total.flagged += tally.flagged
        total.watched += tally.watched
        total.flag_waves += tally.flag_waves
        total.seen_waves += tally.seen_waves
    return total


def _table(head: list[str], rows: list[tuple[str, Tally]]) -> list[str]:
    cells = [head, *([name, *_cells(tally)[: len(head) - 1]] for name, tally in rows)]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(head))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) if i == 0 else " " * (width - _width(cell)) + cell
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _cells(tally: Tally) -> list[str]:
    low, high = tally.interval(tally.flagged)
    ever = len(tally.flag_waves)
    return [
        str(tally.dealers),
        _share(tally.share(tally.flagged)),
        f"{_share(low)}–{_share(high)}" if tally.dealers else "–",
        _share(tally.share(tally.watched)),
        _share(tally.share(ever)),
        f"{median(tally.flag_waves):g}" if ever else "–",
    ]


def _share(value: float) -> str:
    return "–" if value != value else f"{100 * value:.1f}%"  # noqa: PLR0124 - NaN is not itself


def _width(text: str) -> int:
    """Count the columns a text takes on a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _say_progress(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{line}  ", err=True, nl=False)
    else:
        click.echo(line, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("", err=True)
