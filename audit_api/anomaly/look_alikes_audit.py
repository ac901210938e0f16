"""Look-alikes that the audits tell of: excellence, a bad day, a strict auditor, an improvement since."""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.look_alike import CLEAR, Case, Tested
from audit_api.anomaly.parse import Floats
from audit_api.anomaly.surroundings import Surroundings

EXCELLENT = Case(
    "L01", "确实优秀的店", "Really excellent dealer",
    "审核结果在全网中的位置", "Where the audits stand in the network",
)  # fmt: skip
BAD_DAY = Case(
    "L07", "审核当天情况特殊", "Bad audit day", "各次走访之间的差别", "How far the visits differ from one another",
)  # fmt: skip
STRICT = Case(
    "L08", "审核员偏严", "Strict auditor",
    "同一审核员在其他店的打分", "How the same auditors judge other dealers",
)  # fmt: skip
IMPROVEMENT = Case(
    "L09", "近期已改进", "Recent improvement",
    "答卷随时间的变化，与走访日期对照", "How answers change over time, and when the visits were",
)  # fmt: skip

TOP_QUARTER = 0.75
STRICT_SHARE = 0.03
"""Auditors who pass at least three points in a hundred fewer than others count as strict."""
BAD_VISIT = 2.0
"""A visit this many standard deviations below the dealer's others counts as a bad day."""
FEW_TIMES = 20


def excellent(around: Surroundings, d: int) -> Tested:
    """Fits where the audits are in the network's best quarter."""
    known = around.audit[~np.isnan(around.audit)]
    if np.isnan(around.audit[d]) or len(known) < 8:
        return EXCELLENT.unknown(
            "没有可用的审核结果，无法判断是否确实优秀。",
            "There is no audit to tell: excellence has to be seen on site.",
        )
    place = _rank(known, float(around.audit[d]))
    survey = around.level[around.n > 0]
    answered = _rank(survey, float(around.level[d])) if around.n[d] else float("nan")
    fits = place >= TOP_QUARTER
    return EXCELLENT.result(
        fits,
        f"审核结果优于全网约 {place:.0%} 的店，满意度优于约 {answered:.0%}。"
        + ("审核员亲眼所见同样出色，高分有实据。" if fits else "审核所见并不突出。"),
        f"The audits are better than {place:.0%} of the network, the survey {answered:.0%}. "
        + ("What auditors saw is just as good: the high marks have a ground." if fits
           else "What auditors saw is not outstanding."),
        audit_rank=place,
        survey_rank=answered,
    )  # fmt: skip


def _rank(known: Floats, value: float) -> float:
    """Return the share of values below one, those equal to it counting half."""
    return float(np.mean(known < value) + np.mean(known == value) / 2)


def bad_day(around: Surroundings, d: int) -> Tested:
    """Fits where one visit lies at least two standard deviations of a visit below the dealer's others."""
    scores = around.visits.score[around.visits.dealer == d]
    if len(scores) < 2 or np.isnan(around.visit_noise) or around.visit_noise < 1e-9:
        return BAD_DAY.unknown(
            f"只有 {len(scores)} 次计划内走访，无从比较；可再安排一次走访。",
            f"Planned visits: {len(scores)}, too few to compare with one another; another visit would tell.",
        )
    lowest = int(np.argmin(scores))
    others = np.delete(scores, lowest)
    noise = around.visit_noise * np.sqrt(1 + 1 / len(others))
    apart = float((scores[lowest] - others.mean()) / noise)
    fits = apart <= -BAD_VISIT
    return BAD_DAY.result(
        fits,
        f"共 {len(scores)} 次走访，最低的一次比其余低 {others.mean() - scores[lowest]:.0%}"
        + ("，超出通常的波动，像是当天情况特殊，应先复访。" if fits else "，在通常的波动之内。"),
        f"Of {len(scores)} visits the lowest is {others.mean() - scores[lowest]:.0%} below the others"
        + (", more than visits usually differ: it looks like a bad day, visit again first." if fits
           else ", no more than visits usually differ."),
        visits=len(scores), lowest=float(scores[lowest]), others=float(others.mean()), distance=apart,
    )  # fmt: skip


def strict_auditor(around: Surroundings, d: int) -> Tested:
    """Fits where the dealer's visits were made by auditors who pass clearly less than others do elsewhere."""
    mine = around.visits.dealer == d
    effect = around.leniency[mine]
    if not mine.any() or not np.any(effect):
        return STRICT.unknown(
            "审核员与经销商的交叉不足，无法把审核员的宽严与店的好坏分开。",
            "Auditors and dealers overlap too little to tell a strict auditor from a poor dealer.",
        )
    mean = float(effect.mean())
    fits = mean <= -STRICT_SHARE
    word_zh, word_en = ("少", "fewer") if mean < 0 else ("多", "more")
    return STRICT.result(
        fits,
        f"走访本店的审核员在其他店平均{word_zh}给 {abs(mean):.1%} 的通过率。"
        + ("他们确实偏严；计算差距时已作调整。" if fits else "不算偏严。"),
        f"The auditors who came here pass {abs(mean):.1%} {word_en} criteria than others do elsewhere. "
        + ("They are strict; the comparison allows for it." if fits else "That is not strict."),
        leniency=mean,
    )


def improvement(around: Surroundings, d: int) -> Tested:
    """Fits where later answers are clearly better than earlier ones and most answers are younger than the visits."""
    rows = around.rows(d)
    when = around.inputs.responses.event_at[rows]
    dated = ~np.isnat(when)
    if dated.sum() < FEW_TIMES:
        return IMPROVEMENT.unknown(
            f"带日期的答卷不足 {FEW_TIMES} 份，看不出趋势。", f"Fewer than {FEW_TIMES} dated answers show no trend."
        )
    rows, when = rows[dated], when[dated]
    middle = np.sort(when)[len(when) // 2]
    rise, error = around.contrast(rows[when >= middle], rows[when < middle])
    visited = around.visited_at[around.visits.dealer == d]
    visited = visited[~np.isnat(visited)]
    after = (
        float(np.mean(when > np.median(visited.astype(np.int64)).astype("datetime64[s]")))
        if len(visited)
        else float("nan")
    )
    rising = not np.isnan(rise) and rise >= CLEAR * error
    fits = rising and after > 0.5
    return IMPROVEMENT.result(
        fits,
        f"后半段答卷比前半段{'高' if rise >= 0 else '低'} {abs(rise):.2f} 个标准差（误差 {error:.2f}）。"
        + ("走访之后评价明显上升，可能确有改进；应对齐时间段再比较。" if fits
           else "评价没有在走访之后明显上升。"),
        f"Later answers are {abs(rise):.2f} standard deviations {'higher' if rise >= 0 else 'lower'} than earlier ones "
        f"(error {error:.2f}). "
        + ("They rise after the visits: the dealer may have improved; compare the same weeks." if fits
           else "They do not clearly rise after the visits."),
        rise=rise, error=error, **({} if np.isnan(after) else {"answers_after_visits": after}),
    )  # fmt: skip
