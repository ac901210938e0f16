"""The tables of `make bench-detection`, from one JSON per network."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from audit_api.anomaly.traces import log_odds

RATE = 0.10
SIZES = (0, 20, 40, 80, 160, 10**9)
OURS, BOUND = "this detector", "supervised bound"
LIMITS = (1e-1, 1e-2, 1e-3, 1e-4)
TOGETHER = (
    ("contact_reuse", "device_reuse"),
    ("own_device", "same_day"),
    ("contact_reuse", "device_reuse", "own_device", "same_day"),
    ("staff_match", "same_day", "fast_answers"),
    ("coverage", "validity"),
)
"""Indicators that stand in for each other: one alone can be spared, together they tell what they are worth."""

Networks = dict[str, list[dict[str, Any]]]


def load(folder: Path) -> Networks:
    """Read what has been computed so far, by scenario."""
    found: Networks = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        found[path.stem.rsplit("-", 1)[0]].append(json.loads(path.read_text()))
    return found


def z_of(network: dict[str, Any], key: str = "z") -> dict[str, np.ndarray]:
    """Return z per indicator, 0 where not assessable."""
    source = network["z"] if key == "z" else network["blind"]["z"]
    return {code: np.nan_to_num(np.array(values, dtype=float)) for code, values in source.items()}


def weight_of(found: dict[str, Any], *without: str) -> np.ndarray:
    """Return the log-odds the score is made of, indicators left out on request, from z and widths."""
    total = np.zeros(1)
    for code, values in found["z"].items():
        if code not in without:
            z = np.array(values, dtype=float)
            total = total + np.where(np.isnan(z), 0.0, log_odds(code, np.nan_to_num(z), found["width"][code]))
    return total


def features(network: dict[str, Any], *, blind: bool = False) -> np.ndarray:
    """Return everything known of a dealer: indicators, plain features, counts."""
    z = z_of(network, "blind" if blind else "z")
    plain = {name: values for name, values in network["plain"].items() if not (blind and name == "audit")}
    return np.column_stack([*z.values(), *plain.values(), network["n"]])


def score(network: dict[str, Any]) -> np.ndarray:
    """Return the score, 0 where there is none."""
    return np.nan_to_num(np.array(network["score"], dtype=float))


def fit_bound(networks: list[dict[str, Any]], *, blind: bool = False, top: bool = False) -> Any:
    """Train boosted trees and a regression on networks whose labels are known; return a scorer of networks."""
    if len(networks) < 4:
        return None
    X = np.concatenate([features(n, blind=blind) for n in networks])
    y = np.concatenate([n["gamed"] for n in networks])
    if top:
        keep = np.concatenate([top_quarter(n) for n in networks])
        X, y = X[keep], y[keep]
    centre, spread = X.mean(axis=0), X.std(axis=0) + 1e-9

    def line(X: np.ndarray) -> np.ndarray:
        return np.clip((X - centre) / spread, -4, 4)

    trees = [
        HistGradientBoostingClassifier(
            max_iter=250, learning_rate=0.05, max_leaf_nodes=12, min_samples_leaf=30, l2_regularization=1.0,
            random_state=seed, max_features=0.5,
        ).fit(X, y)
        for seed in range(3)
    ]  # fmt: skip
    plain = LogisticRegression(C=0.3, max_iter=2_000).fit(line(X), y)

    def judge(network: dict[str, Any]) -> np.ndarray:
        X = features(network, blind=blind)
        found = np.mean([tree.decision_function(X) for tree in trees], axis=0)
        return np.asarray(found + 0.3 * plain.decision_function(line(X)))

    return judge


def top_quarter(network: dict[str, Any]) -> np.ndarray:
    """Mark the dealers with ten responses or more in the top quarter of survey scores."""
    level, enough = np.array(network["plain"]["score"]), np.array(network["n"]) >= 10
    return enough & (level >= np.quantile(level[enough], 0.75))


def cut_at(gamed: np.ndarray, score: np.ndarray, rate: float = RATE) -> np.ndarray:
    """Mark the longest list from the top of which at most `rate` is honest."""
    order = np.argsort(-score, kind="stable")
    false = np.cumsum(1 - gamed[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(false <= rate)
    picked = np.zeros(len(order), dtype=bool)
    if len(good):
        picked[order[: good[-1] + 1]] = True
    return picked


def write(folder: Path) -> str:
    """Return the page of results as Markdown."""
    networks = load(folder)
    bounds = {levels: fit_bound(networks.get(f"bound-{levels}", [])) for levels in (5, 10)}
    parts = [
        _counts(networks), _main(networks, bounds), _tactics(networks, bounds), _sizes(networks),
        _fairness(networks), _clean(networks), _rate(networks), _loop(networks), _audits(networks), _oracle(networks),
        _left_out(networks),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: list[str], rows: list[list[Any]]) -> str:
    """Return a Markdown table; numbers with three digits."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return "–" if np.isnan(value) else f"{value:.3f}"
        return str(value)

    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows])


def gamed_of(networks: Networks) -> dict[str, list[dict[str, Any]]]:
    return {name: found for name, found in networks.items() if name.startswith("gamed-")}


def _counts(networks: Networks) -> str:
    rows = []
    for name, found in sorted(networks.items()):
        seeds = sorted(int(n["seed"]) for n in found)
        rows.append([name, len(found), f"{seeds[0]} to {seeds[-1]}"])
    return "## What was run\n\n" + table(["scenario", "networks", "seeds"], rows)


def _main(networks: Networks, bounds: dict[int, Any]) -> str:
    rows = []
    for name, found in sorted(gamed_of(networks).items()):
        _, levels, prevalence, intensity = name.split("-")
        results: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for network in found:
            gamed = np.array(network["gamed"])
            rankings = {OURS: score(network), **{k: np.array(v) for k, v in network["rank"].items()}}
            if bounds[int(levels)] is not None:
                rankings[BOUND] = bounds[int(levels)](network)
            for who, ranking in rankings.items():
                caught = float(cut_at(gamed, ranking)[gamed == 1].mean())
                results[who].append((average_precision_score(gamed, ranking), roc_auc_score(gamed, ranking), caught))
        bound = float(np.mean([r[0] for r in results.get(BOUND, [(np.nan,)])]))
        for who, values in results.items():
            ap, auc, recall = (float(np.mean([value[i] for value in values])) for i in range(3))
            rows.append([levels, prevalence, intensity, len(found), who, ap, auc, recall, ap / bound])
    return "## Ranking\n\n" + table(
        [
            "levels",
            "prevalence",
            "intensity",
            "networks",
            "ranked by",
            "AP",
            "AUROC",
            "recall at FDR .10",
            "of bound",
        ],
        rows,
    )


def _tactics(networks: Networks, bounds: dict[int, Any]) -> str:
    parts = []
    for intensity in ("0.5", "0.3"):
        caught: dict[str, list[Any]] = defaultdict(list)
        for levels in (5, 10):
            for network in networks.get(f"gamed-{levels}-0.12-{intensity}", []):
                gamed, kind = np.array(network["gamed"]), np.array(network["kind"])
                ours = score(network)
                picked = cut_at(gamed, ours)
                by_bound = cut_at(gamed, bounds[levels](network)) if bounds[levels] is not None else picked & False
                q = np.array([1.0 if v is None else v for v in network["q"]])
                grade = np.array(network["grade"])
                honest = ours[gamed == 0]
                for d in np.flatnonzero(gamed):
                    auc = float(np.mean(ours[d] > honest) + np.mean(ours[d] == honest) / 2)
                    caught[kind[d]].append((picked[d], by_bound[d], q[d] <= RATE, grade[d] == "flag", auc))
        rows = [[kind, len(v), *np.mean(np.array(v, dtype=float), axis=0).tolist()] for kind, v in caught.items()]
        rows.sort(key=lambda row: row[2])
        for row in rows[:3]:
            row[0] = f"**{row[0]}**"
        parts.append(
            f"### Intensity {intensity}, prevalence .12, both scales (worst three in bold)\n\n"
            + table(
                ["tactic", "dealers", "recall at FDR .10", "bound's", "q ≤ .10", "flagged", "AUROC"],
                rows,
            )
        )
    return "## By tactic\n\n" + "\n\n".join(parts)


def _sizes(networks: Networks) -> str:
    caught: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for name, found in gamed_of(networks).items():
        _, _, prevalence, intensity = name.split("-")
        if prevalence != "0.12":
            continue
        for network in found:
            gamed, n = np.array(network["gamed"]), np.array(network["n"])
            picked = cut_at(gamed, score(network))
            for d in np.flatnonzero(gamed):
                caught[intensity, int(np.searchsorted(SIZES, n[d], side="right"))].append(bool(picked[d]))
    rows = []
    for size in range(1, len(SIZES)):
        label = f"{SIZES[size - 1]} to {SIZES[size] - 1}" if size < len(SIZES) - 1 else f"{SIZES[size - 1]} and more"
        rows.append([label, *[x for i in ("0.3", "0.5") for x in (len(caught[i, size]), _mean(caught[i, size]))]])
    return "## Power by number of responses (recall at FDR .10, prevalence .12)\n\n" + table(
        ["responses", "dealers at .3", "recall", "dealers at .5", "recall"], rows
    )


def _mean(values: list[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _fairness(networks: Networks) -> str:
    seen: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for name, found in networks.items():
        if not name.startswith(("gamed-", "clean-")):
            continue
        for network in found:
            p = np.array([1.0 if v is None else v for v in network["p"]])
            grade, n, kind = np.array(network["grade"]), np.array(network["n"]), np.array(network["kind"])
            for d in np.flatnonzero(np.array(network["gamed"]) == 0):
                entry = (grade[d] == "flag", grade[d] == "watch", bool(p[d] <= 0.05))
                seen[str(kind[d]) or "plain"].append(entry)
                if n[d] > 160:
                    seen["n > 160, any kind"].append(entry)
    order = sorted(seen, key=lambda kind: (kind != "plain", -np.mean([entry[2] for entry in seen[kind]])))
    rows = []
    for kind in order:
        flag, watch, small = np.mean(np.array(seen[kind], dtype=float), axis=0).tolist()
        upper = _upper(sum(entry[0] for entry in seen[kind]), len(seen[kind]))
        rows.append([kind, len(seen[kind]), f"{flag:.3%}", f"{upper:.2%}", f"{watch:.2%}", f"{small:.1%}"])
    return "## Honest dealers (gamed and clean networks)\n\n" + table(
        ["kind", "dealers", "flagged", "upper 95 % limit", "on watch", "p ≤ .05"], rows
    )


def _upper(hits: int, trials: int) -> float:
    """Return the one-sided 95 % Clopper-Pearson limit."""
    return 1.0 if hits >= trials else float(beta.ppf(0.95, hits + 1, trials - hits))


def _clean(networks: Networks) -> str:
    rows, tails = [], []
    for levels in (5, 10):
        found = networks.get(f"clean-{levels}", [])
        if not found:
            continue
        flagged = sum("flag" in n["grade"] for n in found)
        picked = sum(any(q is not None and q <= RATE for q in n["q"]) for n in found)
        rows.append([levels, len(found), flagged, f"{_upper(flagged, len(found)):.1%}", picked])
        tails.append([levels, *_uniform(found)])
    if not rows:
        return ""
    honest = [n for levels in (5, 10) for kind in ("clean", "honest") for n in networks.get(f"{kind}-{levels}", [])]
    tails.append(["both, with the networks of 1,000", *_uniform(honest)])
    beside = [n for found in gamed_of(networks).values() for n in found]
    tails.append(["the same and the honest dealers of gamed networks", *_uniform(honest + beside)])
    return (
        "## Clean networks\n\n"
        + table(["levels", "networks", "with any flag", "upper 95 % limit", "with any q ≤ .10"], rows)
        + "\n\nShare of honest dealers with p at or below a limit, divided by the limit (1 = uniform), ± twice its "
        "standard error over networks:\n\n" + table(["levels", "dealers", *[f"{limit:g}" for limit in LIMITS]], tails)
    )


def _uniform(networks: list[dict[str, Any]]) -> list[Any]:
    """Return how many dealers have a p, and per limit the share at or below it over the limit, with its error."""
    known = [
        np.array([v for v, g in zip(n["p"], n.get("gamed", [0] * len(n["p"])), strict=True) if v is not None and not g])
        for n in networks
    ]
    sizes = np.array([len(p) for p in known])
    cells = []
    for limit in LIMITS:
        hits = np.array([np.count_nonzero(p <= limit) for p in known])
        ratio = hits.sum() / sizes.sum() / limit
        # Whole networks are drawn, not dealers: what the dealers of one share must count once.
        error = np.sqrt(np.sum((hits - ratio * limit * sizes) ** 2)) / sizes.sum() / limit
        cells.append(f"{ratio:.2f} ± {2 * error:.2f}")
    return [int(sizes.sum()), *cells]


def _rate(networks: Networks) -> str:
    rows = []
    for prevalence in ("0.01", "0.05", "0.12", "all"):
        shares: dict[str, list[float]] = {"q": [], "flag": []}
        for name, found in gamed_of(networks).items():
            if prevalence not in (name.split("-")[2], "all"):
                continue
            for network in found:
                gamed = np.array(network["gamed"])
                q = np.array([1.0 if v is None else v for v in network["q"]]) <= RATE
                flag = np.array(network["grade"]) == "flag"
                for key, picked in (("q", q), ("flag", flag)):
                    shares[key].append(float((1 - gamed[picked]).mean()) if picked.any() else 0.0)
        if shares["q"]:
            row: list[Any] = [prevalence, len(shares["q"])]
            for values in shares.values():
                error = np.std(values) / np.sqrt(len(values))
                row += [float(np.mean(values)), float(np.mean(values) + 1.645 * error)]
            rows.append(row)
    return "## False share among those picked out (mean over networks)\n\n" + table(
        ["prevalence", "networks", "at q ≤ .10", "upper 95 % limit", "among flags", "upper 95 % limit"], rows
    )


def _loop(networks: Networks) -> str:
    waves = [wave for name, found in networks.items() if name.startswith("loop") for n in found for wave in n["waves"]]
    if not waves:
        return ""
    visited, flags, changed = (sum(wave[key] for wave in waves) for key in ("visited_again", "flags", "changed"))
    return (
        "## Flag, extra audits, next run\n\n"
        f"{len(waves)} waves in {len(waves) // 4} networks: {flags} flags, {visited} extra visits that failed "
        f"everything at dealers that had stood out, {changed} dealers whose next outcome they changed."
    )


def _audits(networks: Networks) -> str:
    rows = []
    for levels in (5, 10):
        train = networks.get(f"bound-pressed-{levels}", [])
        judges = {(top, blind): fit_bound(train, blind=blind, top=top) for top in (True,) for blind in (False, True)}
        for intensity in ("0.5", "0.3"):
            found = networks.get(f"pressed-{levels}-{intensity}", [])
            if not found:
                continue
            kept: list[Any] = defaultdict(list)  # type: ignore[assignment]
            for network in found:
                top, gamed = top_quarter(network), np.array(network["gamed"])
                rankings = {
                    "ours": weight_of(network),
                    "ours, audits removed": weight_of(network["blind"]),
                    "level alone": np.array(network["plain"]["score"]),
                }
                if judges[True, False] is not None:
                    rankings["bound"] = judges[True, False](network)
                    rankings["bound without audits"] = judges[True, True](network)
                if len(set(gamed[top])) == 2:
                    for who, ranking in rankings.items():
                        kept[who].append(roc_auc_score(gamed[top], ranking[top]))  # type: ignore[call-overload]
            mean = {who: _mean(values) for who, values in kept.items()}  # type: ignore[attr-defined]
            nan = float("nan")
            rows.append(
                [levels, intensity, len(found), mean["ours"], mean["ours, audits removed"], mean["level alone"],
                 mean.get("bound", nan), mean.get("bound without audits", nan)]
            )  # fmt: skip
    if not rows:
        return ""
    return (
        "## What the audits are worth\n\nTop quarter of survey scores, customers pressed and no other trace (AUROC). "
        "The bounds are trained on such quarters of other seeds, with and without everything the audits say.\n\n"
        + table(
            [
                "levels",
                "intensity",
                "networks",
                "ours",
                "ours, audits removed",
                "level alone",
                "bound",
                "bound, no audits",
            ],
            rows,
        )
    )


def _oracle(networks: Networks) -> str:
    """Compare with a judge that knows the network's own laws."""
    pairs = ("bound", "fair bound", "ours")
    rows: list[list[Any]] = []
    for name, found in sorted(networks.items()):
        if name.startswith("oracle"):
            _, levels, intensity = name.split("-")
            row: list[Any] = [levels, intensity, len(found), _mean([n["auroc"]["level alone"] for n in found])]
            for who in pairs:
                seen, blind = (np.array([n["auroc"][w] for n in found]) for w in (who, f"{who} without audits"))
                gain = seen - blind
                row += [
                    float(seen.mean()),
                    float(blind.mean()),
                    f"{gain.mean():+.3f} ± {2 * gain.std() / np.sqrt(len(gain)):.3f}",
                ]
            rows.append(row)
    if not rows:
        return ""
    return (
        "## How much the audits can tell at most\n\nTop quarter of survey scores, customers pressed and no other trace "
        "(AUROC). The bound has learnt the honest relation of survey and audit and the shift of pressed dealers from "
        "six further networks of the very same kind, with their labels: more than anybody knows of a real one. The "
        "fair bound has learnt as much, but is held to what may count against a dealer: the gap between its level "
        "and what its audits lead one to expect. The other one also uses that in the simulator dealers with good "
        "audits bend less. Gains are means over kinds of network, ± twice the standard error.\n\n"
        + table(
            [
                "levels",
                "intensity",
                "kinds of network",
                "level alone",
                *[column for who in pairs for column in (who, "without audits", "gain")],
            ],
            rows,
        )
    )


GIVEN = {
    "gamed": "everything",
    "once": "no devices, each contact once",
    "counts": "no single events",
}
"""What the sources of a network give, by the scenarios' first word."""


def _left_out(networks: Networks) -> str:
    """Say what each indicator is worth, by what the sources give."""
    kinds = {}
    for kind in GIVEN:
        chosen = [n for name, found in networks.items() for n in found if _is_of(name, kind)]
        if chosen:
            kinds[kind] = [(np.array(n["gamed"]), np.array(n["kind"]), n) for n in chosen]
    if not kinds:
        return ""
    codes = list(z_of(next(iter(kinds.values()))[0][2]))
    head, rows = ["left out"], [["nothing"]]
    rows += [[" + ".join(left)] for left in _sets(codes)]
    for kind, chosen in kinds.items():
        head += [f"AP: {GIVEN[kind]}", "tactic hurt most", "excellent dealers above a 5 % cut"]
        whole = np.array([average_precision_score(g, weight_of(n)) for g, _, n in chosen])
        rows[0] += [f"{whole.mean():.3f}", "", _excellent(chosen)]
        for row, left in zip(rows[1:], _sets(codes), strict=True):
            rest = np.array([average_precision_score(g, weight_of(n, *left)) for g, _, n in chosen])
            change = rest - whole
            row += [f"{change.mean():+.4f} ± {2 * change.std() / np.sqrt(len(change)):.4f}", _hurt_most(chosen, *left)]
            row.append(_excellent(chosen, *left))
    return (
        "## Indicators left out, one and several (prevalence .12, both scales and intensities)\n\n"
        "Change of average precision, ± twice its standard error over networks, with all that sources can give and "
        "with less of it.\n\n" + table(head, rows)
    )


def _sets(codes: list[str]) -> list[tuple[str, ...]]:
    return [(code,) for code in codes] + [tuple(c for c in several if c in codes) for several in TOGETHER]


def _is_of(name: str, kind: str) -> bool:
    return name.split("-", maxsplit=1)[0] == kind and (kind != "gamed" or name.split("-")[2] == "0.12")


def _hurt_most(chosen: list[Any], *without: str) -> str:
    """Name the tactic whose dealers are found worst without these indicators, and by how much (AP against honest)."""
    change: dict[str, list[float]] = defaultdict(list)
    for gamed, kind, network in chosen:
        before, after = weight_of(network), weight_of(network, *without)
        for tactic in np.unique(kind[gamed == 1]):
            use = (gamed == 0) | (kind == tactic)
            found = [float(average_precision_score(gamed[use], weight[use])) for weight in (after, before)]
            change[str(tactic)].append(found[0] - found[1])
    name, values = min(change.items(), key=lambda item: np.mean(item[1]))
    return f"{name} {np.mean(values):+.3f} ± {2 * np.std(values) / np.sqrt(len(values)):.3f}"


def _excellent(chosen: list[Any], *without: str) -> str:
    share: list[bool] = []
    for gamed, kind, network in chosen:
        weight = weight_of(network, *without)
        share += (weight[kind == "excellent"] > np.quantile(weight[gamed == 0], 0.95)).tolist()
    return f"{_mean(share):.1%}"
