"""Processes that end together: however one of them, or the one that holds them, ends."""

import signal
from pathlib import Path

import pytest

from mining_assets.cli.services import ServiceEnded, Services


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules: one that lasts, and one that ends at once."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "lasting.py").write_text("import time; time.sleep(600)")
    (tmp_path / "ending.py").write_text("import sys; print('the reason'); sys.exit(int(sys.argv[1]))")
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


def test_the_last_lines_of_one_that_failed_are_told(modules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with Services.together(modules) as services:
            services.start("the short one", "ending", "7", passed_on=False)
            services.wait()

    with pytest.raises(ServiceEnded):
        fail()
    assert capfd.readouterr().err == "the reason\n"


def test_what_is_for_a_person_is_passed_on_until_the_end_begins(
    modules: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (modules / "talking.py").write_text(
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('the others are gone'), exit(1)))\n"
        "print('a fault', flush=True)\n"
        "time.sleep(600)\n"
    )
    told: list[str] = []
    with Services.together(modules) as services:
        services.start("the talking one", "talking")
        assert services.wait(lambda: bool(told.append(capfd.readouterr().err) or "".join(told)))
    assert "".join(told) == "a fault\n"
    assert capfd.readouterr().err == ""
