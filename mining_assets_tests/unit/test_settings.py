"""The settings: what is read from the environment, what is refused, and that no password is ever shown."""

import os
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import URL

from mining_assets.domain.periods import iso_day
from mining_assets.settings import (
    PREFIX,
    Settings,
    SettingsError,
    dagster_home,
    now,
    prepare_home,
    warehouse_address,
)

SECRET = "swordfish"


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)
    return Settings.load()


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, **variables)
    return str(refused.value)


def test_without_any_variable_everything_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(monkeypatch)
    assert settings.home == tmp_path / ".dagster_home"
    assert settings.warehouse == URL.create("sqlite", database=str(tmp_path / ".dagster_home/data/warehouse.sqlite"))
    assert settings.elexon_url == "https://data.elexon.co.uk/bmrs/api/v1"
    assert settings.mempool_url == "https://mempool.space/api/v1"
    assert settings.coinbase_url == "https://api.exchange.coinbase.com"
    assert (settings.start_date, settings.end_date) == (date(2016, 1, 1), None)
    assert (settings.requests_per_second, settings.concurrency) == (10, 8)


def test_each_variable_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.touch()
    settings = load(
        monkeypatch,
        ELEXON_URL="http://127.0.0.1:8080/bmrs/",
        START_DATE="2025-06-01",
        END_DATE="2025-06-01",
        REQUESTS_PER_SECOND="0.5",
        CONCURRENCY="1",
        MINER_MODELS=str(file),
        WAREHOUSE_URL=f"sqlite:///{tmp_path}/w.sqlite",
    )
    assert settings.elexon_url == "http://127.0.0.1:8080/bmrs"
    assert (settings.start_date, settings.end_date) == (date(2025, 6, 1), date(2025, 6, 1))
    assert (settings.requests_per_second, settings.concurrency) == (0.5, 1)
    assert settings.miner_models == file
    assert settings.warehouse.database == f"{tmp_path}/w.sqlite"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, END_DATE="", CONCURRENCY="", WAREHOUSE_URL="")
    assert (settings.end_date, settings.concurrency, settings.warehouse_url) == (None, 8, None)


NOT_HTTP = "is not an http:// or https:// address"
NO_DATE = "is not a date like 2025-06-01"


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("ELEXON_URL", "data.elexon.co.uk", NOT_HTTP),
        ("ELEXON_URL", "ftp://data.elexon.co.uk", NOT_HTTP),
        ("ELEXON_URL", "https://", NOT_HTTP),
        ("ELEXON_URL", "http://[1:2", NOT_HTTP),
        ("MEMPOOL_URL", "http://host:port/", NOT_HTTP),
        ("COINBASE_URL", "coinbase", NOT_HTTP),
        ("UI_URL", "localhost:3000", NOT_HTTP),
        ("DOCS_URL", "docs/", NOT_HTTP),
        ("START_DATE", "2025-02-30", NO_DATE),
        ("START_DATE", "01/06/2025", NO_DATE),
        ("START_DATE", "20250601", NO_DATE),
        ("START_DATE", "2025-06", NO_DATE),
        ("START_DATE", "2025-06-01T00:00", NO_DATE),
        ("END_DATE", "yesterday", NO_DATE),
        ("REQUESTS_PER_SECOND", "0", "greater than 0"),
        ("REQUESTS_PER_SECOND", "-1", "greater than 0"),
        ("REQUESTS_PER_SECOND", "1001", "less than or equal to 1000"),
        ("REQUESTS_PER_SECOND", "nan", "less than or equal to 1000"),
        ("REQUESTS_PER_SECOND", "fast", "valid number"),
        ("CONCURRENCY", "0", "greater than or equal to 1"),
        ("CONCURRENCY", "65", "less than or equal to 64"),
        ("CONCURRENCY", "1.5", "valid integer"),
        ("RETRY_ATTEMPTS", "0", "greater than or equal to 1"),
        ("RETRY_ATTEMPTS", "21", "less than or equal to 20"),
        ("RETRY_BASE_SECONDS", "-1", "greater than or equal to 0"),
        ("RETRY_MAX_SECONDS", "3601", "less than or equal to 3600"),
        ("HEAL_ATTEMPTS", "0", "greater than or equal to 1"),
        ("HEAL_DAYS_BACK", "0", "greater than or equal to 1"),
        ("MINER_MODELS", "models.toml", "is not the absolute path of a file"),
        ("MINER_MODELS", "/no/such/file.toml", "is not the absolute path of a file"),
        ("WIND_UNITS", "/", "is not the absolute path of a file"),
    ],
)
def test_a_wrong_value_is_one_line_with_variable_value_and_what_is_right(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, right: str
) -> None:
    message = refusal(monkeypatch, **{variable: value})
    assert message.startswith(f"{PREFIX}{variable}='{value}' ")
    assert right in message
    assert len(message.splitlines()) == 1


def test_a_value_of_several_lines_makes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(refusal(monkeypatch, CONCURRENCY="1\n2").splitlines()) == 1


def test_an_end_before_the_start_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, START_DATE="2025-06-02", END_DATE="2025-06-01")
    assert message == "MINING_ASSETS_END_DATE=2025-06-01 is before MINING_ASSETS_START_DATE=2025-06-02"


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (f"mysql://user:{SECRET}@host/name", "must begin with postgresql:// or sqlite:///"),
        (f"user:{SECRET}@host/name", "is not a database address"),
        (f"postgresql://user:{SECRET}@host:port/name", "is not a database address"),
        (f"postgresql://user@host:{SECRET}/name", "is not a database address"),
        ("sqlite:///warehouse.sqlite", "must name a SQLite file by its absolute path"),
        ("sqlite:///data/warehouse.sqlite", "must name a SQLite file by its absolute path"),
        ("sqlite://", "must name a SQLite file by its absolute path"),
        ("sqlite:///:memory:", "must name a SQLite file by its absolute path"),
    ],
)
def test_a_wrong_warehouse_is_named_without_its_address(
    monkeypatch: pytest.MonkeyPatch, value: str, right: str
) -> None:
    message = refusal(monkeypatch, WAREHOUSE_URL=value)
    assert message.startswith(f"MINING_ASSETS_WAREHOUSE_URL {right}")
    assert SECRET not in message


@pytest.mark.parametrize(
    "variable", ["ELEXON_URL", "MEMPOOL_URL", "COINBASE_URL", "UI_URL", "DOCS_URL", "ALERT_WEBHOOK"]
)
@pytest.mark.parametrize("value", [f"ftp://user:{SECRET}@host", f"//user:{SECRET}/2@host", f"http://u:{SECRET}@[1"])
def test_a_password_in_a_wrong_address_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    message = refusal(monkeypatch, **{variable: value})
    assert message == f"MINING_ASSETS_{variable} {NOT_HTTP}"


@pytest.mark.parametrize("parameter", ["password", "sslpassword"])
def test_a_password_where_it_would_be_shown_is_refused(monkeypatch: pytest.MonkeyPatch, parameter: str) -> None:
    message = refusal(monkeypatch, WAREHOUSE_URL=f"postgresql://user@host/name?{parameter}={SECRET}")
    assert message.startswith("MINING_ASSETS_WAREHOUSE_URL must have its password before the host")
    assert SECRET not in message


@pytest.mark.parametrize("variable", ["UI_URL", "DOCS_URL"])
def test_what_is_linked_to_holds_no_password(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, **{variable: f"https://user:{SECRET}@host"})
    assert message == f"MINING_ASSETS_{variable} must hold no password: it is shown to people"


def test_a_setting_may_be_a_file_in_the_folder_of_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mining_assets_warehouse_url").write_text(f"postgresql://user:{SECRET}@host/name\n")
    (tmp_path / "MINING_ASSETS_ALERT_WEBHOOK").write_text(f"https://hooks.invalid/{SECRET}\n")
    (tmp_path / "mining_assets_concurrency").write_text("3")
    (tmp_path / "mining_assets_ui_url").write_text("")  # no value, as an empty variable
    (tmp_path / "somebody_elses_password").write_text("x")
    settings = load(monkeypatch, SECRETS_DIR=str(tmp_path), CONCURRENCY="4")
    assert settings.warehouse.password == SECRET
    assert settings.alert_webhook is not None
    assert settings.alert_webhook.get_secret_value() == f"https://hooks.invalid/{SECRET}"
    assert settings.concurrency == 4, "the environment wins"
    assert settings.ui_url is None
    assert SECRET not in repr(settings)


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mining_assets_mempool_url").write_text(SECRET)
    assert refusal(monkeypatch, SECRETS_DIR=str(tmp_path)) == f"MINING_ASSETS_MEMPOOL_URL {NOT_HTTP}"


@pytest.mark.parametrize("folder", ["relative", "/nowhere/at/all", "/etc/hostname"])
def test_a_folder_of_secrets_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    message = refusal(monkeypatch, SECRETS_DIR=folder)
    assert message == f"MINING_ASSETS_SECRETS_DIR='{folder}' is not the absolute path of a folder"


def test_settings_are_shown_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://user:{SECRET}@host/path"
    settings = load(
        monkeypatch,
        WAREHOUSE_URL=f"postgresql://user:{SECRET}@host/name",
        ELEXON_URL=address,
        MEMPOOL_URL=address,
        COINBASE_URL=address,
        ALERT_WEBHOOK=f"https://hooks.invalid/{SECRET}",
    )
    assert settings.warehouse.password == SECRET
    for shown in (repr(settings), str(settings), str(settings.warehouse), repr(settings.warehouse)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "text",
    ["postgresql://u@h:1/n", "postgres://u@h:1/n", "postgresql+psycopg2://u@h:1/n", "postgresql+psycopg://u@h:1/n"],
)
def test_every_spelling_of_postgresql_gets_the_projects_driver(text: str) -> None:
    url = warehouse_address(text)
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.host, url.port, url.database) == ("u", "h", 1, "n")


def test_sqlite_gets_the_projects_driver() -> None:
    assert warehouse_address("sqlite+aiosqlite:////var/lib/w.sqlite") == URL.create(
        "sqlite", database="/var/lib/w.sqlite"
    )


@pytest.mark.parametrize("value", ["home", "./home", "../home"])
def test_a_relative_dagster_home_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", value)
    with pytest.raises(SettingsError, match=f"DAGSTER_HOME='{value}' is not an absolute path"):
        Settings.load()


def test_the_dagster_home_is_that_of_the_variable_or_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dagster_home() == tmp_path / ".dagster_home"
    monkeypatch.setenv("DAGSTER_HOME", "")
    assert dagster_home() == tmp_path / ".dagster_home"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    assert Settings.load().home == tmp_path / "elsewhere"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "~/there")
    assert dagster_home() == tmp_path / "there"


def test_a_new_home_gets_the_projects_instance_file_and_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    home = tmp_path / "not" / "yet"
    prepare_home(home)
    packaged = files("mining_assets") / "packaged" / "dagster.yaml"
    assert (home / "dagster.yaml").read_bytes() == packaged.read_bytes()
    assert (home / "data").is_dir()
    assert os.environ["DAGSTER_HOME"] == str(home)


def test_an_instance_file_that_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    prepare_home(tmp_path)
    prepare_home(tmp_path)
    assert (tmp_path / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


@pytest.mark.parametrize(
    ("end", "moment", "last"),
    [
        (None, datetime(2025, 6, 3, 12, tzinfo=UTC), date(2025, 6, 2)),
        (None, datetime(2025, 6, 3, 23, tzinfo=UTC), date(2025, 6, 3)),  # it is midnight in London
        ("2025-06-01", datetime(2025, 6, 3, 12, tzinfo=UTC), date(2025, 6, 1)),
        ("2030-01-01", datetime(2025, 6, 3, 12, tzinfo=UTC), date(2025, 6, 2)),
    ],
)
def test_the_last_day_is_over_and_within_the_partitions(
    monkeypatch: pytest.MonkeyPatch, end: str | None, moment: datetime, last: date
) -> None:
    settings = load(monkeypatch, **({"END_DATE": end} if end else {}))
    assert settings.last_day(moment) == last


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(monkeypatch).concurrency = 2


@pytest.mark.parametrize("text", ["2025-6-1", "2025-W22-7", "20250601", "2025-02-29", "٢٠٢٥-٠٦-٠١", "2025-06-01\n", ""])
def test_a_day_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text of datetime's own differs)
        iso_day(text)


def test_this_moment_has_a_time_zone() -> None:
    assert abs((now() - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    assert refusal(monkeypatch) == f"{variable}='{tmp_path / 'none'}' does not exist or cannot be used"


def test_a_file_without_certificates_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    message = refusal(monkeypatch)
    assert message.startswith(f"SSL_CERT_FILE='{tmp_path / 'ca.pem'}' holds no certificates that can be read")
    assert "\n" not in message


def test_a_misspelled_file_of_secrets_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "MINING_ASSETS_WAREHOUSE_ULR").write_text("sqlite:////w.sqlite")
    monkeypatch.setenv("MINING_ASSETS_SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match="_ULR is not a setting; did you mean MINING_ASSETS_WAREHOUSE_URL"):
        Settings.load()


@pytest.mark.parametrize("home", ["{file}", "{file}/home", "/proc/home"])
def test_a_home_that_cannot_be_used_is_told_with_its_variable(tmp_path: Path, home: str) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingsError, match=r"the Dagster home .* cannot be used: .*; DAGSTER_HOME names another"):
        prepare_home(Path(home.format(file=file)))


@pytest.mark.parametrize("name", ["SERVICE_HOST", "UI_SERVICE_PORT_HTTP", "UI_PORT", "UI_PORT_80_TCP_ADDR"])
def test_what_kubernetes_sets_for_a_service_is_no_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"MINING_ASSETS_{name}", "10.0.0.1")
    assert Settings.load()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense://there", "begins with nonsense://, which no driver of fsspec takes"),
        ("s3://bucket/there", "install mining-assets[s3]"),
        ("az://container", "install mining-assets[azure]"),
        ("s3://user:swordfish@bucket", "must hold no password"),
        ("some/folder", "is neither the absolute path of a folder"),
    ],
)
def test_an_archive_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, said: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, ARCHIVE_URL=address)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)
