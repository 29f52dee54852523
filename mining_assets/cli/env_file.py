"""The file `.env` of the working folder, which Dagster's own commands read too. The environment wins over it here."""

import os
from pathlib import Path

from mining_assets.errors import SettingsError

_taken: dict[str, tuple[Path, str]] = {}


def apply_env_file() -> None:
    """Set the variables of `.env` that the environment lacks or has empty, before any setting is read.

    Raises:
        SettingsError: the file cannot be read.
    """
    path = Path.cwd() / ".env"
    _taken.clear()
    if not path.is_file():  # some call their virtual environment so
        return
    from dotenv import dotenv_values  # takes a while to import, and most folders have no such file

    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    for name, value in values.items():
        if value is not None and not os.environ.get(name):
            os.environ[name] = value
            _taken[name] = path, value


def file_of(name: str) -> Path | None:
    """Return the file that a variable has its value from; None when it has none from a file, or another by now."""
    path, value = _taken.get(name, (None, None))
    return path if os.environ.get(name) == value else None
