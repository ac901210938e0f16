"""`audit-api visit …`."""

from __future__ import annotations

import json

import click

from audit_api.cli.context import connected, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.operations import visit_versions

LISTED_AT_ONCE = 200


@click.group()
def visit() -> None:
    """Visits: their versions, and how two of them differ."""


@visit.command("versions")
@click.argument("visit_id", type=click.UUID)
def versions(visit_id: object) -> None:
    """List the versions of a visit: revision, when it came, hash, why; tab-separated."""
    after: int | None = None
    with connected():
        while True:
            found = visit_versions.list_versions(OPERATOR, str(visit_id), limit=LISTED_AT_ONCE, after=after)
            for row in found["items"]:
                why = row.get("correction") or row.get("replaced", {}).get("reason", "")
                words = (str(row["revision"]), row["updated_at"].isoformat(), row["content_hash"][:12], why)
                click.echo("\t".join(words))
            if (after := found["next"]) is None:
                return


@visit.command("compare")
@click.argument("visit_id", type=click.UUID)
@click.argument("before", type=click.IntRange(1))
@click.argument("after", type=click.IntRange(1), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def compare(visit_id: object, before: int, after: int | None, *, as_json: bool) -> None:
    """Compare two versions of a visit, BEFORE with AFTER, or with what is held now."""
    with connected():
        found = visit_versions.compare_versions(OPERATOR, str(visit_id), before=before, after=after)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    zh = terminal_language() == "zh"
    for difference in found["differences"]:
        click.echo(difference["words"]["zh" if zh else "en"])
    if not found["differences"]:
        click.echo("没有差别" if zh else "no difference")
