# ruff: noqa: E501 - one case a line reads better than wrapped tables
"""Publishing checklists, and serving them from compiled bytes."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

from audit_api.cli import cli
from audit_api.domain.checklist_document import from_document
from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.packaged import packaged_checklists, packaged_checklists_dir, packaged_questionnaires
from audit_api.models import checklists as kept
from audit_api.models import trail
from audit_api.operations import checklists
from audit_api.problems import Problem
from tests.conftest import NOW

SMS = (packaged_checklists_dir() / "sales_mystery_shop.yaml").read_text("utf-8")
URL = "/v1/checklists/SMS/versions/1"


@pytest.fixture
def manager(people):
    return people.headers(people.add(Role.PROGRAMME_MANAGER))


@pytest.fixture
def auditor(people):
    return people.headers(people.add(Role.AUDITOR))


@pytest.fixture
def published(client, manager):
    answer = client.post("/v1/checklists", json={"source": SMS}, headers=manager)
    assert answer.status_code == 201
    return answer.get_json()


def test_it_works(client, published, auditor):
    assert (published["code"], published["version"], published["items"], published["unchanged"]) == (
        "SMS",
        1,
        52,
        False,
    )
    answer = client.get(URL, headers=auditor)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert from_document(answer.get_json()) == next(one for one in packaged_checklists() if one.code == "SMS")
    assert answer.headers["ETag"] == f'"{published["etag"]}"'
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in answer.headers


def test_needs_a_token_and_is_never_given_to_dealers(client, published, people):
    dealer = people.headers(people.add(Role.DEALER, dealers=("D0001",)))
    for url in ("/v1/checklists", "/v1/checklists/SMS", URL):
        assert client.get(url).status_code == 401
        assert client.get(url, headers=dealer).status_code == 403


def test_only_managers_publish(client, people):
    for role in (Role.AUDITOR, Role.QUALITY_REVIEWER, Role.DEALER):
        headers = people.headers(people.add(role, dealers=("D0001",) if role is Role.DEALER else ()))
        assert client.post("/v1/checklists", json={"source": SMS}, headers=headers).status_code == 403


NOWHERE = ["SMS/versions/2", "SMS/versions/0", "SMS/versions/-1", "SMS/versions/1.0", "SMS/versions/x", "SMS/versions/%D9%A1",
           "SMS/versions/" + "9" * 5000, "ZZZ", "ZZZ/versions/1", "SMS%00/versions/1", "%ED%A0%80/versions/1", "$ne/versions/1"]  # fmt: skip


def test_what_is_not_published_is_not_found(client, published, auditor):
    assert [client.get(f"/v1/checklists/{path}", headers=auditor).status_code for path in NOWHERE] == [404] * len(
        NOWHERE
    )


def test_the_body_travels_compressed(client, published, auditor):
    plain = client.get(URL, headers=auditor)
    zipped = client.get(URL, headers={**auditor, "Accept-Encoding": "gzip, deflate, br"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 3
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    for refused in ("gzip;q=0", "br", "identity"):
        assert "Content-Encoding" not in client.get(URL, headers={**auditor, "Accept-Encoding": refused}).headers
    assert (
        client.get(URL, headers={**auditor, "Accept-Encoding": "br;q=1, gzip;q=0.5"}).headers["Content-Encoding"]
        == "gzip"
    )


def test_a_known_version_is_not_sent_again(client, published, auditor):
    etag = published["etag"]
    for given in (f'"{etag}"', f'W/"{etag}"', f'"other", "{etag}"', "*"):
        answer = client.get(URL, headers={**auditor, "If-None-Match": given})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", f'"{etag}"')
        assert answer.headers["Vary"] == "Accept-Encoding" and answer.headers["Cache-Control"] == "private, no-cache"
    for given in ('"other"', "", '"'):
        assert client.get(URL, headers={**auditor, "If-None-Match": given}).status_code == 200, given
    zipped = {**auditor, "Accept-Encoding": "gzip"}
    etag_of_zipped = client.get(URL, headers=zipped).headers["ETag"]
    assert client.get(URL, headers={**zipped, "If-None-Match": etag_of_zipped}).status_code == 304


def test_the_etag_is_the_same_in_every_process(published):
    code = (
        "from audit_api.domain.packaged import packaged_checklists\n"
        "from audit_api.domain.publications import document_of\n"
        "from audit_api.models.checklists import compiled_fields\n"
        "import hashlib\n"
        "for one in packaged_checklists():\n"
        "    fields = compiled_fields(document_of(one))\n"
        "    print(one.code, fields['etag'], hashlib.sha256(fields['gzipped']).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert f"SMS {published['etag']} " in runs[0]


def test_the_newest_version_is_given_without_a_number(client, published, manager, auditor):
    newer = client.post("/v1/checklists", json={"source": SMS.replace("version: 1", "version: 12")}, headers=manager)
    assert newer.status_code == 201
    assert client.get("/v1/checklists/SMS", headers=auditor).get_json()["version"] == 12
    assert client.get(URL, headers=auditor).get_json()["version"] == 1


def test_the_list_goes_by_code_and_version_in_pages(client, manager, auditor):
    for version in (2, 10, 1):
        client.post(
            "/v1/checklists", json={"source": SMS.replace("version: 1", f"version: {version}")}, headers=manager
        )
    first = client.get("/v1/checklists?limit=2", headers=auditor).get_json()
    assert [entry["version"] for entry in first["items"]] == [1, 2]
    rest = client.get(f"/v1/checklists?limit=2&after={first['next']}", headers=auditor).get_json()
    assert ([entry["version"] for entry in rest["items"]], rest["next"]) == ([10], None)
    assert "source" not in rest["items"][0]


def test_publishing_again_changes_nothing(client, published, manager):
    again = client.post("/v1/checklists", json={"source": "# a comment more\n" + SMS}, headers=manager)
    assert (again.status_code, again.get_json()["unchanged"]) == (200, True)
    assert {**again.get_json(), "unchanged": False} == published
    assert len(trail.entries_of("checklist", "SMS")) == 1


def test_a_published_version_never_changes(client, published, manager, auditor):
    other = SMS.replace("zh: 进店时间", "zh: 进入展厅的时间")
    refused = client.post("/v1/checklists", json={"source": other}, headers={**manager, "Accept-Language": "en"})
    assert refused.status_code == 409
    assert refused.get_json()["type"] == "/problems/checklist-published"
    assert "set version to 2" in refused.get_json()["detail"]
    assert client.get(URL, headers=auditor).headers["ETag"] == f'"{published["etag"]}"'
    assert (
        client.post(
            "/v1/checklists", json={"source": other.replace("version: 1", "version: 2")}, headers=manager
        ).status_code
        == 201
    )


OTHER_MEANINGS = [
    ("zh: 进店时间\n      en: Time of entry", "zh: 离店时间\n      en: Time of leaving", "changes in both languages"),
    ("touchpoint: SAL_LEAD", "touchpoint: SAL_PHONE", "touchpoint changes from 'SAL_LEAD' to 'SAL_PHONE'"),
    ("type: narrative", "type: text", "type changes from 'narrative' to 'text'"),
    ("pass_on: 'no'", "pass_on: 'yes'", "pass_on changes from 'no' to 'yes'"),
]


def test_an_item_id_keeps_its_meaning(client, published, manager):
    for old, new, message in OTHER_MEANINGS:
        assert old in SMS
        source = SMS.replace("version: 1", "version: 2").replace(old, new, 1)
        refused = client.post("/v1/checklists", json={"source": source}, headers={**manager, "Accept-Language": "en"})
        assert refused.status_code == 422
        (error,) = refused.get_json()["errors"]
        assert error["item"].startswith("SMS-") and message in error["message"]
    assert kept.Publication._get_collection().count_documents({}) == 1


def test_what_is_wrong_is_named_with_line_and_item(client, manager):
    source = SMS.replace("mode: covert", "mode: secret").replace("type: narrative", "type: novel")
    answer = client.post("/v1/checklists", json={"source": source}, headers={**manager, "Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    document = answer.get_json()
    assert document["type"] == "/problems/checklist-invalid"
    assert [(error["line"], error["item"]) for error in document["errors"]] == [
        (SMS[: SMS.index("mode: covert")].count("\n") + 1, ""),
        (SMS[: SMS.index("type: narrative")].count("\n") + 1, "SMS-NAR-01"),
    ]
    assert "可选" in document["errors"][0]["message"]


HOSTILE = [{}, {"source": ""}, {"source": 5}, {"source": None}, {"source": "[" * 500}, {"source": "a: &x [1]\nb: *x"}, {"source": "\x00"},
           {"source": "x" * 800_001}, {"source": SMS, "version": 9}, [], "x"]  # fmt: skip


def test_hostile_bodies_are_refused(client, manager):
    for body in HOSTILE:
        assert client.post("/v1/checklists", json=body, headers=manager).status_code == 422, str(body)[:60]


def test_the_code_book_is_not_published(client, manager):
    source = (packaged_checklists_dir() / "touchpoints.yaml").read_text("utf-8")
    assert client.post("/v1/checklists", json={"source": source}, headers=manager).status_code == 422


def test_publishing_is_on_the_trail(published):
    (entry,) = trail.entries_of("checklist", "SMS")
    assert (entry["verb"], entry["details"]) == ("published", {"version": 1, "etag": published["etag"], "items": 52})


def test_rules_read_back_what_was_published(database):
    for one in (*packaged_checklists(), *packaged_questionnaires()):
        assert checklists.publish(one, actor=OPERATOR, at=NOW)["unchanged"] is False
    for one in packaged_checklists():
        assert checklists.open_checklist(one.code, 1) == one
        assert checklists.open_checklist(one.code, 1) is checklists.open_checklist(one.code, 1)
    for questionnaire in packaged_questionnaires():
        assert checklists.open_questionnaire(questionnaire.code) == questionnaire
    assert [row["code"] for row in checklists.list_checklists(limit=10)["items"]] == ["AAA", "AMS", "SAA", "SMS"]
    assert len(checklists.list_checklists(kind="questionnaire", limit=10)["items"]) == 2
    assert checklists.publish(packaged_checklists()[0], actor=OPERATOR, at=NOW + timedelta(1))["published_at"] == NOW
    for missing in (lambda: checklists.open_checklist("SMS", 9), lambda: checklists.open_questionnaire("SMS")):
        with pytest.raises(Problem):
            missing()


def lint(*arguments, **environment):
    return CliRunner().invoke(cli, ["checklist", "lint", *map(str, arguments)], env=environment)


def test_lint_finds_nothing_wrong_with_the_product(tmp_path):
    assert "6 files, 278 items" in lint("--lang", "en").output
    assert "没有问题" in lint(LC_ALL="zh_CN.UTF-8").output


def test_lint_names_file_line_item_and_message(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(SMS.replace("type: narrative", "type: novel"), "utf-8")
    line = SMS[: SMS.index("type: narrative")].count("\n") + 1
    english, chinese = lint(path, "--lang", "en"), lint(tmp_path, "--lang", "zh")
    assert english.exit_code == chinese.exit_code == 1
    assert english.output.startswith(f"{path}:{line}: SMS-NAR-01: 'type' cannot be 'novel'")
    assert chinese.output.startswith(f"{path}:{line}: SMS-NAR-01: “type”不能是“novel”")


def test_lint_sees_ids_used_by_two_files_and_files_it_cannot_read(tmp_path):
    (tmp_path / "a.yaml").write_text(SMS, "utf-8")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    output = lint(tmp_path, "--lang", "en").output
    assert "b.yaml:1: is not UTF-8" in output
    empty = tmp_path / "empty"
    empty.mkdir()
    assert lint(empty).exit_code == 1


def test_publish_publishes_all_or_nothing(settings, database, tmp_path, monkeypatch):
    environment = {
        "MONGODB_URI": settings.mongodb_uri,
        "AUDIT_DATABASE": settings.database,
        "AUDIT_SECRET_KEY": settings.secret_key,
        "AUDIT_CONTACT_KEY": settings.contact_key,
    }
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text(SMS, "utf-8")
    bad.write_text(SMS.replace("mode: covert", "mode: x"), "utf-8")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", "from audit_api.cli import main; main()", "checklist", "publish", "--lang", "en", *map(str, arguments)],
            env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    refused = run(tmp_path)
    assert (refused.returncode, database["publications"].count_documents({})) == (1, 0)
    assert "b.yaml:9: 'mode' cannot be 'x'" in refused.stdout
    assert run(good).stdout == "SMS 1: published\n"
    assert run().stdout.splitlines() == [
        "AAA 1: published", "AMS 1: published", "ASQ 1: published", "SSQ 1: published", "SAA 1: published", "SMS 1: unchanged",
    ]  # fmt: skip
    good.write_text(SMS.replace("zh: 进店时间", "zh: 进入展厅的时间"), "utf-8")
    conflict = run(good)
    assert conflict.returncode == 1 and "published version never changes" in conflict.stderr
