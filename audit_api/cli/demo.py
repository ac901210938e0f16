"""`audit-api demo`: load an invented network into a database of its own, serve it, stop it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from audit_api.cli import doctor
from audit_api.cli.context import now, terminal_language
from audit_api.cli.demo_client import checklist, flags, visit
from audit_api.cli.demo_dossiers import dossiers
from audit_api.cli.demo_folder import demo_settings, private_json, sole_user, wait_for_port, write_private
from audit_api.cli.demo_https import LOOPBACK, Place, offer_authority, place
from audit_api.cli.demo_phone import explain_phone, sign_in_link
from audit_api.embedded_mongo import EmbeddedMongo, EmbeddedMongoError
from audit_api.settings import Settings, child_environment, mongodb_uri_of, names_database

SERVER_LOG = "server.log"
COPIES_LOG = "copies.log"
COVERING_LOG = "covering.log"
READY_SECONDS = 60
STOP_SECONDS = 30
RUN = [sys.executable, "-c", "from audit_api.cli import main; main()"]


@click.group(invoke_without_command=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--dir",
    "folder",
    default=".demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the data; what is there is used again.",
)
@click.option("--https", is_flag=True, help="Serve HTTPS under an authority of the demo's own, for a real phone.")
@click.option(
    "--host", default=LOOPBACK, show_default=True, help="Address of this machine to listen on; needs --https."
)
@click.option("--dealers", default=60, show_default=True, type=click.IntRange(12, 60), help="How many, at first load.")
@click.pass_context
def demo(context: click.Context, *, port: int, folder: Path, https: bool, host: str, dealers: int) -> None:
    """Load an invented network (once) and serve it until Ctrl-C."""
    if context.invoked_subcommand is None:
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        _run(folder.resolve(), host, port, dealers, https=https)


for command in (checklist, visit, flags, dossiers):
    demo.add_command(command)


def _leave(number: int, frame: Any) -> None:
    """Leave in order, once: a second Ctrl-C does not cut the database's stop short."""
    for repeated in (signal.SIGTERM, signal.SIGINT):
        signal.signal(repeated, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(folder: Path, host: str, port: int, dealers: int, *, https: bool) -> None:
    began = time.monotonic()

    def say(zh: str, en: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {zh if terminal_language() == 'zh' else en}")

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_machine(folder)
    try:
        with sole_user(folder):
            chosen = place(folder, host=host, port=port, https=https, at=now())
            wait_for_port(chosen.address, port, say)
            with _database(folder, say) as uri:
                _load_and_serve(folder, demo_settings(folder, uri, chosen.url), chosen, dealers, say)
    except KeyboardInterrupt:
        say("已停止；数据保留在 " + str(folder), f"stopped; the data stays in {folder}")
    except EmbeddedMongoError as error:
        sys.exit(f"audit-api: {error}")


def _load_and_serve(
    folder: Path, settings: Settings, chosen: Place, dealers: int, say: Callable[[str, str], None]
) -> None:
    serve = ("serve", *chosen.serve_options())
    with (
        _loading(folder, settings, dealers, say) as rest,
        _beside(folder / SERVER_LOG, settings, *serve) as server,
        offer_authority(chosen) if chosen.authority else nullcontext("") as authority_url,
    ):
        tokens, copying, link = rest()
        _wait_until_ready(chosen, server, folder)
        say(f"就绪：{chosen.url}/ ，Ctrl-C 停止", f"ready: {chosen.url}/ (Ctrl-C stops it)")
        _explain(chosen, tokens, copying)
        explain_phone(chosen, link, authority_url)
        dealer = next(entry["sees"] for entry in tokens if entry["role"] == "dealer")
        say(
            f"正在检测经销商 {dealer} 照片中的人脸和车牌；完成后其结果页面显示照片",
            f"looking for faces and number plates in the photos of dealer {dealer}; its results then show them",
        )
        covering = ("photos", "cover", "--dealer", dealer)
        with (
            _beside(folder / COVERING_LOG, settings, *covering),
            _beside(folder / COPIES_LOG, settings, "copy", "enter", "--follow"),
        ):
            code = server.wait()
        sys.exit(f"audit-api: the server ended with {code}; see {folder / SERVER_LOG}")


def _check_machine(folder: Path) -> None:
    found = list(doctor.findings(own_database=names_database(), demo=True, folder=folder))
    if not all(finding.fine for finding in found):
        for finding in found:
            doctor.say(finding)
        sys.exit(1)


@contextmanager
def _database(folder: Path, say: Callable[[str, str], None]) -> Iterator[str]:
    if names_database():
        say("使用 MONGODB_URI 所指数据库", "using the database that MONGODB_URI names")
        yield mongodb_uri_of()
        return
    with EmbeddedMongo(folder / "mongo") as server:
        say(f"MongoDB 已启动（127.0.0.1:{server.port}）", f"MongoDB runs on 127.0.0.1:{server.port}")
        yield server.uri


@contextmanager
def _loading(
    folder: Path, settings: Settings, dealers: int, say: Callable[[str, str], None]
) -> Iterator[Callable[[], tuple[list[dict[str, str]], str, str]]]:
    """Load all that a screening reads; gives the function that does the rest, while the server starts beside it.

    That function returns role, e-mail and token of the people to act as, the visit with a recycled photograph, and
    the link that signs a phone in.
    """
    from audit_api.auth import hash_token  # noqa: PLC0415 - heavy; not needed to say what is missing
    from audit_api.evidence.store import GridFSStore  # noqa: PLC0415
    from audit_api.models import base  # noqa: PLC0415
    from audit_api.operations import demo as operations  # noqa: PLC0415

    database = base.connect(settings.mongodb_uri, settings.database)
    try:
        base.build_indexes()
        store = GridFSStore(database)
        store.ensure_indexes()
        files = folder / "files"
        files.mkdir(exist_ok=True)
        loading = operations.begin_demo(dealers, folder=files, settings=settings, store=store, now=now(), say=say)
        there = operations.is_loaded()
        if there:
            say("数据已在，无需再次装载", "the data is there already")
        else:
            operations.load_directory(loading)
            found = operations.load_survey(loading)
            operations.load_visits(loading, found, screened=True)

        def rest() -> tuple[list[dict[str, str]], str, str]:
            if not there:
                with _screening(folder, settings, say):
                    operations.load_visits(loading, found, screened=False)
                operations.finish_demo()
            _, copying = operations.recycled_pair(loading.plan)
            tokens = _tokens(folder / "tokens.json", loading, hash_token)
            auditor = next(entry["email"] for entry in tokens if entry["role"] == "auditor")
            return tokens, copying.visit_id, sign_in_link(auditor, settings)

        yield rest
    finally:
        base.disconnect()


@contextmanager
def _screening(folder: Path, settings: Settings, say: Callable[[str, str], None]) -> Iterator[None]:
    """Run the screening in its own process beside what the caller does; both are done at the end."""
    from audit_api.operations.demo_network import SECOND_WAVE  # noqa: PLC0415 - see _load

    say(f"筛查波次 {SECOND_WAVE}（独立进程）", f"screening wave {SECOND_WAVE} in its own process")
    log = folder / "screening.log"
    with log.open("w") as file:
        command = [*RUN, "screening", "run", "--wave", SECOND_WAVE, "--questionnaire", "SSQ", "--action"]
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=child_environment(settings), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield
            if process.wait() != 0:
                sys.exit(f"audit-api: the screening ended with {process.returncode}; see {log}")
        finally:
            _stop(process)
    say("筛查完成，异常标记待人决定", "screening done; its flags wait for a person to decide")


def _tokens(path: Path, loading: Any, hash_token: Callable[[str], str]) -> list[dict[str, str]]:
    from audit_api.operations.demo import token_for  # noqa: PLC0415 - see _load

    kept = {entry["email"]: entry["token"] for entry in private_json(path) or []}
    tokens = [
        {
            "role": person.role.value,
            "email": person.email,
            "sees": " ".join(person.dealers),
            "token": token_for(person.email, kept.get(person.email, ""), days=30, at=now(), hash_token=hash_token),
        }
        for person in loading.plan.people
        if person.shown
    ]
    write_private(path, tokens)
    return tokens


@contextmanager
def _beside(log: Path, settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that goes on in a process of its own, which ends when this one is gone."""
    with log.open("a") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*RUN, *arguments, "--stop-with-stdin"], env=child_environment(settings), stdin=subprocess.PIPE,
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield process
        finally:
            _stop(process)


def _wait_until_ready(chosen: Place, server: subprocess.Popen[bytes], folder: Path) -> None:
    url, context = chosen.url, chosen.context
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=5, context=context):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"audit-api: the server does not answer; see {folder / SERVER_LOG}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _explain(chosen: Place, tokens: list[dict[str, str]], copying: str) -> None:
    """Print the tokens, the three commands to paste, and where a recycled photograph is to be seen."""
    zh, url = terminal_language() == "zh", chosen.url
    click.echo(
        "\n"
        + ("令牌（同时保存在数据文件夹的 tokens.json）：" if zh else "Tokens (kept in tokens.json in the data folder):")
    )
    for entry in tokens:
        click.echo(f"  {entry['role']:18} {entry['email']:26} {entry['token']}")
    by_role = {entry["role"]: entry["token"] for entry in tokens}
    lines = (
        ("领取检查表", "fetch a checklist", "checklist", "auditor"),
        ("上传一次带照片的走访", "send a visit with photos", "visit", "auditor"),
        # The manager sees all figures; whoever may decide a flag sees no grade until it is decided.
        ("列出异常标记及其依据", "list the flags with their evidence", "flags", "programme_manager"),
    )
    click.echo(
        "\n" + ("在另一个终端、同一文件夹里粘贴：" if zh else "Paste these into another terminal, in this folder:")
    )
    for number, (told_zh, told_en, verb, role) in enumerate(lines, 1):
        click.echo(
            f"\n{number}. {told_zh if zh else told_en}\n   {command_line(verb, url, by_role[role], chosen.authority)}"
        )
    page = f"{url}/visits/{copying}/copies"
    click.echo(
        "\n"
        + (
            f"照片正在逐一比对（一两分钟）；这次走访有一张取自另一次走访：{page}"
            if zh
            else f"Photographs are being compared (a minute or two); this visit has one of another visit: {page}"
        )
    )
    click.echo("\n" + (f"接口文档：{url}/docs" if zh else f"API documentation: {url}/docs"))


def command_line(verb: str, url: str, token: str, authority: Path | None = None) -> str:
    """Give a command that can be pasted into a shell in the present folder; a token may begin with a dash."""
    program = Path(sys.argv[0]).absolute()
    shown = os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)
    trusted = f"SSL_CERT_FILE={shlex.quote(str(authority))} " if authority else ""
    return trusted + shlex.join([shown, "demo", verb, url, f"--token={token}"])
