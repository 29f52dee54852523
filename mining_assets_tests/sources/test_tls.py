"""Certificates are verified: a source or webhook whose certificate nobody vouches for gets nothing."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from mining_assets.sources.errors import SourceUnavailable
from mining_assets.sources.http import HttpClient
from mining_assets.sources.webhook import WebhookError, post_alert
from mining_assets_tests.sources.loopback import QUICK


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

    with pytest.raises(SourceUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(ask())
    assert taken == []


def test_a_webhook_without_a_trusted_certificate_gets_no_alert(served: tuple[str, list[str]]) -> None:
    url, taken = served
    with pytest.raises(WebhookError, match="could not be reached: ConnectError"):
        post_alert(f"{url}/hook", "text", "cause", None)
    assert taken == []


def test_whoever_does_not_verify_gets_through(served: tuple[str, list[str]]) -> None:
    url, taken = served
    assert httpx.get(f"{url}/open", verify=False).status_code == 200
    assert taken == ["/open"]
