"""Certificates are verified: a source or webhook whose certificate nobody vouches for gets nothing."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from mining_assets.sources.errors import SourceUnavailable
from mining_assets.sources.http import HttpClient
from mining_assets.sources.webhook import WebhookError, post_alert
from mining_assets_tests.support.loopback import QUICK


class Taker(BaseHTTPRequestHandler):
    """Takes whatever comes, and notes it."""

    taken: list[str]

    def do_GET(self) -> None:
        self.taken.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that turns away in the handshake is what is wanted here."""


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of an authority of one's own, and one for 127.0.0.1 that it signed, with its key."""
    folder = tmp_path_factory.mktemp("authority")
    authority, key, server, request, extra = (folder / name for name in ("ca.crt", "ca.key", "key", "csr", "ext"))
    new_key = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new_key, "-days", "1", "-subj", "/CN=Own authority", "-keyout", key, "-out", authority)
    openssl("req", *new_key, "-subj", "/CN=127.0.0.1", "-keyout", server, "-out", request)
    extra.write_text("subjectAltName=IP:127.0.0.1")
    signed, by = folder / "crt", ("-CA", authority, "-CAkey", key, "-CAcreateserial")
    openssl("x509", "-req", "-in", request, *by, "-days", "1", "-extfile", extra, "-out", signed)
    both = folder / "both.pem"
    both.write_text(server.read_text() + signed.read_text())
    return authority, both


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def served(certificate: Path) -> Iterator[tuple[str, list[str]]]:
    """An https server with that certificate: its address, and what it was asked."""
    with serving(certificate) as server:
        yield server


@contextmanager
def serving(certificate: Path) -> Iterator[tuple[str, list[str]]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = type("Handler", (Taker,), {"taken": []})
    with Quiet(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", handler.taken
        server.shutdown()
        thread.join()


def test_a_source_without_a_trusted_certificate_is_not_asked(served: tuple[str, list[str]]) -> None:
    url, taken = served

    async def ask() -> None:
        async with HttpClient(url, QUICK) as client:
            await client.get("secret", bytes)

    with pytest.raises(SourceUnavailable, match=r"CERTIFICATE_VERIFY_FAILED.*SSL_CERT_FILE") as caught:
        asyncio.run(ask())
    assert caught.value.attempts == 1
    assert taken == []


def test_a_webhook_without_a_trusted_certificate_gets_no_alert(served: tuple[str, list[str]]) -> None:
    url, taken = served
    with pytest.raises(WebhookError, match="could not be reached: ConnectError"):
        post_alert(f"{url}/hook", "text", "cause", None)
    assert taken == []


def test_an_authority_of_ones_own_is_trusted_by_source_and_webhook(
    vouched: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, both = vouched
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async def ask(url: str) -> None:
        async with HttpClient(url, QUICK) as client:
            await client.get("list", bytes)

    with serving(both) as (url, taken):
        asyncio.run(ask(url))
        post_alert(f"{url}/hook", "text", "cause", None)
    assert taken == ["/list", "/hook"]


def test_whoever_does_not_verify_gets_through(served: tuple[str, list[str]]) -> None:
    url, taken = served
    assert httpx.get(f"{url}/open", verify=False).status_code == 200
    assert taken == ["/open"]
