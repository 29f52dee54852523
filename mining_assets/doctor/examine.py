"""Everything that the doctor examines, in the order of the page. What is broken is a finding and stops nothing."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from urllib.parse import unquote, urlsplit

import httpx
from pydantic import SecretStr

from mining_assets.curated import given_prices, given_sites, halving_times, miner_models, wind_unit_additions
from mining_assets.doctor.archive import NAMES, archive_lines
from mining_assets.doctor.database import database_lines
from mining_assets.doctor.lines import Line, Section, judged
from mining_assets.doctor.machine import (
    DISTRIBUTION,
    clock_line,
    home_lines,
    packages_line,
    python_line,
    time_zone_line,
)
from mining_assets.doctor.page import Page, ShownSetting, masked
from mining_assets.doctor.sources import Examined, examine_sources
from mining_assets.domain.settlement import LONDON
from mining_assets.errors import SettingsError
from mining_assets.settings import Settings

MACHINE, SETTINGS, DATABASE, ARCHIVE = "This machine", "Settings and their files", "Database", "Archive"
_KEYS_OF_STORES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_SAS_TOKEN",
)
_FILES: tuple[tuple[str, Callable[[Settings], object]], ...] = (
    ("miner_models", miner_models),
    ("wind_units", wind_unit_additions),
    ("sites", given_sites),
    ("prices", given_prices),
    ("halvings", halving_times),
)


def examine(
    settings: Settings | SettingsError,
    shown: Sequence[ShownSetting],
    say: Callable[[str], None] = lambda text: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Page:
    """Examine machine, settings, database, archive and sources.

    Args:
        settings: those in force, or what is wrong with them; then only the machine can be examined.
        shown: the settings as they may be shown.
        say: hears what is being done.
        transport: replaces the network, for tests.
    """
    now, version = datetime.now(UTC), metadata.version(DISTRIBUTION)
    fixed = [python_line(), packages_line(), time_zone_line(LONDON)]
    if isinstance(settings, SettingsError):
        wrong = Section(SETTINGS, [judged("settings", str(settings), "")])
        machine = Section(MACHINE, [*fixed, clock_line(now)], ("Dagster home", "disk"))
        unknown = [(DATABASE, ("database", "schema")), (ARCHIVE, NAMES), ("Sources", ("all",))]
        sections = [machine, wrong, *(Section(title, (), names) for title, names in unknown)]
        return Page(now, version, sections)
    say("looking at the database")
    lines, lacking = database_lines(settings.warehouse)
    database = Section(DATABASE, lines, lacking)
    say("looking at the archive")
    readable = all(line.status == "pass" for line in lines)
    archive = Section(ARCHIVE, *archive_lines(settings.archive, settings.warehouse if readable else None))
    say("asking the sources")
    asked: Examined = examine_sources(settings, now, transport)
    machine = Section(MACHINE, [*fixed, clock_line(now, asked.received), *home_lines(settings.home)])
    sections = [machine, Section(SETTINGS, list(_setting_lines(settings))), database, archive, *asked.sections]
    return masked(Page(now, version, sections, shown, asked.received), secrets_of(settings))


def _setting_lines(settings: Settings) -> Iterable[Line]:
    yield judged("settings", None, "all are valid")
    for name, read in _FILES:
        try:
            read(settings)
        except SettingsError as error:
            yield judged(name.replace("_", " "), str(error), "")
        else:
            yield judged(name.replace("_", " "), None, str(getattr(settings, name) or "what ships"))


def secrets_of(settings: Settings) -> list[str]:
    """List what must not be shown: passwords in addresses, the webhook's address, the keys of an object store."""
    secrets = [os.environ[name] for name in _KEYS_OF_STORES if name in os.environ]
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            continue
        if password := urlsplit(text).password:
            secrets += [password, unquote(password)]
        if isinstance(value, SecretStr) and name != "warehouse_url":  # of that one the host is shown
            secrets.append(text)
    return secrets
