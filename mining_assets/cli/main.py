"""The terminal: `mining-assets`. Parsing, progress and printing; the work is done by the assets.

Exit codes: 0 everything asked for is right, 1 something is not, 2 the input was wrong and nothing was touched,
3 the sources or the database could not be reached, 130 or 143 stopped by a signal.
"""

import os
import sys
from contextlib import nullcontext, suppress
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from mining_assets.cli.env_file import apply_env_file
from mining_assets.cli.signals import watching
from mining_assets.errors import SettingsError

BAD_INPUT = 2
_COMPLETE = "_MINING_ASSETS_COMPLETE"  # set by the shell's function while it asks what fits


# A command's module is imported when it is named: most import Dagster, which takes longer than `status` takes in all.
_GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Look": {
        "doctor": ("doctor:doctor", "Whether everything is ready, and why not."),
        "status": ("status:status", "What is complete, provisional, missing or inconsistent."),
        "analyze": ("analyze:analyze", "The status, every check by value, and what would repair it."),
        "verify": ("verify:verify", "Every check by value on some days; fetches nothing."),
        "history": ("history:history", "Every vintage of a day, and what changed in between."),
        "settings": ("settings:settings", "Every setting, its value and where it comes from."),
    },
    "Fetch": {
        "date": ("ingest:date_command", "Bring one day up to date, and its month and year."),
        "range": ("ingest:range_command", "Bring every day from START to END up to date."),
    },
    "Repair": {
        "reconcile": ("reconcile:reconcile", "Find everything that is wrong, and repair it."),
        "daily": ("operations:daily", "The daily check of the last days."),
        "replay": ("replay:replay", "Derive days anew from their archived answers."),
        "resume": ("reconcile:resume", "Continue a command that was interrupted."),
        "reingest": ("operations:reingest", "Fetch a day again and derive everything from it again."),
        "critical": ("operations:critical", "Repair a difficult day, with its rows saved first."),
        "spot-fix": ("operations:spot_fix", "Fetch one period of a day again."),
        "difficulty": ("difficulty:difficulty", "Fetch the network's difficulty and subsidy now."),
    },
    "Take away": {
        "report": ("report:report", "One HTML file with the figures and whether they are final."),
        "export": ("export:export", "A table or view as CSV, Parquet or JSON."),
    },
    "Run": {
        "ui": ("ui:ui", "Open the Dagster UI with its daemon, on this machine only."),
        "db": ("database:db", "Check, upgrade or copy the database of the warehouse."),
        "archive": ("archive:archive", "Check the kept answers, or remove what nobody names."),
    },
}
_COMMANDS = {name: target for group in _GROUPS.values() for name, (target, _) in group.items()}


class _Commands(click.Group):
    """The commands by name, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, summary) for name, (_, summary) in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=summary)
            for commands in _GROUPS.values()
            for name, (_, summary) in commands.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if ctx.resilient_parsing:  # only completion parses so
            from mining_assets.cli.completion import stand_in

            return stand_in(cmd_name)
        if cmd_name not in _COMMANDS:
            near = get_close_matches(cmd_name, _COMMANDS, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "; `mining-assets --help` lists them"
            raise click.UsageError(f"no such command: '{cmd_name}'{hint}")
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"mining_assets.cli.{module}"), name)
        return command


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="mining-assets")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Curtailed GB wind and the Bitcoin it could have mined, kept complete and proven so.

    `mining-assets COMMAND --help` has an example of each.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line; every way out has a true exit code and at most one line of error."""
    with watching():
        _run()


def _run() -> NoReturn:
    completing = _COMPLETE in os.environ
    try:
        with suppress(SettingsError) if completing else nullcontext():
            apply_env_file()
        code = cli.main(prog_name="mining-assets", complete_var=_COMPLETE, standalone_mode=False)
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
