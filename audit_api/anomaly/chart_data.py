"""The figures of a dossier's charts, as plain bounded lists; other dealers appear without their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.surroundings import BINS, Surroundings

MOST_DEALERS = 300
MOST_WEEKS = 60
MOST_GROUPS, MOST_IN_GROUP = 12, 40
FUNNEL_AT = (5, 10, 15, 20, 30, 45, 65, 100, 150, 220, 320, 480, 700, 1_000)
WEEK = 7 * 86_400
COVERAGES = (0.95, 0.998)


def chart_data(around: Surroundings, d: int) -> dict[str, Any]:
    """Return the data of the five charts about dealer number d."""
    shown = _sample(around, d)
    return {
        "funnel": _funnel(around, d, shown),
        "distribution": _distribution(around, d),
        "scatter": _scatter(around, d, shown),
        "timeline": _timeline(around, d),
        "reuse": _reuse(around, d),
    }


def _sample(around: Surroundings, d: int) -> Integers:
    """Choose the other dealers that are drawn: all of them, or evenly many along their level."""
    others = np.flatnonzero((around.n > 0) & (np.arange(len(around.n)) != d))
    if len(others) > MOST_DEALERS:
        ranked = others[np.argsort(around.level[others], kind="stable")]
        others = ranked[np.linspace(0, len(ranked) - 1, MOST_DEALERS).astype(int)]
    result: Integers = others
    return result


def _funnel(around: Surroundings, d: int, shown: Integers) -> dict[str, Any]:
    """Level by number of responses, with the limits that 95 % and 99.8 % of honest dealers stay within."""
    funnel = around.funnel
    sizes = [n for n in FUNNEL_AT if n <= int(around.n.max(initial=10)) * 1.3] or [10]
    lines: list[dict[str, Any]] = [{"n": n} for n in sizes] if funnel else []
    for i, coverage in enumerate(COVERAGES, 1):
        if funnel:
            for line, low, high in zip(lines, *funnel.limits(around.sampling(np.array(sizes)), coverage), strict=True):
                line |= {f"low{i}": round(float(low), 4), f"high{i}": round(float(high), 4)}
    return {
        "centre": round(funnel.centre if funnel else around.usual(), 4),
        "limits": lines,
        "dealers": [_point(around.n[i], around.level[i]) for i in shown],
        "dealer": _point(around.n[d], around.level[d]) if around.n[d] else None,
    }


def _point(x: Any, y: Any) -> list[float]:
    return [round(float(x), 4), round(float(y), 4)]


def _distribution(around: Surroundings, d: int) -> list[dict[str, float]]:
    """Share of responses by their mean mark in tenths of the scale: here, and at the average other dealer."""
    here = around.by_mark[d]
    there = around.by_mark.sum(axis=0) - here
    return [
        {
            "from": round(i / BINS, 2),
            "to": round(min(1.0, (i + 1) / BINS), 2),
            "dealer": round(float(here[i] / max(here.sum(), 1)), 4),
            "others": round(float(there[i] / max(there.sum(), 1)), 4),
        }
        for i in range(BINS + 1)
    ]


def _scatter(around: Surroundings, d: int, shown: Integers) -> dict[str, Any]:
    """Survey level against audit level (share of criteria passed beyond the usual), one point a dealer."""
    both = [i for i in shown if not np.isnan(around.audit[i])]
    mine = around.n[d] > 0 and not np.isnan(around.audit[d])
    return {
        "dealers": [_point(around.audit[i], around.level[i]) for i in both],
        "dealer": _point(around.audit[d], around.level[d]) if mine else None,
    }


def _timeline(around: Surroundings, d: int) -> dict[str, Any]:
    """Responses and their mean level by week of the event; the visits with what they found."""
    rows = around.rows(d)
    when = around.inputs.responses.event_at[rows]
    rows, when = rows[~np.isnat(when)], when[~np.isnat(when)]
    weeks: list[dict[str, Any]] = []
    if len(rows):
        # Monday-based weeks: 1970-01-01 was a Thursday.
        number = (when.astype("datetime64[s]").astype(np.int64) + 3 * 86_400) // WEEK
        for week in np.unique(number)[-MOST_WEEKS:]:
            scores = around.score[rows[number == week]]
            start = np.datetime64(int(week) * WEEK - 3 * 86_400, "s").astype("datetime64[D]")
            weeks.append({"week": str(start), "responses": len(scores), "level": round(float(scores.mean()), 4)})
    mine = np.flatnonzero(around.visits.dealer == d)
    visits = [
        {
            "on": str(around.visited_at[i].astype("datetime64[D]")),
            "kind": ("mystery", "announced")[int(around.visits.kind[i])],
            "beyond_usual": round(float(around.visits.score[i]), 4),
        }
        for i in mine
        if not np.isnat(around.visited_at[i])
    ]
    return {"weeks": weeks, "visits": sorted(visits, key=lambda v: (v["on"], v["kind"]))[-MOST_WEEKS:]}


def _reuse(around: Surroundings, d: int) -> list[dict[str, Any]]:
    """Contacts and devices behind more than one response: by identity the responses, when, and how happy."""
    rows = around.rows(d)
    groups: list[dict[str, Any]] = []
    for kind, column in (
        ("contact", around.inputs.responses.contact_hash),
        ("device", around.inputs.responses.device_hash),
    ):
        values = column[rows].astype(str)
        names, counts = np.unique(values[values != ""], return_counts=True)
        for name in names[counts > 1]:
            mine = rows[values == name]
            groups.append(
                {
                    "kind": kind,
                    "count": len(mine),
                    "responses": [_response(around, int(i), around.score) for i in mine[:MOST_IN_GROUP]],
                }
            )
    groups.sort(key=lambda group: (-group["count"], group["kind"], group["responses"][0]["response"]))
    return [{"identity": f"{g['kind']} {i + 1}"} | g for i, g in enumerate(groups[:MOST_GROUPS])]


def _response(around: Surroundings, row: int, score: Floats) -> dict[str, Any]:
    when = around.inputs.responses.submitted_at[row]
    return {
        "response": str(around.inputs.responses.response_id[row]),
        "on": "" if np.isnat(when) else str(when.astype("datetime64[D]")),
        "level": round(float(score[row]), 4),
    }
