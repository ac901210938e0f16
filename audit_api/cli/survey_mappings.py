"""`audit-api survey mapping …`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api import problems
from audit_api.cli.context import connected, now
from audit_api.domain.directory import OPERATOR
from audit_api.domain.source_text import MAX_CHARACTERS
from audit_api.operations import survey_mappings
from audit_api.problems import Problem

LISTED_AT_ONCE = 200


@click.group()
def mapping() -> None:
    """How a source writes its files, saved under a name: columns, words, dates."""


@mapping.command("save")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def save(name: str, file: Path) -> None:
    """Save a column mapping (YAML) as the next version under NAME."""
    try:
        with file.open(encoding="utf-8-sig") as opened:
            source = opened.read(MAX_CHARACTERS + 1)
    except UnicodeDecodeError:
        raise Problem(problems.INVALID, zh="请以 UTF-8 保存映射文件", en="Save the mapping as UTF-8") from None
    with connected():
        row = survey_mappings.save_mapping(name, source, file=file.name, actor=OPERATOR, at=now())
    click.echo(f"{name} version {row['version']}" + (", unchanged" if row["unchanged"] else ""))


@mapping.command("show")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), default=None)
def show(name: str, version: int | None) -> None:
    """Print a mapping as it was saved."""
    with connected():
        click.echo(survey_mappings.open_mapping(name, version)["source"].rstrip())


@mapping.command("list")
def list_() -> None:
    """List the mappings: name, version, kind, questionnaire; tab-separated."""
    after: str | None = None
    with connected():
        while True:
            found = survey_mappings.list_mappings(limit=LISTED_AT_ONCE, after=after)
            for row in found["items"]:
                click.echo("\t".join((row["name"], str(row["version"]), row["kind"], row["questionnaire"])))
            if (after := found["next"]) is None:
                return
