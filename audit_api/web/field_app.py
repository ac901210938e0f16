"""The field app's own files: compressed once, named by their content, of one edition with one another."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from audit_api.web.field_icons import ICONS, icon

FOLDER = Path(__file__).parent / "field"
WORKER, MANIFEST = "sw.js", "manifest.webmanifest"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)$", re.MULTILINE)
# No inline script or style, nothing from elsewhere; photos are shown from blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'"
)
# What a home screen shows to everybody who looks over the shoulder: nothing of what the app is for.
NAMES = {"zh": "日程", "en": "Planner"}
TAGS = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the app: its bytes, the same compressed, its kind, and the hash of its content."""

    name: str
    kind: str
    body: bytes
    gzipped: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The app at one moment: all its files, and a version that changes exactly when one of them does."""

    version: str
    files: dict[str, Asset]
    worker: Asset

    def serves(self, name: str, language: str) -> Asset | None:
        """Give what stands under a name inside the app's folder, in the language of who asks where there are two."""
        if name == WORKER:
            return self.worker
        if name == MANIFEST:
            return manifest(language)
        if name in ICONS:
            return _icon_asset(name)
        return self.files.get(name)


def edition(folder: str = "") -> Edition:
    """Read the package's files once; those of another folder whenever one has changed (a hundred kilobytes)."""
    if not folder:
        return _read(FOLDER, ())
    paths = sorted(path for path in Path(folder).rglob("*") if path.suffix in KINDS)
    return _read(Path(folder), tuple((str(path), path.stat().st_mtime_ns) for path in paths))


@lru_cache(maxsize=2)
def _read(folder: Path, _: tuple[tuple[str, int], ...]) -> Edition:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in KINDS:
            name = path.relative_to(folder).as_posix()
            body = path.read_bytes()
            found[name] = _asset(name, KINDS[path.suffix], _lean(body) if path.suffix in (".js", ".css") else body)
    lines = "\n".join(f"{asset.name} {asset.digest}" for asset in found.values())
    version = hashlib.sha256(lines.encode()).hexdigest()[:16]
    source = found.pop(WORKER)
    # The worker holds the list itself: its bytes change with the app's, which is how browsers notice a new version.
    listed = {"version": version, "files": {asset.name: asset.digest for asset in found.values()}}
    head = f"self.EDITION = {json.dumps(listed, separators=(',', ':'))};\n".encode()
    return Edition(version, found, _asset(WORKER, source.kind, head + source.body))


def _lean(source: bytes) -> bytes:
    """Empty the lines that hold nothing but a comment, a fifth of what a phone would load; lines keep their numbers.

    A file with a text literal over several lines is left as it is: what looks like a comment there is none.
    """
    lines = source.decode().split("\n")
    if any(line.count("`") % 2 for line in lines):
        return source
    kept, inside = [], False
    for line in lines:
        text = line.strip()
        comment = inside or text.startswith(("//", "/*"))
        if text.startswith("/*") or inside:
            inside = "*/" not in text
            comment = inside or text.endswith("*/")
        kept.append("" if comment else line)
    return "\n".join(kept).encode()


def without_comments(name: str, body: bytes) -> bytes:
    """Leave out comments with lines of their own, a fifth of what a phone would load; lines keep their numbers."""
    if not name.endswith((".js", ".css")):
        return body
    return COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), body)


@cache
def manifest(language: str) -> Asset:
    """Describe the app to a phone that puts it on its home screen, under a neutral name."""
    name = NAMES[language]
    icons = [
        {
            "src": file, "sizes": f"{shape.pixels}x{shape.pixels}", "type": "image/png",
            "purpose": "maskable" if shape.maskable else "any",
        }
        for file, shape in ICONS.items()
    ]  # fmt: skip
    document = {
        "id": "/field/", "name": name, "short_name": name, "lang": TAGS[language], "dir": "ltr",
        "start_url": "./", "scope": "./", "display": "standalone", "orientation": "any",
        "background_color": "#f3f5f4", "theme_color": "#f3f5f4", "icons": icons,
    }  # fmt: skip
    body = json.dumps(document, ensure_ascii=False).encode()
    return _asset(MANIFEST, "application/manifest+json; charset=utf-8", body)


@cache
def _icon_asset(name: str) -> Asset:
    return _asset(name, "image/png", icon(name))


def _asset(name: str, kind: str, body: bytes) -> Asset:
    return Asset(name, kind, body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest())
