"""Are the unhappy missing? The share of low answers against what the full marks of the others lead one to expect.

For evidence on the sample frame that counts only together with a missing low tail; it is no indicator itself.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.counts import fit_counts
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import huber_fit
from audit_api.anomaly.sheets import sheets

LOW_SHARE = 0.10
MINIMUM_RESPONSES = 10


def unhappy_missing(inputs: Inputs, peers: Peers) -> tuple[Floats, Truths]:
    """Return per dealer z of missing low answers (higher = fewer than expected), and where it can be told.

    Low: a response in the network's lowest tenth by score. Expected: logit of the low share regressed on the logit
    of the share of full marks among the other responses (Huber). Null: beta-binomial.
    """
    count = len(inputs.dealers)
    score = response_scores(inputs)
    known = ~np.isnan(score)
    dealer = inputs.responses.dealer[known]
    n = np.bincount(dealer, minlength=count)
    blank = np.zeros(count), np.zeros(count, dtype=bool)
    if not known.any():
        return blank
    low = score[known] <= np.quantile(score[known], LOW_SHARE)
    use = n >= MINIMUM_RESPONSES
    if low.all() or use.sum() < MINIMUM_RESPONSES:
        return blank
    seen = sheets(inputs)
    tops = np.bincount(dealer, np.where(low, 0, seen.full[known]), minlength=count)
    answers = np.bincount(dealer, np.where(low, 0, seen.answered[known]), minlength=count)
    k = np.bincount(dealer[low], minlength=count)
    x = logit((tops + 0.5) / (answers + 1.0))
    y = logit((k + 0.5) / (n + 1.0))
    fitted = use & ~peers.aside()
    design = np.column_stack([np.ones(count), x])
    share = (k.sum() + 0.5) / (n.sum() + 1.0)
    variance = 1.0 / np.maximum(n * share * (1 - share), 0.5) + 0.05
    beta = huber_fit(y[fitted], design[fitted], variance[fitted])
    expected = design @ np.array([beta[0], min(float(beta[1]), 0.0)])
    # Counting those who are not low makes "fewer low than expected" the upper tail.
    fit = fit_counts((n - k).astype(np.int64), n, peers, use, offset=-expected)
    return fit.z, use
