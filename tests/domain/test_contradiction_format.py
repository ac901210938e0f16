"""Contradictory pairs in a checklist: read, kept, and every one that cannot work is named."""

from __future__ import annotations

import pytest

from audit_api.domain.checklist_document import from_document, to_document
from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import Comparison
from audit_api.domain.packaged import packaged_checklists, packaged_checklists_dir
from audit_api.domain.source_text import FormatError

SOURCE = (packaged_checklists_dir() / "sales_mystery_shop.yaml").read_text("utf-8")
FIRST = "{item: SMS-REC-03, op: eq, value: ignored}"
SECOND = "{item: SMS-NEED-02, op: gte, value: 4}"


def test_pairs_are_read_and_survive_publishing():
    for made in packaged_checklists():
        assert made.contradicts
        assert from_document(to_document(made)).contradicts == made.contradicts
    sms = next(c for c in packaged_checklists() if c.code == "SMS")
    assert sms.contradicts[0].pair == (Comparison("SMS-REC-03", "eq", "ignored"), Comparison("SMS-NEED-02", "gte", 4))


def test_without_pairs_a_checklist_is_what_it_was():
    head, _, tail = SOURCE.partition("\ncontradicts:\n")
    without = parse_checklist(head + "\nsections:\n" + tail.partition("\nsections:\n")[2])
    assert without.contradicts == ()
    assert "contradicts" not in to_document(without)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((FIRST, "{item: SMS-REC-99, op: eq, value: ignored}"), "SMS-REC-99"),
        ((FIRST, "{item: SMS-REC-03, op: eq, value: gone}"), "'gone' is not an answer of SMS-REC-03"),
        ((FIRST, "{item: SMS-REC-03, op: gte, value: ignored}"), "has no order"),
        ((SECOND, "{item: SMS-REC-03, op: eq, value: right}"), "name two different items"),
        ((f"  - {SECOND}\n", ""), "pair"),
        (
            ("contradicts:\n", f"contradicts:\n- pair: [{SECOND}, {FIRST}]\n  why: {{zh: 同上, en: The same}}\n"),
            "listed",
        ),
        (("    zh: 基本被忽略，倾听却评为充分\n", ""), "zh"),
    ],
)
def test_a_pair_that_cannot_work_is_named(change, said):
    assert change[0] in SOURCE
    with pytest.raises(FormatError) as refused:
        parse_checklist(SOURCE.replace(*change, 1))
    assert any(said in problem.en for problem in refused.value.problems), refused.value.problems
