"""Dagster's instance as commands use it: their runs belong to the jobs of the code location, like the daemon's.

The job's page and the timeline of the UI show only runs with the origin of a code location. ``execute_in_process`` has
no public parameter for it, and a run that goes through the location waits for the daemon and a new process. Only the
names of location, repository and job are recorded, which is all that the UI asks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

# Private to Dagster, like the backfills of ``defs.in_flight``: a test asks the UI's own questions.
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from mining_assets import CODE_LOCATION
from mining_assets.defs.in_flight import process_tag

COMMAND_TAG = "mining_assets/command"
_NO_RETRIES = {"dagster/max_retries": "0"}  # a command is resumed by a person, not by the daemon
_REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(CODE_LOCATION), "__repository__")


def run_tags(command: str) -> dict[str, str]:
    """Return the tags of a run that a command makes in this process.

    Args:
        command: the command line.
    """
    return {COMMAND_TAG: command, **process_tag(), **_NO_RETRIES}


@contextmanager
def command_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance of the Dagster home; runs created on it have their job's origin."""
    with dg.DagsterInstance.get() as instance:
        create_run = instance.create_run_for_job

        def create_run_of_location(job_def: dg.JobDefinition, **arguments: Any) -> dg.DagsterRun:
            origin = _REPOSITORY.get_job_origin(job_def.name)
            return create_run(job_def, **{**arguments, "remote_job_origin": origin})

        instance.create_run_for_job = create_run_of_location  # type: ignore[method-assign,assignment]
        yield instance
