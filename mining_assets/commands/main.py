"""The terminal: `mining-assets`. Parsing, progress and printing; the work is done by the assets.

Exit codes: 0 everything asked for is right, 1 something is not, 2 the input was wrong and nothing was touched,
3 the sources or the database could not be reached, 130 or 143 stopped by a signal.
"""

import sys

import click

from mining_assets.commands.signals import Terminated
from mining_assets.settings import SettingsError

BAD_INPUT = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mining-assets")
def cli() -> None:
    """Curtailed GB wind and the Bitcoin it could have mined, kept complete and proven so."""


def register() -> None:
    """Give the command line its commands; they are imported only now."""
    from mining_assets.commands.analyze import analyze
    from mining_assets.commands.database import db
    from mining_assets.commands.ingest import date_command, range_command
    from mining_assets.commands.operations import critical, daily, reingest, spot_fix
    from mining_assets.commands.reconcile import reconcile, resume
    from mining_assets.commands.status import status
    from mining_assets.commands.ui import ui
    from mining_assets.commands.verify import verify

    operator = (analyze, reconcile, daily, reingest, critical, spot_fix, resume)
    for command in (date_command, range_command, status, verify, *operator, ui, db):
        cli.add_command(command)


def main() -> None:
    """Run the command line; every way out has a true exit code and at most one line of error."""
    register()
    try:
        code = cli.main(prog_name="mining-assets", standalone_mode=False)
    except (click.UsageError, SettingsError) as error:
        text = error.format_message() if isinstance(error, click.UsageError) else str(error)
        _fail(text, BAD_INPUT)
    except click.Abort as error:
        _fail("interrupted", 143 if isinstance(error.__cause__ or error.__context__, Terminated) else 130)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str, code: int) -> None:
    click.echo(f"mining-assets: {' '.join(text.split())}", err=True)
    sys.exit(code)
