"""The demo leaves a home behind in which every command works without a variable, and a report."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from mining_assets_tests import demo
from mining_assets_tests.support.harness import COMMAND


def test_what_the_demo_leaves_can_be_looked_at_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ".demo_generated"
    monkeypatch.setattr(demo, "HOME", home)
    monkeypatch.setattr(demo, "END", demo.START)
    ran = CliRunner().invoke(demo.main, [])
    assert ran.exit_code == 0, ran.output
    assert "cd .demo_generated && ../.venv/bin/mining-assets status" in ran.output
    assert "Generated data: not real figures" in (home / "report.html").read_text()
    bare = {"PATH": "/usr/bin:/bin"}
    status = subprocess.run([*COMMAND, "status"], env=bare, cwd=home, capture_output=True, text=True, check=False)
    assert status.returncode == 0, status.stderr
    assert status.stdout.startswith(f"{demo.START}: ")
    assert "Generated data: not real figures." in status.stdout
