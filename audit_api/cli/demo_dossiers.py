"""`audit-api demo dossiers`: print three dossiers of the invented network, the same ones every time."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from audit_api.cli.context import terminal_language
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.settings import Settings, mongodb_uri_of, names_database

DATABASE = "audit_demo_dossiers"
DAY = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
"""The demo as if loaded at this moment: another day would give other dates."""
DEALERS = 60
# No secret: the database they belong to lives as long as the command, and all in it is invented.
KEY = "demo dossiers " * 4
NOTES = {
    "zh": "> 虚构网络中的一家店（{kind}），由 `make dossiers` 打印。标记是问题，不是结论。",
    "en": "> One dealer of an invented network ({kind}), printed by `make dossiers`. A flag is a question, not a "
    "verdict.",
}
KINDS = {
    "fleet": {"zh": "有大客户、如实经营的店", "en": "an honest one with a fleet customer"},
    "excellent": {"zh": "确实优秀的店", "en": "a really excellent one"},
    "gamed": {"zh": "干预过调查的店", "en": "one that bends its survey"},
}


@click.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the texts.")
def dossiers(*, out: Path) -> None:
    """Load the invented network as of a fixed day, screen it, write three dossiers in both languages to OUT."""
    with tempfile.TemporaryDirectory() as folder:
        if names_database():
            _write(Path(folder), mongodb_uri_of(), out)
            return
        with EmbeddedMongo(Path(folder) / "mongo") as server:
            _write(Path(folder), server.uri, out)


def _write(folder: Path, uri: str, out: Path) -> None:
    # Only this command needs all of it: `audit-api --help` stays quick.
    from audit_api.domain.directory import OPERATOR  # noqa: PLC0415
    from audit_api.domain.dossier_text import dossier_lines  # noqa: PLC0415
    from audit_api.evidence.store import GridFSStore  # noqa: PLC0415
    from audit_api.models import base  # noqa: PLC0415
    from audit_api.operations import demo, demo_dossiers, screening  # noqa: PLC0415
    from audit_api.operations.demo_network import SECOND_WAVE  # noqa: PLC0415

    def say(zh: str, en: str) -> None:
        click.echo(zh if terminal_language() == "zh" else en, err=True)

    settings = Settings(mongodb_uri=uri, database=DATABASE, demo=True, secret_key=KEY, contact_key=KEY)
    database = base.connect(settings.mongodb_uri, settings.database)
    try:
        base.client().drop_database(DATABASE)
        base.build_indexes()
        store = GridFSStore(database)
        store.ensure_indexes()
        loading = demo.begin_demo(DEALERS, folder=folder, settings=settings, store=store, now=DAY, say=say)
        demo.load_directory(loading)
        demo.load_visits(loading, demo.load_survey(loading), screened=True)
        say("筛查中", "screening")
        run = screening.run_screening(SECOND_WAVE, demo.QUESTIONNAIRE, actor=OPERATOR, at=DAY, action=True)
        chosen = demo_dossiers.choose_dealers(loading, run)
        if missing := [story for story in demo_dossiers.STORIES if story not in chosen]:
            sys.exit(f"audit-api: the invented network holds no dealer for {', '.join(missing)}")
        names = {dealer.code: (dealer.name_zh, dealer.name_en) for dealer in loading.plan.dealers}
        out.mkdir(parents=True, exist_ok=True)
        for story, code in chosen.items():
            found = screening.open_dealer_screening(OPERATOR, run["code"], code, compute=True)
            for language in ("zh", "en"):
                name = f"{code} {names[code][language != 'zh']}"
                note = NOTES[language].format(kind=KINDS[story][language])
                title, *rest = dossier_lines(found, language, dealer=name)
                path = out / f"{story}.{language}.md"
                path.write_text("\n".join([title, "", note, *rest]) + "\n", encoding="utf-8")
                click.echo(str(path))
    finally:
        base.client().drop_database(DATABASE)
        base.disconnect()
