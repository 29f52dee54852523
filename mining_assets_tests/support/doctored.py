"""A world as the doctor sees it at a fixed time, answered in this process, and its answers altered one by one."""

import copy
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from mining_assets.doctor.lines import Line, Section
from mining_assets.doctor.sources import Examined, examine_sources
from mining_assets.settings import Settings
from mining_assets.sources.http import GENERATED_HEADER
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.routes import Ask, BadRequestError, encode, parse, payload

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 16)
"""The day that is asked for at that time."""

Alter = Callable[[Ask, Any], Any]
Answer = Callable[[httpx.Request, httpx.Response], httpx.Response]


@cache
def world() -> GeneratedWorld:
    return GeneratedWorld(seed=4, units=10, light=True, windy_days=[DAY], clock=lambda: NOW)


@cache
def _payload(ask: Ask) -> Any:
    return payload(world(), ask)


def settings(**changes: Any) -> Settings:
    """Settings for sources at a host that only the transport knows, at no pace."""
    given: dict[str, Any] = {
        "home": Path("/nowhere"),
        "elexon_url": "http://twin/bmrs/api/v1",
        "mempool_url": "http://twin/api/v1",
        "coinbase_url": "http://twin/coinbase",
        "requests_per_second": 1000,
        "retry_base_seconds": 0,
        "retry_max_seconds": 0,
    }
    return Settings(**(given | changes))


@dataclass
class Transport(httpx.AsyncBaseTransport):
    """Answers from the world.

    Attributes:
        alter: changes the value of an answer before it is encoded.
        answer: replaces a whole response, or raises what a network would.
        zipped: whether bodies are compressed.
    """

    alter: Alter = lambda ask, value: value
    answer: Answer = lambda request, response: response
    zipped: bool = True

    def __post_init__(self) -> None:
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        self.asked.append(target)
        try:
            ask = parse(target)
        except BadRequestError:
            return httpx.Response(400)
        body = encode(self.alter(ask, copy.deepcopy(_payload(ask))))
        headers = {GENERATED_HEADER: "true"} | ({"Content-Encoding": "gzip"} if self.zipped else {})
        content = gzip.compress(body, 1) if self.zipped else body
        return self.answer(request, httpx.Response(200, headers=headers, content=content))


def examined(transport: httpx.AsyncBaseTransport, **changes: Any) -> Examined:
    """What the doctor finds of the sources."""
    return examine_sources(settings(**changes), NOW, transport)


def lines_of(sections: tuple[Section, ...]) -> dict[tuple[str, str], Line]:
    """The lines by section and name."""
    return {(section.title, line.name): line for section in sections for line in section.lines}
