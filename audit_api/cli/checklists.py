"""`audit-api checklist …`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_checklists_dir, packaged_code_book
from audit_api.domain.publications import parse_source, repeated_ids
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.source_text import MAX_CHARACTERS, FormatError, FormatProblem
from audit_api.domain.touchpoint_format import parse_code_book
from audit_api.domain.touchpoints import CodeBook
from audit_api.operations import checklists

PATHS = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="PATH…")
LANGUAGE = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default=terminal_language, help="Default: from LANG."
)
Parsed = tuple[str, str, Checklist | Questionnaire]


@click.group()
def checklist() -> None:
    """Checklists and questionnaires in YAML."""


@checklist.command()
@PATHS
@LANGUAGE
def lint(paths: tuple[Path, ...], lang: str) -> None:
    """Check files or folders (default: those of the product); exit status 1 when something is wrong."""
    parsed = _parse_or_stop(paths, lang)
    items = sum(len(one.items) for _, _, one in parsed)
    zh = f"{len(parsed)} 个文件、{items} 道题，没有问题"
    click.echo(zh if lang == "zh" else f"{len(parsed)} files, {items} items: nothing wrong")


@checklist.command()
@PATHS
@LANGUAGE
def publish(paths: tuple[Path, ...], lang: str) -> None:
    """Publish files or folders (default: those of the product); nothing is published unless all are sound."""
    parsed = _parse_or_stop(paths, lang)
    with connected():
        for _, source, one in parsed:
            entry = checklists.publish(one, source=source, actor=OPERATOR, at=now())
            said = ("未变", "unchanged") if entry["unchanged"] else ("已发布", "published")
            click.echo(f"{one.code} {one.version}: {said[0] if lang == 'zh' else said[1]}")


def _parse_or_stop(paths: tuple[Path, ...], lang: str) -> list[Parsed]:
    """Parse everything; print the problems and leave with status 1 when there are any."""
    files = list(_files(paths or (packaged_checklists_dir(),)))
    found: list[FormatProblem] = []
    parsed: list[Parsed] = []
    book = _code_book(files)
    for path in files:
        try:
            source = _read(path)
            one = parse_source(source, str(path), book)
        except FormatError as error:
            found += error.problems
            continue
        if not isinstance(one, CodeBook):
            parsed.append((str(path), source, one))
    found += repeated_ids([(file, one) for file, _, one in parsed])
    for problem in found:
        click.echo(problem.sentence(lang))
    if found or not parsed:
        if not found:
            click.echo("没有找到检查表（*.yaml）" if lang == "zh" else "No checklist (*.yaml) was found", err=True)
        sys.exit(1)
    return parsed


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Name the YAML files, folders searched through."""
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for ending in ("*.yaml", "*.yml") for inner in path.rglob(ending))
        else:
            yield path


def _code_book(files: list[Path]) -> CodeBook:
    """Use the code book among the files, else the product's; a broken one is reported when its turn comes."""
    for path in files:
        if path.name == "touchpoints.yaml":
            try:
                return parse_code_book(_read(path), str(path))
            except FormatError:
                break
    return packaged_code_book()


def _read(path: Path) -> str:
    try:
        if path.stat().st_size <= 4 * MAX_CHARACTERS:
            return path.read_text("utf-8-sig")
        zh, en = "文件过大；请拆分", "the file is too large: split it"
    except UnicodeDecodeError:
        zh, en = "不是 UTF-8 编码；请另存为 UTF-8", "is not UTF-8: save it as UTF-8"
    except OSError as error:
        zh, en = f"无法读取（{error.strerror}）", f"cannot be read ({error.strerror})"
    raise FormatError((FormatProblem(str(path), 1, "", zh, en),))
