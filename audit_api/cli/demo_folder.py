"""The demo's folder and port: used by one demo at a time, secrets readable by their owner only."""

from __future__ import annotations

import errno
import json
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from audit_api.cli.context import terminal_language
from audit_api.settings import Settings, from_env

DATABASE = "audit_demo"
PORT_SECONDS = 20
LOCK_SECONDS = 5
PRIVATE = 0o600


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends."""
    with (folder / "lock").open("w") as file:
        deadline = time.monotonic() + LOCK_SECONDS  # a demo stopped a moment ago is just leaving
        while not _locked(file):
            if time.monotonic() > deadline:
                zh, en = f"{folder} 正被另一个演示使用", f"another demo is running on {folder}; choose another DIR"
                sys.exit(f"audit-api: {zh if terminal_language() == 'zh' else en}")
            time.sleep(0.2)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where mongod itself refuses a folder in use
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_for_port(address: str, port: int, say: Callable[[str, str], None]) -> None:
    """Wait until the port is free: the server of a demo killed a moment ago is just letting go of it."""
    deadline = time.monotonic() + PORT_SECONDS
    told = False
    while not _is_free(address, port):
        if time.monotonic() > deadline:
            zh, en = f"端口 {port} 被占用，请换一个：PORT=…", f"port {port} is taken; choose another: PORT=…"
            sys.exit(f"audit-api: {zh if terminal_language() == 'zh' else en}")
        if not told:
            say(f"端口 {port} 被占用，稍候", f"port {port} is taken; waiting a little")
            told = True
        time.sleep(0.3)


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                zh, en = f"{address} 不是本机地址，请换一个 HOST=…", f"{address} is no address of this machine: HOST=…"
                sys.exit(f"audit-api: {zh if terminal_language() == 'zh' else en}")
            return False
    return True


def demo_settings(folder: Path, uri: str, url: str) -> Settings:
    """Make the demo's settings; its secrets are made once and kept in the folder."""
    kept = private_json(folder / "secrets.json") or {
        "secret_key": secrets.token_urlsafe(48),
        "contact_key": secrets.token_urlsafe(48),
    }
    write_private(folder / "secrets.json", kept)
    return from_env(mongodb_uri=uri, database=DATABASE, demo=True, public_url=url, **kept)


def private_json(path: Path) -> Any:
    """Read a file of the folder, None where there is none."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def write_private(path: Path, content: Any) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=PRIVATE)
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)
