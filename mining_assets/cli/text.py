"""Text for people on standard output."""

import shutil
import sys
from textwrap import wrap

import click


def print_text(text: str) -> None:
    """Print lines; on a terminal each that is too long goes on below, broken between two words."""
    if not sys.stdout.isatty():
        click.echo(text)
        return
    width = shutil.get_terminal_size().columns - 1
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        folded = wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        click.echo("\n".join(folded))
