"""Put a dealer's figures into words, with the rows behind them and what the grade would be without each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit_api.anomaly.grades import FLAG, WATCH, Parameters, Standing, enough, supported_groups
from audit_api.anomaly.indicator import COPYING, FRAME, LEVEL, PROCESS, STATEMENT, Indicator

GROUP_TITLES = {
    LEVEL: {"zh": "水平", "en": "level"},
    COPYING: {"zh": "雷同与编造", "en": "copying and invention"},
    PROCESS: {"zh": "联系方式与填写过程", "en": "contact and process"},
    FRAME: {"zh": "样本范围", "en": "sample frame"},
    STATEMENT: {"zh": "直接陈述", "en": "direct statement"},
}

LIMITS = (
    {
        "zh": "这是一个需要核实的问题，不是结论；高分本身不会引起标记。",
        "en": "This is a question to look into, not a conclusion; high scores alone never raise a flag.",
    },
    {
        "zh": "按模型，大约每十个标记中有一个出于偶然；这不是该店存在问题的概率。",
        "en": "About one flag in ten is expected to be chance under the model; this is not a probability about "
        "this dealer.",
    },
    {
        "zh": "神秘客不是车主，车主也不是神秘客：审核与满意度的差距只用于排序，不能否定任何一位客户的评价。",
        "en": "Shoppers are not buyers: a gap between audit and survey ranks dealers, it never contradicts a customer.",
    },
)


def chance(p: float) -> str:
    """Write a probability as a percentage with the digits that mean something, never as 0 or 100."""
    if p < 1e-4:
        return "<0.01%"
    return f"{p:.2%}" if p < 0.001 else f"{p:.1%}" if p < 0.01 else f"{p:.0%}" if p < 0.995 else ">99%"


def sentence(indicator: Indicator, *, observed: float, expected: float, n: int, p: float) -> dict[str, str]:
    """State one piece of evidence in both languages."""
    values = {
        "observed": observed, "expected": expected, "n": n, "p": chance(p),
        "observed_points": 100 * observed, "expected_points": 100 * expected,
    }  # fmt: skip
    return {"zh": indicator.sentence_zh.format(**values), "en": indicator.sentence_en.format(**values)}


def honest_causes(indicator: Indicator) -> list[dict[str, str]]:
    """List the innocent explanations to rule out first."""
    return [{"code": cause.code, "zh": cause.zh, "en": cause.en} for cause in indicator.explanations]


def held_back(standing: Standing, parameters: Parameters, grade: str) -> list[dict[str, str]]:
    """Say in words why a dealer that stands out is not flagged; empty for a flag."""
    if grade == FLAG:
        return []
    reasons = []
    if not parameters.action:
        reasons.append(
            {
                "zh": "本次为观察性筛查，只给出关注，不产生标记。",
                "en": "This is a watch run: it puts dealers on watch only.",
            }
        )
    if standing.q > parameters.q:
        reasons.append(
            {
                "zh": f"按共同比较的店数校正后的概率（q）为 {chance(standing.q)}，高于 {parameters.q:.0%}。",
                "en": f"Corrected for the number of dealers compared, the chance (q) is {chance(standing.q)}, above "
                f"{parameters.q:.0%}.",
            }
        )
    if not enough(standing, parameters):
        reasons.append(
            {
                "zh": "标记需要两组相互独立的证据（第二组放在其余各组中看仍须少见），"
                "或客户与审核员各自的直接说明；目前不足。",
                "en": "A flag needs two independent groups of evidence, the second unusual among all the others, or "
                "direct statements of customers and of auditors; there is less here.",
            }
        )
    if standing.responses < parameters.flag_min_responses:
        reasons.append(
            {
                "zh": f"答卷只有 {standing.responses} 份，水平差距至少需要 {parameters.flag_min_responses} 份。",
                "en": f"There are {standing.responses} responses; a level needs {parameters.flag_min_responses}.",
            }
        )
    if standing.visits < parameters.flag_min_visits or standing.covert_visits < parameters.flag_min_covert_visits:
        reasons.append(
            {
                "zh": f"计划内走访只有 {standing.visits} 次，其中暗访 {standing.covert_visits} 次；"
                f"至少要有 {parameters.flag_min_visits} 次且其中有暗访，与审核的差距才能作为标记的依据。",
                "en": f"Planned visits: {standing.visits}, covert ones among them: {standing.covert_visits}. A gap to "
                f"the audits supports a flag only from {parameters.flag_min_visits} visits, one of them covert.",
            }
        )
    if not reasons and grade == WATCH:
        # Everything a flag needs is there, so it was the second calculation that held it back.
        reasons.append(
            {
                "zh": "若不扣除审核员的宽严差异，证据达不到标记的要求；标记须在两种算法下都成立。",
                "en": "Without removing the auditors' severity the evidence falls short; a flag must stand both ways.",
            }
        )
    return reasons


def dossier(
    *,
    dealer_id: str,
    grade: str,
    score: float,
    standing: Standing,
    parameters: Parameters,
    peer_group: str,
    peers: int,
    ensemble: float | None,
    evidence: Sequence[dict[str, Any]],
    without: Sequence[dict[str, Any]],
    not_assessable: Sequence[dict[str, str]],
) -> dict[str, Any]:
    """Freeze everything a reviewer is shown about one dealer, as plain JSON values."""
    return {
        "dealer_id": dealer_id,
        "grade": grade,
        "score": score,
        "p": standing.p,
        "q": standing.q,
        "groups": [
            {
                "group": group,
                "title": GROUP_TITLES[group],
                "p": p,
                "counts_towards_flag": group in supported_groups(standing, parameters),
            }
            for group, p in sorted(standing.p_by_group.items())
        ],
        "responses": standing.responses,
        "planned_visits": standing.visits,
        "covert_visits": standing.covert_visits,
        "peer_group": peer_group,
        "peers": peers,
        "ensemble_rank_share": ensemble,
        "evidence": list(evidence),
        "without": list(without),
        "not_assessable": list(not_assessable),
        "held_back": held_back(standing, parameters, grade),
        "limits": [dict(limit) for limit in LIMITS],
    }
