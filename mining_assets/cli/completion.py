"""What completion offers in the shell: tables, days, months and the ids of units, besides commands and options.

It stands in for the commands, whose modules take longer to import than anybody waits for a tab, and imports none of
them: what they take is read from the file that :mod:`mining_assets.cli.described` writes. Whatever goes wrong
here, nothing is offered and nothing is said.
"""

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mining_assets.domain.settlement import last_day_over
from mining_assets.warehouse.unit_ids import unit_ids

_LEVELS = (4, 7, 10)  # characters of a year, a month, a day
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def stand_in(name: str) -> click.Command | None:
    """Return a command that takes what the one of this name takes, and does nothing; None where there is none."""
    described = _described()["commands"].get(name)
    return None if described is None else _command(name, described)


def complete_days(incomplete: str, first: date, last: date, *, level: int = 10) -> list[str]:
    """Return how a day from first to last goes on from what is typed: its year, its month, then the days.

    Args:
        incomplete: what is typed so far.
        first: the first day that may be named.
        last: the last of them.
        level: the characters at which it ends: 7 for months.
    """
    days = [str(first + timedelta(days=offset)) for offset in range((last - first).days + 1)]
    days = [day for day in days if day[:level].startswith(incomplete)]
    found: list[str] = []
    for length in _LEVELS:
        if length <= len(incomplete) and length < level:
            continue
        found = list(dict.fromkeys(day[:length] + ("-" if length < level else "") for day in days))
        if length >= level or len(found) > 1:
            break
    return found


def _described() -> dict[str, Any]:
    text = (files("mining_assets") / "packaged" / "completion.json").read_text(encoding="utf-8")
    described: dict[str, Any] = json.loads(text)
    return described


def _command(name: str, described: dict[str, Any]) -> click.Command:
    parameters = [_parameter(each) for each in described["parameters"]]
    if "commands" in described:
        inner = {each: _command(each, content) for each, content in described["commands"].items()}
        return click.Group(name, commands=inner, params=parameters, help=described["help"])
    return click.Command(name, params=parameters, help=described["help"])


def _parameter(described: dict[str, Any]) -> click.Parameter:
    kind = described["kind"]
    completer = _quiet(_COMPLETERS[kind]) if kind in _COMPLETERS else None
    what: click.ParamType[Any] = click.STRING
    if "choices" in described:
        what = click.Choice(described["choices"])
    elif kind in ("file", "path"):
        what = click.Path()
    if not described["option"]:
        return click.Argument(described["names"], type=what, required=False, shell_complete=completer)
    if described["flag"]:
        return click.Option(described["names"], is_flag=True, help=described["help"])
    multiple = described["multiple"]
    return click.Option(
        described["names"], type=what, help=described["help"], multiple=multiple, shell_complete=completer
    )


def _quiet(offer: Callable[[str], Sequence[str]]) -> Completer:
    """Return it in click's form, offering nothing when it fails: a traceback would land in the line being typed."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(value) for value in offer(incomplete)]
        except Exception:
            return []

    return complete


def _tables(incomplete: str) -> list[str]:
    return [name for name in _described()["tables"] if name.startswith(incomplete)]


def _units(incomplete: str) -> list[str]:
    home = Path(os.environ.get("DAGSTER_HOME") or Path.cwd() / ".dagster_home")
    address = _setting("WAREHOUSE_URL") or f"sqlite:///{home / 'data' / 'warehouse.sqlite'}"
    return [unit for unit in unit_ids(address) if unit.startswith(incomplete)]


def _days(incomplete: str) -> list[str]:
    return complete_days(incomplete, *_partitions())


def _months(incomplete: str) -> list[str]:
    return complete_days(incomplete, *_partitions(), level=7)


def _partitions() -> tuple[date, date]:
    first, last = _setting("START_DATE") or _described()["start_date"], _setting("END_DATE")
    over = last_day_over(datetime.now(UTC))
    return date.fromisoformat(first), min(date.fromisoformat(last), over) if last else over


def _setting(name: str) -> str | None:
    """Return a setting as it is written, from the environment or the folder of secrets."""
    name = f"MINING_ASSETS_{name}"
    if value := os.environ.get(name):
        return value
    folder = os.environ.get("MINING_ASSETS_SECRETS_DIR")
    if folder and (secret := Path(folder, name)).is_file():
        return secret.read_text().strip()
    return None


_COMPLETERS: dict[str, Callable[[str], Sequence[str]]] = {
    "table": _tables,
    "unit": _units,
    "day": _days,
    "month": _months,
}
