"""What the audit makes of pip-audit's answers: silence of the service is no proof of anything."""

import json
from typing import Any

from mining_assets_tests.audit import verdict


def answer(*dependencies: dict[str, Any]) -> tuple[str, str]:
    return json.dumps({"dependencies": list(dependencies), "fixes": []}), ""


SOUND = {"name": "click", "version": "8.5.1", "vulns": []}
WEAK = {"name": "click", "version": "1.0", "vulns": [{"id": "PYSEC-2025-1"}]}
UNKNOWN = {"name": "click", "skip_reason": "Dependency not found on PyPI"}


def test_a_known_vulnerability_fails() -> None:
    assert verdict({"osv": answer(SOUND, WEAK)}) == (1, "1 known vulnerabilities (osv):\nclick 1.0: PYSEC-2025-1")


def test_a_known_vulnerability_fails_though_others_could_not_be_looked_up() -> None:
    assert verdict({"osv": ("", "no route"), "pypi": answer(UNKNOWN, WEAK)})[0] == 1


def test_all_looked_up_and_none_found_is_said() -> None:
    assert verdict({"osv": ("", "no route"), "pypi": answer(SOUND)}) == (
        0,
        "no known vulnerability in 1 packages (pypi)",
    )


def test_what_could_not_be_looked_up_is_not_called_clean() -> None:
    code, said = verdict({"osv": ("", "Traceback\nConnectionError: no route\n\n"), "pypi": answer(SOUND, UNKNOWN)})
    assert code == 0
    assert said.splitlines() == [
        "NOT AUDITED: no service of vulnerabilities can be asked from here.",
        "osv: ConnectionError: no route",
        "pypi: 1 of 2 packages could not be looked up (Dependency not found on PyPI)",
    ]
