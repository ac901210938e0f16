"""Documents tell the truth: what they name exists, what exists is named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from audit_api import problems
from audit_api.anomaly.registry import ENTRIES
from audit_api.cli import COMMANDS, cli
from audit_api.reference import reference
from audit_api.routes import BLUEPRINTS
from audit_api.settings import Settings, variable_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_the_reference_is_up_to_date():
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == reference(), "run: make reference"


def test_the_reference_names_everything():
    text = reference()
    for name in Settings.__dataclass_fields__:
        assert f"`{variable_of(name)}`" in text
    for kind in problems.catalogue():
        assert f"`{kind.uri}`" in text
    for entry in ENTRIES:
        assert f"`{entry.indicator.code}`" in text
    for name in COMMANDS:
        assert f"### `audit-api {name}" in text


def commands(text: str) -> list[list[str]]:
    """Find every `audit-api …` in running text and code blocks."""
    found = re.findall(r"(?:^|[`\s(])(?:\S*/bin/)?audit-api ([a-z][^`\n]*)", text, re.MULTILINE)
    return [shlex.split(line.replace("…", "X"), comments=True) for line in found]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_named_exists(document):
    for line in commands(document.read_text("utf-8")):
        words = line
        command: click.Command = cli
        context = click.Context(cli)
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            following = command.get_command(context, words[0])
            if following is None and command is not cli and command.invoke_without_command:
                break
            assert following is not None, f"{document.name} names `audit-api {' '.join(words)}`"
            command, words = following, words[1:]
        known = {name for parameter in command.params for name in parameter.opts} | {"-h", "--help"}
        for word in words:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, f"{document.name}: {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_named_exists(document):
    for target in re.findall(r"[`\n]make ([a-z][a-z-]*)", document.read_text("utf-8")):
        assert target in TARGETS, target


def test_every_target_explains_itself():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in TARGETS:
        assert re.search(rf"^{target}:.* ## \S", makefile, re.MULTILINE), target
    assert {"venv", "demo", "test", "lint", "bench"} <= TARGETS
    assert set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split()) == TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_every_variable_named_is_a_setting():
    known = {variable_of(name) for name in Settings.__dataclass_fields__}
    for document in [*DOCUMENTS, ROOT / "compose.yaml", ROOT / "Dockerfile"]:
        for variable in re.findall(r"\b(?:AUDIT_[A-Z_]+|MONGODB_URI)\b", document.read_text("utf-8")):
            assert variable.removesuffix("_FILE") in known, f"{document.name}: {variable}"


def test_the_readme_begins_with_what_is_needed():
    first = "\n".join(README.splitlines()[:5])
    for need in ("Python 3.11", "venv", "git", "make", "libcurl4"):
        assert need in first


def test_routes_named_in_documents_exist():
    from tests.contract.route_map import offline_app

    templates = {re.sub(r"<(?:[^:<>]+:)?[^<>]+>", "{}", rule.rule) for rule in offline_app().url_map.iter_rules()}
    for document in DOCUMENTS:
        for path in re.findall(r"(?:GET|PUT|POST|HEAD|DELETE) (/v1/[^\s`?]+)", document.read_text("utf-8")):
            generic = re.sub(r"\{[^}]+\}|[0-9a-f]{64}|[0-9a-f-]{36}|(?<=/checklists/)[A-Z]+", "{}", path)
            assert generic in templates, f"{document.name}: {path}"
    assert BLUEPRINTS


def test_documents_that_the_code_cites_exist():
    """`Source: docs/….md` in a docstring must not lead nowhere."""
    for path in (ROOT / "audit_api").rglob("*.py"):
        for cited in re.findall(r"\bdocs/[a-z-]+\.md\b", path.read_text("utf-8")):
            assert (ROOT / cited).exists(), f"{path.relative_to(ROOT)} cites {cited}"


def test_nothing_of_this_machine_is_in_the_lock():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"https?://|--index|--find-links|--extra", text)
    pins = re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)
    assert len(pins) > 50
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        assert not re.match(r"[A-Za-z0-9._-]+==", block) or "--hash=sha256:" in block
