"""What a draft holds and sends, and what a returned one changes, is read on the phone as on the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page

from audit_api.domain.answers import check_answers
from audit_api.domain.checklist_document import to_document
from audit_api.domain.checklists import Checklist
from audit_api.domain.evidence_rules import answers_of, comments_of, visit_standings
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.relevance import visible_items
from audit_api.domain.visit_versions import changed_items, not_asked
from tests.browser.answer_sets import COUNT, AnswerSet, Drawer
from tests.browser.made_checklists import nasty
from tests.browser.rules_table import table_checklist

OBSERVED = [
    {"item": "TBL-IT-09", "value": None, "comment": "", "photos": [{"slot": "1", "sha256": "a" * 64}]},
    {"item": "TBL-IT-19", "value": "x", "comment": "见照片", "photos": []},
    {"item": "TBL-IT-20", "value": None, "comment": None, "photos": []},
    {"item": "TBL-IT-01", "value": "no", "comment": None, "photos": [{"slot": "1", "sha256": "b" * 64}] * 2},
]


def test_a_draft_is_read_as_the_server_reads_what_it_sends(rules: Page) -> None:
    checklist = table_checklist()
    answers = answers_of(checklist, OBSERVED)
    draft = {row["item"]: {name: value for name, value in row.items() if name != "item"} for row in OBSERVED}
    read = rules.evaluate(
        """async ([checklist, draft]) => {
          const rules = await import('/field/rules/index.js');
          const answers = rules.answersOf(checklist, draft);
          const counts = rules.photoCounts(draft);
          return [answers, rules.commentsOf(draft), counts, rules.progress(checklist, answers, counts)];
        }""",
        [to_document(checklist), draft],
    )
    counts = {row["item"]: len(row["photos"]) for row in OBSERVED}
    shown = visible_items(checklist, answers)
    settled = {"shown": len(shown), "settled": 3}
    assert "TBL-IT-19" in shown and "TBL-IT-20" not in shown
    assert read == [answers, comments_of(OBSERVED), counts, settled | {"sections": [{"code": "ALL", **settled}]}]


@pytest.mark.parametrize(
    ("dealer", "position"),
    [
        ({"lat": 30.5, "lon": 120, "datum": "WGS-84"}, [30.5, 120]),
        ({"lat": 30.5, "lon": 120, "datum": "GCJ-02"}, None),
        ({"lat": None, "lon": 120, "datum": "WGS-84"}, None),
        (None, None),
    ],
)
def test_positions_are_compared_in_the_datum_of_phones_only(rules: Page, dealer: Any, position: Any) -> None:
    asked = "async (dealer) => (await import('/field/rules/index.js')).positionOf(dealer)"
    assert rules.evaluate(asked, dealer) == position


CONTENT = """
async ([checklist, drafts]) => {
  const { contentOf } = await import('/field/data/drafts.js');
  const document = JSON.parse(checklist);
  return JSON.stringify(JSON.parse(drafts).map((answers) => contentOf({
    answers, checklist: {}, assignment: '', dealer: '', device: '', correction: '', locale: 'zh',
  }, document, 1).observations));
}
"""


@pytest.mark.parametrize("checklist", [packaged_checklists()[1], nasty()], ids=lambda one: one.code)
def test_what_is_sent_leaves_out_what_is_hidden_and_nothing_else(rules: Page, checklist: Checklist) -> None:
    sets = [
        one
        for one in Drawer(checklist, seed=8).sets(COUNT // 5)
        if not check_answers(checklist, one.answers, one.comments)
    ]
    drafts = [as_draft(checklist, one) for one in sets]
    sent = json.loads(rules.evaluate(CONTENT, [json.dumps(to_document(checklist)), json.dumps(drafts)]))
    left_out = 0
    for draft, observations in zip(drafts, sent, strict=True):
        written = [{"item": item, **answer} for item, answer in draft.items()]
        before, after = answers_of(checklist, written), answers_of(checklist, observations)
        assert visible_items(checklist, after) == visible_items(checklist, before)
        assert after.keys() <= visible_items(checklist, after)
        assert visit_standings(checklist, observations) == visit_standings(checklist, written)
        left_out += len([item for item in before.keys() - after.keys() if before[item] not in (None, "")])
    assert left_out > len(sets)


UNASKED = """
async ([checklist, pairs]) => {
  const rules = await import('/field/rules/index.js');
  const document = JSON.parse(checklist);
  return JSON.stringify(JSON.parse(pairs).map(({ asked, before, after }) => [
    [...rules.changedItems(before, after)].sort(), rules.notAsked(document, asked, before, after),
  ]));
}
"""


@pytest.mark.parametrize("checklist", [packaged_checklists()[1], nasty()], ids=lambda one: one.code)
def test_what_a_returned_report_changes_unasked_is_found_alike(rules: Page, checklist: Checklist) -> None:
    drawer = Drawer(checklist, seed=9)
    drafts = [list(as_observations(checklist, one)) for one in drawer.sets(COUNT // 20)]
    pairs = []
    for before, other in pairwise(drafts):
        # Some items as in the other draft, the rest as before with its keys in another order.
        changed = {row["item"] for row in before if drawer.rng.random() < 0.1}
        kept = [dict(reversed(row.items())) for row in before if row["item"] not in changed]
        after = kept + [row for row in other if row["item"] in changed]
        pairs.append(
            {"asked": drawer.rng.sample(drawer.ids, drawer.rng.randrange(9)), "before": before, "after": after}
        )
    found = json.loads(rules.evaluate(UNASKED, [json.dumps(to_document(checklist)), json.dumps(pairs)]))
    for (changed, unasked), pair in zip(found, pairs, strict=True):
        assert changed == sorted(changed_items(pair["before"], pair["after"]))
        assert unasked == not_asked(checklist, **pair)
    assert sum(bool(unasked) for _, unasked in found) > len(pairs) // 2


def as_observations(checklist: Checklist, one: AnswerSet) -> Iterator[dict[str, Any]]:
    for item, answer in as_draft(checklist, one).items():
        yield {"item": item, **answer}


def as_draft(checklist: Checklist, one: AnswerSet) -> dict[str, Any]:
    """Write an answer set as the app keeps a draft; the answer of a photo item is its photos."""
    draft = {}
    for number, item in enumerate(checklist.items):
        if item.id not in one.answers and item.id not in one.photos:
            continue
        value = None if item.type == "photo" else one.answers.get(item.id)
        shots = [f"{number:032x}{shot:032x}" for shot in range(one.photos.get(item.id, 0))]
        photos = [{"slot": str(n), "sha256": sha256, "taken_at": None, "fix": None} for n, sha256 in enumerate(shots)]
        comment = one.comments.get(item.id, "")
        draft[item.id] = {"value": value, "comment": comment, "answered_at": None, "photos": photos}
    return draft
