"""PyOD beside the rules: it ranks patterns nobody wrote a rule for, and alone it never flags."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from audit_api.anomaly.parse import Floats

MINIMUM_DEALERS = 30


def rank_shares(z: Floats, seed: int) -> Floats | None:
    """Return per dealer the mean rank share (0..1, higher = more unusual) of ECOD and IForest on max(z, 0).

    z: dealers in the order of their codes × indicators, 0 where not assessable. None below 30 dealers or where
    no indicator varies. Scores, never labels: PyOD's contamination would accuse a fixed share of any network.
    """
    features = np.maximum(z, 0.0)
    features = features[:, np.ptp(features, axis=0) > 1e-12] if len(features) else features
    if len(features) < MINIMUM_DEALERS or features.shape[1] == 0:
        return None
    # Imported here: it costs seconds and hundreds of megabytes, which no web process should pay.
    from pyod.models.ecod import ECOD  # noqa: PLC0415
    from pyod.models.iforest import IForest  # noqa: PLC0415

    models = (ECOD(n_jobs=1), IForest(random_state=seed, n_jobs=1))
    total = np.zeros(len(features))
    for model in models:
        model.fit(features)
        # Rounded, so that a tie is a tie whatever the last digit of a sum of logarithms.
        total += rankdata(np.round(model.decision_scores_, 9)) / len(features)
    result: Floats = total / len(models)
    return result
