"""What can be said of deploy/ without a container engine: well-formed, closed, unprivileged, and it fits the code."""

import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from mining_assets import CODE_LOCATION
from mining_assets.defs.assets.daily_chain import ELEXON_POOL
from mining_assets.settings import PREFIX, SECRETS_VARIABLE, Settings
from mining_assets_tests.support.deployment_files import DEPLOY, ENTRYPOINT, ROOT, read, services, settled

COMPOSE = read("compose.yaml")
HELM = read("helm-values.yaml")
ALL: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields} | {SECRETS_VARIABLE}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
# The top-level keys of the chart's values (helm/dagster/schema of dagster 1.13).
CHART_KEYS = {
    "global", "dagsterWebserver", "dagster-user-deployments", "postgresql", "generatePostgresqlPasswordSecret",
    "generateCeleryConfigSecret", "rabbitmq", "redis", "flower", "ingress", "imagePullSecrets", "computeLogManager",
    "scheduler", "runLauncher", "pythonLogs", "dagsterDaemon", "busybox", "migrate", "telemetry", "serviceAccount",
    "retention", "concurrency", "additionalInstanceConfig",
}  # fmt: skip


def strings(value: Any) -> Iterator[str]:
    """Every key and text in a document."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield str(key)
            yield from strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from strings(below)
    elif isinstance(value, str):
        yield value


def test_only_the_ui_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in ALL.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:3000:3000"]}
    assert not [name for name, service in ALL.items() if service.get("network_mode")]


def test_the_database_and_what_needs_no_world_have_none() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, service in ALL.items() if service["networks"] == ["inside"]} == {
        "database",
        "prepare",
        "daemon",
    }


@pytest.mark.parametrize("name", ALL)
def test_every_service_is_unprivileged(name: str) -> None:
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert service.get("user", "from the image") not in ("root", "0")
    assert not [volume for volume in service["volumes"] if "docker.sock" in volume]


@pytest.mark.parametrize("name", ALL)
def test_every_service_that_stays_is_watched_and_waits_for_what_it_needs(name: str) -> None:
    service = ALL[name]
    if name == "prepare":
        assert service["restart"] == "on-failure:3"
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    for needed, how in service.get("depends_on", {}).items():
        ends = ALL[needed]["healthcheck"].get("disable", False)
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")


def test_the_files_that_are_mounted_are_there() -> None:
    for service in ALL.values():
        for volume in service["volumes"]:
            source, *_ = volume.split(":")
            assert (DEPLOY / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], volume


def test_no_secret_is_in_a_file_and_each_is_one() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert {secret for service in ALL.values() for secret in service["secrets"]} == set(COMPOSE["secrets"])
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    for file in DEPLOY.rglob("*"):
        if file.is_file() and "secrets" not in file.parts:
            assert not re.search(r"://[^/\s:@]+:[^@\s/]+@", file.read_text()), f"an address with a password in {file}"
    for document in (COMPOSE, HELM, read("dagster.yaml")):
        for text in strings(document):
            assert not re.search(r"(?i)password *[=:] *\S", text), text
    for name, value in [pair for service in ALL.values() for pair in service.get("environment", {}).items()]:
        assert "PASSWORD" not in name or name.endswith("_FILE"), name
        assert not name.endswith("_FILE") or value.startswith("/run/secrets/")


@pytest.mark.parametrize("file", ["compose.yaml", "helm-values.yaml", "Dockerfile"])
def test_every_variable_named_is_a_setting(file: str) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", (DEPLOY / file).read_text()))
    assert named <= SETTINGS, named - SETTINGS


def test_the_settings_of_compose_are_valid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mining_assets_alert_webhook").touch()  # none
    for name, value in ALL["code"]["environment"].items():
        monkeypatch.setenv(name, settled(value))
    monkeypatch.setenv(SECRETS_VARIABLE, str(tmp_path))
    settings = Settings.load()
    assert settings.warehouse.render_as_string() == "postgresql+psycopg://mining_assets@database/warehouse"
    assert settings.alert_webhook is None


def test_the_code_server_is_where_the_others_look_for_it() -> None:
    (served,) = read("workspace.yaml")["load_from"]
    command = ALL["code"]["command"]
    assert served["grpc_server"]["host"] in ALL
    assert served["grpc_server"]["location_name"] == CODE_LOCATION
    assert command[command.index("--port") + 1] == str(served["grpc_server"]["port"])
    for name in ("webserver", "daemon"):
        workspace = ALL[name]["command"][-1]
        assert f"COPY deploy/workspace.yaml {workspace}" in DOCKERFILE


def test_the_image_is_pinned_and_runs_as_nobody_of_importance() -> None:
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.M)
    assert re.search(r"pip install -c constraints.txt", DOCKERFILE)
    last = DOCKERFILE[DOCKERFILE.rindex("FROM") :]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "COPY --from=build" in last
    assert "pip" not in last
    assert re.search(r"^HEALTHCHECK ", last, re.M)
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    shown = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert shown == {
        name for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for name in copied.split()
    }
    assert ":latest" not in DOCKERFILE + str(COMPOSE) + str(HELM)
    images = {service["image"] for service in services().values()}
    assert images == {f"mining-assets:{version('mining-assets')}"}


def test_what_the_image_installs_beside_is_pinned() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {"dagster-k8s", "kubernetes", "dagster-postgres", "psycopg", "psycopg2-binary"} <= pinned


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda script: script.name)
def test_scripts_are_well_formed_and_stop_at_the_first_error(script: Path) -> None:
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    assert "set -eu" in script.read_text()
    assert script.stat().st_mode & 0o111 == 0o111


def test_the_entrypoint_takes_the_password_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a pass'word $HOME\n")

    def said(**variables: str) -> "subprocess.CompletedProcess[str]":
        command = [str(ENTRYPOINT), "sh", "-c", 'printf "%s" "${PGPASSWORD-unset}"']
        return subprocess.run(
            command, env={"PATH": "/usr/bin:/bin"} | variables, capture_output=True, text=True, check=False
        )

    assert said(DATABASE_PASSWORD_FILE=str(file)).stdout == "a pass'word $HOME"
    assert said().stdout == "unset"
    missing = said(DATABASE_PASSWORD_FILE="/nowhere")
    assert missing.returncode != 0
    assert missing.stdout == ""


def test_the_pool_that_is_prepared_is_the_one_of_the_assets() -> None:
    assert f"dagster instance concurrency set {ELEXON_POOL} 1" in (DEPLOY / "prepare.sh").read_text()


def test_dagster_takes_the_instance_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("USERNAME", "HOST", "DATABASE"):
        monkeypatch.setenv(f"DAGSTER_PG_{name}", name.lower())
    monkeypatch.setenv("DAGSTER_PG_PORT", "5433")
    (tmp_path / "dagster.yaml").write_text((DEPLOY / "dagster.yaml").read_text())
    reference = dg._core.instance.ref.InstanceRef.from_dir(str(tmp_path))  # validates; connects to nothing
    settings = reference.settings
    assert settings["run_retries"] == {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}
    assert settings["run_monitoring"]["enabled"] is True
    assert settings["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 4
    assert {"schedule", "sensor", "auto_materialize"} == set(settings["retention"])
    stored = yaml.safe_load(reference.storage_data.config_yaml)["postgres_db"]
    assert stored["scheme"] == "postgresql+psycopg2"
    assert "password" not in stored


def test_the_embedded_instance_file_differs_only_where_it_must() -> None:
    embedded, deployed = (
        yaml.safe_load((ROOT / "mining_assets/packaged/dagster.yaml").read_text()),
        read("dagster.yaml"),
    )
    assert embedded.keys() == deployed.keys()
    assert embedded["concurrency"]["pools"] == deployed["concurrency"]["pools"]
    assert embedded["run_retries"] == deployed["run_retries"]


def test_helm_values_use_the_keys_of_the_chart() -> None:
    assert HELM.keys() <= CHART_KEYS, HELM.keys() - CHART_KEYS
    assert HELM["runLauncher"]["type"] == "K8sRunLauncher"
    assert HELM["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    assert "postgresqlPassword" not in HELM["postgresql"]
    assert HELM["postgresql"]["enabled"] is False
    (code,) = HELM["dagster-user-deployments"]["deployments"]
    server = {"host": code["name"], "port": code["port"], "name": CODE_LOCATION}
    assert HELM["dagsterWebserver"]["workspace"] == {"enabled": True, "servers": [server]}
    assert HELM["generatePostgresqlPasswordSecret"] is False


def test_helm_values_are_pinned_unprivileged_and_the_same_instance() -> None:
    (code,) = HELM["dagster-user-deployments"]["deployments"]
    parts = [HELM["dagsterWebserver"], HELM["dagsterDaemon"], code]
    for part in parts:
        assert part["image"]["tag"] == version("mining-assets")
        assert part["podSecurityContext"]["runAsNonRoot"] is True
        assert part["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert part["resources"]["limits"]["memory"]
    assert f"USER {code['podSecurityContext']['runAsUser']}:" in DOCKERFILE
    assert HELM["global"]["dagsterHome"] == re.search(r"DAGSTER_HOME=(\S+)", DOCKERFILE).group(1)  # type: ignore[union-attr]
    assert code["includeConfigInLaunchedRuns"] == {"enabled": True}, "runs need its secrets"
    assert [secret["name"] for secret in code["envSecrets"]] == ["mining-assets"]
    deployed = read("dagster.yaml")
    for key, value in HELM["additionalInstanceConfig"].items():
        assert value == deployed[key], key
    written = {"schedule": "schedule", "sensor": "sensor", "autoMaterialize": "auto_materialize"}
    for chart, instance in written.items():
        days = HELM["retention"][chart]["purgeAfterDays"]
        assert {kind: days[kind] for kind in days if kind != "started"} == deployed["retention"][instance][
            "purge_after_days"
        ]
    # The chart writes these sections itself when they are on; they would be there twice.
    assert HELM["dagsterDaemon"]["runMonitoring"] == HELM["dagsterDaemon"]["runRetries"] == {"enabled": False}
