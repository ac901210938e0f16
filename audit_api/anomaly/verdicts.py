"""Join the indicators of each dealer into group and overall p, with and without any one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audit_api.anomaly.audit_level import KINDS, planned_visits
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.fdr import adjusted
from audit_api.anomaly.grades import Parameters, Standing
from audit_api.anomaly.groups import Reference, correlation
from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.top_share import TopShare
from audit_api.anomaly.traces import width_of


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Hold the combined figures of all dealers, and what is needed to recompute one without an indicator.

    weight: log-odds over all groups, which only ranks. unadjusted: the indicators that read auditors' marks,
    computed without removing auditors' severity.
    """

    codes: tuple[str, ...]
    results: dict[str, IndicatorResult]
    reference: Reference
    responses: Integers
    visits: Integers
    covert: Integers
    by_group: tuple[dict[str, float], ...]
    p: Floats
    weight: Floats
    q: Floats
    unadjusted: dict[str, IndicatorResult]

    @staticmethod
    def of(
        inputs: Inputs,
        results: dict[str, IndicatorResult],
        parameters: Parameters,
        unadjusted: dict[str, IndicatorResult],
        aside: Truths,
    ) -> Verdicts:
        """Judge every dealer of `inputs` by its calibrated indicators; those set aside do not count as ordinary."""
        codes = tuple(results)
        group_of = {entry.indicator.code: entry.indicator.group for entry in ENTRIES}
        reference = Reference(
            codes=codes,
            group_of=group_of,
            results=results,
            R=correlation(codes, group_of, results),
            responses=inputs.counts(),
            draws=parameters.draws,
            seed=parameters.seed,
            aside=aside,
            width={code: width_of(code, result.z[result.assessable & ~aside]) for code, result in results.items()},
        )
        count = len(inputs.dealers)
        by_group: list[dict[str, float]] = [{} for _ in range(count)]
        p, weight = np.full(count, np.nan), np.full(count, np.nan)
        able = np.array([results[code].assessable for code in codes])
        said = np.array([reference.say(code, results[code].z) for code in codes])
        for d in range(count):
            if able[:, d].any():
                mask = tuple(able[:, d].tolist())
                by_group[d], p[d], weight[d] = reference.judge(mask, reference.size_class(d), said[able[:, d], d])
        visits, covert = _visits(inputs)
        return Verdicts(
            codes=codes,
            results=results,
            reference=reference,
            responses=inputs.counts(),
            visits=visits,
            covert=covert,
            by_group=tuple(by_group),
            p=p,
            weight=weight,
            q=adjusted(p),
            unadjusted=unadjusted,
        )

    def standing(self, d: int) -> Standing:
        """Return what the grade of dealer d rests on."""
        able = [code for code in self.codes if self.results[code].assessable[d]]
        return Standing(
            p=float(self.p[d]),
            q=float(self.q[d]),
            p_by_group=self.by_group[d],
            p_by_indicator={code: float(self.results[code].p[d]) for code in able},
            group_of=self.reference.group_of,
            responses=int(self.responses[d]),
            visits=int(self.visits[d]),
            covert_visits=int(self.covert[d]),
        )

    def without(self, d: int, left_out: str) -> Standing | None:
        """Return the standing of dealer d with one indicator left out, None where nothing remains."""
        standing = self.standing(d)
        rest = {code: p for code, p in standing.p_by_indicator.items() if code != left_out}
        return self._again(d, standing, rest, self.results) if rest else None

    def with_severity(self, d: int) -> Standing:
        """Return the standing of dealer d where auditors' severity is left in the audits."""
        standing = self.standing(d)
        results = self.results | self.unadjusted
        able = {code: float(results[code].p[d]) for code in standing.p_by_indicator if results[code].assessable[d]}
        return self._again(d, standing, able, results) if able else standing

    def _again(
        self, d: int, standing: Standing, able: dict[str, float], results: dict[str, IndicatorResult]
    ) -> Standing:
        mask = tuple(code in able for code in self.codes)
        by_group, p, _ = _judge(self.codes, results, self.reference, mask, d)
        others = self.p.copy()
        others[d] = p
        q = float(adjusted(others)[d])
        return replace(standing, p=p, q=q, p_by_group=by_group, p_by_indicator=able)


def _judge(
    codes: tuple[str, ...], results: dict[str, IndicatorResult], reference: Reference, mask: tuple[bool, ...], d: int
) -> tuple[dict[str, float], float, float]:
    said = [reference.say(code, results[code].z[d : d + 1])[0] for code, use in zip(codes, mask, strict=True) if use]
    return reference.judge(mask, reference.size_class(d), np.array(said))


def _visits(inputs: Inputs) -> tuple[Integers, Integers]:
    """Count planned visits per dealer: all, and covert ones."""
    visits, count = planned_visits(inputs), len(inputs.dealers)
    covert = visits.dealer[visits.kind == KINDS.index("mystery")]
    return np.bincount(visits.dealer, minlength=count), np.bincount(covert, minlength=count)


@dataclass(frozen=True, slots=True)
class Run:
    """Hold everything one screening has computed, for those who write it down."""

    inputs: Inputs
    peers: Peers
    parameters: Parameters
    nulls: dict[str, tuple[float, float]]
    verdicts: Verdicts
    ranks: Floats | None
    top_share: TopShare
