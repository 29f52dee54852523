"""Computing ahead in other processes: in order, bounded, with errors as themselves, and nobody left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from mining_assets.pipeline import other_processes
from mining_assets.pipeline.other_processes import FEWEST, computed_ahead

TASKS = list(range(FEWEST))


@pytest.fixture(autouse=True)
def _processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_processes, "processors", lambda: 2)


def computed(folder: Path, task: int) -> tuple[int, int]:
    """The task and the process that computed it, which leaves a file named after the task."""
    (folder / str(task)).touch()
    return task, os.getpid()


def refused(task: int) -> tuple[int, int]:
    if task == 1:
        raise ValueError(f"{task} is refused by {os.getpid()}")
    return task, os.getpid()


def killed(killer: int, task: int) -> tuple[int, int]:
    if task == 2 and os.getpid() != killer:
        os.kill(os.getpid(), signal.SIGKILL)
    return task, os.getpid()


def test_results_come_in_order_from_others_that_end_with_the_block(tmp_path: Path) -> None:
    with computed_ahead(partial(computed, tmp_path), TASKS) as ahead:
        taken = [ahead.take() for _ in TASKS]
    pids = {pid for _, pid in taken}
    assert [task for task, _ in taken] == TASKS
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert not any(alive(pid) for pid in pids)


def test_no_more_than_two_tasks_of_each_are_under_way(tmp_path: Path) -> None:
    with computed_ahead(partial(computed, tmp_path), TASKS) as ahead:
        for taken in range(3):
            ahead.take()
            assert len(list(tmp_path.iterdir())) <= taken + 4


def test_a_single_processor_computes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_processes, "processors", lambda: 1)
    with computed_ahead(partial(computed, tmp_path), TASKS) as ahead:
        assert ahead.take() == (0, os.getpid())


def test_few_tasks_are_computed_here(tmp_path: Path) -> None:
    with computed_ahead(partial(computed, tmp_path), TASKS[1:]) as ahead:
        assert ahead.take() == (1, os.getpid())


def test_an_error_is_raised_here_and_the_rest_goes_on() -> None:
    with computed_ahead(refused, TASKS) as ahead:
        ahead.take()
        with pytest.raises(ValueError, match=f"1 is refused by {os.getpid()}"):
            ahead.take()
        assert [ahead.take()[0] for _ in TASKS[2:]] == TASKS[2:]


def test_what_a_killed_process_leaves_is_computed_here() -> None:
    with computed_ahead(partial(killed, os.getpid()), TASKS) as ahead:
        taken = [ahead.take() for _ in TASKS]
    assert [task for task, _ in taken] == TASKS
    assert {pid for _, pid in taken[2:]} == {os.getpid()}


def large(padding: bytes, task: int) -> tuple[int, int]:
    return task, os.getpid()


def deaf(task: int) -> tuple[int, int]:
    """The task and whether an interrupt is blocked where it is computed."""
    return task, int(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def test_none_of_them_hears_an_interrupt() -> None:
    with computed_ahead(deaf, TASKS) as ahead:
        assert [ahead.take() for _ in TASKS] == [(task, 1) for task in TASKS]


def test_one_that_is_killed_while_it_begins_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    start = SpawnProcess.start

    def killed_at_once(process: SpawnProcess) -> None:
        start(process)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)

    monkeypatch.setattr(SpawnProcess, "start", killed_at_once)
    with computed_ahead(partial(large, bytes(1 << 20)), TASKS) as ahead:
        assert [ahead.take() for _ in TASKS] == [(task, os.getpid()) for task in TASKS]


def test_where_none_can_be_begun_all_is_computed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: SpawnProcess) -> None:
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with computed_ahead(partial(large, b""), TASKS) as ahead:
        assert [ahead.take() for _ in TASKS] == [(task, os.getpid()) for task in TASKS]


SCRIPT = """
import os, signal, sys
from pathlib import Path
from mining_assets.pipeline import other_processes
from mining_assets_tests.system.test_other_processes import TASKS, computed
from functools import partial
if __name__ == "__main__":
    other_processes.processors, other_processes._MOST_PROCESSES = lambda: 2, 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with other_processes.computed_ahead(partial(computed, Path(sys.argv[1])), TASKS) as ahead:
        print(ahead.take()[1], flush=True)
        sys.stdin.readline()
        print(ahead.take()[1], flush=True)
        os._exit(0)
"""


@pytest.fixture
def another(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own group that computes ahead; it takes a task, and another one for each line."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    (tmp_path / "tasks").mkdir()
    process = subprocess.Popen(
        [sys.executable, script, tmp_path / "tasks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(other_processes.__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(other_processes.__file__).parents[2])},
    )
    yield process
    process.kill()
    process.communicate()


def test_nobody_outlives_a_process_that_ends_at_once(another: "subprocess.Popen[str]") -> None:
    assert another.stdout is not None
    child = int(another.stdout.readline())
    _, errors = another.communicate("\n", timeout=60)
    ends = time.monotonic() + 60
    while alive(child) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not alive(child)
    assert errors == ""


def test_an_interrupt_of_the_terminal_is_for_the_first_process_alone(another: "subprocess.Popen[str]") -> None:
    assert another.stdout is not None
    child = another.stdout.readline()
    os.killpg(another.pid, signal.SIGINT)
    output, errors = another.communicate("\n", timeout=60)
    assert (output, errors) == (child, "")


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
