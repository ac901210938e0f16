"""Contact re-use: one phone number or address behind several responses of a dealer, and those responses happier.

Formula: S = responses whose keyed contact hash appears at least twice at the dealer, contacts seen at three
dealers or more left out (a call centre), and those of one known customer with two to four responses; z = min(z of
the share in S among peers, contrast z + 0.5). Unit: share. Minimum: 10 responses with a contact.
Source: docs/detection.md; playbook G02.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.identities import contacts, shared_inside
from audit_api.anomaly.indicator import NO_CONTACTS, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="contact_reuse",
    group=PROCESS,
    unit="share",
    min_n=10,
    title_zh="联系方式重复使用",
    title_en="Re-used contacts",
    formula="min(z of the share of responses on a repeated contact, z of their happiness inside the dealer + 0.5)",
    source="detection.md; playbook G02",
    sentence_zh=(
        "{n}份有联系方式的答卷中，{observed:.0%}与本店另一份答卷共用联系方式，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses with a contact share it with another response of this dealer, {expected:.0%} "
        "expected among peers; whether they are happier than the dealer's other responses is taken into account "
        "(chance of this much: {p})."
    ),
    explanations=(
        Explanation("L05", "车队、租赁或集团客户由同一人对接", "Fleet or leasing customers with one contact person"),
        Explanation("L06", "一家多车，共用一个号码", "A household with several cars and one number"),
        Explanation("L03", "老客户在期内多次到店", "A loyal customer who came more than once"),
    ),
)


@kept
def reused(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have a contact, and which of these share it inside the dealer."""
    return shared_inside(inputs, contacts(inputs))


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses on a repeated contact by their share and by their contrast with the dealer's others."""
    known, inside = reused(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_CONTACTS)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses on a repeated contact and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *reused(inputs))
