"""Gather the evidence about one dealer: every indicator, its rows, and the grade without it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.explanation import dossier, honest_causes, sentence
from audit_api.anomaly.grades import NOT_ASSESSABLE, grade
from audit_api.anomaly.outcome import ScreenedDealer
from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.verdicts import Run

Rows = Mapping[str, Mapping[int, dict[str, Any]]]

ASSUMED = {
    "zh": "前提：其余答卷的分布与全网相同水平的店一样，另有来历的答卷绝大多数为满分，审核本身的误差已经计入。"
    "满分普遍时两者难以区分，区间会很宽；区间包含 0% 即说明可能并无此类答卷。"
    "它只作描述，不参与评定，也不得用于计算金额。",
    "en": "This assumes that the other responses spread as at dealers of the same level, that those of another origin "
    "are nearly all full marks, and allows for the audits' own error. Where full marks are common the two can hardly "
    "be told apart and the interval is wide; one that holds 0% says there may be none. It describes, it grades nobody, "
    "and it is never used for money.",
}

REASONS = {
    "few_responses": {"zh": "答卷数量不足", "en": "too few responses"},
    "no_planned_visit": {"zh": "没有可用的计划内走访", "en": "no planned visit that could tell"},
    "few_uneven_sheets": {"zh": "非整卷同分的答卷不足", "en": "too few sheets with uneven marks"},
    "few_peers": {"zh": "可比较的店不足", "en": "too few dealers to compare with"},
    "no_variation": {"zh": "所有答案相同，无从比较", "en": "all answers are the same, nothing to compare"},
    "no_contacts": {"zh": "没有（足够的）联系方式（加密值）", "en": "no contact hashes, or too few"},
    "no_devices": {"zh": "没有（足够的）设备或渠道信息", "en": "no device or channel known, or too few"},
    "no_staff_directory": {"zh": "没有该店的员工名录", "en": "no staff directory of this dealer"},
    "no_times": {"zh": "没有（足够的）提交时间", "en": "no times of submission, or too few"},
    "no_durations": {"zh": "没有（足够的）答题用时", "en": "no durations, or too few"},
    "few_long_comments": {"zh": "较长的留言不足", "en": "too few long comments"},
    "no_sample_frame": {"zh": "没有应调查业务的名单", "en": "no list of the events to be surveyed"},
    "single_events_known": {
        "zh": "业务逐笔可查，由“有问题的客户较少进入调查”判断",
        "en": "single events are known, and judged by whether customers with trouble are reached",
    },
    "few_events": {"zh": "应调查的业务不足", "en": "too few eligible events"},
    "few_troubled_events": {
        "zh": "有投诉、返修或久等的业务不足",
        "en": "too few events with a complaint, a comeback or a long wait",
    },
    "no_integrity_answers": {"zh": "没有（足够的）诚信问题回答", "en": "no answers to integrity questions, or too few"},
    "no_facts": {"zh": "没有（足够的）事实题回答", "en": "no answers to fact questions, or too few"},
    "few_responses_in_window": {
        "zh": "考核期内或之前的答卷不足",
        "en": "too few responses in the assessment window or before it",
    },
}


def rows_behind(run: Run, dealers: Sequence[int]) -> Rows:
    """Return the rows behind every indicator, by indicator and dealer number."""
    return {entry.indicator.code: entry.evidence(run.inputs, dealers) for entry in ENTRIES}


def freeze(run: Run, dealer: ScreenedDealer, d: int, rows: Rows) -> dict[str, Any]:
    """Return the frozen evidence about dealer number d as plain JSON values; rows come from `rows_behind`."""
    peers, verdicts, parameters = run.peers, run.verdicts, run.parameters
    standing = verdicts.standing(d)
    evidence, without, silent = [], [], []
    for entry in ENTRIES:
        indicator, result = entry.indicator, verdicts.results[entry.indicator.code]
        title = {"zh": indicator.title_zh, "en": indicator.title_en}
        if not result.assessable[d]:
            silent.append({"indicator": indicator.code, "reason": str(result.reason[d]), **REASONS[result.reason[d]]})
            continue
        figures = {
            "observed": float(result.observed[d]),
            "expected": float(result.expected[d]),
            "n": int(result.n[d]),
            "p": float(result.p[d]),
        }
        evidence.append(
            {
                "indicator": indicator.code,
                "group": indicator.group,
                "title": title,
                "unit": indicator.unit,
                **figures,
                "z": float(result.z[d]),
                "stands_out": figures["p"] <= parameters.group_p,
                "sentence": _without_signed_zero(
                    sentence(
                        indicator,
                        observed=float(result.observed[d]),
                        expected=float(result.expected[d]),
                        n=int(result.n[d]),
                        p=float(result.p[d]),
                    )
                ),
                "honest_explanations": honest_causes(indicator),
                "rows": rows[indicator.code][d],
            }
        )
        rest = verdicts.without(d, indicator.code)
        without.append(
            {
                "indicator": indicator.code,
                "p": rest.p if rest else None,
                "q": rest.q if rest else None,
                "grade": grade(rest, parameters) if rest else NOT_ASSESSABLE,
            }
        )
    evidence.sort(key=lambda piece: (piece["p"], piece["indicator"]))
    return {"unexplained_top_share": _top_share(run, d)} | dossier(
        dealer_id=dealer.dealer_id,
        grade=dealer.grade,
        score=dealer.score or 0.0,
        standing=standing,
        parameters=parameters,
        peer_group=dealer.peer_group,
        peers=int(peers.count[d]),
        ensemble=dealer.ensemble_rank_share,
        evidence=evidence,
        without=without,
        not_assessable=silent,
    )


def _without_signed_zero(told: dict[str, str]) -> dict[str, str]:
    """Write a figure that rounds to zero without a sign: "-0.00" reads like a mistake."""
    return {language: re.sub(r"[+-](0(?:\.0+)?)(?![\d.])", r"\1", text) for language, text in told.items()}


def _top_share(run: Run, d: int) -> dict[str, Any] | None:
    """Return the unexplained top share with its interval, in words and with what it assumes."""
    share, low, high = (float(x[d]) for x in (run.top_share.share, run.top_share.low, run.top_share.high))
    if np.isnan(share):
        return None
    return {
        "share": share,
        "low": low,
        "high": high,
        "sentence": {
            "zh": f"若客户的打分与审核结果所支持的水平一致，要解释本店的满分，约有 {share:.0%} 的答卷"
            f"（90% 区间：{low:.0%} 至 {high:.0%}）须另有来历。",
            "en": f"Did customers mark as the audits lead one to expect, about {share:.0%} of the responses (90% "
            f"interval {low:.0%} to {high:.0%}) would need another origin to explain the full marks.",
        },
        "assumptions": dict(ASSUMED),
    }
