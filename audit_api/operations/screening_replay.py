"""Run a screening again from its frozen inputs and compare every figure with the one that was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from audit_api import __version__
from audit_api.domain.directory import Actor
from audit_api.evidence.store import BlobStore
from audit_api.models import flags
from audit_api.models.base import Row
from audit_api.operations.screening import find_run
from audit_api.operations.screening_frozen import code_sha256, frozen_inputs, own_store, parameters_of

if TYPE_CHECKING:
    from audit_api.anomaly.outcome import Screening

MOST_DIFFERENCES = 1_000

Figure = tuple[str, str, Any, Any]
"""Place, name, then, now."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what it was; `place` is who was screened, with the indicator, or the run."""

    place: str
    figure: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found: figures compared, those that differ (at most 1,000 listed), and what else is different."""

    run: str
    compared: int
    differing: int
    differences: tuple[Difference, ...]
    surroundings: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Tell whether every figure is the one that was kept, to the last bit."""
        return self.differing == 0


def replay_run(
    actor: Actor, run_id: str, *, store: BlobStore | None = None, progress: Callable[[str], None] = lambda line: None
) -> Replay:
    """Screen the frozen inputs of a run again, with its parameters, and compare; nothing is written.

    Raises NOT_FOUND, and SCREENING_REFUSED where the frozen inputs are missing or damaged.
    """
    from audit_api.anomaly.screening import Parameters, screen  # noqa: PLC0415 - a web process never screens

    run = find_run(actor, run_id)
    progress("reading the frozen inputs")
    inputs = frozen_inputs(run, store or own_store())
    made = screen(inputs, parameters_of(run, Parameters), progress, dossiers=False)
    progress("comparing with what was kept")
    return compare_figures(run, made.run, _figures(run, made))


def compare_figures(run: Row, made: Mapping[str, Any], figures: Iterable[Figure]) -> Replay:
    """Compare every figure exactly; `made` is the record of the run made now."""
    compared, differing = 0, 0
    listed: list[Difference] = []
    for place, figure, then, now in figures:
        compared += 1
        if not _same(then, now):
            differing += 1
            if len(listed) < MOST_DIFFERENCES:
                listed.append(Difference(place, figure, then, now))
    return Replay(run["_id"], compared, differing, tuple(listed), tuple(_surroundings(run, made)))


def _figures(run: Row, made: Screening) -> Iterator[Figure]:
    """Yield place, figure, then and now: each dealer's outcome and indicators, then the counts of the run."""
    indicators: dict[str, dict[str, Row]] = {}
    for row in made.indicators:
        indicators.setdefault(row.dealer_id, {})[row.indicator] = asdict(row)
    now_by_dealer = {dealer.dealer_id: asdict(dealer) for dealer in made.dealers}
    for kept in flags.ScreenedDealer._get_collection().find({"run": run["_id"]}).sort("_id", 1):
        code = kept["dealer"]
        now = now_by_dealer.pop(code, {})
        yield from pairs(code, kept["outcome"], {name: now[name] for name in now if name != "dealer_id"})
        own = indicators.get(code, {})
        for then in kept["indicators"]:
            found = own.pop(then["indicator"], {})
            yield from pairs(f"{code} {then['indicator']}", then, {k: v for k, v in found.items() if k != "dealer_id"})
        for name in own:
            yield f"{code} {name}", "indicator", None, name
    for code in now_by_dealer:
        yield code, "dealer", None, code
    for part in ("counts", "correlation", "indicators"):
        yield from pairs(f"run {part}", run["run"].get(part) or {}, made.run.get(part) or {})


def pairs(place: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures of one place, then and now, by name."""
    for name in sorted({*then, *now}):
        yield place, name, then.get(name), now.get(name)


def _same(then: Any, now: Any) -> bool:
    """Compare figures exactly; a tuple is the list that it becomes in the database."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return then.keys() == now.keys() and all(_same(then[name], now[name]) for name in then)
    if isinstance(then, list | tuple) and isinstance(now, list | tuple):
        return len(then) == len(now) and all(_same(*pair) for pair in zip(then, now, strict=True))
    return bool(then == now)


def _surroundings(run: Row, made: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what may explain a difference: code, libraries, parameters this version reads otherwise."""
    kept = run["run"]
    yield from _unlike("code", {"sha256": run.get("code_sha256"), "version": kept.get("version")},
                       {"sha256": code_sha256(), "version": __version__})  # fmt: skip
    for part in ("libraries", "parameters"):
        yield from _unlike(part, kept.get(part) or {}, made.get(part) or {})


def _unlike(place: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for _, name, before, after in pairs(place, then, now):
        if not _same(before, after):
            yield Difference(place, name, before, after)
