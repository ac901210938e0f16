"""The unexplained top share: recovers a planted share, and leaves honest dealers near 0."""

import numpy as np

from audit_api.anomaly.levels import Levels
from audit_api.anomaly.top_share import SHARES, unexplained_top_share

DEALERS, EACH = 200, 120


def planted(share: float, dealer: int = 0) -> Levels:
    """200 dealers of 120 responses on a plain bell cut at 1; one dealer has `share` of its responses at the top."""
    rng = np.random.default_rng(4)
    score = np.minimum(np.round(rng.normal(0.2, 1.0, (DEALERS, EACH)), 1), 1.0)
    score[dealer, : round(share * EACH)] = 1.0
    level = score.mean(axis=1)
    return Levels(
        score=score.ravel(),
        dealer=np.repeat(np.arange(DEALERS), EACH),
        n=np.full(DEALERS, EACH),
        level=level,
        expected=np.full(DEALERS, float(np.median(level))),
        sampling=np.full(DEALERS, 1.0 / EACH),
        unknown=np.full(DEALERS, 0.05**2),
        reason=np.full(DEALERS, "", dtype=object),
    )


def test_a_planted_share_is_found_and_lies_in_its_interval():
    found = unexplained_top_share(planted(0.5), np.zeros(DEALERS, dtype=bool))
    # the near-perfect law is 85 % perfect, and those written over would often have been at the top anyway
    assert 0.35 < found.share[0] < 0.7
    assert found.low[0] <= 0.5 <= found.high[0]
    assert found.low[0] > 0.2
    assert found.ratio[0] > 20


def test_honest_dealers_stay_near_nothing():
    found = unexplained_top_share(planted(0.0), np.zeros(DEALERS, dtype=bool))
    assert np.mean(found.low > 0) < 0.1
    assert np.median(found.share) < 0.05
    assert ((found.low <= found.share) & (found.share <= found.high)).all()
    assert set(np.round(found.share, 9)) <= set(np.round(SHARES, 9))


def test_an_expectation_as_high_as_the_level_explains_it():
    levels = planted(0.5)
    levels.expected[0] = levels.level[0]
    explained = unexplained_top_share(levels, np.zeros(DEALERS, dtype=bool))
    assert explained.share[0] < unexplained_top_share(planted(0.5), np.zeros(DEALERS, dtype=bool)).share[0]


def test_too_little_to_say():
    levels = planted(0.0)
    levels.reason[:] = "no_planned_visit"
    assert np.isnan(unexplained_top_share(levels, np.zeros(DEALERS, dtype=bool)).share).all()
