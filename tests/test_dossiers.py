"""The printed dossiers in docs/dossiers: readable without statistics, and those that the code writes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "dossiers"
STORIES = ("fleet", "excellent", "gamed")
SAID = {
    "zh": {"not": "没有标记", "why_not": "## 为什么没有标记", "sure": "## 有多大把握", "limits": "## 不能证明什么",
           "why": "## 为什么这样评定", "fleet": "**L05 大客户、租赁或团购：符合**",
           "excellent": "**L01 确实优秀的店：符合**",
           "high": "高分本身不会引起标记", "terms": "## 数字怎么读"},
    "en": {"not": "Not flagged", "why_not": "## Why it is not flagged", "sure": "## How sure this is",
           "limits": "## What it does not prove", "why": "## Why it is graded so",
           "fleet": "**L05 Fleet, leasing, group buyers: fits**",
           "excellent": "**L01 Really excellent dealer: fits**",
           "high": "High scores alone never raise a flag", "terms": "## How to read the figures"},
}  # fmt: skip


def text_of(story, language):
    return (FOLDER / f"{story}.{language}.md").read_text("utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("story", STORIES)
def test_what_was_seen_how_sure_and_what_it_does_not_prove(story, language):
    text, said = text_of(story, language), SAID[language]
    assert said["sure"] in text
    assert said["limits"] in text
    assert said["high"].lower() in text.lower()
    assert len(re.findall(r"^- \*\*", text, re.MULTILINE)) == 19, "every look-alike"
    assert not re.search(r"\b(None|nan|fraud|cheat)\b", text)
    assert said["terms"] in text, "no statistics are taken for granted"
    assert not re.search(r"[+-]0(\.0+)?(?![\d.])|\bp = |\bq = |\(s\)|\b1 (visits|groups)\b", text)
    if language == "zh":
        assert not re.search(r"[\u4e00-\u9fff][:;,?]|[:;,?][\u4e00-\u9fff]|over 5|under 2", text), "Chinese punctuation"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("story", ["fleet", "excellent"])
def test_the_honest_ones_say_why_they_are_not_flagged(story, language):
    text, said = text_of(story, language), SAID[language]
    assert f"**{said['not']}**" in text
    reason = text.split(said["why_not"])[1].split("##")[0].strip()
    assert len(reason) > 40
    assert (said["fleet"] in text) is (story == "fleet")
    assert (said["excellent"] in text) is (story == "excellent"), "it is told why its high marks have a ground"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_gamed_one_is_a_question(language):
    text, said = text_of("gamed", language), SAID[language]
    assert f"**{said['not']}**" not in text
    assert said["why"] in text


@pytest.mark.slow
def test_they_are_what_the_demo_prints(tmp_path):
    """The invented network gives the same texts to the letter."""
    command = [sys.executable, "-c", "from audit_api.cli import main; main()", "demo", "dossiers", "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    for story in STORIES:
        for language in ("zh", "en"):
            assert (tmp_path / f"{story}.{language}.md").read_text("utf-8") == text_of(story, language)
