"""Gather the evidence about one dealer: every indicator, its rows, and the grade without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit_api.anomaly.explanation import dossier, honest_causes, sentence
from audit_api.anomaly.grades import NOT_ASSESSABLE, grade
from audit_api.anomaly.outcome import ScreenedDealer
from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.verdicts import Run

Rows = Mapping[str, Mapping[int, dict[str, Any]]]

REASONS = {
    "few_responses": {"zh": "答卷数量不足", "en": "too few responses"},
    "no_planned_visit": {"zh": "没有计划内的到访", "en": "no planned visit"},
    "few_uneven_sheets": {"zh": "非整卷同分的答卷不足", "en": "too few sheets with uneven marks"},
    "few_peers": {"zh": "可比较的店不足", "en": "too few dealers to compare with"},
    "no_variation": {"zh": "所有答案相同，无从比较", "en": "all answers are the same, nothing to compare"},
    "no_contacts": {"zh": "没有（足够的）联系方式散列值", "en": "no contact hashes, or too few"},
    "no_devices": {"zh": "没有（足够的）设备或渠道信息", "en": "no device or channel known, or too few"},
    "no_staff_directory": {"zh": "没有该店的员工通讯录散列值", "en": "no staff directory of this dealer"},
    "no_times": {"zh": "没有（足够的）提交时间", "en": "no times of submission, or too few"},
    "no_durations": {"zh": "没有（足够的）答题用时", "en": "no durations, or too few"},
    "few_long_comments": {"zh": "较长的留言不足", "en": "too few long comments"},
    "no_sample_frame": {"zh": "没有样本范围数据（应交、已交、有效、邀请）", "en": "no counts of the sample frame"},
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
                "sentence": sentence(
                    indicator,
                    observed=float(result.observed[d]),
                    expected=float(result.expected[d]),
                    n=int(result.n[d]),
                    p=float(result.p[d]),
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
    return dossier(
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
