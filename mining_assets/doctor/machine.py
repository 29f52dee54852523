"""The doctor's look at this machine: Python, packages, time zones, the clock, the home and its disk.

Nothing is asked of a source or of the database here, and nothing is left behind.
"""

import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import mining_assets
from mining_assets.doctor.lines import Line, judged
from mining_assets.errors import SettingsError
from mining_assets.settings import HOME_FOLDERS, check_home
from mining_assets.sources.received import Received

DISTRIBUTION = "mining-assets"
CONSTRAINTS = Path(mining_assets.__file__).parents[1] / "constraints.txt"
"""The versions that were tested together; only a checkout has the file."""
LEAST_FREE_BYTES = 2**30
"""Below this a fetch of some years may fill the disk: ten years take a few gigabytes."""
LARGEST_CLOCK_DIFFERENCE = timedelta(minutes=1)
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_GIB = 2**30

# The lengths of London's days around the changes of its clocks, in half hours.
_LENGTHS = {date(2025, 3, 30): 46, date(2025, 6, 1): 48, date(2025, 10, 26): 50}


def python_line(version: str | None = None) -> Line:
    """Compare Python's version with those that the package allows."""
    version = version or platform.python_version()
    wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    fits = SpecifierSet(wanted).contains(version, prereleases=True)
    return judged("Python", None if fits else f"{version} is not {wanted}", version, f"Python {wanted}")


def packages_line(version_of: Callable[[str], str] = metadata.version, constraints: Path = CONSTRAINTS) -> Line:
    """Compare the packages with the versions that the project requires, and name those it was not tested with."""
    tested = dict(_pinned(constraints))
    wrong, other, count = [], [], 0
    for requirement in map(Requirement, metadata.requires(DISTRIBUTION) or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            version = version_of(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} is not {requirement.specifier}")
        elif tested.get(requirement.name, version) != version:
            other.append(f"{requirement.name} {version}, tested with {tested[requirement.name]}")
    found = f"{metadata.version(DISTRIBUTION)}, with all {count} packages that it requires"
    found += f" ({'; '.join(other)})" if other else ""
    return judged("packages", "; ".join(wrong), found, "the versions that pyproject.toml requires")


def _pinned(constraints: Path) -> Iterator[tuple[str, str]]:
    if constraints.is_file():
        for line in constraints.read_text(encoding="utf-8").splitlines():
            name, pinned, version = line.partition("==")
            if pinned:
                yield name.strip(), version.split("#")[0].strip()


def time_zone_line(zone: tzinfo) -> Line:
    """Count the half hours of days around London's changes of the clock."""
    problem = None
    for day, wanted in _LENGTHS.items():
        start, end = (
            datetime.combine(each, datetime.min.time(), zone).astimezone(UTC) for each in (day, day + timedelta(1))
        )
        length = (end - start) // timedelta(minutes=30)
        if length != wanted:
            problem = problem or f"{day} has {length} half hours instead of {wanted}: update the package tzdata"
    return judged("time zones", problem, "Europe/London changes its clocks as in 2025", "days of 46, 48 and 50 periods")


def clock_line(now: datetime, received: Iterable[Received] = ()) -> Line:
    """Compare the clock with what the sources' answers say of the time.

    Args:
        now: the present instant, in UTC.
        received: answers of sources, of which those with a ``Date`` header count.
    """
    assumed = f"no more than {LARGEST_CLOCK_DIFFERENCE.seconds} s beside the sources' clocks"
    if now < _EARLIEST:
        return judged("clock", f"{now:%Y-%m-%d %H:%M} UTC is past: set the clock", "", assumed)
    differences = [(_ahead(each), each.url) for each in received if each.headers.get("date")]
    known = [(ahead, url) for ahead, url in differences if ahead is not None]
    if not known:
        return judged("clock", None, f"{now:%Y-%m-%d %H:%M} UTC; no source said what time it is", assumed)
    ahead, url = min(known, key=lambda each: abs(each[0]))
    told = f"{abs(ahead).total_seconds():,.0f} s {'ahead of' if ahead > timedelta(0) else 'behind'} {url}"
    wrong = abs(ahead) > LARGEST_CLOCK_DIFFERENCE
    problem = f"{told}: set the clock, or days seem over too early or too late" if wrong else None
    return judged("clock", problem, f"{now:%Y-%m-%d %H:%M} UTC, as the sources have it", assumed)


def _ahead(received: Received) -> timedelta | None:
    try:
        told = parsedate_to_datetime(received.headers["date"])
    except ValueError:
        return None
    return received.requested_at - (told if told.tzinfo else told.replace(tzinfo=UTC))


def home_lines(home: Path) -> list[Line]:
    """Look whether the Dagster home takes files, and its disk too."""
    try:
        check_home(home)
    except SettingsError as error:
        return [judged("Dagster home", str(error), "")]
    problem = None
    for folder in (home / name for name in HOME_FOLDERS):
        if folder.exists() and (refused := why_no_files(folder)):
            problem = problem or f"{folder} cannot be used: {refused}"
    if (home / "dagster.yaml").exists() and not (home / "dagster.yaml").is_file():
        problem = problem or f"{home / 'dagster.yaml'} is no file: remove it, and the next command writes it"
    found = str(home) if home.exists() else f"{home}, which the first command that fetches makes"
    return [judged("Dagster home", problem, found, "a folder that takes files"), disk_line(home)]


def why_no_files(folder: Path) -> str | None:
    """Return why a folder takes no files, or None when it does."""
    try:
        with TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def disk_line(folder: Path, subject: str = "disk") -> Line:
    """Look how much room the disk of a folder has, also of one that is not there yet."""
    there = next(each for each in (folder, *folder.parents) if os.path.exists(each))
    free = shutil.disk_usage(there).free
    found = f"{free / _GIB:,.1f} GiB free"
    problem = f"{found}, less than {LEAST_FREE_BYTES / _GIB:,.0f}: a fetch of some years may not fit"
    return judged(subject, problem if free < LEAST_FREE_BYTES else None, found)
