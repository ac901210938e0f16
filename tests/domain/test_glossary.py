"""The glossary: every term once, in both languages, with a definition."""

from __future__ import annotations

import re
from pathlib import Path

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
CHINESE = re.compile("[一-鿿]")


def rows() -> list[list[str]]:
    """Cells of the table's body."""
    lines = [line for line in GLOSSARY.read_text("utf-8").splitlines() if line.startswith("|")]
    assert lines[0].startswith("| 中文 | English |")
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_it_is_well_formed():
    assert len(rows()) >= 76
    for row in rows():
        assert len(row) == 3 and all(row), row
        assert CHINESE.search(row[0]), row
        assert not CHINESE.search(row[1] + row[2]), row


def test_no_term_stands_twice():
    for column in (0, 1):
        terms = [row[column].lower() for row in rows()]
        assert sorted(set(terms)) == sorted(terms)


def test_terms_the_product_must_not_use_are_absent():
    words = GLOSSARY.read_text("utf-8").lower()
    assert not re.search(r"\b(fraud|cheat|violation)\b", words)
