"""`audit-api doctor`: does this machine have what is needed; one sentence for each thing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from audit_api.cli.context import terminal_language
from audit_api.embedded_mongo import EmbeddedMongoError, find_mongod
from audit_api.settings import SettingsError, from_env, names_database

FREE_BYTES = 2_000_000_000
OLDEST_PYTHON = (3, 11)
DATABASE_WAIT_MILLISECONDS = 5_000


@dataclass(frozen=True)
class Finding:
    """What was found: fine or not, and a sentence in both languages."""

    fine: bool
    zh: str
    en: str


def check_python() -> Finding:
    """Look at the Python that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding(
            False,
            f"Python {version} 过旧，请安装 3.11 或更高版本",
            f"Python {version} is too old: install 3.11 or newer",
        )
    return Finding(True, f"Python {version}", f"Python {version}")


def check_mongod() -> Finding:
    """Look for a mongod that runs here."""
    try:
        binary = find_mongod()
    except EmbeddedMongoError as error:
        return Finding(False, f"没有可用的 mongod：{error}", str(error))
    return Finding(True, f"mongod 可以运行：{binary}", f"mongod runs: {binary}")


def check_database() -> Finding:
    """Ask the database that MONGODB_URI names, and nothing else of the settings."""
    from pymongo import MongoClient  # noqa: PLC0415 - only where a database is named
    from pymongo.errors import PyMongoError  # noqa: PLC0415

    try:
        settings = from_env(secret_key="-" * 32, contact_key="-" * 32)
        client: MongoClient[dict[str, Any]]
        with MongoClient(settings.mongodb_uri, serverSelectionTimeoutMS=DATABASE_WAIT_MILLISECONDS) as client:
            hello = client.admin.command("hello")
    except (PyMongoError, SettingsError) as error:
        reason = str(error).split(", Timeout")[0]
        return Finding(
            False, f"MONGODB_URI 所指数据库没有应答：{reason}", f"MONGODB_URI names no database that answers: {reason}"
        )
    if "setName" not in hello:
        return Finding(
            False,
            "MONGODB_URI 指向单机实例；需要副本集（--replSet），否则已确认的数据可能丢失",
            "MONGODB_URI names a standalone server: without a replica set, acknowledged data can be lost",
        )
    if not hello.get("isWritablePrimary"):
        return Finding(False, "副本集当前没有可写主节点", "The replica set has no writable primary right now")
    return Finding(True, f"副本集 {hello['setName']} 可写", f"Replica set {hello['setName']} takes writes")


def check_disk(folder: Path) -> Finding:
    """Look at the free space where data will lie."""
    free = shutil.disk_usage(folder).free
    gigabytes = f"{free / 1e9:.1f} GB"
    if free < FREE_BYTES:
        return Finding(
            False, f"磁盘只剩 {gigabytes}，至少需要 2 GB", f"Only {gigabytes} of disk are free; 2 GB are needed"
        )
    return Finding(True, f"磁盘可用空间 {gigabytes}", f"{gigabytes} of disk are free")


def check_settings() -> Finding:
    """Read the settings as `audit-api serve` would."""
    try:
        from_env()
    except SettingsError as error:
        return Finding(False, f"设置有误：{error}", f"Settings: {error}")
    return Finding(True, "设置完整", "The settings are complete")


def findings(*, own_database: bool, demo: bool, folder: Path) -> Iterator[Finding]:
    """Check the machine: for the demo (own mongod unless one is named), or for `audit-api serve`."""
    checks: list[Callable[[], Finding]] = [check_python]
    checks.append(check_database if own_database else check_mongod)
    checks.append(lambda: check_disk(folder))
    if not demo:
        checks.append(check_settings)
    for check in checks:
        yield check()


def say(finding: Finding) -> None:
    """Print one finding in the language of the terminal."""
    mark = "✓" if finding.fine else "✗"
    click.echo(f"{mark} {finding.zh if terminal_language() == 'zh' else finding.en}")


@click.command()
@click.option("--demo", is_flag=True, help="Check for the demo, which makes its own settings.")
def doctor(*, demo: bool) -> None:
    """Check Python, database, libraries, disk and settings; exit status 1 where something is missing."""
    found = list(findings(own_database=names_database(), demo=demo, folder=Path.cwd()))
    for finding in found:
        say(finding)
    sys.exit(0 if all(f.fine for f in found) else 1)
