"""Repeated comments: long comments that nearly repeat others of the same dealer, and not what everybody writes.

Formula: texts of at least 12 Chinese characters or 24 letters (case, spaces and punctuation dropped); 24 MinHash
values of their 4-character shingles in 8 bands of 3. S = comments in a group of at least three that share a band and
agree with its first in at least 60 % of the 24 values, where so many are improbable (Poisson tail < .01 / number of
the dealer's comments) at the share that band has in the rest of the network, and that fewer than a tenth of the
dealers have: stock phrases are frequent everywhere. z of the share in S among peers, at least 2 % expected.
Unit: share. Minimum: 5 long comments. Cost: linear in the characters. Source: docs/detection.md; playbook G11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import count_result, fit_counts, reasons
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import (
    CONSTANT,
    COPYING,
    FEW_COMMENTS,
    Explanation,
    Indicator,
    IndicatorResult,
)
from audit_api.anomaly.parse import Integers, Texts, Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="repeated_comments",
    group=COPYING,
    unit="share",
    min_n=5,
    title_zh="留言雷同",
    title_en="Near-identical comments",
    formula="z of the share of long comments in groups of ≥ 3 near-identical ones that are rare elsewhere",
    source="detection.md; playbook G11",
    sentence_zh=(
        "{n}条较长的留言中，{observed:.0%}与本店至少两条其他留言几乎相同，而别处很少有人这样写；"
        "同类店预期为{expected:.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} long comments nearly repeat at least two others of this dealer in words that are rare "
        "elsewhere; {expected:.0%} expected among peers (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L14", "客户习惯写固定的客套话", "Stock phrases that customers like to write"),
        Explanation("", "客户经提示在范文上修改", "A form that offers model sentences to choose from"),
        Explanation("L15", "同一事件让许多客户提到同一件事", "One event that many customers write about"),
    ),
)

SHORTEST = 12
SHINGLE = 4
BANDS, ROWS = 8, 3
AGREEMENT = 0.6
FEWEST = 3
RARE = 0.01
STOCK_SHARE, STOCK_DEALERS = 0.10, 5
LEAST = 0.02
"""A group of three by chance must not look like more than it is."""
LONGEST = 400
"""Only the first characters of a comment are compared."""
LEFT_OUT, CHINESE = re.compile(r"[\W_]+"), re.compile("[\u2e80-\U0010ffff]")
Codes = NDArray[np.uint64]


def long_comments(inputs: Inputs) -> tuple[Integers, list[str]]:
    """Return the responses with a long comment and their texts without case, spaces and punctuation."""
    number = numbered(inputs.responses.text)
    first = np.unique(number, return_index=True)
    plain = {
        code: _plain(text)
        for code, text in zip(first[0].tolist(), inputs.responses.text[first[1]].tolist(), strict=True)
    }
    long = np.array([code for code, text in plain.items() if text], dtype=np.int64)
    rows = np.flatnonzero(np.isin(number, long))
    return rows, [plain[code] for code in number[rows].tolist()]


def _plain(text: str) -> str:
    """Return a text without case, spaces and punctuation; "" where it is short."""
    plain = LEFT_OUT.sub("", text.lower())[:LONGEST] if len(text) >= SHORTEST else ""
    # A letter says half as much as a Chinese character.
    return plain if len(plain) >= SHORTEST and len(plain) + len(CHINESE.findall(plain)) >= 2 * SHORTEST else ""


def signatures(texts: list[str]) -> Codes:
    """Return texts × 24 MinHash values of their 4-character shingles."""
    length = np.array([len(text) for text in texts], dtype=np.int64)
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    last = len(letters) - SHINGLE + 1
    code = np.zeros(last, dtype=np.uint64)
    for i in range(SHINGLE):
        code = code * np.uint64(0x100000001B3) + letters[i : last + i]
    code ^= code >> np.uint64(29)
    code *= np.uint64(0xBF58476D1CE4E5B9)
    code ^= code >> np.uint64(32)
    end = np.cumsum(length)
    inner = np.ones(last, dtype=bool)
    for i in range(1, SHINGLE):
        across = end[:-1] - i  # a shingle that would begin in one text and end in the next
        inner[across[across < last]] = False
    kept = code[inner]
    first = np.concatenate([[0], np.cumsum(length - SHINGLE + 1)[:-1]])
    rng = np.random.default_rng(20260101)  # the multipliers of a hash, not of a statistic
    odd = np.asarray(rng.integers(1, 2**62, BANDS * ROWS), dtype=np.uint64) | np.uint64(1)
    result = np.empty((len(texts), BANDS * ROWS), dtype=np.uint64)
    for i in range(BANDS * ROWS):
        mixed = kept * odd[i]
        mixed ^= mixed >> np.uint64(31)
        result[:, i] = np.minimum.reduceat(mixed, first)
    return result


def repeated(dealer: Integers, texts: list[str]) -> tuple[Truths, Integers]:
    """Return which comments are repeated at their dealer, and the first comment of the group (−1 where alone)."""
    inside = np.zeros(len(texts), dtype=bool)
    head = np.full(len(texts), -1, dtype=np.int64)
    if not texts:
        return inside, head
    place: dict[str, int] = {}
    number = np.array([place.setdefault(text, len(place)) for text in texts])
    signature = signatures(list(place))[number]
    total = np.bincount(dealer)
    stock = max(STOCK_DEALERS, STOCK_SHARE * np.count_nonzero(total))
    for band in range(BANDS):
        part = signature[:, band * ROWS : (band + 1) * ROWS]
        key = part[:, 0] * np.uint64(3) + part[:, 1] * np.uint64(5) + part[:, 2] * np.uint64(7)
        bucket, everywhere = np.unique(key, return_inverse=True, return_counts=True)[1:]
        label = bucket * len(total) + dealer
        first, group = np.unique(label, return_index=True, return_inverse=True)[1:]
        start = first[group]
        alike = (signature == signature[start]).mean(axis=1) >= AGREEMENT
        size = np.bincount(group[alike], minlength=len(first))
        outside = everywhere[bucket[first]] - np.bincount(group, minlength=len(first))
        own = total[dealer[first]]
        expected = own * (outside + 0.5) / np.maximum(len(texts) - own + 1.0, 1.0)
        dealers = np.bincount(bucket[first], minlength=len(everywhere))[bucket[first]]
        rare = (size >= FEWEST) & (poisson.sf(size - 1, expected) < RARE / own) & (dealers < stock)
        member = alike & rare[group]
        inside |= member
        head = np.where(member & (head < 0), start, head)
    return inside, head


@kept
def found(inputs: Inputs) -> tuple[Integers, Truths, Integers, bool]:
    """Return the responses with a long comment, which of them are repeated, of which group, and whether all are one."""
    rows, texts = long_comments(inputs)
    inside, head = repeated(inputs.responses.dealer[rows], texts)
    return rows, inside, head, bool(texts) and len(set(texts)) == 1


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare each dealer's share of repeated comments with that of its peers."""
    count = len(inputs.dealers)
    rows, inside, _, same = found(inputs)
    dealer = inputs.responses.dealer[rows]
    n = np.bincount(dealer, minlength=count)
    k = np.bincount(dealer[inside], minlength=count)
    reason = reasons(count, ((np.full(count, same), CONSTANT), (n < INDICATOR.min_n, FEW_COMMENTS)))
    return count_result(fit_counts(k, n, peers, reason == "", least=LEAST), reason)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the groups of near-identical comments: at most 10 groups of 50 ids, with an example."""
    rows, inside, head, _ = found(inputs)
    owner = inputs.responses.dealer[rows]
    ids, text = inputs.responses.response_id[rows], inputs.responses.text[rows]
    return {dealer: _groups(np.flatnonzero(inside & (owner == dealer)), head, ids, text) for dealer in dealers}


def _groups(mine: Integers, head: Integers, ids: Texts, text: Texts) -> dict[str, Any]:
    groups: dict[int, list[str]] = {}
    for row in mine:
        groups.setdefault(int(head[row]), []).append(str(ids[row]))
    largest = sorted(groups.items(), key=lambda item: (-len(item[1]), item[1]))
    return {
        "groups": [{"example": str(text[first])[:200], "responses": names[:50]} for first, names in largest[:10]],
        "group_count": len(groups),
        "response_count": len(mine),
    }
