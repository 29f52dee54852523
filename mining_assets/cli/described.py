"""The commands' own options and arguments, written down for completion: `python -m mining_assets.cli.described`.

Completion answers from the file, since importing a command takes longer than anybody waits for a tab. A test compares
the file with the commands.
"""

import json
from pathlib import Path
from typing import Any

import click

from mining_assets.cli.main import cli
from mining_assets.settings import Settings
from mining_assets.warehouse.exports import RELATIONS

FILE = Path(__file__).parents[1] / "packaged" / "completion.json"
# What their type does not tell.
_KINDS = {("export", "table"): "table", ("spot-fix", "farm"): "unit"}


def describe() -> dict[str, Any]:
    """Return all that completion is to know: the commands, the tables and the first day where no setting says one."""
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {
        "commands": {name: _command(command) for name, command in commands.items() if command},
        "tables": list(RELATIONS),
        "start_date": str(Settings.model_fields["start_date"].default),
    }


def _command(command: click.Command) -> dict[str, Any]:
    described: dict[str, Any] = {
        "help": command.get_short_help_str(limit=80),
        "parameters": [_parameter(str(command.name), parameter) for parameter in command.params],
    }
    if isinstance(command, click.Group):
        described["commands"] = {name: _command(inner) for name, inner in command.commands.items()}
    return described


def _parameter(command: str, parameter: click.Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "names": [str(parameter.name), *parameter.opts] if isinstance(parameter, click.Option) else [parameter.name],
        "option": isinstance(parameter, click.Option),
        "kind": _KINDS.get((command, str(parameter.name)), parameter.type.name),
    }
    if isinstance(parameter, click.Option):
        described |= {"help": parameter.help, "flag": parameter.is_flag, "multiple": parameter.multiple}
    if isinstance(parameter.type, click.Choice):
        described["choices"] = list(parameter.type.choices)
    return described


def written(described: dict[str, Any]) -> str:
    """Return the file's text."""
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(describe()), encoding="utf-8")
