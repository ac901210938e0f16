"""`audit-api dealer …`, `audit-api person …`, `audit-api token …`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api.auth import hash_token
from audit_api.cli.context import connected, now
from audit_api.cli.tables import say_report
from audit_api.domain.directory import OPERATOR, Role
from audit_api.intake.tables import read_table
from audit_api.operations import directory

LISTED_AT_ONCE = 200


@click.group()
def dealer() -> None:
    """Dealers."""


@dealer.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
def import_dealers(file: Path, *, dry_run: bool) -> None:
    """Import dealers from a CSV or XLSX file; the same file again changes nothing."""
    with connected():
        report = directory.import_dealers(read_table(file), dry_run=dry_run, actor=OPERATOR, at=now())
    say_report(report, file.name)


@dealer.command("list")
@click.option("--brand", default=None)
@click.option("--region", default=None)
def list_dealers(brand: str | None, region: str | None) -> None:
    """List dealers: code, brand, region, city, names; tab-separated."""
    after: str | None = None
    with connected():
        while True:
            found = directory.list_dealers(OPERATOR, limit=LISTED_AT_ONCE, after=after, brand=brand, region=region)
            for row in found["items"]:
                columns = ("code", "brand", "region", "city", "name_zh", "name_en")
                click.echo("\t".join(str(row.get(name) or "") for name in columns))
            if (after := found["next"]) is None:
                return


@click.group()
def person() -> None:
    """People who work with the system."""


@person.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--brand", "brands", multiple=True, help="A brand in scope; repeat; * for all.")
@click.option("--dealer", "dealers", multiple=True, help="A dealer in scope; repeat.")
@click.option("--locale", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def add(*, email: str, name: str, role: str, brands: tuple[str, ...], dealers: tuple[str, ...], locale: str) -> None:
    """Register a person."""
    with connected():
        made = directory.add_person(
            email=email,
            name=name,
            role=Role(role),
            brands=brands,
            dealers=dealers,
            locale=locale,
            actor=OPERATOR,
            at=now(),
        )
    click.echo(made)


@person.command("list")
def list_people() -> None:
    """List people: e-mail, role, brands, dealers, live tokens; tab-separated."""
    after: str | None = None
    with connected():
        while True:
            found = directory.list_people(OPERATOR, at=now(), limit=LISTED_AT_ONCE, after=after)
            for row in found["items"]:
                scope = (",".join(row["brands"]), ",".join(row["dealers"]))
                click.echo("\t".join((row["email"], row["role"], *scope, str(row["live_tokens"]))))
            if (after := found["next"]) is None:
                return


@click.group()
def token() -> None:
    """Bearer tokens."""


@token.command("create")
@click.argument("email")
@click.option("--label", default="", help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), default=None, help="Days until it expires.")
def create(email: str, label: str, days: int | None) -> None:
    """Make a token for a person; it is shown this once."""
    with connected() as services:
        made, expires_at = directory.create_token(
            email=email,
            label=label,
            days=days or services.settings.token_days,
            actor=OPERATOR,
            at=now(),
            hash_token=hash_token,
        )
    click.echo(made)
    click.echo(f"expires {expires_at:%Y-%m-%d}; it cannot be shown again", err=True)


@token.command("revoke")
@click.argument("email")
@click.option("--prefix", default="", help="Only tokens whose SHA-256 begins so (the trail names them); default all.")
def revoke(email: str, prefix: str) -> None:
    """Revoke a person's tokens."""
    with connected():
        count = directory.revoke_tokens(email=email, prefix=prefix, actor=OPERATOR, at=now())
    click.echo(f"{count} revoked")
