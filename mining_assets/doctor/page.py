"""The doctor's page: all sections, the verdict, and both as text and as a document. Nothing is examined here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from mining_assets.doctor.lines import Line, Section
from mining_assets.domain.origin import Kind, kind_of
from mining_assets.domain.wording import count_of
from mining_assets.sources.received import Received

READY, NOT_READY, UNREACHABLE = 0, 1, 3
_WARNINGS = {
    Kind.GENERATED: " The sources answer with generated data, not with real figures.",
    Kind.OTHER: " Not all sources are the live ones.",
}
_SHORTEST_IN_TEXT, _SHORTEST_IN_BODIES = 4, 8


class ShownSetting(NamedTuple):
    """A setting as it may be shown: its value masked where it is a secret, and where it comes from."""

    name: str
    value: str | None
    origin: str


@dataclass(frozen=True)
class Page:
    """Everything that was examined.

    Attributes:
        at: when, in UTC.
        version: of the product.
        sections: in the order in which they are shown.
        settings: masked.
        received: the answers of the sources.
    """

    at: datetime
    version: str
    sections: Sequence[Section]
    settings: Sequence[ShownSetting] = ()
    received: Sequence[Received] = ()

    @property
    def lines(self) -> list[Line]:
        """The lines of all sections."""
        return [line for section in self.sections for line in section.lines]

    @property
    def exit_code(self) -> int:
        """0 when everything is ready, 1 when something differs, 3 when nothing does but something is out of reach."""
        found = {line.status for line in self.lines}
        return NOT_READY if "differs" in found else UNREACHABLE if "unreachable" in found else READY

    @property
    def sentence(self) -> str:
        """The verdict for people."""
        kinds = {kind_of(section.origin) for section in self.sections if section.origin}
        warning = next((text for kind, text in _WARNINGS.items() if kind in kinds), "")
        if self.exit_code == READY:
            return f"Everything is ready.{warning}"
        differing = sum(line.status == "differs" for line in self.lines)
        silent = sum(line.status == "unreachable" for line in self.lines)
        parts = [f"{count_of(differing, 'line')} {'differs' if differing == 1 else 'differ'} from what is needed"]
        parts = parts if differing else []
        parts += [f"{silent} cannot be reached"] if silent else []
        return f"Not everything is ready: {', '.join(parts)}.{warning}"


def masked(page: Page, secrets: Sequence[str]) -> Page:
    """Return the page without any of some secrets, wherever a message or an answer repeats one.

    Addresses come masked already. A short secret is no more than a part of other words or numbers where it is found.
    """
    in_text, in_bodies = _any_of(secrets, _SHORTEST_IN_TEXT), _any_of(secrets, _SHORTEST_IN_BODIES)

    def mask(text: str | None) -> Any:
        return None if text is None else in_text.sub("***", text)

    def mask_body(body: bytes | None) -> bytes | None:
        return None if body is None else re.sub(in_bodies.pattern.encode(), b"***", body)

    sections = [
        replace(section, lines=[replace(line, found=mask(line.found), url=mask(line.url)) for line in section.lines])
        for section in page.sections
    ]
    received = [
        replace(
            each,
            path=mask(each.path),
            url=mask(each.url),
            reason=mask(each.reason),
            body=mask_body(each.body),
            headers={name: mask(value) for name, value in each.headers.items()},
        )
        for each in page.received
    ]
    settings = [shown._replace(value=mask(shown.value)) for shown in page.settings]
    return replace(page, sections=sections, received=received, settings=settings)


def _any_of(secrets: Sequence[str], shortest: int) -> re.Pattern[str]:
    known = sorted({secret for secret in secrets if len(secret) >= shortest}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known)) or r"(?!)")


def as_dict(page: Page) -> dict[str, Any]:
    """Return the page for machines."""
    return {
        "command": "doctor",
        "exit_code": page.exit_code,
        "at": page.at.isoformat(timespec="seconds"),
        "version": page.version,
        "ready": page.exit_code == READY,
        "sentence": page.sentence,
        "sections": [
            {
                "section": section.title,
                "origin": section.origin,
                "lines": [
                    {
                        "name": line.name,
                        "result": line.status,
                        "found": line.found,
                        "assumed": line.assumed or None,
                        "url": line.url,
                    }
                    for line in section.lines
                ],
                "not_examined": list(section.not_examined),
            }
            for section in page.sections
        ],
        "settings": [shown._asdict() for shown in page.settings],
        "requests": [
            {
                "url": each.url,
                "at": each.requested_at.isoformat(timespec="milliseconds"),
                "status": each.status,
                "attempts": each.attempts,
                "bytes": None if each.body is None else len(each.body),
                "headers": dict(each.headers),
                "reason": each.reason or None,
            }
            for each in page.received
        ],
    }


def as_text(page: Page) -> str:
    """Return the page for people: what is not as it should be line by line, the rest in short."""
    return "\n".join(_text(page))


def _text(page: Page) -> Iterator[str]:
    yield f"mining-assets {page.version}, {page.at:%Y-%m-%d %H:%M} UTC. {page.sentence}"
    for section in page.sections:
        yield ""
        yield f"=== {section.title}{f': {section.origin}' if section.origin else ''} ==="
        yield from _section(section)
    if page.settings:
        yield ""
        yield "=== Settings ==="
        given = [shown for shown in page.settings if shown.origin != "default"]
        for shown in given:
            yield f"{shown.name}={shown.value or ''} ({shown.origin})"
        rest = len(page.settings) - len(given)
        yield f"By default: {count_of(rest, 'other setting')} (`mining-assets settings` lists them)"


def _section(section: Section) -> Iterator[str]:
    """Yield what was examined; what was not only where that does not follow from a line before."""
    asked = [line for line in section.lines if line.status != "unreachable" or line.url or line.aspect]
    for subject in dict.fromkeys(line.subject for line in asked):
        yield from _subject([line for line in asked if line.subject == subject])
    others = [line for line in section.lines if line not in asked]
    for found in dict.fromkeys(line.found for line in others):
        yield f"{'unreachable':<12}{'; '.join(line.name for line in others if line.found == found)}: {found}"
    failed = tuple(f"{line.subject}: " for line in section.lines if line.status != "pass" and not line.aspect)
    lacking = [name for name in section.not_examined if not name.startswith(failed)] if failed else section.not_examined
    if lacking:
        yield f"not examined: {'; '.join(lacking)}"


def _subject(lines: Sequence[Line]) -> Iterator[str]:
    """Yield a line for all aspects that pass, and one for each other."""
    passed = [line for line in lines if line.status == "pass"]
    if passed:
        first = passed[0]
        aspects = [line.aspect for line in passed if line.aspect]
        text = first.found if not first.aspect or len(lines) == 1 else ""
        also = f"as assumed: {', '.join(aspects)}" if aspects and not (len(lines) == 1 and text) else ""
        yield f"{'pass':<12}{first.subject}: {'; '.join(filter(None, [text, also]))}"
    for line in lines:
        if line.status != "pass":
            yield f"{line.status:<12}{line.name}: {line.found}"
            if line.assumed and line.status == "differs":
                yield f"{'':12}assumed: {line.assumed}"
            if line.url:
                yield f"{'':12}{line.url}"
