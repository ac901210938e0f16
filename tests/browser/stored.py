"""Reach the app's own modules of keeping things, without its screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

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
ASSIGNMENT = {"code": "T-1", "dealer": {"code": "D0042", "name_zh": "星辰汽车"}, "mode": "covert"}
MODULES = """
  const base = new URL('/field/', location.href).href;
  const names = {db: 'core/db', vault: 'core/vault', words: 'core/words', accounts: 'data/accounts', records: 'data/records',
    drafts: 'data/drafts', photos: 'data/photos', storage: 'data/storage', exporting: 'data/export_file'};
  globalThis.modules ??= Object.fromEntries(await Promise.all(
    Object.entries(names).map(async ([name, path]) => [name, await import(`${base}${path}.js`)])));
"""


@dataclass
class Store:
    """A page of the app and its modules."""

    page: Page

    def run(self, expression: str, **values: Any) -> Any:
        """Work out an expression over the modules and the values given, by their names."""
        return self.page.evaluate(
            f"""async (values) => {{
              {MODULES}
              const {{ db, vault, words, accounts, records, drafts, photos, storage, exporting }} = modules;
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
          const opened = await new Promise((resolve) => { indexedDB.open('field').onsuccess = (event) => resolve(event.target.result); });
          for (const name of opened.objectStoreNames) { told.push(name); tell(await db.keys(name)); tell(await db.list(name)); }
          opened.close();
          return told.join('\\n');
        })()""")
        )


def open_store(page: Page) -> Store:
    """Sign somebody in on a page that shows the app."""
    store = Store(page)
    store.sign_in()
    return store
