"""HTTPS for trying on a phone: an authority of the demo's own, a certificate that verifies against it, and no other."""

from __future__ import annotations

import hashlib
import json
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pymongo import MongoClient

from audit_api.cli import demo_https
from tests.servers import ROOT, WebServer, environment, free_port, serve_command

AT = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "https"


def test_the_server_verifies_against_the_authority_and_nothing_else(mongodb_uri: str, folder: Path) -> None:
    authority, certificate, key = demo_https.certificates(folder, "127.0.0.1", AT)
    database = f"test_{uuid.uuid4().hex[:16]}"
    command = [*serve_command(workers=1), "--certificate", str(certificate), "--key", str(key)]
    server = SecureServer(command, environment(mongodb_uri, database), folder / "server.log")
    try:
        with server:
            url = f"https://127.0.0.1:{server.port}"
            trusting = ssl.create_default_context(cafile=str(authority))
            with urllib.request.urlopen(f"{url}/field/", context=trusting) as answer:
                assert b"<!doctype html>" in answer.read().lower()
            with urllib.request.urlopen(f"{url}/field/sw.js", context=trusting) as answer:
                assert answer.headers.get_content_type() == "text/javascript"
            # Cookies of pages may travel over HTTPS only: the application knows that it is asked so.
            with urllib.request.urlopen(f"{url}/sign-in", context=trusting) as answer:
                assert "Secure" in answer.headers["Set-Cookie"]
            with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
                urllib.request.urlopen(f"{url}/field/", context=ssl.create_default_context())
    finally:
        with MongoClient(mongodb_uri) as client:
            client.drop_database(database)


class SecureServer(WebServer):
    """A server that is up once it takes a handshake."""

    def answers(self) -> bool:
        anybody = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{self.port}/healthz", context=anybody, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


def test_what_is_made_is_kept_and_private(folder: Path) -> None:
    first = demo_https.certificates(folder, "192.0.2.7", AT)
    kept = [path.read_bytes() for path in first]
    assert [path.read_bytes() for path in demo_https.certificates(folder, "192.0.2.7", AT)] == kept
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # Another host is one more certificate under the same authority: the phone need not install anything again.
    other = demo_https.certificates(folder, "audit.test", AT)
    assert other[0] == first[0]
    assert other[1] != first[1]
    leaf = x509.load_pem_x509_certificate(first[1].read_bytes())
    authority = x509.load_pem_x509_certificate(first[0].read_bytes())
    leaf.verify_directly_issued_by(authority)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)  # or phones refuse it
    assert "audit" not in authority.subject.rfc4514_string().lower()


def test_a_certificate_near_its_end_is_renewed(folder: Path) -> None:
    authority, certificate, _ = demo_https.certificates(folder, "127.0.0.1", AT)
    before = certificate.read_bytes()
    later = AT + timedelta(days=demo_https.DAYS - 20)
    assert demo_https.certificates(folder, "127.0.0.1", later)[0] == authority
    assert certificate.read_bytes() != before


def test_the_phone_fetches_the_authority_over_plain_http(folder: Path) -> None:
    port = free_port()
    chosen = demo_https.Place("127.0.0.1", port, *demo_https.certificates(folder, "127.0.0.1", AT))
    with demo_https.offer_authority(chosen) as url:
        assert url == f"http://127.0.0.1:{port + 1}/"
        with urllib.request.urlopen(f"{url}ca.crt") as answer:
            offered = answer.read()
            assert answer.headers.get_content_type() == "application/x-x509-ca-cert"
        with urllib.request.urlopen(url) as answer:
            told = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{url}authority-key.pem")
    x509.load_der_x509_certificate(offered)
    assert demo_https.fingerprint(chosen.authority).replace(" ", "").lower() == hashlib.sha256(offered).hexdigest()
    assert demo_https.fingerprint(chosen.authority) in told
    assert chosen.url in told


def test_plain_http_is_served_to_this_machine_only(tmp_path: Path) -> None:
    run = [sys.executable, "-c", "from audit_api.cli import main; main()"]
    env = environment("", "") | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*run, "demo", "--host", "192.0.2.7", "--dir", tmp_path], cwd=ROOT, env=env, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "HTTPS=1" in done.stderr


def test_links_and_commands_of_the_demo() -> None:
    from audit_api.cli.demo import command_line

    printed = command_line("visit", "https://h:1", "t", Path("/a b/authority.pem"))
    assert printed.startswith("SSL_CERT_FILE='/a b/authority.pem' ")
    assert demo_https.Place("::1", 8443, Path("x")).url == "https://[::1]:8443"
    assert json.dumps(demo_https.Place("127.0.0.1", 80).serve_options()) == '["--host", "127.0.0.1", "--port", "80"]'
