"""Worked examples by hand: counts, the contrast device, and one for each indicator beyond the first three."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import betabinom, norm, poisson

from audit_api.anomaly import contrast, counts, frame, identities, unhappy
from audit_api.anomaly.batch import Column, Inputs
from audit_api.anomaly.indicators import (
    auditor_statements,
    bursts,
    contact_reuse,
    coverage,
    device_reuse,
    facts,
    fast_answers,
    mentions,
    mix,
    own_device,
    repeated_comments,
    same_day,
    staff_match,
    suppression,
    validity,
    window_dressing,
)
from audit_api.anomaly.peers import Peers


def alone(count: int) -> Peers:
    return Peers(np.full(count, "network", dtype=object), np.zeros(count, np.int64), np.full(count, count - 1))


def built(responses, dealers="abcd", items=2, **tables) -> Inputs:
    """Responses are (dealer, columns) pairs in the order of their ids."""
    rows = [
        {"response_id": f"r{i:03d}", "dealer_id": dealer, "answers": [5] * items} | columns
        for i, (dealer, columns) in enumerate(responses)
    ]
    known = [d if isinstance(d, dict) else {"dealer_id": d} for d in dealers]
    columns = [Column(f"q_T{i}", f"T{i}", 1, 5) for i in range(items)]
    return Inputs.from_rows(dealers=known, responses=rows, columns=columns, **tables)


def named(inputs, mask) -> list[str]:
    return inputs.responses.response_id[mask].tolist()


# ---- counts


def test_equal_counts_are_their_own_expectation():
    k, n = np.full(60, 3), np.full(60, 30)
    fit = counts.fit_counts(k, n, alone(60), np.ones(60, dtype=bool))
    assert fit.mean == pytest.approx(0.1, abs=0.001)
    assert fit.rho == counts.FLOOR
    total = (1 - fit.rho) / fit.rho
    law = betabinom(30, fit.mean[0] * total, (1 - fit.mean[0]) * total)
    assert fit.z[0] == pytest.approx(norm.isf(law.sf(3) + law.pmf(3) / 2), abs=1e-6)


def test_a_gamed_minority_is_not_its_own_standard():
    k = np.array([2] * 50 + [30] * 10)
    fit = counts.fit_counts(k, np.full(60, 50), alone(60), np.ones(60, dtype=bool))
    assert fit.mean[0] == pytest.approx(0.04, abs=0.005)
    assert (fit.z[50:] > 5).all()


def test_rare_counts_keep_their_share():
    # one of twelve at a seventh of the dealers is usual: nobody stands out
    k = np.array([0] * 60 + [1] * 10)
    fit = counts.fit_counts(k, np.full(70, 12), alone(70), np.ones(70, dtype=bool))
    assert fit.mean[0] == pytest.approx(10 / 840, abs=0.003)
    assert fit.z.max() < 2


def test_those_set_aside_never_enter():
    k = np.array([3] * 40 + [6] * 20)
    peers = alone(60)
    use = np.ones(60, dtype=bool)
    both = counts.fit_counts(k, np.full(60, 30), peers, use)
    one = counts.fit_counts(k, np.full(60, 30), peers.without(k == 6), use)
    assert both.mean[0] > 0.125
    assert one.mean[0] == pytest.approx(0.1, abs=0.002)


def test_large_counts_do_not_need_large_tables():
    k, n = np.array([300_000] * 30), np.array([1_000_000] * 30)
    fit = counts.fit_counts(k, n, alone(30), np.ones(30, dtype=bool))
    assert fit.law.size.max() == counts.MOST_TRIALS
    assert fit.mean == pytest.approx(0.3, abs=0.01)


def test_strata_have_their_own_share():
    group = np.repeat([1, 2], 40)
    peers = Peers(group.astype(str).astype(object), group.astype(np.int64), np.full(80, 39))
    k = np.where(group == 1, 3, 12)
    fit = counts.fit_counts(k, np.full(80, 30), peers, np.ones(80, dtype=bool))
    assert fit.mean[0] == pytest.approx(0.1, abs=0.01)
    assert fit.mean[79] == pytest.approx(0.4, abs=0.01)


# ---- the contrast


def test_contrast_by_hand():
    score = np.array([1, 1, 1, 0, 1, 0, 1, 0, 1.0])
    inside = np.arange(9) < 3
    found = contrast.contrast(score, np.zeros(9, np.int64), inside, 1)
    # inside 1, outside ½; squares 6 · ¼ over 7 degrees of freedom, which the network shares
    variance = 1.5 / 7 * (1 / 3 + 1 / 6) + contrast.FLOOR
    assert found.difference[0] == 0.5
    assert found.z[0] == pytest.approx(0.5 / variance**0.5)
    assert (found.inside[0], found.outside[0]) == (3, 6)


@pytest.mark.parametrize(("inside", "outside"), [(1, 20), (20, 4), (0, 20), (20, 0)])
def test_contrast_needs_both_sides(inside, outside):
    score = np.random.default_rng(0).normal(size=inside + outside)
    found = contrast.contrast(score, np.zeros(len(score), np.int64), np.arange(len(score)) < inside, 1)
    assert found.z[0] == 0


def test_what_is_usual_everywhere_is_no_contrast():
    # at all forty dealers evening answers are happier by .5; at dealer 0 by 1.5
    rng = np.random.default_rng(1)
    dealer = np.repeat(np.arange(40), 40)
    inside = np.tile(np.arange(40) < 20, 40)
    score = rng.normal(size=1600) * 0.5 + 0.5 * inside + 1.0 * (inside & (dealer == 0))
    found = contrast.contrast(score, dealer, inside, 40)
    assert found.usual == pytest.approx(0.5, abs=0.1)
    assert found.z[0] > 3
    assert abs(np.median(found.z)) < 0.2


def test_a_rare_stratum_is_not_its_own_standard():
    rng = np.random.default_rng(2)
    dealer = np.repeat(np.arange(40), 40)
    inside = np.tile(np.arange(40) < 20, 40) & (dealer < 10)
    score = rng.normal(size=1600) * 0.5 + inside
    found = contrast.contrast(score, dealer, inside, 40)
    assert found.usual == 0
    assert (found.z[:10] > 2).all()


def test_prevalence_without_contrast_is_no_evidence():
    assert contrast.gated(np.array([6.0, 6.0, 0.5]), np.array([0.0, 4.0, 9.0])).tolist() == [0.5, 4.5, 0.5]


# ---- identities


def test_contacts_by_hand():
    who = ["x", "x", "y", "", "", "c", "c", "z"]
    rows = [("a", {"contact_hash": w, "device_hash": w}) for w in who]
    rows += [(d, {"contact_hash": "c", "device_hash": "c"}) for d in "bcd"]  # a call centre
    rows += [("b", {"contact_hash": "z", "device_hash": "z"})]
    inputs = built(rows)
    for module in (contact_reuse, device_reuse):
        known, inside = module.reused(inputs)
        assert named(inputs, inside) == ["r000", "r001"]
        assert named(inputs, ~known) == ["r003", "r004"]
    assert identities.numbered(np.array(["b", "", "a", "b"], dtype=object)).tolist() == [0, -1, 1, 0]


def test_own_device_by_hand():
    rows = [("a", {"device_hash": "t"})] * 5 + [("a", {"device_hash": "p"})] * 4
    rows += [("b", {"channel": "dealer"}), ("b", {"channel": "app"}), ("b", {})]
    inputs = built(rows)
    known, inside = own_device.entered_at_dealer(inputs)
    assert named(inputs, inside) == ["r000", "r001", "r002", "r003", "r004", "r009"]
    assert named(inputs, ~known) == ["r011"]


@pytest.mark.parametrize(("module", "column"), [(contact_reuse, "contact_hash"), (device_reuse, "device_hash")])
def test_a_customer_who_comes_back_re_uses_nothing(module, column):
    """Two to four responses of one known customer on one contact are a regular's or a family's, not a swapped one's."""
    back = [("a", {column: "x", "customer_hash": "u1"})] * 4  # r000 to r003
    swapped = [("a", {column: "y", "customer_hash": f"u{i}"}) for i in (2, 3)]  # r004, r005
    unnamed = [("a", {column: "z"})] * 2  # r006, r007
    many = [("a", {column: "w", "customer_hash": "u4"})] * 5  # r008 to r012
    inputs = built(back + swapped + unnamed + many)
    assert named(inputs, module.reused(inputs)[1]) == [f"r{i:03d}" for i in range(4, 13)]


def test_staff_by_hand():
    rows = [("a", {"contact_hash": "s1"}), ("a", {"contact_hash": "s2"}), ("a", {}), ("b", {"contact_hash": "s1"})]
    rows += [("c", {"contact_hash": "s1"})]
    staff = [{"dealer_id": "a", "contact_hash": "s1"}, {"dealer_id": "b", "contact_hash": "s2"}]
    inputs = built(rows, staff=staff)
    known, inside = staff_match.staffed(inputs)
    assert named(inputs, inside) == ["r000"]  # s2 works at b, and r003 is another dealer's customer
    assert named(inputs, known) == ["r000", "r001", "r003"]  # c has no directory


def test_a_fleet_is_not_evidence_and_staff_phones_are():
    """Twenty of fifty answers on one contact, once like the others and once all full marks."""
    rng = np.random.default_rng(4)
    rows = []
    for d in range(40):
        for i in range(50):
            shared = d in (0, 1) and i < 20
            marks = [5, 5, 5] if d == 0 and i < 20 else rng.integers(2, 6, 3).tolist()
            rows.append((f"d{d:02d}", {"contact_hash": f"one{d}" if shared else f"{d}-{i}", "answers": marks}))
    inputs = built(rows, dealers=[f"d{d:02d}" for d in range(40)], items=3)
    result = contact_reuse.compute(inputs, alone(40), 1)
    assert result.observed[:3] == pytest.approx([0.4, 0.4, 0.0])
    assert result.z[0] > 4
    assert result.z[1] < 2.5
    assert result.z[2:].max() < 1
    rows = contact_reuse.evidence(inputs, [0])[0]
    assert rows["response_count"] == 20
    assert rows["mean_mark_inside"] == 1.0
    assert rows["mean_mark_outside"] < 0.8


# ---- process


def test_same_day_by_hand():
    rows = [
        ("a", {"event_at": "2026-03-02T10:00:00", "submitted_at": "2026-03-02T23:00:00"}),
        ("a", {"event_at": "2026-03-02T23:00:00", "submitted_at": "2026-03-03T01:00:00"}),
        ("a", {"submitted_at": "2026-03-03T01:00:00"}),
    ]
    inputs = built(rows)
    known, inside = same_day.on_the_day(inputs)
    assert named(inputs, inside) == ["r000"]
    assert named(inputs, ~known) == ["r002"]


def test_neighbours_by_hand():
    owner = np.array([0, 0, 0, 1])
    assert bursts.neighbours(owner, np.array([0, 3600, 7201, 10])).tolist() == [1, 1, 0, 0]


def test_a_batch_of_invitations_is_no_burst():
    evening = "2026-03-02T20:{:02d}:00"
    together = [("a", {"submitted_at": evening.format(i), "invited_at": "2026-03-02T19:00:00"}) for i in range(8)]
    apart = [("b", {"submitted_at": evening.format(i), "invited_at": f"2026-02-{10 + i}T19:00:00"}) for i in range(8)]
    spread = [
        (d, {"submitted_at": f"2026-01-{10 + i}T{10 + i % 9}:00:00", "invited_at": "2026-01-02T09:00:00"})
        for d in "cd"
        for i in range(20)
    ]
    inputs = built(together + apart + spread)
    _known, inside, expected = bursts.together(inputs)
    assert np.bincount(inputs.responses.dealer[inside], minlength=4).tolist() == [0, 8, 0, 0]
    assert (expected <= bursts.RARE).all()


def test_burst_threshold_grows_with_the_dealer():
    rng = np.random.default_rng(5)
    rows = []
    for d, n in (("a", 20), ("b", 900)):
        moments = np.datetime64("2026-03-02T00:00:00") + np.sort(rng.integers(0, 20 * 86_400, n)).astype("m8[s]")
        rows += [(d, {"submitted_at": str(m)}) for m in moments]
    _known, inside, expected = bursts.together(built(rows))
    share = inside[20:].mean()
    rate = 900 * 2 / (20 * 24)  # neighbours within ±1 h of an even stream
    least = poisson.isf(0.05, rate) + 1
    assert share == pytest.approx(poisson.sf(least - 1, rate), abs=0.04)
    assert expected[1] <= 0.05


def test_quick_answers_by_hand():
    # log-normal paces of median 50 s and spread .5: one in twenty lies 1.645 spreads below
    paces = 50 * np.exp(0.5 * norm.ppf((np.arange(400) + 0.5) / 400))
    rows = [("a", {"duration_s": 2 * pace}) for pace in paces]  # two items each
    rows += [("b", {"duration_s": 40}), ("b", {"duration_s": 40, "answers": [5, None]}), ("b", {})]
    inputs = built(rows)
    known, inside = fast_answers.quick(inputs)
    assert inside[:400].sum() == 20
    assert inside[:20].all()
    # 40 s is quick for two items, not for one
    assert inside[400:].tolist() == [True, False, False]
    assert named(inputs, ~known) == ["r402"]


# ---- copying and invention


def test_repeated_comments_by_hand():
    copied = "销售顾问{}讲解细致入微，全家都感到宾至如归，必须给满分好评"
    texts = [copied.format(name) for name in ("小王", "小李", "小陈")]
    own = [
        "停车位有点难找，进门以后等了十分钟才有人接待",
        "试驾路线安排得很合理，还走了一段高速",
        "贷款手续比想象中麻烦",
    ]
    own += ["交车那天下雨，师傅仍然把车擦得很干净才给我们", "保险价格前后说法不一致，希望以后能写在纸上"]
    rows = [("a", {"text": text}) for text in texts + own]
    rows += [("b", {"text": "很好，满意"})] * 30  # short stock phrases
    rows += [(d, {"text": "服务态度一直都很不错，以后有需要还会再来"}) for d in "bcdef" for _ in range(6)]
    rows += [("c", {"text": copied.format("小赵")})]  # one elsewhere changes nothing
    inputs = built(rows, dealers="abcdef")
    found, plain = repeated_comments.long_comments(inputs)
    assert len(found) == 3 + 4 + 30 + 1  # 贷款手续比想象中麻烦 has fewer than 12 characters
    inside, head = repeated_comments.repeated(inputs.responses.dealer[found], plain)
    assert found[inside].tolist() == [0, 1, 2]  # what five dealers' customers write is a stock phrase
    assert head[:3].tolist() == [0, 0, 0]
    groups = repeated_comments.evidence(inputs, [0])[0]
    assert groups["groups"] == [{"example": texts[0], "responses": ["r000", "r001", "r002"]}]


def test_two_alike_are_no_group_and_letters_count_half():
    text = "Our adviser was attentive from start to finish, five stars"
    inputs = built([("a", {"text": text})] * 2 + [("a", {"text": "very good thanks"})] * 3)
    found, plain = repeated_comments.long_comments(inputs)
    assert found.tolist() == [0, 1]
    assert not repeated_comments.repeated(np.zeros(2, np.int64), plain)[0].any()


def test_minhash_estimates_jaccard():
    # 60 shingles shared out of 80: the share of equal values is near 3/4
    rng = np.random.default_rng(0)
    alphabet = [chr(0x4E00 + i) for i in range(3_000)]
    near = []
    for _ in range(300):
        body = "".join(rng.choice(alphabet, 63))
        ends = ["".join(rng.choice(alphabet, 10)) for _ in range(2)]
        signature = repeated_comments.signatures([body + ends[0], body + ends[1]])
        near.append((signature[0] == signature[1]).mean())
    assert np.mean(near) == pytest.approx(60 / 80, abs=0.03)


# ---- sample frame


FRAME = {"eligible": 200, "contacts_supplied": 150, "contacts_valid": 120, "responses": 30}


def test_frame_counts_by_hand():
    events = [
        {"event_id": f"e{i}", "dealer_id": "b", "supplied": int(i < 6), "valid": int(i < 4) if i < 6 else None}
        for i in range(10)
    ]
    inputs = built([("a", {})] * 3 + [("b", {})] * 2, dealers=[{"dealer_id": "a"} | FRAME, "b"], events=events)
    assert [c.tolist() for c in frame.supplied_of_eligible(inputs)] == [[200, 10], [150, 6]]
    assert [c.tolist() for c in frame.valid_of_supplied(inputs)] == [[150, 6], [120, 4]]


def with_frames(seed: int = 6) -> Inputs:
    """Forty dealers alike; dealer 0 supplies and validates less, d01 likewise, and only d00 has nobody unhappy."""
    rng = np.random.default_rng(seed)
    dealers, rows = [], []
    for d in range(40):
        odd = d < 2
        dealers.append(
            {"dealer_id": f"d{d:02d}", "eligible": 300, "contacts_supplied": 200 if odd else 285,
             "contacts_valid": 140 if odd else 270, "responses": 80}
        )  # fmt: skip
        for _ in range(80):
            low = rng.random() < 0.12 and d != 0
            rows.append(
                (f"d{d:02d}", {"answers": rng.integers(1, 3, 3).tolist() if low else rng.integers(4, 6, 3).tolist()})
            )
    return built(rows, dealers=dealers, items=3)


@pytest.mark.parametrize(("module", "share"), [(coverage, 1 / 3), (validity, 0.3)])
def test_a_thin_frame_counts_only_without_the_unhappy(module, share):
    inputs = with_frames()
    missing, told = unhappy.unhappy_missing(inputs, alone(40))
    assert told.all()
    assert missing[0] > 2.5
    assert abs(missing[1]) < 2.5
    result = module.compute(inputs, alone(40), 1)
    assert result.observed[:2] == pytest.approx([share, share])
    assert result.z[0] == pytest.approx(min(result.z[0], missing[0] + 0.5))
    assert result.z[0] > 3
    assert result.z[1] <= missing[1] + 0.5 + 1e-9
    assert abs(np.median(result.z[2:])) < 0.6


@pytest.mark.parametrize("module", [coverage, validity])
def test_bare_counts_are_not_judged_where_single_events_are_known(module):
    events = [{"event_id": f"e{i}", "dealer_id": "a", "invited": 1, "complaint": 0} for i in range(3)]
    events += [{"event_id": "e9", "dealer_id": "b", "invited": 1}]  # whether there was trouble is not known
    dealers = [
        {"dealer_id": d, "eligible": 100, "contacts_supplied": 90, "contacts_valid": 80} for d in "abcdefghijklmnop"
    ]
    inputs = built([(d["dealer_id"], {"answers": [5, 4 if i % 3 else 1]}) for d in dealers for i in range(20)],
                   dealers=dealers, events=events)  # fmt: skip
    assert frame.followed(inputs).tolist() == [True] + [False] * 15
    result = module.compute(inputs, alone(16), 1)
    assert result.reason[0] == "single_events_known"
    assert set(result.reason[1:]) == {""}


def tables_by_hand() -> Inputs:
    """Repairs: 10 troubled, 6 of them missed; 30 others, 6 missed. Services: 5 troubled, 1 missed; 15 others, 3."""
    rows = []
    for job, trouble, missed, met in (
        ("repair", 1, 6, 4), ("repair", 0, 6, 24), ("service", 1, 1, 4), ("service", 0, 3, 12),
    ):  # fmt: skip
        rows += [{"job_type": job, "complaint": trouble, "invited": 0}] * missed
        rows += [{"job_type": job, "complaint": trouble, "invited": 1}] * met
    events = [{"event_id": f"e{i:02d}", "dealer_id": "a"} | row for i, row in enumerate(rows)]
    return built([("a", {})], events=events)


def test_suppression_tables_by_hand():
    found = suppression.tables(tables_by_hand())
    assert (found.events[0], found.trouble[0], found.missed[0]) == (60, 15, 7)
    assert found.expected[0] == pytest.approx(10 * 12 / 40 + 5 * 4 / 20)
    repair = 10 * 12 * 30 * 28 / (40**2 * 39)
    service = 5 * 4 * 15 * 16 / (20**2 * 19)
    assert found.variance[0] == pytest.approx(repair + service)
    # Mantel and Haenszel: Σ a·d/N over Σ b·c/N
    assert found.ratio_up[0] == pytest.approx(6 * 24 / 40 + 1 * 12 / 20)
    assert found.ratio_down[0] == pytest.approx(4 * 6 / 40 + 4 * 3 / 20)
    assert suppression.evidence(tables_by_hand(), [0])[0]["odds_ratio"] == pytest.approx((4.2 + 0.5) / (1.2 + 0.5))


def test_reached_and_troubled_by_hand():
    marks = [
        {"invited": 1},
        {"invited": 1, "opted_out": 1},
        {"supplied": 0, "invited": 1},
        {"valid": 0},
        {},
        {"opted_out": 0},
    ]
    events = [{"event_id": f"e{i}", "dealer_id": "a", "long_wait": i % 2} | row for i, row in enumerate(marks)]
    inputs = built([("a", {})], events=events)
    known, arrived = frame.reached(inputs.events)
    assert known.tolist() == [True, True, True, True, False, True]
    assert arrived.tolist() == [True, False, False, False, False, True]
    assert frame.troubled(inputs.events)[1].tolist() == [False, True] * 3


def test_mix_by_hand():
    responses = [("a", {"job_type": "easy", "answers": [5, 5]})] * 30 + [
        ("a", {"job_type": "hard", "answers": [3, 3]})
    ] * 30
    events = [
        {"event_id": f"e{i:02d}", "dealer_id": "a", "job_type": "easy" if i < 20 else "hard", "invited": int(i < 30)}
        for i in range(40)
    ]
    inputs = built(responses, events=events)
    _job, level = mix.job_levels(inputs)
    # means 1 and ½ around ¾, SD ¼: levels +1 and −1
    assert level.tolist() == pytest.approx([1, -1])
    asked, arrived = frame.reached(inputs.events)
    assert asked.all()
    reached = 20 / 30 - 10 / 30  # 20 easy and 10 hard of those invited
    every = 20 / 40 - 20 / 40
    owner = [{"event_id": f"f{d}{i}", "dealer_id": d, "job_type": "easy" if i % 2 else "hard", "invited": 1}
             for d in "bcdef" for i in range(40)]  # fmt: skip
    inputs = built(responses, dealers="abcdef", events=events + owner)
    result = mix.compute(inputs, alone(6), 1)
    assert result.observed[0] == pytest.approx(reached - every)
    assert result.expected[0] == pytest.approx(0)
    sampling = 1 / 30 * (1 - 30 / 40) * 40 / 39
    assert result.z[0] == pytest.approx(
        (reached - every) / (sampling + mix.FLOOR**2) ** 0.5, rel=0.02
    )  # job levels ±1: SD 1
    assert arrived.sum() == 30


def test_mix_reads_the_job_of_the_event_a_response_belongs_to():
    responses = [("a", {"event_id": f"e{i:02d}", "answers": [5, 5] if i < 30 else [2, 2]}) for i in range(60)]
    events = [{"event_id": f"e{i:02d}", "dealer_id": "a", "job_type": "easy" if i < 30 else "hard"} for i in range(60)]
    assert mix.job_levels(built(responses, events=events))[1].tolist() == pytest.approx([1, -1])


# ---- statements


def test_mentions_by_hand():
    rows = [
        ("a", {"mentions_incentive": 1, "mentions_coaching": 1}), ("a", {"mentions_coaching": 0}),
        ("a", {"mentions_incentive": 1}), ("a", {}),
    ]  # fmt: skip
    inputs = built(rows)
    known, adverse = mentions.stated(inputs)
    assert named(inputs, known) == ["r000", "r001", "r002"]
    assert named(inputs, adverse) == ["r000", "r002"]
    assert mentions.evidence(inputs, [0])[0] == {
        "responses": ["r000", "r002"], "response_count": 2, "incentive": 2, "coaching": 1
    }  # fmt: skip


def visit(dealer, number, adverse, selected="plan", touchpoint="XCT_INTEGRITY", item="INT"):
    return [
        {"dealer_id": dealer, "visit": f"{dealer}{number}", "kind": "mystery", "touchpoint": touchpoint,
         "criterion": f"{item}-{i}", "passed": int(i not in adverse), "selected_by": selected}
        for i in range(4)
    ]  # fmt: skip


def test_auditor_statements_by_hand():
    codes = [f"d{d:02d}" for d in range(30)]
    audits = [row for c in codes for number in range(3) for row in visit(c, number, ())]
    audits = [row for row in audits if row["dealer_id"] != "d00"]
    audits += [row for number in range(3) for row in visit("d00", number, (1, 2))]
    audits += visit("d01", "extra", (0, 1, 2, 3), selected="trigger")
    audits += visit("d02", 0, (0, 1, 2, 3), touchpoint="SAL_LEAD", item="LEAD")
    inputs = built([], dealers=codes, audits=audits)
    result = auditor_statements.compute(inputs, alone(30), 1)
    assert result.n[:3].tolist() == [12, 12, 12]  # neither the extra visit nor an ordinary item counts
    assert result.observed[:3] == pytest.approx([0.5, 0, 0])
    assert result.z[0] > 4
    assert result.z[1:].max() < 1
    assert auditor_statements.evidence(inputs, [0])[0]["finding_count"] == 6


def test_a_trace_item_counts_wherever_it_stands():
    audits = visit("a", 0, (0,), touchpoint="SAL_TDRIVE", item="x")
    audits[0]["criterion"] = "SAA-TD-03"
    assert auditor_statements.integrity_rows(built([], audits=audits)).sum() == 1


def test_stated_facts_by_hand():
    rows = [
        ("a", {"facts": [1, 1]}),
        ("a", {"facts": [1, None]}),
        ("b", {"facts": [0, 0]}),
        ("b", {"facts": [None, None]}),
    ]
    inputs = built(rows, fact_touchpoints=["T0", "T1"])
    n, level, _ = facts.stated_facts(inputs)
    assert n.tolist() == [2, 1, 0, 0]
    # network: 2/3 and 1/2; a: mean of (1/3 + 1/2)/2 and 1/3; b: −(2/3 + 1/2)/2
    assert level[:2] == pytest.approx([(5 / 12 + 1 / 3) / 2, -7 / 12])


def test_facts_count_only_where_all_favourable_customers_are_happier():
    """Forty dealers alike but in the order of answers; at d00 and d01 customers state more than the audits saw."""
    rows, audits = [], []
    for d in range(40):
        for i in range(40):
            yes = i < (38 if d < 2 else 20)
            # at d00 those whose facts are all favourable are happy, at d01 those who deny one
            happy = i >= 10 if d == 0 else i < 10 if d == 1 else i % 2 == 0
            mark = 5 if happy else 3
            rows.append((f"d{d:02d}", {"answers": [mark, mark], "facts": [1, 1] if yes else [0, 1]}))
        audits += visit(f"d{d:02d}", 0, (0, 1), touchpoint="T0", item="x")
    names = [f"d{d:02d}" for d in range(40)]
    inputs = built(rows, dealers=names, audits=audits, fact_touchpoints=["T0", "T1"])
    happier, comparable = facts.favourable(inputs)
    assert comparable[2:].all()
    assert not comparable[:2].any()  # two customers outside are too few to compare
    result = facts.compute(inputs, alone(40), 1)
    assert result.z[0] == result.z[1] > 3
    fewer = [row if int(row[0][1:]) > 1 or i % 40 >= 10 else (row[0], row[1] | {"facts": [0, 1]})
             for i, row in enumerate(rows)]  # fmt: skip
    inputs = built(fewer, dealers=names, audits=audits, fact_touchpoints=["T0", "T1"])
    happier, comparable = facts.favourable(inputs)
    assert comparable.all()
    result = facts.compute(inputs, alone(40), 1)
    assert happier[0] > happier[1] + 1
    assert result.z[0] > result.z[1]
    assert result.z[1] == pytest.approx(min(result.z[1], happier[1] + 0.5))


def test_audited_facts_leave_other_touchpoints_and_extra_visits_out():
    audits = visit("a", 0, (0, 1, 2, 3), touchpoint="T0", item="x") + visit("b", 0, (), touchpoint="T0", item="x")
    audits += visit("a", 1, (), touchpoint="T9", item="y") + visit("a", 2, (), "trigger", touchpoint="T0", item="x")
    inputs = built([("a", {"facts": [1]})], audits=audits, fact_touchpoints=["T0"])
    n, level, unknown = facts.audited_facts(inputs)
    assert n[:2].tolist() == [4, 4]
    assert level[0] == -level[1] < 0
    assert (unknown >= 0).all()


# ---- drift


def test_window_by_hand():
    start = np.datetime64("2026-01-01T00:00:00", "s")
    moments = start + (np.arange(101) * 86_400).astype("m8[s]")
    assert window_dressing.opening(moments, 0.25) == start + np.timedelta64(round((1 + 98 * 0.75) * 86_400), "s")
    rows = []
    for d in range(30):
        for i in range(100):
            late = i >= 80
            full = (i % 2 == 0) or (d == 0 and late)
            rows.append((f"d{d:02d}", {"answers": [5, 5] if full else [5, 4], "submitted_at": str(moments[i])}))
    inputs = built(rows, dealers=[f"d{d:02d}" for d in range(30)])
    result = window_dressing.compute(inputs, alone(30), 1)
    shown = window_dressing.evidence(inputs, [0])[0]
    inside, before = shown["inside"], shown["before"]
    change = inside["perfect"] / inside["responses"] - before["perfect"] / before["responses"]
    assert change > 0.2
    # a sheet is full or one mark below: scores are two values, and one standard deviation is √(π(1 − π))
    full = np.mean((inputs.responses.answers == 5).all(axis=1))
    assert result.observed[0] == pytest.approx(change / np.sqrt(full * (1 - full)))
    assert result.z[0] > 2.5
    assert abs(result.z[1]) < 0.5
    # an improvement the audits saw too is no window dressing
    audits = [row for d in range(30) for row in visit(f"d{d:02d}", 0, (0, 1) if d else (0, 1, 2, 3), touchpoint="T0")]
    late = [row for d in range(30) for row in visit(f"d{d:02d}", 1, (0, 1) if d else (), touchpoint="T0")]
    for row in audits:
        row["visited_at"] = "2026-01-10T10:00:00"
    for row in late:
        row["visited_at"] = "2026-04-05T10:00:00"
    change = window_dressing.audit_change(
        replace(inputs, audits=built([], dealers=[f"d{d:02d}" for d in range(30)], audits=audits + late).audits),
        shown_opening(shown),
    )
    assert change[0] == pytest.approx(1.0)
    assert change[1:] == pytest.approx(0.0)


def shown_opening(shown) -> np.datetime64:
    return np.datetime64(shown["window_opens"], "s")
