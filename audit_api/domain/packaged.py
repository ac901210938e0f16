"""The checklists, questionnaires and code book that come with the product."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import Checklist
from audit_api.domain.questionnaire_format import parse_questionnaire
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.touchpoint_format import parse_code_book
from audit_api.domain.touchpoints import CodeBook


def packaged_checklists_dir() -> Path:
    """Return the folder: inside the installed package, or ``checklists/`` of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "packaged_checklists"
    return installed if installed.is_dir() else package.parent / "checklists"


@cache
def packaged_code_book() -> CodeBook:
    """Read the code book once."""
    path = packaged_checklists_dir() / "touchpoints.yaml"
    return parse_code_book(path.read_text("utf-8"), path.name)


@cache
def packaged_checklists() -> tuple[Checklist, ...]:
    """Read the checklists once, in the order of their file names."""
    paths = sorted(packaged_checklists_dir().glob("*.yaml"))
    texts = [(path.read_text("utf-8"), path.name) for path in paths if path.name != "touchpoints.yaml"]
    return tuple(parse_checklist(text, name, packaged_code_book()) for text, name in texts)


@cache
def packaged_questionnaires() -> tuple[Questionnaire, ...]:
    """Read the questionnaires once, in the order of their file names."""
    paths = sorted((packaged_checklists_dir() / "questionnaires").glob("*.yaml"))
    return tuple(parse_questionnaire(path.read_text("utf-8"), path.name, packaged_code_book()) for path in paths)
