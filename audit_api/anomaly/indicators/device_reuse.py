"""Device re-use: one phone or computer behind several responses of a dealer, and those responses happier.

Formula: S = responses whose keyed device hash appears at least twice at the dealer, devices seen at three dealers
or more left out (a call centre), and those of one known customer with two to four responses; z = min(z of the share
in S among peers, contrast z + 0.5). Unit: share. Minimum: 10 responses with a device.
Source: docs/detection.md; playbook G02, G04.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.identities import devices, shared_inside
from audit_api.anomaly.indicator import NO_DEVICES, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="device_reuse",
    group=PROCESS,
    unit="share",
    min_n=10,
    title_zh="设备重复使用",
    title_en="Re-used devices",
    formula="min(z of the share of responses on a repeated device, z of their happiness inside the dealer + 0.5)",
    source="detection.md; playbook G02 and G04",
    sentence_zh=(
        "{n}份有设备信息的答卷中，{observed:.0%}与本店另一份答卷来自同一设备，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses with a device come from the same one as another response of this dealer, "
        "{expected:.0%} expected among peers; whether they are happier than the dealer's other responses is taken "
        "into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L05", "车队由同一人用一台设备填写", "A fleet whose manager answers on one device"),
        Explanation("L06", "家人共用一部手机", "A family that shares a phone"),
        Explanation("", "客户等候时用店内设备如实作答", "Customers who answer on the dealer's device while they wait"),
    ),
)


@kept
def reused(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have a device, and which of these share it inside the dealer."""
    return shared_inside(inputs, devices(inputs))


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses on a repeated device by their share and by their contrast with the dealer's others."""
    known, inside = reused(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_DEVICES)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses on a repeated device and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *reused(inputs))
