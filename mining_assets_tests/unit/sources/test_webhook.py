"""Alerts go to the webhook and nowhere else."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from mining_assets.sources.webhook import WebhookError, post_alert


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_not_repeated(status: int) -> None:
    asked: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with pytest.raises(WebhookError, match=f"^the webhook answered HTTP {status}$"):
                post_alert(f"http://127.0.0.1:{server.server_port}/s3cret", "text", "cause", None)
        finally:
            server.shutdown()
            thread.join()
    assert asked == ["/s3cret"]
