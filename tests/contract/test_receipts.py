"""Receipts: anyone who holds one can check it, with our route, our command, or OpenSSL alone."""

from __future__ import annotations

import base64
import copy
import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from audit_api.cli import cli
from audit_api.domain import signatures
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import receipts
from tests import worlds

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture(scope="module")
def visit(network, auditor):
    return network.submitted(auditor[0], checklist="SMS", quality=0.9, seed=1)


@pytest.fixture(scope="module")
def receipt(network, auditor, visit):
    return network.client.get(f"{visit.url}/submission", headers=auditor[1]).get_json()


@pytest.fixture
def environment(network):
    settings = network.app.extensions["audit"].settings
    return {
        "MONGODB_URI": settings.mongodb_uri, "AUDIT_DATABASE": settings.database,
        "AUDIT_SECRET_KEY": settings.secret_key, "AUDIT_CONTACT_KEY": settings.contact_key, "LANG": "C",
    }  # fmt: skip


def check(network, document) -> dict:
    answer = network.client.post("/v1/receipt-verifications", json=document)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def key_of(network, receipt) -> dict:
    keys = network.client.get("/v1/receipt-keys").get_json()["items"]
    return next(key for key in keys if key["key_id"] == receipt["key_id"])


def test_it_works(network, auditor, visit, receipt):
    again = worlds.submit_visit(network.client, auditor[1], visit)
    assert again.get_json() == receipt, "the receipt that is kept is the one that was given"
    _, reviewer = network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))
    assert network.client.get(f"{visit.url}/submission", headers=reviewer).get_json() == receipt
    found = check(network, receipt)
    assert (found["result"], found["kept"]) == ("valid", True)
    assert found["zh"] and found["en"]
    assert {photo["sha256"] for photo in receipt["photos"]} == set(visit.photos)
    assert (receipt["visit"], receipt["revision"]) == (visit.id, 1)


def test_the_trail_holds_the_receipt_and_the_key(network, visit, receipt):
    (entry,) = trail.entries_of("visit", visit.id)
    assert entry["details"]["receipt"] == receipt["signature"]
    (published,) = trail.entries_of("signing_key", receipt["key_id"])
    assert published["details"]["public_key"] == key_of(network, receipt)["public_key"]


CHANGES = {
    "visit": "00000000-0000-4000-8000-000000000000", "revision": 2, "content_hash": "0" * 64, "photos": [],
    "server_time": "2026-11-20T10:02:11+00:00", "format": "audit-receipt/2", "algorithm": "none",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_no_field_can_be_changed(network, receipt, name):
    assert check(network, receipt | {name: CHANGES[name]}) | {"zh": "", "en": ""} == {
        "result": "altered", "kept": False, "zh": "", "en": "",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["item", "slot", "sha256", "received_at"])
def test_no_photo_can_be_changed(network, receipt, name):
    changed = copy.deepcopy(receipt)
    changed["photos"][-1][name] = {"sha256": "0" * 64, "received_at": "2026-11-20T10:02:11+00:00"}.get(name, "x")
    assert check(network, changed)["result"] == "altered"
    assert check(network, receipt | {"photos": receipt["photos"][::-1]})["result"] == "altered"


@given(data=st.data())
def test_no_byte_of_a_signed_document_can_be_changed(data):
    """Nor of the signature's own text."""
    seed = b"k" * 32
    public = signatures.public_key(seed)
    document = signatures.sign({"visit": "v1", "revision": 1, "note": "照片 7", "photos": [{"sha256": "ab"}]}, seed)
    assert signatures.is_signed(document, public)
    text = json.dumps(document, ensure_ascii=False).encode()
    place = data.draw(st.integers(0, len(text) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != text[place]))
    try:
        changed = json.loads(text[:place] + bytes([value]) + text[place + 1 :])
    except ValueError:
        return
    assert changed == document or not isinstance(changed, dict) or not signatures.is_signed(changed, public)


def test_a_signature_has_one_spelling():
    """Base64 can write 64 bytes in several ways: the last letter before the padding has bits to spare."""
    public = signatures.public_key(b"k" * 32)
    document = signatures.sign({"visit": "v1"}, b"k" * 32)
    last = document["signature"][85]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(last) ^ 1]
    spelt = document["signature"][:85] + other + "=="
    assert base64.b64decode(spelt) == base64.b64decode(document["signature"])
    assert not signatures.is_signed(document | {"signature": spelt}, public)


def test_a_key_nobody_published_is_told_apart(network, receipt):
    forged = signatures.sign({k: v for k, v in receipt.items() if k != "signature"}, b"x" * 32)
    assert check(network, forged)["result"] == "unknown_key"
    # Naming a published key does not help either.
    assert check(network, forged | {"key_id": receipt["key_id"]})["result"] == "altered"


def test_a_good_signature_on_what_is_not_kept_is_told(network, receipt):
    """As somebody could make it who stole the key."""
    seed = network.app.extensions["audit"].settings.receipt_seed()
    made = signatures.sign({k: v for k, v in receipt.items() if k != "signature"} | {"revision": 9}, seed)
    found = check(network, made)
    assert (found["result"], found["kept"]) == ("valid", False)


def test_a_key_slipped_into_the_database_proves_nothing(network, receipt):
    """Not even with the receipt beside it: which keys are trusted, the settings say."""
    forged = signatures.sign({k: v for k, v in receipt.items() if k != "signature"} | {"revision": 9}, b"x" * 32)
    public = base64.b64encode(signatures.public_key(b"x" * 32)).decode()
    row = {"_id": forged["key_id"], "algorithm": "Ed25519", "public_key": public, "first_used_at": AT}
    collection("signing_keys").insert_one(row)
    collection("visit_receipts").insert_one({"_id": f"{receipt['visit']}:9", "visit": "x", "receipt": forged})
    try:
        assert check(network, forged)["result"] == "unknown_key"
        listed = network.client.get("/v1/receipt-keys").get_json()["items"]
        assert forged["key_id"] not in [key["key_id"] for key in listed]
    finally:
        collection("signing_keys").delete_one({"_id": forged["key_id"]})
        collection("visit_receipts").delete_one({"_id": f"{receipt['visit']}:9"})


def test_a_new_key_leaves_old_receipts_good(network, auditor, receipt):
    settings = network.app.extensions["audit"].settings
    before = key_of(network, receipt)
    object.__setattr__(settings, "receipt_key", base64.b64encode(b"n" * 32).decode())
    try:
        visit = network.submitted(auditor[0], seed=2)
        newer = collection("visit_receipts").find_one({"visit": visit.id})["receipt"]
        assert newer["key_id"] != receipt["key_id"]
        assert [check(network, one)["result"] for one in (receipt, newer)] == ["unknown_key", "valid"]
        object.__setattr__(settings, "receipt_keys_previous", before["public_key"])
        assert [check(network, one)["result"] for one in (receipt, newer)] == ["valid", "valid"]
        listed = network.client.get("/v1/receipt-keys").get_json()["items"]
        assert [key["key_id"] for key in listed] == [receipt["key_id"], newer["key_id"]]
        assert listed[0] == before
    finally:
        object.__setattr__(settings, "receipt_key", "")
        object.__setattr__(settings, "receipt_keys_previous", "")
    receipts.signing_seed(settings, actor=OPERATOR, at=AT)
    assert len(trail.entries_of("signing_key", receipt["key_id"])) == 1, "a key is published once"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_alone_can_check_it(network, receipt, tmp_path):
    """As docs/receipts-and-trail.md tells a person without any of our software."""
    (tmp_path / "key.pem").write_text(key_of(network, receipt)["pem"])
    (tmp_path / "signed.json").write_bytes(signatures.signed_bytes(receipt))
    (tmp_path / "signature").write_bytes(base64.b64decode(receipt["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "signed.json",
               "-sigfile", "signature"]  # fmt: skip
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "signed.json").write_bytes(signatures.signed_bytes(receipt | {"revision": 2}))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_command(network, receipt, environment, tmp_path, monkeypatch):
    run = CliRunner()
    # The command would end the connection that the other tests of this module use.
    monkeypatch.setattr("audit_api.models.base.disconnect", lambda: None)
    monkeypatch.setattr("audit_api.models.base.connect", lambda uri, name: collection("x").database)
    file, pem, other = tmp_path / "receipt.json", tmp_path / "key.pem", tmp_path / "other.pem"
    file.write_text(json.dumps(receipt, indent=2))
    pem.write_text(key_of(network, receipt)["pem"])
    other.write_text(signatures.as_pem(signatures.public_key(b"x" * 32)))
    alone = run.invoke(cli, ["receipt", "verify", str(file), "--key", str(pem)], env={"LANG": "C"})
    assert (alone.exit_code, "good" in alone.output) == (0, True), alone.output
    assert run.invoke(cli, ["receipt", "verify", str(file), "--key", str(other)]).exit_code == 1
    with_us = run.invoke(cli, ["receipt", "verify", str(file)], env=environment)
    assert (with_us.exit_code, "kept here" in with_us.output) == (0, True), with_us.output
    file.write_text(json.dumps(receipt | {"revision": 2}))
    for options in ([], ["--key", str(pem)]):
        changed = run.invoke(cli, ["receipt", "verify", str(file), *options], env=environment)
        assert changed.exit_code == 1, changed.output
        assert "changed" in changed.output
    for text in ("[]", "{", "\xff", json.dumps({"signature": 1, "key_id": 7}), '{"signature": {}, "key_id": {}}'):
        file.write_text(text)
        broken = run.invoke(cli, ["receipt", "verify", str(file)], env=environment)
        assert broken.exit_code == 1
        assert broken.exception is None or isinstance(broken.exception, SystemExit)
    pem.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    assert run.invoke(cli, ["receipt", "verify", str(file), "--key", str(pem)]).exit_code == 1
    printed = run.invoke(cli, ["receipt", "keys"], env=environment)
    assert key_of(network, receipt)["pem"] in printed.output
    made = run.invoke(cli, ["receipt", "new-key"]).output
    assert len(base64.b64decode(made)) == 32


@pytest.mark.parametrize("variable", ["AUDIT_RECEIPT_KEY", "AUDIT_RECEIPT_KEYS_PREVIOUS"])
@pytest.mark.parametrize("value", ["x", "AAAA", base64.b64encode(b"k" * 31).decode()])
def test_a_bad_key_stops_the_start(value, variable):
    from audit_api.settings import SettingsError, from_env

    good = {"MONGODB_URI": "mongodb://127.0.0.1/", "AUDIT_SECRET_KEY": "s" * 40, "AUDIT_CONTACT_KEY": "c" * 40}
    with pytest.raises(SettingsError, match=variable):
        from_env(good | {variable: value})
    seeds = {from_env(good | {"AUDIT_SECRET_KEY": key * 40}).receipt_seed() for key in "abc"}
    assert len(seeds) == 3
    assert b"a" * 32 not in seeds
