"""Expected against received: one line an item, one an uploaded photo, whatever the answers."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.checklists import Comparison, Evidence, Text
from audit_api.domain.evidence_ledger import absent, item_lines, photo_lines, totals
from audit_api.domain.evidence_rules import missing_evidence, photo_hashes, visit_standings

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ARRIVED = {"received_at": AT, "remarks": []}
REFUSED = {"reason": "truncated"}


def observed(item, value="yes", *hashes):
    photos = [{"slot": str(n), "sha256": sha256} for n, sha256 in enumerate(hashes, 1)]
    return {"item": item, "value": value, "comment": None, "photos": photos}


def lines_of(made, observations, arrived=(), refused=()):
    facts = (dict.fromkeys(arrived, ARRIVED), dict.fromkeys(refused, REFUSED))
    return item_lines(made, observations, visit_standings(made, observations), *facts)


def test_what_is_needed_named_arrived_missing_and_refused(checklist, item):
    of = Text("门头", "Fascia")
    made = checklist(
        (100, [
            item("A", evidence=Evidence("always", 3, of), required=True),
            item("B", evidence=Evidence("on_fail", 1)),
            item("C", evidence=Evidence("on_fail", 1)),
            item("D", required=True, evidence=Evidence("always", 2)),
            item("E", "number"),
        ])
    )  # fmt: skip
    observations = [observed("A", "yes", "x", "y"), observed("B", "no"), observed("C", "yes"), observed("E", 3, "z")]
    found = {line["item"]: line for line in lines_of(made, observations, arrived="x", refused="xz")}
    assert list(found) == ["A", "B", "D", "E"]
    assert [(line["needed"], line["named"], line["arrived"]) for line in found.values()] == [
        (3, 2, 1), (1, 0, 0), (2, 0, 0), (0, 1, 0),
    ]  # fmt: skip
    assert found["A"]["of"] == {"zh": "门头", "en": "Fascia"}
    assert [photo["state"] for photo in found["A"]["photos"]] == ["arrived", "missing"]
    assert found["A"]["photos"][0] | {"slot": "1"} == {
        "slot": "1", "sha256": "x", "state": "arrived", "received_at": AT, "remarks": [], "refusal": None,
        "repeats": [],
    }  # fmt: skip
    assert [e["code"] for line in found.values() for e in line["errors"]] == [
        "photos_missing", "photos_missing", "required",
    ]  # fmt: skip
    assert (found["E"]["photos"][0]["state"], found["E"]["photos"][0]["refusal"]) == ("refused", REFUSED)
    assert totals(list(found.values())) == {
        "needed": 6, "named": 3, "arrived": 1, "missing": 1, "refused": 1, "repeated": 0,
    }  # fmt: skip


def test_the_same_bytes_in_two_slots_are_marked_in_both(checklist, item):
    made = checklist((100, [item("A"), item("B")]))
    found = lines_of(made, [observed("A", "yes", "x", "y"), observed("B", "yes", "x")], arrived="xy")
    assert [photo["repeats"] for line in found for photo in line["photos"]] == [
        [{"item": "B", "slot": "1"}], [], [{"item": "A", "slot": "1"}],
    ]  # fmt: skip
    assert totals(found)["repeated"] == 2


def test_a_hidden_item_needs_nothing_but_its_photos_are_waited_for(checklist, item):
    hidden = item("B", required=True, evidence=Evidence("always", 1), show_if=Comparison("A", "eq", "yes"))
    made = checklist((100, [item("A"), hidden]))
    (line,) = lines_of(made, [observed("A", "no"), observed("B", "yes", "x")])
    assert (line["item"], line["shown"], line["needed"], line["errors"]) == ("B", False, 0, [])
    assert line["photos"][0]["state"] == "missing"


def test_what_is_not_applicable_needs_no_photo(checklist, item):
    made = checklist((100, [item("A", required=True, evidence=Evidence("always", 1)), item("B")]))
    assert lines_of(made, [observed("A", "na")]) == []
    assert lines_of(made, [observed("A", None)])[0]["needed"] == 1


HASHES = st.lists(st.sampled_from("abcdef"), max_size=4)


@given(st.data())
def test_the_lines_add_up_to_what_a_submission_says(checklist, item, data):
    """Photos of the lines are those named, each once; errors and waiting hashes are the submission's own."""
    rules = data.draw(st.lists(st.sampled_from(("none", "optional", "always", "on_fail")), min_size=4, max_size=4))
    made = checklist(
        (100, [
            item(
                code, required=data.draw(st.booleans()), evidence=Evidence(rule, int(rule not in ("none", "optional"))),
                show_if=Comparison("A", "eq", "yes") if code == "C" else None,
            )
            for code, rule in zip("ABCD", rules, strict=True)
        ])
    )  # fmt: skip
    observations = [
        observed(code, data.draw(st.sampled_from(["yes", "no", "na", None])), *data.draw(HASHES))
        for code in data.draw(st.lists(st.sampled_from("ABCD"), unique=True))
    ]
    arrived, refused = data.draw(st.sets(st.sampled_from("abcdef"))), data.draw(st.sets(st.sampled_from("abcdef")))
    found = lines_of(made, observations, arrived, refused)
    assert [error for line in found for error in line["errors"]] == missing_evidence(made, observations)
    shown = [(line["item"], p["slot"], p["sha256"]) for line in found for p in line["photos"]]
    named = [(o["item"], p["slot"], p["sha256"]) for o in observations for p in o["photos"]]
    assert sorted(shown) == sorted(named)
    waiting = {p["sha256"] for line in found for p in line["photos"] if p["state"] != "arrived"}
    assert (
        waiting
        == set(absent(photo_hashes(observations), dict.fromkeys(arrived)))
        == set(photo_hashes(observations)) - arrived
    )
    assert {p["sha256"] for line in found for p in line["photos"] if p["state"] == "refused"} == waiting & refused


def test_answers_of_a_dealer_are_lines_too():
    places = [({"answer": "reply", "at": 1}, "x"), ({"answer": "appeal", "at": 2}, "x")]
    found = photo_lines(places, {}, {})
    assert [line["repeats"] for line in found] == [[{"answer": "appeal", "at": 2}], [{"answer": "reply", "at": 1}]]
    assert {line["state"] for line in found} == {"missing"}
