"""The dealer's own device: responses entered at the dealer, and happier than those that were not.

Formula: S = responses on a device with at least five responses of this dealer (devices seen at three dealers or
more left out), or through the channel `dealer`; z = min(z of the share in S among peers, contrast z + 0.5).
Unit: share. Minimum: 15 responses with a device or channel. Source: docs/detection.md; playbook G04.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.identities import at_many_dealers, devices, numbered, times_seen
from audit_api.anomaly.indicator import NO_DEVICES, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="own_device",
    group=PROCESS,
    unit="share",
    min_n=15,
    title_zh="在店内设备上填写",
    title_en="Entered on the dealer's device",
    formula="min(z of the share on a device with ≥ 5 responses or channel dealer, z of their happiness + 0.5)",
    source="detection.md; playbook G04",
    sentence_zh=(
        "{n}份答卷中，{observed:.0%}出自店内渠道或一台填过至少五份的设备，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses came through the dealer's channel or a device with at least five of them, "
        "{expected:.0%} expected among peers; whether they are happier than the dealer's other responses is taken "
        "into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "客户等候时用店内设备如实作答", "Customers who answer on the dealer's device while they wait"),
        Explanation("", "协助年长客户填写", "Help given to an elderly customer"),
        Explanation("L05", "车队由同一人用一台设备填写", "A fleet whose manager answers on one device"),
    ),
)

MANY_RESPONSES = 5
CHANNELS = frozenset({"dealer", "dealer_device", "dealer_tablet", "showroom", "in_store", "kiosk"})


@kept
def entered_at_dealer(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have a device or channel, and which of these were entered at the dealer."""
    responses = inputs.responses
    device, channel = devices(inputs), responses.channel
    often = (times_seen(device, responses.dealer) >= MANY_RESPONSES) & ~at_many_dealers(device, responses.dealer)
    at_dealer: Truths = numbered(channel) >= 0
    known = (device >= 0) | at_dealer
    for name in CHANNELS:
        often |= channel == name
    return known, often


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses entered at the dealer by their share and by their contrast with the dealer's others."""
    known, inside = entered_at_dealer(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_DEVICES)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses entered there and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *entered_at_dealer(inputs))
