"""The demo for a real phone: a certificate authority of its own, which the phone installs, and where to get it."""

from __future__ import annotations

import hashlib
import html
import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from audit_api.cli.context import terminal_language
from audit_api.cli.demo_folder import PRIVATE

DAYS = 397  # phones take no server certificate of more
RENEWED_BEFORE = timedelta(days=30)
LOOPBACK = "127.0.0.1"
AUTHORITY_NAME = "Local trial"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo is served: host as typed, the address to listen on, and the certificates where there are any."""

    host: str
    port: int
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        """Give the address to open."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.authority else 'http'}://{host}:{self.port}"

    @property
    def address(self) -> str:
        """Give the numeric address to listen on; ends the program for a name that leads nowhere."""
        try:
            return str(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            sys.exit(f"audit-api: {self.host}: {error.strerror or error}")

    @property
    def context(self) -> ssl.SSLContext | None:
        """Give what trusts our own authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.authority)) if self.authority else None

    def serve_options(self) -> list[str]:
        """Give the options of `audit-api serve`."""
        certificates = ["--certificate", str(self.certificate), "--key", str(self.key)] if self.authority else []
        return ["--host", self.address, "--port", str(self.port), *certificates]


def place(folder: Path, *, host: str, port: int, https: bool, at: datetime) -> Place:
    """Choose the place; with `https`, make what is missing of authority and certificate, kept in the folder.

    Ends the program for plain HTTP on a host that is not this machine alone: no phone could do anything with it.
    """
    if https:
        return Place(host, port, *certificates(folder / "https", host, at))
    if host not in (LOOPBACK, "localhost"):
        zh = "手机只有通过 HTTPS 才能使用此应用：请同时写 HTTPS=1（--https）"
        en = "phones need HTTPS for the app: give HTTPS=1 (--https) with HOST"
        sys.exit(f"audit-api: {zh if terminal_language() == 'zh' else en}")
    return Place(LOOPBACK, port)


def certificates(folder: Path, host: str, at: datetime) -> tuple[Path, Path, Path]:
    """Give the files of the authority's certificate, the server's and its key; the authority is made once.

    The authority's key can make a certificate for any name, and a phone that has installed it would believe that:
    the key is readable by its owner only, and leaves with the folder.
    """
    try:
        import trustme  # noqa: PLC0415 - an extra, needed for this alone
    except ImportError:
        sys.exit("audit-api: trustme is missing: pip install 'audit-api[https]'")
    folder.mkdir(mode=0o700, exist_ok=True)
    authority, authority_key = folder / "authority.pem", folder / "authority-key.pem"
    name = hashlib.sha256(host.encode()).hexdigest()[:12]
    certificate, key = folder / f"server-{name}.pem", folder / f"server-{name}-key.pem"
    if not (authority.is_file() and authority_key.is_file()):
        made = trustme.CA(organization_name=AUTHORITY_NAME, organization_unit_name=f"{at:%Y-%m-%d %H:%M}")
        _write(authority_key, made.private_key_pem.bytes())
        _write(authority, made.cert_pem.bytes())
        for signed_before in folder.glob("server-*.pem"):
            signed_before.unlink()
    if not (certificate.is_file() and key.is_file() and _is_good(certificate, at)):
        ours = trustme.CA.from_pem(authority.read_bytes(), authority_key.read_bytes())
        names = dict.fromkeys((host, LOOPBACK, "localhost"))
        begin, end = at - timedelta(days=1), at + timedelta(days=DAYS - 1)
        leaf = ours.issue_cert(*names, organization_name=AUTHORITY_NAME, not_before=begin, not_after=end)
        _write(key, leaf.private_key_pem.bytes())
        _write(certificate, b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    return authority, certificate, key


def fingerprint(authority: Path) -> str:
    """Give the SHA-256 of the authority's certificate as phones show it."""
    digest = hashlib.sha256(_der(authority)).hexdigest().upper()
    return " ".join(digest[i : i + 2] for i in range(0, len(digest), 2))


@contextmanager
def offer_authority(chosen: Place) -> Iterator[str]:
    """Serve the authority's certificate over plain HTTP at the next port, with what to do; gives the address.

    Over HTTPS the phone could not fetch it without a warning, which is just what it is to make unnecessary.
    """
    assert chosen.authority is not None
    offered, told = _der(chosen.authority), _page(chosen).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wants = self.path.partition("?")[0]
            if wants == "/ca.crt":
                self._give(200, "application/x-x509-ca-cert", offered)
            else:
                self._give(200 if wants == "/" else 404, "text/html; charset=utf-8", told)

        def _give(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet: what the terminal shows is to be read."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in chosen.address else socket.AF_INET
        daemon_threads = True

    try:
        server = Server((chosen.address, chosen.port + 1), Handler)
    except (OSError, OverflowError) as error:
        sys.exit(f"audit-api: {chosen.host}:{chosen.port + 1}: {error}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{chosen.url.replace('https', 'http', 1).removesuffix(str(chosen.port))}{chosen.port + 1}/"
    finally:
        server.shutdown()
        server.server_close()


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
    fresh.replace(path)


def _is_good(certificate: Path, at: datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - heavy; only with HTTPS

    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc - at > RENEWED_BEFORE


def _der(authority: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.read_text())


def _page(chosen: Place) -> str:
    assert chosen.authority is not None
    url, shown = html.escape(f"{chosen.url}/field/"), fingerprint(chosen.authority)
    return f"""<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>证书 Certificate</title>
<style>
body{{font:1.1rem/1.6 system-ui;margin:1rem auto;max-width:36rem;padding:0 1rem}}
code{{word-break:break-all}}
</style>
<h1>试用证书</h1>
<p><a href="/ca.crt">下载证书</a>。SHA-256 应与电脑终端显示的一致：<br><code>{shown}</code></p>
<ul>
<li>iPhone：用 Safari 下载并允许 → 设置 → 已下载描述文件 → 安装；
再到 设置 → 通用 → 关于本机 → 证书信任设置，打开此证书的开关。</li>
<li>Android：下载后到 设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书，选择下载的文件（各品牌菜单略有不同）。</li>
</ul>
<p>然后打开 <a href="{url}">{url}</a>。试用结束后，请在手机上删除此证书。</p>
<div lang="en">
<h1>Certificate for trying</h1>
<p><a href="/ca.crt">Download the certificate</a>. Its SHA-256, above, has to be the one the computer's terminal
shows.</p>
<ul>
<li>iPhone: download in Safari and allow it → Settings → Profile Downloaded → Install; then Settings → General → About
→ Certificate Trust Settings, and switch this certificate on.</li>
<li>Android: download it, then Settings → Security → Encryption &amp; credentials → Install a certificate →
CA certificate, and choose the file (menus differ by brand).</li>
</ul>
<p>Then open <a href="{url}">{url}</a>. When you have finished trying, remove the certificate from the phone.</p>
</div>
</html>
"""
