"""`doctor`: one page that tells whether everything is ready, and why not."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mining_assets.cli.options import json_option, print_home
from mining_assets.cli.phase import Phase
from mining_assets.cli.settings import list_settings
from mining_assets.cli.text import print_text
from mining_assets.domain.wording import count_of
from mining_assets.errors import SettingsError
from mining_assets.settings import Settings

if TYPE_CHECKING:
    from mining_assets.doctor.page import Page


@click.command("doctor")
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page and the answers as they came into this zip, without secrets; an existing file stays.",
)
@json_option
def doctor(bundle: Path | None, as_json: bool) -> None:
    """Tell whether this machine, the settings, the database, the archive and every source are as they are needed.

    Each source is asked once for everything that is ever asked of it, and its answers are compared with what the
    code assumes. Nothing is stored or made, but for a small file in the archive that is removed again.

    Example: mining-assets doctor --bundle doctor.zip
    """
    from mining_assets.doctor.examine import examine
    from mining_assets.doctor.page import ShownSetting, as_dict, as_text

    if bundle is not None and bundle.exists():
        raise click.UsageError(f"--bundle: {bundle} is there already, and stays as it is")
    settings: Settings | SettingsError
    try:
        settings = Settings.load()
    except SettingsError as error:
        settings, shown = error, []
    else:
        print_home(settings)
        shown = [ShownSetting(each.name, each.value, each.origin) for each in list_settings(settings)]
    with Phase("looking at this machine") as phase:
        page = examine(settings, shown, phase.phase)
    problem = _written(page, bundle) if bundle else None
    written = None if bundle is None or problem else bundle.absolute()
    if as_json:
        click.echo(json.dumps(as_dict(page) | {"bundle": str(written) if written else None}, indent=2))
    else:
        print_text(as_text(page))
        if written:
            print_text(f"\nThe page and {count_of(len(page.received), 'answer')} are in {written}")
    if problem:
        raise click.ClickException(problem)
    sys.exit(page.exit_code)


def _written(page: "Page", bundle: Path) -> str | None:
    """Write the bundle; return why it could not be written, if so."""
    from mining_assets.doctor.bundle import write_bundle

    try:
        write_bundle(page, bundle.absolute())
    except OSError as error:
        return f"{bundle} cannot be written: {error.strerror or 'it is there already'}"
    return None
