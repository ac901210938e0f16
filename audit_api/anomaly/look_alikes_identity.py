"""Look-alikes behind repeated contacts and bursts: fleets, households, call centres, invitations sent in one batch.

The key is the contrast: are the answers inside the unusual set happier than the same dealer's other answers? A
fleet, a call centre or a batch of invitations is common without being happier; invented answers are both.
"""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.look_alike import CLEAR, Case, Tested
from audit_api.anomaly.parse import Integers, Texts, Truths
from audit_api.anomaly.surroundings import Surroundings

FLEET = Case(
    "L05", "大客户、租赁或团购", "Fleet, leasing, group buyers",
    "同一联系方式出现五次及以上的答卷", "Responses whose contact appears five times or more",
)  # fmt: skip
HOUSEHOLD = Case(
    "L06", "一家多车", "Household with several cars",
    "同一联系方式出现二至四次的答卷", "Responses whose contact appears two to four times",
)  # fmt: skip
BATCH = Case(
    "L11", "批量发送邀请", "Batch invitation",
    "一小时内集中提交的答卷", "Responses that arrive within an hour of many others",
)  # fmt: skip
CALL_CENTRE = Case(
    "call_centre", "呼叫中心代录", "Call centre",
    "在多家店出现的联系方式或设备", "Contacts or devices seen at many dealers",
)  # fmt: skip

FLEET_FROM = 5
NOTABLE = 0.05
FEWEST_IN_CONTRAST = 5
BURST = 6
"""So many responses of one dealer within an hour are a burst."""
BURST_NOTABLE = 0.20
HOUR = np.timedelta64(3_600, "s")


def fleet(around: Surroundings, d: int) -> Tested:
    """Fits where contacts repeat often and their answers are no happier than the dealer's others."""
    return _repeated(FLEET, around, d, FLEET_FROM, 10**9)


def household(around: Surroundings, d: int) -> Tested:
    """Fits where contacts repeat a few times and their answers are no happier than the dealer's others."""
    return _repeated(HOUSEHOLD, around, d, 2, FLEET_FROM - 1)


def _repeated(case: Case, around: Surroundings, d: int, fewest: int, most: int) -> Tested:
    rows = around.rows(d)
    times = _times(around.inputs.responses.contact_hash[rows])
    if not len(rows) or not times.any():
        return case.unknown("没有联系方式（加密值）可供比对。", "There are no contact hashes to compare.")
    inside = (times >= fewest) & (times <= most)
    return _contrast(
        case, around, rows, inside, NOTABLE,
        zh=("的答卷使用重复的联系方式", "。重复本身不说明问题，像是正常的重复客户。"),
        en=("of the responses share a contact",
            ". Repetition alone tells nothing: it looks like regular customers with several cars."),
    )  # fmt: skip


def call_centre(around: Surroundings, d: int) -> Tested:
    """Fits where identities seen at five dealers or more stand behind some answers, no happier than the others."""
    responses, rows = around.inputs.responses, around.rows(d)
    known = (responses.contact_hash[rows] != "") | (responses.device_hash[rows] != "")
    if not known.any():
        return CALL_CENTRE.unknown(
            "没有联系方式或设备（加密值）可供比对。", "There are no contact or device hashes to compare."
        )
    return _contrast(
        CALL_CENTRE, around, rows, around.widespread[rows], NOTABLE,
        zh=("的答卷来自在五家以上店出现的联系方式或设备", "，像是呼叫中心统一录入。"),
        en=("of the responses come from contacts or devices seen at five dealers or more",
            ": it looks like a call centre entering answers."),
    )  # fmt: skip


def batch_invitation(around: Surroundings, d: int) -> Tested:
    """Fits where many answers arrive together and are no happier than the dealer's others."""
    responses, rows = around.inputs.responses, around.rows(d)
    when = responses.submitted_at[rows]
    dated = ~np.isnat(when)
    if dated.sum() < 2 * BURST:
        return BATCH.unknown("带提交时间的答卷太少。", "Too few responses tell when they were submitted.")
    rows, when = rows[dated], when[dated]
    order = np.sort(when)
    near = np.searchsorted(order, when + HOUR / 2, "right") - np.searchsorted(order, when - HOUR / 2, "left")
    return _contrast(
        BATCH, around, rows, near >= BURST, BURST_NOTABLE,
        zh=("的答卷集中在一小时内到达", "，像是邀请成批发出。"),
        en=("of the responses arrive within an hour of five others", ": it looks like invitations sent in one batch."),
    )  # fmt: skip


def _contrast(
    case: Case, around: Surroundings, rows: Integers, inside: Truths, notable: float, *, zh: tuple[str, str],
    en: tuple[str, str],
) -> Tested:  # fmt: skip
    """Say whether a set of responses is large enough to matter, and happier than the rest."""
    share = float(inside.mean())
    begun_zh, begun_en = f"{share:.0%} {zh[0]}", f"{share:.0%} {en[0]}"
    if share < notable:
        return case.result(False, f"{begun_zh}，不足以造成影响。", f"{begun_en}: too few to matter.", share=share)
    apart, error = around.contrast(rows[inside], rows[~inside])
    if np.isnan(apart) or min(inside.sum(), (~inside).sum()) < FEWEST_IN_CONTRAST:
        return case.unknown(
            f"{begun_zh}，但份数太少，无法与其余答卷对照。",
            f"{begun_en}, too few on one side to compare with the others.",
        )
    fits = apart < CLEAR * error
    figures = {"share": share, "contrast": apart, "error": error}
    if fits:
        return case.result(
            True,
            f"{begun_zh}，这些答卷并不比本店其他答卷更好（相差 {apart:+.2f} 个标准差，误差 {error:.2f}）{zh[1]}",
            f"{begun_en}, and they are no happier than the dealer's others ({apart:+.2f} standard deviations, "
            f"error {error:.2f}){en[1]}",
            **figures,
        )
    return case.result(
        False,
        f"{begun_zh}，而且明显好于本店其他答卷（高 {apart:.2f} 个标准差，误差 {error:.2f}），这一情形解释不了。",
        f"{begun_en}, and they are clearly happier than the dealer's others ({apart:+.2f} standard deviations, "
        f"error {error:.2f}): this does not explain it.",
        **figures,
    )


def _times(column: Texts) -> Integers:
    """Return per entry how often its value appears in the column, 0 where it is empty."""
    values = column.astype(str)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    result: Integers = np.where(values == "", 0, counts[inverse]).astype(np.int64)
    return result
