"""The field app's files as they are served: one version, neutral to a glance, under a policy of their own."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil

import pytest
from PIL import Image

from audit_api.web import field_app
from audit_api.web.field_icons import ICONS

TELLING = (
    "audit",
    "mystery",
    "shopper",
    "checklist",
    "dealer",
    "evidence",
    "inspect",
    "审核",
    "神秘",
    "暗访",
    "检查",
    "经销商",
)
MOST_BYTES = 150_000  # of the whole app, compressed


def listed(client) -> dict:
    head, _, rest = client.get("/field/sw.js").get_data(as_text=True).partition("\n")
    assert "addEventListener('fetch'" in rest
    return json.loads(re.fullmatch(r"self\.EDITION = (\{.*\});", head)[1])


def test_the_worker_lists_every_file_by_the_hash_of_what_is_served(client):
    edition = listed(client)
    assert edition["version"] == field_app.edition().version
    assert {"index.html", "main.js", "core/worker.js", "css/base.css"} <= set(edition["files"])
    assert "sw.js" not in edition["files"]
    total = 0
    for name, digest in edition["files"].items():
        answer = client.get(f"/field/{name}", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Security-Policy"] == field_app.POLICY
        assert hashlib.sha256(gzip.decompress(answer.data)).hexdigest() == digest, name
        total += len(answer.data)
    assert total <= MOST_BYTES
    assert client.get("/field/").data == client.get("/field/index.html").data


def test_what_is_known_is_not_sent_again(client):
    first = client.get("/field/main.js")
    again = client.get("/field/main.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Content-Security-Policy"] == field_app.POLICY


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "日程"), ("en-GB", "Planner"), ("de", "Planner")])
def test_the_home_screen_tells_nothing(client, language, name):
    answer = client.get("/field/manifest.webmanifest", headers={"Accept-Language": language})
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.data)
    assert (manifest["name"], manifest["short_name"]) == (name, name)
    assert not any(word in answer.get_data(as_text=True).lower() for word in TELLING)
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        drawn = Image.open(io.BytesIO(client.get(f"/field/{icon['src']}").data))
        assert f"{drawn.width}x{drawn.height}" == icon["sizes"]


def test_icons_that_a_mask_may_cut_fill_their_square():
    for name, shape in ICONS.items():
        drawn = Image.open(io.BytesIO(field_app.edition().serves(name, "en").body)).convert("RGBA")
        assert (drawn.getpixel((0, 0))[3] == 255) is shape.full


def test_the_page_links_what_is_served(client):
    page = client.get("/field/").get_data(as_text=True)
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert {"manifest.webmanifest", "icon-180.png"} <= set(links)
    assert all(client.get(f"/field/{link}").status_code == 200 for link in links)


def test_a_changed_file_is_a_new_version_and_the_same_files_are_the_same(tmp_path):
    folder = shutil.copytree(field_app.FOLDER, tmp_path / "field")
    assert field_app.edition(str(folder)).version == field_app.edition().version
    seen = {field_app.edition().version}
    for name in ("index.html", "sw.js", "core/clock.js"):
        (folder / name).write_text((folder / name).read_text() + "\n")
        changed = field_app.edition(str(folder))
        assert changed.version not in seen
        assert changed.worker.digest != field_app.edition().worker.digest
        seen.add(changed.version)
    (folder / "more.js").write_text("export {};\n")
    assert "more.js" in field_app.edition(str(folder)).files


@pytest.mark.parametrize("name", ["../field_app.py", "sw.py", "none.js", "core", "core/", "%2e%2e/pages.py", "."])
def test_nothing_else_is_served(client, name):
    assert client.get(f"/field/{name}").status_code == 404


def test_only_comments_are_left_out(tmp_path):
    """What is served has the source's lines at their places, without those that are comments and nothing else."""
    for name, asset in field_app.edition().files.items():
        source = (field_app.FOLDER / name).read_text("utf-8").split("\n")
        served = asset.body.decode().split("\n")
        assert len(served) == len(source), name
        for kept, line in zip(served, source, strict=True):
            assert kept == line or (not kept and line.strip().startswith(("//", "/*", "*"))), (name, line)
    folder = tmp_path / "field"
    folder.mkdir()
    (folder / "sw.js").write_text("")
    (folder / "a.js").write_text("/** Says\n * so. */\nconst a = 1; // one\n// two\n/* x */ const b = '// c';\n")
    (folder / "b.js").write_text("const text = `\n// is text\n`;\n")
    files = field_app.edition(str(folder)).files
    assert files["a.js"].body == b"\n\nconst a = 1; // one\n\n/* x */ const b = '// c';\n"
    assert files["b.js"].body == b"const text = `\n// is text\n`;\n"
