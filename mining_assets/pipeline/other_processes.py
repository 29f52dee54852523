"""Computing in other processes, ahead of whoever takes the results one after the other.

What is computed does not belong here. Each process has a pipe of its own: it ends when this one does, however that
ends, after the task that it is at. ``concurrent.futures`` would leave its processes behind then.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

FEWEST = 10
"""Of days, or other tasks that take about a tenth of a second."""
_MOST_PROCESSES = 4
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_AHEAD = 2  # of each process: one task while the result of the last is being taken


@contextmanager
def computed_ahead(
    function: Callable[[Task], Result], tasks: Iterable[Task], fewest: int | None = None
) -> Iterator["Ahead[Task, Result]"]:
    """Compute the tasks in other processes where there are enough of both; none of them is left at the end.

    Args:
        function: can be pickled, and so can the tasks and what it returns.
        tasks: in the order in which they are taken.
        fewest: with fewer tasks nothing is gained, since a process takes about a second to begin; ``FEWEST`` if None.
    """
    ahead = Ahead(function, tasks, fewest)
    try:
        yield ahead
    finally:
        ahead.close()


class Ahead(Generic[Task, Result]):
    """Results of tasks in their order; see :func:`computed_ahead`. Of each process few are kept at a time."""

    def __init__(self, function: Callable[[Task], Result], tasks: Iterable[Task], fewest: int | None) -> None:
        self._function, self._tasks = function, list(tasks)
        self._fewest = FEWEST if fewest is None else fewest
        self._taken = self._sent = 0
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        self._begun = False

    def take(self) -> Result:
        """Return what the function makes of the next task, or raise what it raises.

        A task that failed in its process is computed here once more, so that its error is raised as itself; after one
        whose process was killed, so are all that follow. Where no process can be begun, all are computed here.
        """
        if not self._begun:
            self._begun = True
            try:
                self._begin()
            except OSError:  # too many files or processes, or one was killed while it began
                self.close()
        number, self._taken = self._taken, self._taken + 1
        if self._pipes:
            try:
                self._send(number + _AHEAD * len(self._pipes))
                done, result = self._pipes[number % len(self._pipes)].recv()
            except (EOFError, OSError):
                self.close()
            else:
                if done:
                    return result  # type: ignore[no-any-return]
        return self._function(self._tasks[number])

    def _send(self, end: int) -> None:
        for number in range(self._sent, min(len(self._tasks), end)):
            self._pipes[number % len(self._pipes)].send(self._tasks[number])
            self._sent = number + 1

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()
        self._pipes, self._processes = [], []

    def _begin(self) -> None:
        if len(self._tasks) < self._fewest or processors() == 1 or multiprocessing.current_process().daemon:
            return
        context = multiprocessing.get_context("spawn")  # a copy of this process would have its threads' locks
        for _ in range(min(_MOST_PROCESSES, processors())):
            here, there = context.Pipe()
            self._pipes.append(here)
            with there, _deaf():
                process = context.Process(target=_work, args=(there,), daemon=True)
                process.start()
            self._processes.append(process)
        # Not with the start: that would wait for ever for a process that is killed before it reads much.
        for pipe in self._pipes:
            pipe.send(self._function)


def processors() -> int:
    """Return how many processors this process may use, by its affinity and the quota of its container (cgroup v2)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no such file; "max" where there is no quota
        quota, period = _QUOTA.read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    return allowed


@contextmanager
def _deaf() -> Iterator[None]:
    """Let a process that is begun here not hear Ctrl-C: a terminal sends it to all, and this one decides."""
    resource_tracker.ensure_running()  # it would hear the signal again when it is begun with the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection) -> None:
    with suppress(EOFError, OSError):  # the other end is closed, or its process gone
        function = pipe.recv()
        while True:
            task = pipe.recv()
            try:
                answer = True, function(task)
            except Exception:  # it is raised where the task is computed once more
                answer = False, None
            pipe.send(answer)
