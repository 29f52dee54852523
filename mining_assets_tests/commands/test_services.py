"""Processes that end together: however one of them, or the one that holds them, ends."""

import signal
from pathlib import Path

import pytest

from mining_assets.commands.services import ServiceEnded, Services


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules: one that lasts, and one that ends at once."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "lasting.py").write_text("import time; time.sleep(600)")
    (tmp_path / "ending.py").write_text("import sys; sys.exit(int(sys.argv[1]))")
    return tmp_path


def test_one_that_ends_is_named_with_its_exit_code_and_the_others_are_ended(modules: Path) -> None:
    with Services.together(modules) as services:
        services.start("the long one", "lasting")
        services.start("the short one", "ending", "7")
        lasting = services.processes["the long one"]
        with pytest.raises(ServiceEnded, match=r"^the short one ended with exit code 7; all others are ended$"):
            services.wait()
    assert lasting.returncode == -signal.SIGTERM


def test_a_signal_is_no_fault(modules: Path) -> None:
    with Services.together(modules) as services:
        services.start("the long one", "lasting")
        services.hear(signal.SIGTERM)
        assert not services.wait()
    assert services.exit_code == 128 + signal.SIGTERM


def test_what_is_waited_for_ends_the_wait(modules: Path) -> None:
    with Services.together(modules) as services:
        services.start("the long one", "lasting")
        assert services.wait(lambda: True)
