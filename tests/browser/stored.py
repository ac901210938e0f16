"""Reach the app's own modules of keeping things, without its screens: they need no server but one of files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Page

from audit_api.web.field_app import POLICY, edition

PIN = "2580"
RECOVERY_KEY = "kept-by-the-server-0123456789abcdef"
PERSON = {
    "id": "auditor-1",
    "name": "王晓燕",
    "label": "WX",
    "pin": PIN,
    "recoveryKey": RECOVERY_KEY,
    "device": "device-1",
}
CHECKLIST = {
    "code": "TEST", "version": 1,
    "sections": [{"code": "S", "items": [
        {"id": "A-1", "type": "yes_no", "required": True},
        {"id": "A-2", "type": "photo", "required": True},
        {"id": "A-3", "type": "text", "show_if": {"item": "A-1", "op": "eq", "value": "no"}},
    ]}],
}  # fmt: skip
ASSIGNMENT = {"code": "T-HZ-00417", "dealer": {"code": "D0042", "name_zh": "星辰汽车"}, "mode": "covert"}
File = Path | dict[str, Any]
PICKED = "document.getElementById('pick').files[0]"
MODULES = """
  const base = new URL('/field/', location.href).href;
  const names = {db: 'core/db', vault: 'core/vault', words: 'core/words', accounts: 'data/accounts',
    records: 'data/records', drafts: 'data/drafts', photos: 'data/photos', storage: 'data/storage',
    exporting: 'data/export_file', events: 'core/events'};
  globalThis.modules ??= Object.fromEntries(await Promise.all(
    Object.entries(names).map(async ([name, path]) => [name, await import(`${base}${path}.js`)])));
  modules.words.add((await import(`${base}words/store.js`)).default);
"""


class Files(BaseHTTPRequestHandler):
    """Serves the app's files under its policy, and an empty page in place of its first."""

    def do_GET(self) -> None:
        name = self.path.removeprefix("/field/")
        asset = edition().files.get(name) if name else None
        body = asset.body if asset else b"<!doctype html><title>empty</title><body></body>"
        self.send_response(200 if asset or not name else 404)
        self.send_header("Content-Type", asset.kind if asset else "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving_files() -> Iterator[str]:
    """Serve the app's files; gives the address of the empty page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/field/"
    server.shutdown()
    server.server_close()


@dataclass
class Store:
    """A page of the app and its modules."""

    page: Page

    def run(self, expression: str, **values: Any) -> Any:
        """Work out an expression over the modules and the values given, by their names."""
        return self.page.evaluate(
            f"""async (values) => {{
              {MODULES}
              const {{ db, vault, words, accounts, records, drafts, photos, storage, exporting, events }} = modules;
              {"".join(f"const {name} = values.{name};" for name in values)}
              return await ({expression});
            }}""",
            values,
        )

    def sign_in(self, **more: Any) -> None:
        """Make an account and open it."""
        self.run("vault.begin(person)", person=PERSON | more)

    def unlock(self, pin: str = PIN, person: str = PERSON["id"]) -> None:
        """Unlock by the PIN."""
        self.run("vault.unlock(person, pin)", person=person, pin=pin)

    def begin_visit(self, **more: Any) -> str:
        """Start a visit; gives its id."""
        draft = self.run("drafts.start(assignment, checklist)", assignment=ASSIGNMENT | more, checklist=CHECKLIST)
        return str(draft["visit"])

    def until(self, expression: str) -> None:
        """Wait until an expression over the modules is true."""
        self.run(f"(async () => {{ while (!({expression})) await new Promise((look) => setTimeout(look, 20)); }})()")

    def choose(self, file: File) -> None:
        """Choose a file in a file input, as an auditor does; `picked` is it in what is run afterwards."""
        self.page.evaluate(
            """() => document.getElementById('pick')
              ?? document.body.append(Object.assign(document.createElement('input'), { id: 'pick', type: 'file' }))"""
        )
        self.page.set_input_files("#pick", file)  # type: ignore[arg-type]

    def add_photo(self, visit: str, file: File, item: str = "A-2", **how: Any) -> Any:
        """Add a photo; gives it, or the words of a refusal."""
        self.choose(file)
        return self.run(
            f"photos.add(visit, item, {PICKED}, how).catch((error) => error.message)",
            visit=visit, item=item, how={"source": "camera"} | how,
        )  # fmt: skip

    def hash_of(self, sha256: str) -> str:
        """Give the hash of what is kept under a hash, as Python counts it; empty where nothing is."""
        whole = self.bytes_of("photos.bytesOf(sha256)", sha256=sha256)
        return "" if whole is None else hashlib.sha256(whole).hexdigest()

    def bytes_of(self, expression: str, **values: Any) -> bytes | None:
        """Give the bytes of a buffer or a Blob, None where there is none."""
        whole = self.run(
            f"""Promise.resolve({expression}).then((given) => given && new Promise((resolve) => {{
              const reader = new FileReader();
              reader.onload = () => resolve(reader.result.split(',')[1] ?? '');
              reader.readAsDataURL(new Blob([given]));
            }}))""",
            **values,
        )
        return None if whole is None else base64.b64decode(whole)

    def dump(self) -> str:
        """Give all that lies in the database, keys and values, bytes read as UTF-8, UTF-16 and Latin-1."""
        return str(
            self.run("""(async () => {
          const told = [];
          const tell = (value) => {
            if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
              for (const name of ['utf-8', 'utf-16le', 'latin1']) told.push(new TextDecoder(name).decode(value));
            } else if (value && typeof value === 'object') {
              for (const [name, inner] of Object.entries(value)) { told.push(name); tell(inner); }
            } else told.push(String(value));
          };
          const asked = indexedDB.open('field');
          const opened = await new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
          for (const name of opened.objectStoreNames) {
            // The reserve is megabytes of chance, in which every short word is found.
            const range = name === 'meta' ? IDBKeyRange.upperBound('reserve', true) : undefined;
            tell([name, await db.keys(name, range), await db.list(name, range)]);
          }
          opened.close();
          return told.join('\\n');
        })()""")
        )


def open_store(page: Page, address: str) -> Store:
    """Sign somebody in, at the address of the empty page."""
    page.goto(address)
    store = Store(page)
    store.sign_in()
    return store
