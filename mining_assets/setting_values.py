"""The values that settings may have, each checked when it is read; which setting has which is in ``settings.py``."""

from datetime import date
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from mining_assets.domain.periods import iso_day

NO_ARCHIVE = "none"
"""The value of ``MINING_ASSETS_ARCHIVE_URL`` that keeps no answers."""

EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "azure"),
}
"""By the scheme of an archive's address, the extra of this package that brings its driver."""


def http_url(value: str) -> str:
    """Return an address without a slash at its end; raise ValueError where it is not one of HTTP."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0  # a bad port raises
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not an http:// or https:// address")
    return value.rstrip("/")


def _iso_date(value: object) -> object:
    if isinstance(value, str):
        try:
            return iso_day(value)
        except ValueError:
            raise ValueError("is not a date like 2025-06-01") from None
    return value


def _existing_file(value: Path) -> Path:
    if not value.is_absolute() or not value.is_file():
        raise ValueError("is not the absolute path of a file")
    return value


def _archive_address(value: str) -> str:
    parts = urlsplit(value)
    if "@" in parts.netloc:
        raise ValueError("must hold no password: the driver of the object store reads its own variables")
    if value != NO_ARCHIVE and not parts.scheme and not Path(value).is_absolute():
        raise ValueError(f"is neither the absolute path of a folder, nor an address like s3://…, nor {NO_ARCHIVE}")
    if parts.scheme not in ("", "file"):
        _refuse_without_driver(parts.scheme)
    return value.rstrip("/")


def _refuse_without_driver(scheme: str) -> None:
    import fsspec  # a tenth of a second, and a folder needs none of it

    try:
        fsspec.get_filesystem_class(scheme)
    except ValueError:
        raise ValueError(f"begins with {scheme}://, which no driver of fsspec takes") from None
    except ImportError:
        extra = EXTRAS.get(scheme)
        how = f"mining-assets[{extra}]" if extra else f"fsspec's driver for {scheme}://"
        raise ValueError(f"begins with {scheme}://, whose driver is not installed: install {how}") from None


ArchiveAddress = Annotated[str, AfterValidator(_archive_address)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
DataFile = Annotated[Path, AfterValidator(_existing_file)]
