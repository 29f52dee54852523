"""The answers of one fetch in place of a source: asked as a source is, it gives what was received then.

It never asks anybody. What was not asked for then is unavailable.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar

import httpx

from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.archive.objects import KeptAnswer
from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError, SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer, HttpCounters
from mining_assets.sources.received import Received, note_received

T = TypeVar("T")


class ArchivedHttp:
    """Gives the answers of a fetch again, in place of ``sources.http.HttpClient``: for one client, as that is.

    Args:
        fetch: of which the answers are.
        answers: in the order of its object.

    Attributes:
        origin: where the last answer that was given came from.
    """

    def __init__(self, fetch: ArchivedFetch, answers: Sequence[KeptAnswer]) -> None:
        self._fetch = fetch
        self._answers: dict[str, list[tuple[datetime, str, KeptAnswer]]] = defaultdict(list)
        for instant, base, answer in zip(fetch.requested_at, fetch.base_of_each, answers, strict=True):
            self._answers[answer.path].append((instant, base, answer))
        self.counters = HttpCounters()
        self.origin = fetch.origin or ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def get(self, path: str, parse: Callable[[bytes], T], params: Mapping[str, str] | None = None) -> Answer[T]:
        """Return what was answered then, parsed by today's rules; see ``HttpClient.get``.

        What was asked for several times gives its answers in their order.

        Raises:
            SourceUnavailable: it was not asked for then, was not answered, or its body is broken.
            SourceRefused: the source refused it, or the answer holds an impossible value.
        """
        asked = str(httpx.URL(path.lstrip("/"), params=params)) if params else path.lstrip("/")
        answers = self._answers.get(asked)
        if not answers:
            raise SourceUnavailable("not among the archived answers", url=f"{self._fetch.base}/{asked}")
        instant, base, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        url, self.origin = f"{base}/{asked}", self._fetch.origin_of(base)
        reason, refused = answer.reason, False
        if answer.body is None:
            refused = answer.status is not None and _refuses(answer.status)
        else:
            try:
                value = parse(answer.body)
            except BrokenBodyError as error:
                reason = str(error)
            except ImpossibleValueError as error:
                reason, refused = str(error), True
            else:
                note_received(Received(asked, url, instant, answer.status, answer.body, 1))
                return Answer(value, url, instant, 1, len(answer.body))
        note_received(Received(asked, url, instant, answer.status, answer.body, 1, reason))
        failure = SourceRefused if refused else SourceUnavailable
        raise failure(reason, url=url, status=answer.status)


def _refuses(status: int) -> bool:
    """Tell whether a source with such a status did not want the request, as ``sources.http`` does."""
    return httpx.codes.is_client_error(status) and status != HTTPStatus.TOO_MANY_REQUESTS
