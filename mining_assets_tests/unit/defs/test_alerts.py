"""Alerts: once a day and cause, in the JSON that webhooks take, and never lost when the webhook is away."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import time_machine
from sqlalchemy import delete, insert

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import alerts_sent, daily_summaries, healing_attempts
from mining_assets_tests.support.clean import WINDY, clean, scan_all
from mining_assets_tests.support.looking import Looking
from mining_assets_tests.support.samples import damage, rows_of
from mining_assets_tests.support.templates import Templates

SENSOR = "alert_sensor"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Hook:
    """A webhook on loopback that keeps what it was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200


@contextmanager
def webhook() -> Iterator[tuple[Hook, str]]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hook.status == 200:
                hook.messages.append(json.loads(body))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hook, f"http://127.0.0.1:{server.server_port}/hooks/s3cret"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ground(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse of the test's own: clean, or with a summary that a scan has found lacking."""
    prepare = without_a_summary if "damaged" in request.fixturenames else clean
    with templates.copy("sqlite", prepare, tmp_path) as warehouse:
        yield warehouse


def without_a_summary(warehouse: Warehouse) -> None:
    clean(warehouse)
    damage(warehouse, delete(daily_summaries).where(daily_summaries.c.summary_date == WINDY))
    scan_all(warehouse)


@pytest.fixture
def damaged() -> None:
    """Ask for the damaged warehouse."""


@pytest.mark.usefixtures("damaged")
def test_a_failed_check_is_told_once_a_day(looking: Looking) -> None:
    with webhook() as (hook, url):
        looking = looking.but(alert_webhook=url)
        for hours in (0, 1, 11, 12, 13):
            with time_machine.travel(AT + timedelta(hours=hours), tick=False):
                looking.tick(SENSOR)
    told = [message for message in hook.messages if message["cause"] == "check daily_summaries.sums"]
    assert len(told) == 2  # on the first and on the second of January
    assert str(WINDY) in told[0]["text"]
    assert told[0].keys() == {"text", "cause", "link"}


@pytest.mark.usefixtures("damaged")
def test_a_test_of_the_sensor_sends_nothing_and_says_what_is_due(looking: Looking, ground: Warehouse) -> None:
    with webhook() as (hook, url):
        looking = looking.but(alert_webhook=url)
        for _ in range(2):
            tested = looking.tick(SENSOR, test=True)
            assert (hook.messages, rows_of(ground, alerts_sent), tested.cursor) == ([], [], None)
            assert "sends nothing; due: " in tested.said
            assert f"daily_summaries: check sums fails on {WINDY}; first: " in tested.said
        looking.tick(SENSOR)
    assert "check daily_summaries.sums" in {message["cause"] for message in hook.messages}


@pytest.mark.usefixtures("damaged")
def test_an_alert_that_could_not_be_delivered_is_sent_at_the_next_tick(
    looking: Looking, ground: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    with webhook() as (hook, url):
        looking = looking.but(alert_webhook=url)
        hook.status = 503
        looking.tick(SENSOR)
        assert rows_of(ground, alerts_sent) == []
        hook.status = 200
        looking.tick(SENSOR)
    assert hook.messages
    assert rows_of(ground, alerts_sent)
    shown = capfd.readouterr()
    assert "HTTP 503" in shown.err + shown.out
    assert "s3cret" not in shown.err + shown.out


def test_quarantined_days_are_told_as_ranges_with_the_last_error_of_the_first(
    looking: Looking, ground: Warehouse
) -> None:
    row = {
        "attempts": 6,
        "last_attempt_at": AT,
        "next_attempt_at": AT,
        "last_error": "period 7 bid is broken",
        "quarantined_at": AT,
    }
    for day in (date(2025, 3, 30), date(2025, 3, 31)):
        damage(ground, insert(healing_attempts).values(settlement_date=day, **row))
    with webhook() as (hook, url):
        looking.but(alert_webhook=url).tick(SENSOR)
    (message,) = hook.messages
    assert message["cause"] == "quarantine"
    assert "2 days quarantined, 2025-03-30 to 2025-03-31; " in message["text"]
    assert "first 2025-03-30 after 6 attempts: period 7 bid is broken" in message["text"]


def test_a_failed_run_is_told_with_a_link_to_it(looking: Looking) -> None:
    with webhook() as (hook, url):
        looking = looking.but(alert_webhook=url, ui_url="http://127.0.0.1:3000")
        looking.tick(SENSOR)
        run = looking.queued("daily", dg.DagsterRunStatus.FAILURE)
        looking.tick(SENSOR)
        looking.tick(SENSOR)
    (message,) = hook.messages
    assert message["cause"] == "run of daily"
    assert message["link"] == f"http://127.0.0.1:3000/runs/{run.run_id}"


@pytest.mark.usefixtures("damaged")
def test_without_a_webhook_alerts_are_logged_and_remembered(looking: Looking, ground: Warehouse) -> None:
    looking.tick(SENSOR)
    assert {cause for cause, _ in rows_of(ground, alerts_sent)} >= {"check daily_summaries.sums"}
