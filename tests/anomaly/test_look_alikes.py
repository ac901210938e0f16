"""Each look-alike on a small network made for it by hand: where it fits, where it does not, where nobody can tell."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from audit_api.anomaly import look_alikes_audit as audit
from audit_api.anomaly import look_alikes_customers as customers
from audit_api.anomaly import look_alikes_identity as identity
from audit_api.anomaly.batch import Column, Inputs
from audit_api.anomaly.chart_data import MOST_DEALERS, chart_data
from audit_api.anomaly.conclusion import out_of
from audit_api.anomaly.funnel import fit_funnel
from audit_api.anomaly.look_alikes import look_alikes
from audit_api.anomaly.surroundings import LEAST_BETWEEN, Surroundings
from audit_api.web.charts import chart_svg

COLUMNS = [Column("q_A", "SAL_A", 1, 5), Column("q_B", "SAL_B", 1, 5)]
DEALERS = 12


def response(d, i, mark, **more):
    day = f"2026-01-{1 + i % 28:02d}"
    row = {
        "response_id": f"D{d:02d}-{i:03d}",
        "dealer_id": f"D{d:02d}",
        "answers": [mark, mark if i % 3 != 1 else max(1, mark - 1)],
        "event_at": f"{day}T10:00:00",
        "submitted_at": f"{day}T{8 + i % 12:02d}:{i % 60:02d}:00",
        "contact_hash": f"c{d}-{i}",
        "device_hash": f"d{d}-{i}",
    }
    return row | more


def visit(d, number, passed, **more):
    """Ten criteria, so many of them passed."""
    return [
        {"dealer_id": f"D{d:02d}", "visit": f"V{d}-{number}", "kind": "mystery", "touchpoint": "SAL_A",
         "criterion": f"C{i}", "passed": int(i < passed), "visited_at": "2026-01-05T10:00:00", "selected_by": "plan",
         "auditor_id": f"A{(d + number) % 4}"} | more
        for i in range(10)
    ]  # fmt: skip


def network(
    change=lambda d, i: {},
    *,
    mark=lambda d, i: 3 + i % 3,
    passed=lambda d, n: 6 + d % 3,
    visits=2,
    visit_change=lambda d, n: {},
    dealer=lambda d: {},
):
    """Twelve dealers of forty responses; what is looked at is dealer 0."""
    everybody = range(DEALERS)
    audits = [visit(d, n, passed(d, n), **visit_change(d, n)) for d in everybody for n in range(visits)]
    inputs = Inputs.from_rows(
        dealers=[
            {"dealer_id": f"D{d:02d}", "region": "East" if d < 7 else "West", "store_age_band": "over 5"} | dealer(d)
            for d in everybody
        ],
        responses=[response(d, i, mark(d, i), **change(d, i)) for d in everybody for i in range(40)],
        audits=[row for rows in audits for row in rows],
        columns=COLUMNS,
    )
    return Surroundings.of(SimpleNamespace(inputs=inputs))


def fleet_contact(d, i):
    return {"contact_hash": "fleet"} if d == 0 and i % 2 else {}


def happier(d, i):
    """The dealer's odd responses, those of the fleet's contact, are all perfect."""
    return 5 if d == 0 and i % 2 else 2 + i % 3


CASES = [
    (audit.excellent, {"passed": lambda d, n: 10 if d == 0 else 5 + d % 4}, "fits"),
    (audit.excellent, {"passed": lambda d, n: 3 if d == 0 else 5 + d % 4}, "does_not_fit"),
    (audit.excellent, {"visits": 0}, "cannot_be_tested"),
    (customers.small_sample, {}, "does_not_fit"),
    (customers.loyal_customers, {}, "cannot_be_tested"),
    (
        customers.loyal_customers,
        {"change": lambda d, i: {"customer_hash": f"k{d}-{i % 5}" if i % 2 else f"k{d}-{i}x"}, "mark": happier},
        "fits",
    ),
    (customers.region, {"mark": lambda d, i: 5 if d < 6 else 2 + i % 3}, "fits"),
    (customers.region, {"mark": lambda d, i: 5 if d == 0 else 2 + i % 3}, "does_not_fit"),
    (customers.region, {"dealer": lambda d: {"region": ""}}, "cannot_be_tested"),
    (customers.new_store, {"dealer": lambda d: {"store_age_band": "under 2"}}, "fits"),
    (customers.new_store, {"dealer": lambda d: {"store_age_band": "over 5"}}, "does_not_fit"),
    (customers.new_store, {"dealer": lambda d: {"store_age_band": "1-3"}}, "does_not_fit"),
    (customers.new_store, {"dealer": lambda d: {"store_age_band": ""}}, "cannot_be_tested"),
    (customers.ceiling, {"mark": lambda d, i: 5}, "fits"),
    (customers.ceiling, {"mark": lambda d, i: 5 if d == 0 or i % 2 else 4}, "does_not_fit"),
    (customers.ceiling, {"mark": lambda d, i: 3}, "does_not_fit"),
    (customers.stock_answers, {}, "fits"),
    (customers.launch, {}, "cannot_be_tested"),
    (
        customers.launch,
        {"change": lambda d, i: {"vehicle_class": "new" if (d == 0 or i % 4 == 0) else "old"},
         "mark": lambda d, i: 5 if (d == 0 or i % 4 == 0) else 2},
        "fits",
    ),
    (identity.fleet, {"change": fleet_contact}, "fits"),
    (identity.fleet, {"change": fleet_contact, "mark": happier}, "does_not_fit"),
    (identity.fleet, {}, "does_not_fit"),
    (identity.fleet, {"change": lambda d, i: {"contact_hash": ""}}, "cannot_be_tested"),
    (identity.household, {"change": lambda d, i: {"contact_hash": f"h{d}-{i // 3}"} if i < 20 else {}}, "fits"),
    (identity.call_centre, {"change": lambda d, i: {"device_hash": "centre"} if i % 2 else {}}, "fits"),
    (identity.call_centre, {"change": lambda d, i: {"device_hash": "centre"} if i % 2 else {}, "mark": happier},
     "does_not_fit"),
    (identity.batch_invitation, {"change": lambda d, i: {"submitted_at": f"2026-01-30T10:{i:02d}:00"} if i % 2 else {}},
     "fits"),
    (identity.batch_invitation, {"change": lambda d, i: {"submitted_at": None}}, "cannot_be_tested"),
    (audit.bad_day, {"visits": 3, "passed": lambda d, n: 0 if d == 0 and n == 0 else 7 + (d + n) % 2}, "fits"),
    (audit.bad_day, {"visits": 3, "passed": lambda d, n: 6 + (d + n) % 3}, "does_not_fit"),
    (audit.bad_day, {"visits": 1}, "cannot_be_tested"),
    (audit.strict_auditor, {"visit_change": lambda d, n: {"auditor_id": ""}}, "cannot_be_tested"),
    (audit.strict_auditor,
     {"visits": 4, "visit_change": lambda d, n: {"auditor_id": "S" if n < 2 and d < 6 else f"A{n}"},
      "passed": lambda d, n: (3 if n < 2 and d < 6 else 8)}, "fits"),
    (audit.improvement, {"mark": lambda d, i: 5 if d == 0 and i % 28 >= 14 else 2 + i % 2}, "fits"),
    (audit.improvement, {}, "does_not_fit"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "made", "verdict"), CASES, ids=[f"{c[0].__name__}-{c[2]}-{n}" for n, c in enumerate(CASES)]
)
def test_each_look_alike(test, made, verdict):
    found = test(network(**made), 0)
    assert found.verdict == verdict, (found.en, found.figures)
    assert found.zh
    assert found.en
    assert not set(found.zh) & {"{", "}"}


def test_contrast_by_hand():
    """Marks 2,3,4 and 5,5,5 as scores: difference of means, and the error √(s²/n + s²/m)."""
    around = network()
    rows = around.rows(0)
    around.score[rows[:3]] = [1.0, 2.0, 3.0]
    around.score[rows[3:6]] = [5.0, 5.0, 5.0]
    apart, error = around.contrast(rows[3:6], rows[:3])
    assert apart == pytest.approx(3.0)
    assert error == pytest.approx(np.sqrt(1.0 / 3))


def test_all_of_the_playbook_in_both_languages_and_as_json():
    found = look_alikes(network(), 0)
    assert [tested["code"] for tested in found] == [f"L{n:02d}" for n in range(1, 19)] + ["call_centre"]
    for tested in found:
        assert tested["verdict"] in ("fits", "does_not_fit", "cannot_be_tested")
        assert all(tested[name][lang] for name in ("title", "looked_at", "sentence") for lang in ("zh", "en"))
    assert "NaN" not in json.dumps(found)


def test_charts_are_bounded_and_name_nobody_else():
    around = network(change=fleet_contact)
    data = chart_data(around, 0)
    text = json.dumps(data)
    assert "NaN" not in text
    assert not [d for d in range(1, DEALERS) if f"D{d:02d}" in text]
    assert len(data["funnel"]["dealers"]) == DEALERS - 1 <= MOST_DEALERS
    assert sum(row["dealer"] for row in data["distribution"]) == pytest.approx(1, abs=1e-3)
    assert data["reuse"][0]["count"] == 20
    assert sum(week["responses"] for week in data["timeline"]["weeks"]) == 40
    assert len(data["timeline"]["visits"]) == 2


def test_the_funnel_drawn_is_the_one_tested_on_real_data():
    def lifted(d, i):
        return 5 if d == 0 else 2 + (i + d) % 3

    around = network(mark=lifted)
    drawn = chart_data(around, 0)["funnel"]
    funnel = fit_funnel(around.level, around.within / around.n, floor=LEAST_BETWEEN**2)
    assert drawn["centre"] == pytest.approx(funnel.centre, abs=1e-4)
    for line in drawn["limits"]:
        low, high = funnel.limits([around.within / line["n"]], 0.95)
        assert [line["low1"], line["high1"]] == pytest.approx([low[0], high[0]], abs=1e-4)
        assert line["low2"] < line["low1"] < line["high1"] < line["high2"]
    _, level = drawn["dealer"]
    assert level > next(line["high2"] for line in drawn["limits"] if line["n"] == 45)
    assert max(y for _, y in drawn["dealers"]) < drawn["limits"][-1]["high1"]


def test_too_few_dealers_have_no_funnel():
    around = dataclasses.replace(network(), funnel=None)
    drawn = chart_data(around, 0)["funnel"]
    assert drawn["limits"] == []
    assert drawn["dealer"][0] == 40
    for language in ("zh", "en"):
        assert b"<svg" in chart_svg("funnel", drawn, language)


def test_a_probability_as_a_number_of_dealers():
    assert out_of(0.3)[1] == "about 30 of 100 honest dealers"
    assert out_of(0.004)[1] == "about 4 of 1,000 honest dealers"
    assert out_of(0.0003)[1] == "about 3 of 10,000 honest dealers"
    assert out_of(1e-6)[1] == "fewer than 2 of 10,000 honest dealers"
