"""The floor: Flask answering "ok" under the same server with the same number of processes and threads."""

from __future__ import annotations

import sys

from flask import Flask


def ok() -> Flask:
    """Build the smallest application there is."""
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/", "ok", lambda: "ok")
    return app


def main() -> None:
    """Serve it: port, processes, threads; the other arguments of granian are those of `audit-api serve`."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    port, workers, threads = (int(text) for text in sys.argv[1:])
    Granian(
        "tests.benchmarks.bare:ok", factory=True, address="127.0.0.1", port=port, interface=Interfaces.WSGI,
        workers=workers, blocking_threads=threads, websockets=False, log_level=LogLevels.warning,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    main()
