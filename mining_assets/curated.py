"""The files that a user can supply: miner models, wind units, sites, the times of halvings, and prices.

Only reading and validating them belongs here. Which files there are is in ``settings``, what ships is in ``packaged``.
"""

import csv
import io
import math
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from reprlib import repr as shown
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import HALVING_INTERVAL, KNOWN_HALVINGS
from mining_assets.domain.periods import iso_day
from mining_assets.domain.wind_units import WindUnit
from mining_assets.domain.wording import count_of
from mining_assets.errors import SettingsError
from mining_assets.settings import Settings


class _MinerModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    hashrate_th: float = Field(gt=0, allow_inf_nan=False)
    power_w: float = Field(gt=0, allow_inf_nan=False)


class _WindUnit(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    bm_unit_name: str | None = None
    lead_party_name: str | None = None
    generation_capacity: float | None = Field(None, ge=0, allow_inf_nan=False)


def _halving_height(text: str) -> str:
    if not text.isdecimal() or not text.isascii() or int(text) % HALVING_INTERVAL or int(text) == 0:
        raise ValueError(f"is not the height of a halving, a multiple of {HALVING_INTERVAL}")
    return text


_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
_MODELS = TypeAdapter(Annotated[dict[_Name, _MinerModel], Field(min_length=1)])
_UNITS = TypeAdapter(dict[_Name, _WindUnit])
_HALVINGS = TypeAdapter(dict[Annotated[str, AfterValidator(_halving_height)], AwareDatetime])
Parsed = TypeVar("Parsed")
Key = TypeVar("Key")
Value = TypeVar("Value")
PRICES_HEADER = ["date", "price_gbp"]
SITES_HEADER = ["bm_unit_id", "site"]
_UNIT_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_LONGEST_SITE = 60
_PRICE = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def miner_models(settings: Settings) -> tuple[MinerModel, ...]:
    """Read the miner models of the settings' file, else the three that ship, in the file's order.

    Raises:
        SettingsError: the file is invalid; names the file, the section and the field.
    """
    parsed = _read(settings.miner_models, "miner_models.toml", _MODELS)
    return tuple(MinerModel(name, model.hashrate_th, model.power_w) for name, model in parsed.items())


def wind_unit_additions(settings: Settings) -> tuple[WindUnit, ...]:
    """Read the wind units that the register lacks from the settings' file, else from the list that ships.

    Raises:
        SettingsError: the file is invalid; names the file, the section and the field.
    """
    parsed = _read(settings.wind_units, "wind_units.toml", _UNITS)
    return tuple(WindUnit(name, source="addition", **unit.model_dump()) for name, unit in parsed.items())


def halving_times(settings: Settings) -> dict[int, datetime]:
    """Read the block times (UTC) of halvings by height from the settings' file; none without one.

    A file cannot change those in the code (``KNOWN_HALVINGS``), which are facts.

    Raises:
        SettingsError: the file is invalid; names the file, the section and the field.
    """
    if settings.halvings is None:
        return {}
    parsed = _read(settings.halvings, "", _HALVINGS)
    times = {int(height): time.astimezone(UTC) for height, time in parsed.items()}
    for height, time in times.items():
        if height in KNOWN_HALVINGS and time != KNOWN_HALVINGS[height]:
            known = f"{KNOWN_HALVINGS[height]:%Y-%m-%dT%H:%M:%SZ}"
            raise SettingsError(f"{settings.halvings}: {height}: that block was found at {known}")
    return times


def given_prices(settings: Settings) -> dict[date, float]:
    """Read the prices of the settings' file: £ per BTC at noon UTC by date; none without a file.

    Raises:
        SettingsError: the file is invalid; names the file and the line.
    """
    if settings.prices is None:
        return {}
    return _read_lines(settings.prices, settings.prices, PRICES_HEADER, _price_of_day)


def given_sites(settings: Settings) -> dict[str, str]:
    """Read the site (wind farm) of BM units by unit id: the settings' file takes precedence over the list that ships.

    Raises:
        SettingsError: the file is invalid; names the file and the line.
    """
    own = _read_lines(settings.sites, settings.sites, SITES_HEADER, _site_of_unit) if settings.sites else {}
    return shipped_sites() | own


def shipped_sites() -> dict[str, str]:
    """Read the shipped sites by BM unit id: those that the rule of ``domain.sites`` does not get right."""
    return _read_lines(files("mining_assets") / "packaged" / "sites.csv", "sites.csv", SITES_HEADER, _site_of_unit)


def _read_lines(
    file: Path | Traversable, name: object, header: list[str], entry: Callable[[list[str]], tuple[Key, Value]]
) -> dict[Key, Value]:
    """Read a CSV file with a header and one entry a line, each key once.

    Raises:
        SettingsError: naming the file and the line.
    """
    entries: dict[Key, Value] = {}
    reader = csv.reader(io.StringIO(_text(file)), strict=True)
    try:
        if next(reader, None) != header:
            raise ValueError(f"the header should be {','.join(header)}")
        for fields in filter(None, reader):  # empty lines
            key, value = entry(fields)
            if key in entries:
                raise ValueError(f"{key} is given twice")
            entries[key] = value
    except (ValueError, csv.Error) as error:
        raise SettingsError(f"{name}: line {max(reader.line_num, 1)}: {error}") from None
    return entries


def _site_of_unit(fields: list[str]) -> tuple[str, str]:
    if len(fields) != len(SITES_HEADER):
        raise ValueError(f"it has {count_of(len(fields), 'field')}, not a BM unit's id and a site")
    unit, site = fields
    if not _UNIT_ID.fullmatch(unit):
        raise ValueError(f"{shown(unit)} is not the id of a BM unit like T_MOWEO-1")
    if not site.isprintable() or not 0 < len(site) <= _LONGEST_SITE or site != " ".join(site.split()):
        raise ValueError(f"{shown(site)} is not the name of a site like Moray East")
    return unit, site


def _price_of_day(fields: list[str]) -> tuple[date, float]:
    if len(fields) != len(PRICES_HEADER):
        raise ValueError(f"it has {count_of(len(fields), 'field')}, not a date and a price")
    try:
        day = iso_day(fields[0])
    except ValueError:
        raise ValueError(f"{shown(fields[0])} is not a date like 2025-06-01") from None
    price = float(fields[1]) if _PRICE.fullmatch(fields[1]) else math.nan
    if not 0 < price < math.inf:
        raise ValueError(f"{shown(fields[1])} is not a price above 0 like 1816.25")
    return day, price


def _text(file: Path | Traversable) -> str:
    try:
        return file.read_text("utf-8-sig")  # as spreadsheets write it
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not text in UTF-8: {error}") from None


def _read(chosen: Path | None, packaged: str, shape: TypeAdapter[Parsed]) -> Parsed:
    file = chosen or files("mining_assets") / "packaged" / packaged
    name = chosen or packaged
    text = _text(file)
    try:
        return shape.validate_python(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise SettingsError(f"{name}: {where}: {first['msg'].lower()}") from None
    except (ValueError, RecursionError) as error:  # not TOML, numbers too long, nested too deep
        raise SettingsError(f"{name} is not TOML: {error}") from None
