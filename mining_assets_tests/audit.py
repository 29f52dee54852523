"""Known vulnerabilities of the pinned packages, by pip-audit: `make audit`.

It fails when one is known. Where no service of vulnerabilities can be asked, it says so and why, and does not fail:
nothing was found, because nothing could be looked up.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
SERVICES = ("osv", "pypi")


def verdict(answers: dict[str, tuple[str, str]]) -> tuple[int, str]:
    """The exit code and what to say of each service's output and errors."""
    reasons = []
    for service, (output, errors) in answers.items():
        try:
            dependencies: list[dict[str, Any]] = json.loads(output)["dependencies"]
        except (ValueError, KeyError, TypeError):
            reasons.append(f"{service}: {last_line(errors) or 'no answer'}")
            continue
        skipped = [each for each in dependencies if "skip_reason" in each]
        audited = len(dependencies) - len(skipped)
        found = [f"{each['name']} {each['version']}: {v['id']}" for each in dependencies for v in each.get("vulns", ())]
        if found:
            return 1, "\n".join([f"{len(found)} known vulnerabilities ({service}):", *found])
        if skipped or not audited:
            example = skipped[0]["skip_reason"] if skipped else "nothing was asked"
            reasons.append(
                f"{service}: {len(skipped)} of {len(dependencies)} packages could not be looked up ({example})"
            )
            continue
        return 0, f"no known vulnerability in {audited} packages ({service})"
    return 0, "\n".join(["NOT AUDITED: no service of vulnerabilities can be asked from here.", *reasons])


def last_line(text: str) -> str:
    """The last line that says something, shortened."""
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")


def ask(command: Sequence[str], service: str) -> tuple[str, str]:
    """What pip-audit says by one service: its JSON and its errors."""
    arguments = ["--vulnerability-service", service, "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip"]
    arguments += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def main() -> None:
    answers: dict[str, tuple[str, str]] = {}
    code, said = 0, ""
    for service in SERVICES:
        answers[service] = ask(sys.argv[1:], service)
        code, said = verdict(answers)
        if not said.startswith("NOT AUDITED"):
            break
    print(said)
    sys.exit(code)


if __name__ == "__main__":
    main()
