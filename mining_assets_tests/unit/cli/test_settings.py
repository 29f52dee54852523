"""What `settings` shows: every value with where it comes from, and no password."""

import json

import pytest
from click.testing import CliRunner

from mining_assets.cli.settings import settings


@pytest.mark.parametrize("name", ["ELEXON_URL", "MEMPOOL_URL", "COINBASE_URL"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["as text", "as JSON"])
def test_the_password_in_an_address_is_masked(name: str, form: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"MINING_ASSETS_{name}", "https://user:secret@source.example/api")
    shown = CliRunner().invoke(settings, form).output
    assert "secret" not in shown
    assert "https://***@source.example/api" in shown


def test_values_have_their_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINING_ASSETS_CONCURRENCY", "3")
    shown = json.loads(CliRunner().invoke(settings, ["--json"]).output)
    assert shown["MINING_ASSETS_CONCURRENCY"] == {"value": "3", "origin": "environment"}
    assert shown["MINING_ASSETS_ALERT_WEBHOOK"] == {"value": None, "origin": "default"}
