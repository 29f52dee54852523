"""What a user can tell by a file of their own: miner models, additional wind units, and the times of halvings."""

import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import HALVING_INTERVAL
from mining_assets.domain.wind import WindUnit
from mining_assets.settings import Settings, SettingsError


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


def miner_models(settings: Settings) -> tuple[MinerModel, ...]:
    """The miner models of the settings' file or, without one, the three that ship; in the file's order.

    Raises:
        SettingsError: the file is not what it should be; names the file, the section and the field.
    """
    parsed = _read(settings.miner_models, "miner_models.toml", _MODELS)
    return tuple(MinerModel(name, model.hashrate_th, model.power_w) for name, model in parsed.items())


def wind_unit_additions(settings: Settings) -> tuple[WindUnit, ...]:
    """The wind units that the register lacks: the settings' file or, without one, the list that ships.

    Raises:
        SettingsError: as for :func:`miner_models`.
    """
    parsed = _read(settings.wind_units, "wind_units.toml", _UNITS)
    return tuple(WindUnit(name, source="addition", **unit.model_dump()) for name, unit in parsed.items())


def halving_times(settings: Settings) -> dict[int, datetime]:
    """The block times (UTC) by height of the halvings in the settings' file; none without one.

    Raises:
        SettingsError: as for :func:`miner_models`.
    """
    if settings.halvings is None:
        return {}
    parsed = _read(settings.halvings, "", _HALVINGS)
    return {int(height): time.astimezone(UTC) for height, time in parsed.items()}


def _read(chosen: Path | None, packaged: str, shape: TypeAdapter[Parsed]) -> Parsed:
    file = chosen or files("mining_assets") / "packaged" / packaged
    name = chosen or packaged
    try:
        return shape.validate_python(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise SettingsError(f"{name}: {where}: {first['msg'].lower()}") from None
    except (ValueError, RecursionError) as error:  # not TOML or not text, numbers too long, nested too deep
        raise SettingsError(f"{name} is not TOML: {error}") from None
