"""`audit-api serve`."""

from __future__ import annotations

from pathlib import Path

import click

from audit_api.lifetime import hear_stops_from_the_start, stop_with_input
from audit_api.settings import from_env

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option(
    "--threads", default=4, show_default=True, type=click.IntRange(1, 128), help="Requests at once a process."
)
@click.option("--certificate", type=EXISTING, help="Serve HTTPS with this certificate chain (PEM); needs --key.")
@click.option("--key", type=EXISTING, help="Private key (PEM) of --certificate.")
@click.option("--stop-with-stdin", is_flag=True, hidden=True, help="Stop when standard input ends (for a parent).")
def serve(
    *, host: str, port: int, workers: int, threads: int, certificate: Path | None, key: Path | None,
    stop_with_stdin: bool,
) -> None:  # fmt: skip
    """Serve the API in the foreground; the settings come from the environment."""
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together")
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import Interfaces, SSLProtocols  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    from_env()  # a bad setting is one sentence here, not a traceback in a worker
    hear_stops_from_the_start()
    if stop_with_stdin:
        stop_with_input()
    Granian(
        "audit_api.serving:worker",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,  # phones before Android 10 know no newer one
        respawn_failed_workers=True,
        workers_kill_timeout=15,
        log_level=LogLevels.warning,
    ).serve()
