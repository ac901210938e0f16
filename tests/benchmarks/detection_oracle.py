"""What the audits could tell at most: a judge that has seen the labels of other networks with the very same laws.

In the top quarter of survey scores, where pressed customers simply answer higher and leave no other trace, all that can
be known of a dealer is its level, how exact that is, and its audits. Six networks are drawn from one spec with their
labels; honest relation and pressed shift are learnt from them (logistic regression on the likelihood ratio's terms),
with the audits and without, and judged on two more networks of the spec. No screening of a real network knows as much.
It is learnt, not derived: a bound in practice, good to about .02. It learns on seeds of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from audit_api.anomaly.audit_level import audit_levels
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.levels import Levels, survey_against_audit
from audit_api.anomaly.peers import strata
from audit_api.simulator import NetworkSpec, World

LEARNT, JUDGED = 6, 2
TOP, NEAR_TOP = 0.75, 0.5
JUDGES = {
    "bound": (True, False),
    "bound without audits": (False, False),
    "fair bound": (True, True),
    "fair bound without audits": (False, True),
}
"""(sees the audits, held to the gap)."""


def terms(inputs: Inputs, gamed: np.ndarray, *, audits: bool, fair: bool = False) -> np.ndarray:
    """Return per dealer the terms of a likelihood ratio; the honest relation is fitted on honest dealers alone.

    fair: only the gap to what is expected and its exactness. A judge that also sees the levels learns that in the
    simulator dealers with good audits bend less, and would hold a poor audit against a dealer.
    """
    levels = survey_against_audit(inputs, strata(inputs.dealers).without(gamed == 1))
    variance = levels.sampling + levels.unknown
    rest = levels.level - levels.expected
    found = [rest / variance, 1.0 / variance, rest**2 / variance, rest / np.sqrt(variance)]
    if not fair:
        found.append(levels.level)
    if audits and not fair:
        found += [kind.level for kind in audit_levels(inputs)]
    return np.nan_to_num(np.column_stack(found))


def top(levels: Levels, share: float = TOP) -> np.ndarray:
    """Mark the dealers with a level in the top part of survey scores."""
    enough = levels.n >= 10
    return np.asarray(enough & levels.use & (levels.level >= np.quantile(levels.level[enough], share)))


def learn(known: list[tuple[np.ndarray, np.ndarray]]) -> Pipeline:
    """Fit the judge on (terms, labels) of several networks."""
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2_000))
    judge.fit(np.concatenate([x for x, _ in known]), np.concatenate([y for _, y in known]))
    return judge


def labels(world: World, inputs: Inputs) -> np.ndarray:
    """Return 1 per dealer that bends its survey, in the order of the inputs."""
    truth = {label.dealer_id: label.gamed for label in world.truth}
    return np.array([int(truth[str(code)]) for code in inputs.dealers.code])


def oracle(spec: NetworkSpec, seed: int) -> dict[str, Any]:
    """Learn from six networks of the spec and judge two more: mean AUROC in the top quarter, by what is known."""
    from audit_api.anomaly.grades import Parameters
    from audit_api.anomaly.screening import screen
    from audit_api.simulator import simulate_network
    from tests.benchmarks.detection_networks import figures, inputs_of, without_audits
    from tests.benchmarks.detection_table import weight_of

    learnt: dict[tuple[bool, bool], list[tuple[np.ndarray, np.ndarray]]] = {who: [] for who in JUDGES.values()}
    found: dict[str, list[float]] = {}
    parameters = Parameters(draws=1_000, ensemble=False)
    judges: dict[tuple[bool, bool], Pipeline] = {}
    for number in range(LEARNT + JUDGED):
        world = simulate_network(spec, seed * 100 + number)
        inputs = inputs_of(world)
        gamed = labels(world, inputs)
        levels = survey_against_audit(inputs, strata(inputs.dealers))
        blind = without_audits(inputs)
        if number < LEARNT:
            near = top(levels, NEAR_TOP)
            for (audits, fair), known in learnt.items():
                seen = inputs if audits else blind
                known.append((terms(seen, gamed, audits=audits, fair=fair)[near], gamed[near]))
            continue
        judges = judges or {who: learn(known) for who, known in learnt.items()}
        quarter = top(levels)
        rankings = {
            **{
                name: judges[audits, fair].decision_function(
                    terms(inputs if audits else blind, gamed, audits=audits, fair=fair)
                )
                for name, (audits, fair) in JUDGES.items()
            },
            "ours": weight_of(figures(screen(inputs, parameters, dossiers=False))),
            "ours without audits": weight_of(figures(screen(blind, parameters, dossiers=False))),
            "level alone": levels.level,
        }
        for who, ranking in rankings.items():
            found.setdefault(who, []).append(float(roc_auc_score(gamed[quarter], ranking[quarter])))
    return {who: float(np.mean(values)) for who, values in found.items()}
