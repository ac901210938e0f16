"""Staff match: contacts of customers that are in the dealer's own staff directory.

Formula: S = responses whose keyed contact hash equals one of the dealer's staff; z = min(z of the share in S among
peers, contrast z + 0.5): staff who really bought cars answer like other customers. Unit: share. Minimum: 1 response
with a contact, and a directory of the dealer. Source: docs/detection.md; playbook G02.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import NO_STAFF, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="staff_match",
    group=PROCESS,
    unit="share",
    min_n=1,
    title_zh="客户联系方式与员工相同",
    title_en="Contacts of the dealer's staff",
    formula="min(z of the share of responses with a staff contact, z of their happiness inside the dealer + 0.5)",
    source="detection.md; playbook G02",
    sentence_zh=(
        "{n}份有联系方式的答卷中，{observed:.0%}的联系方式在本店员工通讯录中，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses with a contact have one from the dealer's staff directory, {expected:.0%} "
        "expected among peers; whether they are happier than the dealer's other responses is taken into account "
        "(chance of this much: {p})."
    ),
    explanations=(
        Explanation("L18", "员工内购，车确为本人所有", "Staff who really bought the car"),
        Explanation("L17", "自店上牌，联系人为本店", "Cars registered on the store itself, with its own contact"),
        Explanation("", "客户未留号码，员工代留", "Staff gave their own number where a customer left none"),
    ),
)


@kept
def staffed(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses can be compared with a directory, and which of these have a contact found there."""
    responses, staff = inputs.responses, inputs.staff
    if not len(staff):
        nothing = np.zeros(len(responses), dtype=bool)
        return nothing, nothing.copy()
    contact = numbered(np.concatenate([responses.contact_hash, staff.contact_hash]))
    rows, listed = contact[: len(responses)], contact[len(responses) :]
    directory = np.zeros(len(inputs.dealers), dtype=bool)
    directory[staff.dealer] = True
    span = len(inputs.dealers)
    inside = (rows >= 0) & np.isin(rows * span + responses.dealer, listed * span + staff.dealer)
    return (rows >= 0) & directory[responses.dealer], inside


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses with a staff contact by their share and by their contrast with the dealer's others."""
    known, inside = staffed(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_STAFF)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses with a staff contact and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *staffed(inputs))
