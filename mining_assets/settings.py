"""Every setting of the project, read from the environment and validated before anything else happens.

What a person gives as a file (miner models, wind units, sites, halvings, prices) is read in ``curated.py``; only its
path is a setting.
"""

import os
import re
import shutil
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from mining_assets.domain.fetch_estimate import days_per_fetch
from mining_assets.domain.live_sources import LIVE_COINBASE, LIVE_ELEXON, LIVE_MEMPOOL
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.settlement import LONDON, last_day_over
from mining_assets.errors import SettingsError
from mining_assets.setting_values import NO_ARCHIVE, ArchiveAddress, DataFile, HttpUrl, IsoDate, http_url
from mining_assets.warehouse.address import URL, sqlite_address, warehouse_address

PREFIX = "MINING_ASSETS_"
SECRETS_VARIABLE = f"{PREFIX}SECRETS_DIR"
TEST_DATA_VARIABLE = f"{PREFIX}TEST_DATA"
"""The one variable of the project that is no setting: where its tests find recorded figures."""
HOME_FOLDERS = ("data", "data/checkpoints", "data/logs", "data/reports")
"""The folders of this project within the Dagster home."""

# What Kubernetes sets in every pod for a service of a name like mining-assets-ui.
_OF_A_SERVICE = re.compile(r"_SERVICE_(HOST|PORT\w*)$|_PORT(_\d+_\w+)?$")
_HEALING = HealingPolicy()


class Settings(BaseSettings):
    """The project's settings; each field is the variable of its name with the prefix ``MINING_ASSETS_``.

    Use :meth:`load`, whose errors a person can read.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path
    warehouse_url: SecretStr | None = Field(
        None,
        description="The warehouse: sqlite:///… or postgresql://…; unset: a SQLite file in $DAGSTER_HOME/data/.",
    )
    archive_url: ArchiveAddress | None = Field(
        None,
        repr=False,
        description="Where every answer of the sources is kept: a folder, s3://…, gs://…, az://…, or none; unset: "
        "$DAGSTER_HOME/data/archive.",
    )
    elexon_url: HttpUrl = Field(LIVE_ELEXON, repr=False, description="Elexon Insights API.")
    mempool_url: HttpUrl = Field(LIVE_MEMPOOL, repr=False, description="mempool.space API.")
    coinbase_url: HttpUrl = Field(LIVE_COINBASE, repr=False, description="Coinbase Exchange API, for prices.")
    start_date: IsoDate = Field(date(2016, 1, 1), description="The first daily partition.")
    end_date: IsoDate | None = Field(
        None, description="The last daily partition, inclusive; unset: the last London day that is over."
    )
    requests_per_second: float = Field(
        10, gt=0, le=1000, description="Requests a second at most, all processes together."
    )
    concurrency: int = Field(8, ge=1, le=64, description="Requests at a time.")
    retry_attempts: int = Field(5, ge=1, le=20, description="Requests made for one answer before giving up.")
    retry_base_seconds: float = Field(1, ge=0, le=600, description="First wait between attempts; doubles.")
    retry_max_seconds: float = Field(60, ge=0, le=3600, description="Longest wait between attempts.")
    heal_interval_seconds: int = Field(
        int(_HEALING.interval.total_seconds()), ge=5, le=60, description="Time between two looks of the healing sensor."
    )
    heal_attempts: int = Field(_HEALING.attempts, ge=1, le=50, description="Failures after which a day is quarantined.")
    heal_days_back: int | None = Field(
        _HEALING.days_back, ge=1, description="How far back days are healed; unset: all of them."
    )
    heal_runs: int = Field(_HEALING.runs_at_a_time, ge=1, le=20, description="Healing runs queued or running at once.")
    integrity_scan_seconds: int = Field(3600, ge=60, description="Time between two scans of the last 60 days.")
    alert_webhook: SecretStr | None = Field(None, description="Address that alerts are posted to, as JSON.")
    ui_url: HttpUrl | None = Field(None, repr=False, description="Address of the Dagster UI, for links in alerts.")
    docs_url: HttpUrl | None = Field(
        None, repr=False, description="Address of this project's docs folder, for links from failed checks."
    )
    miner_models: DataFile | None = Field(
        None, description="A TOML file of miner models that replaces the three that ship."
    )
    wind_units: DataFile | None = Field(
        None,
        description="A TOML file of wind BM units that the register lacks, replacing the list that ships.",
    )
    sites: DataFile | None = Field(
        None,
        description="A CSV file (bm_unit_id,site) of the sites (wind farms) of BM units, which goes before what ships.",
    )
    prices: DataFile | None = Field(
        None,
        description="A CSV file (date,price_gbp) of Bitcoin's price in £ at noon UTC, which goes before all sources.",
    )

    halvings: DataFile | None = Field(
        None, description="A TOML file of the block times of halvings by height, which override the source's."
    )

    @classmethod
    def load(cls) -> "Settings":
        """Read and validate the environment, and the folder of secrets if it names one.

        Raises:
            SettingsError: naming the first variable that is wrong, on one line.
        """
        _check_names()
        _check_certificates()
        try:
            return cls(home=dagster_home(), _secrets_dir=_secrets_folder())
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(_one_line(first)) from None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Drop empty values: an empty file of secrets is no value, as an empty variable is none."""
        return {name: value for name, value in values.items() if value != ""}

    @field_validator("warehouse_url")
    @classmethod
    def _supported_warehouse(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            warehouse_address(value.get_secret_value())
        return value

    @field_validator("alert_webhook")
    @classmethod
    def _http_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            http_url(value.get_secret_value())
        return value

    @field_validator("ui_url", "docs_url")
    @classmethod
    def _shown_without_password(cls, value: str | None) -> str | None:
        if value is not None and "@" in urlsplit(value).netloc:
            raise ValueError("must hold no password: it is shown to people")
        return value

    @model_validator(mode="after")
    def _start_before_end(self) -> "Settings":
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError(
                f"MINING_ASSETS_END_DATE={self.end_date} is before MINING_ASSETS_START_DATE={self.start_date}"
            )
        return self

    @property
    def warehouse(self) -> URL:
        """The address of the warehouse; its string form masks the password."""
        if self.warehouse_url is None:
            return sqlite_address(self.home / "data" / "warehouse.sqlite")
        return warehouse_address(self.warehouse_url.get_secret_value())

    @property
    def archive(self) -> str | None:
        """The address of the archive of answers; None when they are not kept."""
        if self.archive_url is None:
            return str(self.home / "data" / "archive")
        return None if self.archive_url == NO_ARCHIVE else self.archive_url

    @property
    def healing(self) -> HealingPolicy:
        """How healing is bounded."""
        return HealingPolicy(
            interval=timedelta(seconds=self.heal_interval_seconds),
            attempts=self.heal_attempts,
            days_back=self.heal_days_back,
            runs_at_a_time=self.heal_runs,
            days_per_fetch=days_per_fetch(self.requests_per_second),
        )

    @property
    def retries(self) -> RetryRule:
        """How often a failing database or source is tried."""
        return RetryRule(self.retry_attempts, self.retry_base_seconds, self.retry_max_seconds)

    def last_day(self, now: datetime) -> date:
        """Return the last settlement day that is over and within the partitions."""
        over = last_day_over(now)
        return over if self.end_date is None else min(self.end_date, over)

    def last_days(self, count: int, now: datetime) -> list[date]:
        """List the last days that are over and within the partitions, in order; fewer when there are no more."""
        return self.days_until(self.last_day(now), count)

    def days_until(self, last: date, count: int) -> list[date]:
        """List so many days of the partitions up to one of them, in order; fewer when there are no more."""
        days = [last - timedelta(days=back) for back in reversed(range(count))]
        return [day for day in days if day >= self.start_date]


def unnamed_home() -> Path:
    """Return the home where nobody named one: ``.dagster_home`` in the current folder."""
    return Path.cwd() / ".dagster_home"


def dagster_home() -> Path:
    """Return ``$DAGSTER_HOME``, or ``.dagster_home`` in the current folder when it is unset.

    Raises:
        SettingsError: the variable holds a relative path, which Dagster would refuse too.
    """
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        return unnamed_home()
    try:
        path = Path(home).expanduser()
    except RuntimeError:  # of a user that is not known
        path = Path(home)
    if not path.is_absolute():
        raise SettingsError(f"DAGSTER_HOME='{home}' is not an absolute path, which Dagster needs")
    return path


def check_instance() -> None:
    """Check that Dagster has a lasting instance, rather than one that it makes for the moment and then forgets.

    Raises:
        SettingsError: ``$DAGSTER_HOME`` is unset, and the current folder is no checkout either.
    """
    if not os.environ.get("DAGSTER_HOME") and not Path.cwd().joinpath("dagster.yaml").is_file():
        raise SettingsError(
            f"DAGSTER_HOME is not set and {Path.cwd()} holds no dagster.yaml: set it to the folder that holds runs and "
            "data, or work in the project's own folder"
        )


def _secrets_folder() -> Path | None:
    """Return ``$MINING_ASSETS_SECRETS_DIR``, where any setting may be a file with its variable's name, if it is set.

    Where both have a value, the environment's counts.

    Raises:
        SettingsError: it is not the absolute path of a folder.
    """
    folder = os.environ.get(SECRETS_VARIABLE)
    if not folder:
        return None
    if not Path(folder).is_absolute() or not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_VARIABLE}={folder!r} is not the absolute path of a folder")
    return Path(folder)


def _check_names() -> None:
    """Refuse a variable that is none of the settings: misspelled, its value would be ignored silently.

    Raises:
        SettingsError: naming the variable, and the setting that it is most like.
    """
    known = {PREFIX + field.upper() for field in Settings.model_fields} | {SECRETS_VARIABLE, TEST_DATA_VARIABLE}
    folder = os.environ.get(SECRETS_VARIABLE)
    named = [*os.environ, *(os.listdir(folder) if folder and Path(folder).is_dir() else ())]
    for name in sorted(named):
        if name.startswith(PREFIX) and name not in known and not _OF_A_SERVICE.search(name):
            near = get_close_matches(name, sorted(known), n=1)
            raise SettingsError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))


def _check_certificates() -> None:
    """Check the certificates that the environment names, which OpenSSL and the HTTP clients use.

    Raises:
        SettingsError: they are not there, or cannot be read.
    """
    for variable, is_there in (("SSL_CERT_FILE", Path.is_file), ("SSL_CERT_DIR", Path.is_dir)):
        value = os.environ.get(variable)
        if value and not is_there(Path(value)):
            raise SettingsError(f"{variable}={value!r} does not exist or cannot be used")
    if file := os.environ.get("SSL_CERT_FILE"):
        import ssl  # most have no such file, and `status` has to start fast

        try:
            ssl.create_default_context(cafile=file)
        except OSError as error:
            raise SettingsError(f"SSL_CERT_FILE={file!r} holds no certificates that can be read: {error}") from None


def prepare_home(home: Path) -> None:
    """Make the Dagster home usable: the folder, the project's instance file if it has none, and the variable.

    An instance file that is there is left alone.

    Raises:
        SettingsError: the home cannot be made or written to.
    """
    try:
        for folder in HOME_FOLDERS:
            (home / folder).mkdir(parents=True, exist_ok=True)
        instance_file = home / "dagster.yaml"
        if not instance_file.exists():
            with as_file(files("mining_assets") / "packaged" / "dagster.yaml") as packaged:
                shutil.copyfile(packaged, instance_file)
        with TemporaryFile(dir=home):
            pass  # the folder of runs and logs has to take files
    except OSError as error:
        raise _unusable(home, error) from None
    os.environ["DAGSTER_HOME"] = str(home)


def check_home(home: Path) -> None:
    """Check that the Dagster home can be used, or be made, and leave nothing behind.

    Raises:
        SettingsError: it is a file, takes no files, or cannot be made where it is to be.
    """
    try:
        there = next(folder for folder in (home, *home.parents) if _is_there(folder))
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise _unusable(home, error) from None


def _is_there(path: Path) -> bool:
    """Return whether a path is there; raise ``OSError`` where it cannot be, unlike ``Path.exists``."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _unusable(home: Path, error: OSError) -> SettingsError:
    reason = error.strerror or str(error)
    return SettingsError(f"the Dagster home {home} cannot be used: {reason}; DAGSTER_HOME names another")


def now() -> datetime:
    """Return the present instant, in London's time zone."""
    return datetime.now(LONDON)


def _one_line(error: Any) -> str:
    message: str = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    variable = PREFIX + str(error["loc"][0]).upper()
    value = os.environ.get(variable, "")
    if error["loc"][0] in ("warehouse_url", "alert_webhook") or "@" in value or variable not in os.environ:
        return f"{variable} {message}"  # without its value: it may hold a password
    return f"{variable}={value!r} {message[0].lower() + message[1:]}"
