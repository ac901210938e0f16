"""A database with a checklist of 120 items and somebody of every kind, and the servers that are compared."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit_api import auth
from audit_api.domain.directory import OPERATOR, Role
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.models import base
from audit_api.models import directory as models
from audit_api.operations import checklists, directory
from audit_api.settings import Settings
from tests.benchmarks import material
from tests.servers import WebServer, environment, serve_command

WORKERS, THREADS = 1, 4  # one process, so that the load has the other core


@dataclass
class System:
    """Where things are, and who may ask."""

    uri: str
    database: str
    folder: Path
    settings: Settings
    auditor: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def api(self) -> WebServer:
        """Make the server of the API as production runs it: log and token checks included."""
        return WebServer(
            serve_command(workers=WORKERS, threads=THREADS),
            environment(self.uri, self.database),
            self.folder / f"api-{uuid.uuid4().hex[:6]}.log",
        )

    def bare(self) -> WebServer:
        """Make the same server with an application that answers "ok"."""
        command = [sys.executable, "-m", "tests.benchmarks.bare", "{port}", str(WORKERS), str(THREADS)]
        return WebServer(command, environment(self.uri, self.database), self.folder / "bare.log", path="/")


@contextmanager
def a_system() -> Iterator[System]:
    """Fill a database of its own, on MONGODB_URI or an embedded server, and connect to it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        uri = os.environ.get("MONGODB_URI") or stack.enter_context(EmbeddedMongo(folder / "mongod")).uri
        name = f"bench_{uuid.uuid4().hex[:12]}"
        settings = Settings(
            mongodb_uri=uri, database=name, secret_key="s" * 40, contact_key="c" * 40, upload_dir=str(folder)
        )
        base.connect(uri, name)
        base.build_indexes()
        stack.callback(base.disconnect)
        stack.callback(lambda: base.client().drop_database(name))
        at = datetime.now(UTC)
        checklists.publish_source(material.checklist_source(), actor=OPERATOR, at=at)
        models.Dealer._get_collection().insert_many(
            {"_id": f"D{n:04d}", "name_zh": f"经销商{n}", "brand": "Aurora", "timezone": "Asia/Shanghai", "lat": 30.27,
             "lon": 120.15, "datum": "WGS-84", "fence_m": 300}
            for n in range(1, 401)
        )  # fmt: skip
        auditor = directory.add_person(
            email="auditor@example.com", name="auditor", role=Role.AUDITOR, brands=["*"], actor=OPERATOR, at=at
        )
        token, _ = directory.create_token(
            email="auditor@example.com", days=1, actor=OPERATOR, at=at, hash_token=auth.hash_token
        )
        yield System(uri, name, folder, settings, auditor, token)


def peak_bytes() -> int:
    """Return the most memory this program held: what the kernel calls the maximum of a process is inherited."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
