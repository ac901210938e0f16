"""Writes docs/reference.md: `python -m audit_api.reference`. Compared with the file in tests/test_docs.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

import click

from audit_api import problems
from audit_api.anomaly.auditors.registry import ENTRIES as AUDITOR_ENTRIES
from audit_api.anomaly.registry import ENTRIES
from audit_api.cli import COMMANDS, cli
from audit_api.domain.visit_checks.registry import CHECKS
from audit_api.settings import Settings, variable_of

HEAD = """# Reference

Written by `make reference` from the code; change the code, not this page.
"""


def reference() -> str:
    """Give the whole page as Markdown."""
    parts = (HEAD, *_settings(), *_problems(), *_indicators(), *_auditor_indicators(), *_checks(), *_commands())
    return "\n".join(parts).rstrip() + "\n"


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield (
        "Read from the environment at start. `NAME_FILE` may name a file that holds the value. "
        "A misspelt `AUDIT_` variable is refused.\n"
    )
    yield "| Variable | Default | Meaning |\n|---|---|---|"
    for declared in fields(Settings):
        yield f"| `{variable_of(declared.name)}` | {_default(declared)} | {_cell(declared.metadata['help'])} |"
    yield ""


def _default(declared: Field[Any]) -> str:
    if declared.default is MISSING:
        return "required"
    if isinstance(declared.default, bool):
        return f"`{str(declared.default).lower()}`"
    return f"`{declared.default}`" if declared.default != "" else "empty"


def _problems() -> Iterator[str]:
    yield "## Problems\n"
    yield (
        "Every error is `application/problem+json`. `type` is stable and leads to a page; "
        "`title` follows Accept-Language.\n"
    )
    yield "| Type | HTTP | 中文 | English |\n|---|---|---|---|"
    for kind in problems.catalogue():
        retired = " (retired)" if kind.retired else ""
        yield f"| `{kind.uri}`{retired} | {kind.status} | {_cell(kind.zh)} | {_cell(kind.en)} |"
    yield ""


def _indicators() -> Iterator[str]:
    yield "## Indicators\n"
    yield "An indicator asks a question, and names the honest explanations. High scores alone never flag a dealer.\n"
    for entry in ENTRIES:
        found = entry.indicator
        yield f"### `{found.code}` · {found.title_zh} · {found.title_en}\n"
        yield f"- Evidence group `{found.group}`, unit {found.unit}, needs at least {found.min_n} responses"
        yield f"- Formula: `{found.formula}`"
        yield f"- Source: {found.source}"
        yield "- Honest explanations:"
        for explanation in found.explanations:
            yield f"  - {explanation.zh} · {explanation.en}" + (f" ({explanation.code})" if explanation.code else "")
        yield ""


def _auditor_indicators() -> Iterator[str]:
    yield "## Indicators about auditors\n"
    yield "For quality teams only; a question about an auditor is no evidence about any dealer.\n"
    for entry in AUDITOR_ENTRIES:
        found = entry.indicator
        shown = "" if found.raises else "; shown, raises no question by itself"
        yield f"### `{found.code}` · {found.title_zh} · {found.title_en}\n"
        yield f"- Unit {found.unit}, needs {found.needs_en}{shown}"
        yield f"- Formula: `{found.formula}`"
        yield f"- Source: {found.source}"
        yield "- Honest explanations:"
        for explanation in found.explanations:
            yield f"  - {explanation.zh} · {explanation.en}"
        yield ""


def _checks() -> Iterator[str]:
    yield "## Quality checks\n"
    yield (
        "Run on every visit at its submission, kept with it, shown to quality control. None refuses anything a phone "
        "sends; a visit on which a blocking one did not pass is approved only with a reason from a named person.\n"
    )
    yield "| Check | 中文 | English | Reads | Settings | Kind |\n|---|---|---|---|---|---|"
    for check in CHECKS:
        names = ", ".join(f"`{variable_of(name)}`" for name in check.settings) or "–"
        kind = "blocking" if check.blocking else "advisory"
        yield f"| `{check.code}` | {check.zh} | {check.en} | {check.inputs} | {names} | {kind} |"
    yield ""


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "`audit-api` and a noun, then a verb. `-h` after any of them explains it.\n"
    context = click.Context(cli, info_name="audit-api")
    for name in sorted(COMMANDS):
        command = cli.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _command(command, f"audit-api {name}")


def _command(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield from _entry(command, path)
        for name in sorted(command.commands):
            yield from _command(command.commands[name], f"{path} {name}")
    else:
        yield from _entry(command, path)


def _entry(command: click.Command, path: str) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    yield f"### `{' '.join([path, *(a.make_metavar(click.Context(command)) for a in arguments)])}`\n"
    yield f"{(command.help or '').strip()}\n"
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    for option in options:
        yield f"- `{option.opts[-1]}`{' (required)' if option.required else ''}: {_meaning(option)}"
    if options:
        yield ""


def _meaning(option: click.Option) -> str:
    text = option.help or option.human_readable_name.replace("_", " ")
    if isinstance(option.type, click.Choice):
        text += f" ({', '.join(map(str, option.type.choices))})"
    if option.show_default and option.default is not None and not callable(option.default):
        text += f" Default `{option.default}`."
    return _cell(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    click.echo(reference(), nl=False)
