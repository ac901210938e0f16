"""The field app's own files: compressed once, named by their content, served to anybody."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "field"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# No inline script or style, nothing from elsewhere; photos are shown from blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the app: its bytes, the same compressed, its kind, and the hash of its content."""

    name: str
    kind: str
    body: bytes
    gzipped: bytes
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Read every file of the app, by its path inside the folder; about a hundred kilobytes, kept in memory."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in KINDS:
            name, body = path.relative_to(FOLDER).as_posix(), path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()
            found[name] = Asset(name, KINDS[path.suffix], body, gzip.compress(body, 9, mtime=0), digest)
    return found


@cache
def version() -> str:
    """Give the app's version: it changes exactly when one of its files does."""
    lines = "\n".join(f"{asset.name} {asset.digest}" for asset in assets().values())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
