"""`audit-api …`: noun, then verb. Commands are imported when called, so that `--help` is quick."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from audit_api import __version__
from audit_api.problems import Problem
from audit_api.settings import SettingsError

# name -> (module below audit_api.cli, attribute, what `audit-api --help` says)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "dealer": ("directory", "dealer", "Dealers: import, list."),
    "person": ("directory", "person", "People: add, list."),
    "token": ("directory", "token", "Bearer tokens: create, revoke."),
    "checklist": ("checklists", "checklist", "Checklists and questionnaires: lint, publish."),
    "survey": ("surveys", "survey", "Customers' answers, sample frame, column mappings: import, list."),
    "programme": ("programmes", "programme", "Programmes: add."),
    "wave": ("programmes", "wave", "Waves: add."),
    "assignment": ("programmes", "assignment", "Assignments: import."),
    "visit": ("visits", "visit", "Visits: their versions, how two differ, their evidence, late follow-ups."),
    "import": ("visit_import", "import_", "What was done before: past visits."),
    "screening": ("screening", "screening", "Screenings of the database: run, watch, replay, export."),
    "copy": ("copies", "copy", "Photos used more than once: enter, list."),
    "auditor": ("auditors", "auditor", "Auditors: compare them with one another, print a dossier."),
    "flag": ("flags", "flag", "Flags: print the dossier of any dealer of a run."),
    "screen-files": ("screen_files", "screen_files", "Screen a folder of files, without a database."),
    "simulate": ("simulate", "simulate", "Try a policy of screening on invented networks: power, false alarms."),
    "receipt": ("receipts", "receipt", "Receipts of submissions: verify; their keys."),
    "trail": ("trail", "trail", "The trail of everything done: verify, seal."),
    "photos": (
        "photos",
        "photos",
        "Kept photos: verify, list damaged ones, sweep remains, cover faces and plates.",
    ),
    "device": ("devices", "device", "Auditors' phones: make a code that signs one in."),
    "demo": ("demo", "demo", "Load an invented network and serve it."),
    "doctor": ("doctor", "doctor", "Check this machine: Python, database, libraries, disk, settings."),
    "serve": ("serve", "serve", "Serve the API in the foreground."),
    "openapi": ("openapi", "openapi", "Print the OpenAPI 3.1 description."),
}


class LazyGroup(click.Group):
    """Imports a command's module only when it is called or asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names without importing anything."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"audit_api.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in sorted(COMMANDS)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="audit-api")
def cli() -> None:
    """Dealer audits and customer surveys held against each other."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; problems and bad settings become one clear sentence and exit status 1."""
    try:
        return cli(args=arguments)
    except SettingsError as error:
        sys.exit(f"audit-api: {error}")
    except Problem as problem:
        from audit_api.cli.context import say_problem  # noqa: PLC0415 - only on failure

        say_problem(problem)
        sys.exit(1)
