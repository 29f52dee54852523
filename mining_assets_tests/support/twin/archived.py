"""``ArchivedWorld``: the answers of an archive, served as they were received, of each path the newest.

It has no rows of its own: nothing can be restated, and what the archive lacks is not made up.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from http import HTTPStatus
from threading import Lock

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.objects import KeptAnswer
from mining_assets.archive.store import Archive
from mining_assets.domain.origin import Kind, kind_of
from mining_assets.pipeline.archive_check import NAMES
from mining_assets.sources.http import GENERATED_HEADER
from mining_assets_tests.support.twin.faults import Answer
from mining_assets_tests.support.twin.routes import COINBASE, ELEXON, MEMPOOL, encode

_DAY = re.compile(r"balancing/settlement/.*?(\d{4}-\d{2}-\d{2})")
_DAYS_AT_HAND = 4  # a day has some 18 MB


@dataclass(frozen=True)
class Found:
    """An answer of the archive: when it was asked for, what came, and whether it was made up."""

    requested_at: datetime
    kept: KeptAnswer
    generated: bool


class ArchivedWorld:
    """What sources answered once.

    Args:
        archive: with the answers.
        as_of: the last instant of a request whose answer counts; None for all.

    Raises:
        ArchiveError: a manifest or an object beside those of settlement days cannot be read.
    """

    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self, archive: Archive, as_of: datetime | None = None) -> None:
        self._archive, self._as_of = archive, as_of
        until = f" as of {as_of:%Y-%m-%d %H:%M:%S} UTC" if as_of else ""
        self.description = f"the archive {archive.address}{until}"
        self._lock = Lock()
        self._of_day = lru_cache(_DAYS_AT_HAND)(self._read_day)

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is nothing to serve."""
        return not self._others and not any(self._of_day(day) for day, _ in self._archive.subjects(SETTLEMENT_STACKS))

    def answer(self, target: str) -> Answer:
        """Return what a request target (path and query) was answered with; 404 where the archive does not have it."""
        prefix = next((each for each in (ELEXON, MEMPOOL, COINBASE) if target.startswith(f"{each}/")), None)
        if prefix is None:
            return Answer(HTTPStatus.NOT_FOUND, encode({"message": "no source has this address"}))
        path = target.removeprefix(f"{prefix}/")
        try:
            found = self._answers_about(path).get(path)
        except ArchiveError as error:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, encode({"message": str(error)}))
        if found is None:
            return Answer(HTTPStatus.NOT_FOUND, encode({"message": f"{path} is not in {self.description}"}))
        kept, headers = found.kept, ((GENERATED_HEADER, "true"),) if found.generated else ()
        body = encode({"message": kept.reason}) if kept.body is None else kept.body
        assert kept.status is not None
        return Answer(kept.status, body, headers=headers)

    def _answers_about(self, path: str) -> dict[str, Found]:
        day = _DAY.match(path)
        with self._lock:
            return self._of_day(day[1]) if day else self._others

    def _read_day(self, day: str) -> dict[str, Found]:
        return self._newest(self._archive.fetches(SETTLEMENT_STACKS, day))

    @cached_property
    def _others(self) -> dict[str, Found]:
        names = [name for name in NAMES if name != SETTLEMENT_STACKS]
        months = [(name, month) for name in names for month, _ in self._archive.subjects(name)]
        return self._newest(fetch for each in months for fetch in self._archive.fetches(*each))

    def _newest(self, fetches: Iterable[ArchivedFetch]) -> dict[str, Found]:
        newest: dict[str, Found] = {}
        for found in self._found(fetches):
            known = newest.get(found.kept.path)
            if known is None or known.requested_at <= found.requested_at:
                newest[found.kept.path] = found
        return newest

    def _found(self, fetches: Iterable[ArchivedFetch]) -> Iterator[Found]:
        """Yield every answer of fetches that counts; what no source answered is none."""
        for fetch in fetches:
            generated = kind_of(fetch.origin) is Kind.GENERATED
            for asked, kept in zip(fetch.requested_at, self._archive.answers(fetch), strict=True):
                if kept.status is not None and (self._as_of is None or asked <= self._as_of):
                    yield Found(asked, kept, generated)
