"""The terminal: `mining-assets`. Parsing, progress and printing; the work is done by the assets.

Exit codes: 0 everything asked for is right, 1 something is not, 2 the input was wrong and nothing was touched,
3 the sources or the database could not be reached, 130 or 143 stopped by a signal.
"""

import sys
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click

from mining_assets.commands.env_file import apply_env_file
from mining_assets.commands.signals import watching
from mining_assets.settings import SettingsError

BAD_INPUT = 2


# A command's module is imported when it is named: most import Dagster, which takes longer than `status` takes in all.
_COMMANDS = {
    "date": "ingest:date_command",
    "range": "ingest:range_command",
    "status": "status:status",
    "verify": "verify:verify",
    "analyze": "analyze:analyze",
    "reconcile": "reconcile:reconcile",
    "daily": "operations:daily",
    "difficulty": "difficulty:difficulty",
    "reingest": "operations:reingest",
    "critical": "operations:critical",
    "spot-fix": "operations:spot_fix",
    "resume": "reconcile:resume",
    "report": "report:report",
    "export": "export:export",
    "settings": "settings:settings",
    "ui": "ui:ui",
    "db": "database:db",
}


class _Commands(click.Group):
    """The commands by name, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            near = get_close_matches(cmd_name, _COMMANDS, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "; `mining-assets --help` lists them"
            raise click.UsageError(f"no such command: '{cmd_name}'{hint}")
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"mining_assets.commands.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mining-assets")
def cli() -> None:
    """Curtailed GB wind and the Bitcoin it could have mined, kept complete and proven so."""


def main() -> None:
    """Run the command line; every way out has a true exit code and at most one line of error."""
    with watching():
        _run()


def _run() -> NoReturn:
    try:
        apply_env_file()
        code = cli.main(prog_name="mining-assets", standalone_mode=False)
    except (click.UsageError, SettingsError) as error:
        text = error.format_message() if isinstance(error, click.UsageError) else str(error)
        _fail(text, BAD_INPUT)
    except click.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str, code: int) -> NoReturn:
    click.echo(f"mining-assets: {' '.join(text.split())}", err=True)
    sys.exit(code)
