"""The rules on the phone give the verdicts of the server, in the same words, for whatever a draft may hold."""

from __future__ import annotations

import json
import math
from itertools import zip_longest
from typing import Any

import pytest
from playwright.sync_api import Page

from audit_api.domain.answers import AnswerProblem, check_answers
from audit_api.domain.checklist_document import to_document
from audit_api.domain.checklists import Checklist
from audit_api.domain.follow_ups import begin, outstanding
from audit_api.domain.item_rules import is_adverse, is_answered
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.relevance import visible_items
from audit_api.domain.scoring import score_visit
from audit_api.domain.submission_rules import standings
from tests.browser.answer_sets import COUNT, NAN, AnswerSet, Drawer
from tests.browser.made_checklists import nasty
from tests.browser.rules_table import CASES, case_set, named, table_checklist

BATCH = 500
GRACE_HOURS = 24

JUDGE = """
async ([checklist, sets, nan]) => {
  const rules = await import('/field/rules/index.js');
  const document = JSON.parse(checklist);
  const told = ({ code, zh, en }) => [code, zh, en];
  return JSON.stringify(JSON.parse(sets, (key, value) => (value === nan ? NaN : value)).map((one) => {
    const { answers, comments, photos } = one;
    const shown = [...rules.visibleItems(document, answers)];
    const opened = rules.beginFollowUps(document, answers, one.ended_at, one.at, one.grace);
    const later = one.later.length ? one.later : opened.map(({ item }) => item);
    const left = rules.outstanding(document, one.marked, answers, one.at);
    const covered = rules.coverage(document, answers);
    return {
      shown,
      wrong: rules.checkAnswers(document, answers, comments).map((found) => [found.item, ...told(found)]),
      stands: rules.standings(document, answers, comments, photos, one.dealer, later)
        .map(({ item, needed, given, problems }) => [item, needed, given, problems.map(told)]),
      coverage: [covered.share, covered.counted, covered.shown,
        covered.sections.map(({ code, share, counted, shown: weight }) => [code, share, counted, weight])],
      opened: opened.map(({ item, open_until: until }) => [item, until]),
      left: left.map(({ item }) => item),
      adverse: rules.itemsOf(document).filter((item) => rules.isAdverse(item, answers[item.id])).map(({ id }) => id),
      answered: rules.itemsOf(document).filter((item) => rules.isAnswered(item, answers[item.id])).map(({ id }) => id),
      kept: Object.keys(rules.keptAnswers(document, answers)),
    };
  }));
}
"""


def told(found: AnswerProblem) -> list[str]:
    return [found.code, found.zh, found.en]


def verdict(checklist: Checklist, one: AnswerSet) -> dict[str, Any]:
    """Give the server's verdict; standings and coverage only of answers the server would take in."""
    shown = visible_items(checklist, one.answers)
    wrong = check_answers(checklist, one.answers, one.comments)
    opened = begin(checklist, one.answers, one.ended_at, GRACE_HOURS, one.at)
    left = outstanding(checklist, marked_rows(checklist, one), one.answers, one.at)
    made: dict[str, Any] = {
        "shown": [item.id for item in checklist.items if item.id in shown],
        "wrong": [[found.item, *told(found)] for found in wrong],
        "opened": [[row["item"], milliseconds(row["open_until"])] for row in opened],
        "left": [row["item"] for row in left],
        "adverse": [item.id for item in checklist.items if is_adverse(item, one.answers.get(item.id))],
        "answered": [item.id for item in checklist.items if is_answered(item, one.answers.get(item.id))],
        "kept": [item.id for item in checklist.items if item.id in shown and item.id in one.answers],
    }
    if not wrong:
        later = frozenset(one.later or (row["item"] for row in opened))
        stands = standings(checklist, one.answers, one.comments, one.photos, one.dealer, later=later)
        made["stands"] = [[s.item.id, s.needed, s.given, [told(found) for found in s.problems]] for s in stands]
        score = score_visit(checklist, one.answers)
        made["coverage"] = [
            score.coverage, score.applicable_weight, score.visible_weight,
            [[s.code, s.coverage, s.applicable_weight, s.visible_weight] for s in score.sections],
        ]  # fmt: skip
    return made


def marked_rows(checklist: Checklist, one: AnswerSet) -> list[dict[str, Any]]:
    """Make follow-ups of every item that may be one, open or over."""
    rows = begin(checklist, {}, one.ended_at, GRACE_HOURS, one.ended_at)
    return [row for row in rows if row["item"] not in one.later[:3]]


def milliseconds(moment: Any) -> int:
    return round(moment.timestamp() * 1000)


def on_phone(page: Page, checklist: Checklist, sets: list[AnswerSet]) -> list[dict[str, Any]]:
    """Give the phone's verdicts."""
    sent = [
        {
            "answers": one.answers, "comments": one.comments, "photos": one.photos, "dealer": one.dealer,
            "later": one.later, "ended_at": milliseconds(one.ended_at), "at": milliseconds(one.at),
            "grace": GRACE_HOURS,
            "marked": [
                {"item": row["item"], "open_until": row["open_until"].isoformat()}
                for row in marked_rows(checklist, one)
            ],
        }
        for one in sets
    ]  # fmt: skip
    answer = page.evaluate(JUDGE, [json.dumps(to_document(checklist)), json.dumps(sent), NAN])
    return list(json.loads(answer))


def with_nan(one: AnswerSet) -> AnswerSet:
    """Put NaN where its mark stands."""
    one.answers = {item: math.nan if value == NAN else value for item, value in one.answers.items()}
    return one


def compare(checklist: Checklist, one: AnswerSet, phone: dict[str, Any]) -> dict[str, Any]:
    """Hold both verdicts against each other; gives the server's."""
    server = verdict(checklist, with_nan(one))
    for name, found in server.items():
        if phone[name] != found:
            differing = [pair for pair in zip_longest(phone[name], found) if pair[0] != pair[1]]
            pytest.fail(f"{name}, phone against server: {differing[:3]} of {one}")
    kept = {item: one.answers[item] for item in phone["kept"]}
    assert visible_items(checklist, kept) == frozenset(server["shown"])
    return server


@pytest.mark.parametrize("checklist", [*packaged_checklists(), nasty()], ids=lambda one: one.code)
def test_random_answer_sets_get_the_same_verdict(rules: Page, checklist: Checklist) -> None:
    drawer = Drawer(checklist, seed=20_261_122)
    seen: dict[str, int] = dict.fromkeys(("taken", "refused", "complete", "hidden"), 0)
    codes: set[str] = set()
    for start in range(0, COUNT, BATCH):
        sets = list(drawer.sets(min(BATCH, COUNT - start)))
        for one, phone in zip(sets, on_phone(rules, checklist, sets), strict=True):
            server = compare(checklist, one, phone)
            problems = [found for stand in server.get("stands", ()) for found in stand[3]]
            seen["refused" if server["wrong"] else "taken"] += 1
            seen["complete"] += not server["wrong"] and not problems
            seen["hidden"] += len(server["shown"]) < len(checklist.items)
            codes |= {found[0] for found in problems} | {found[1] for found in server["wrong"]}
    # The draw is worth nothing if it never meets a case.
    if not any(item.show_if for item in checklist.items):
        del seen["hidden"]
    assert min(seen.values()) > COUNT // 50, seen
    assert codes >= MET[checklist.code in PACKAGED], codes


PACKAGED = {one.code for one in packaged_checklists()}
EVERYWHERE = {
    "required", "too_short", "photos_missing", "comment_adverse", "comment_distance", "unknown_item", "wrong_type",
    "unknown_option", "out_of_range", "na_not_allowed", "too_long", "unprintable",
}  # fmt: skip
MET: dict[bool, set[str]] = {True: EVERYWHERE, False: EVERYWHERE | {"comment_critical", "bad_step"}}


def meets(verdict: dict[str, Any], expected: dict[str, Any]) -> None:
    """Hold a verdict against what a case of the table expects."""
    shown = set(verdict["shown"])
    assert shown >= {named(number) for number in expected.get("shown", ())}
    assert not shown & {named(number) for number in expected.get("hidden", ())}
    wrong = {item: words for item, *words in verdict["wrong"]}
    assert_told(wrong, expected.get("wrong", {}))
    if wrong:
        return
    missing = {item: problems for item, _, _, problems in verdict["stands"] if problems}
    if "missing" in expected:
        assert missing.keys() == {named(number) for number in expected["missing"]}
        for number, codes in expected["missing"].items():
            assert len(missing[named(number)]) == len(codes)
            for words, one in zip(missing[named(number)], codes, strict=True):
                assert_told({named(number): words}, {number: one})
    needed = {item: count for item, count, _, _ in verdict["stands"]}
    assert expected.get("needed", {}).items() <= {int(item[-2:]): count for item, count in needed.items()}.items()
    if "share" in expected:
        assert verdict["coverage"][0] == expected["share"]


def assert_told(found: dict[str, list[str]], expected: dict[int, Any]) -> None:
    """Compare codes, and the words where the table gives them."""
    assert found.keys() == {named(number) for number in expected}
    for number, one in expected.items():
        words = found[named(number)]
        assert words[0] == one if isinstance(one, str) else words == list(one)


def test_both_meet_the_table(rules: Page) -> None:
    checklist = table_checklist()
    sets = [case_set(answers, rest) for _, answers, rest, _ in CASES]
    for (name, _, _, expected), one, phone in zip(CASES, sets, on_phone(rules, checklist, sets), strict=True):
        try:
            meets(compare(checklist, one, phone), expected)
            meets(phone, expected)
        except AssertionError as error:
            error.add_note(f"case: {name}")
            raise
