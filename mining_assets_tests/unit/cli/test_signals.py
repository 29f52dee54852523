"""A second signal ends the process wherever it is: in garbage collection, in imports, in C code."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from mining_assets_tests.support.chaos.seeds import ROUNDS, SEED

MOMENTS = 1000 if ROUNDS > 1 else 60

# Forks a process for each moment, which does one of the works below for ever; sends it two signals and sees it end.
PLAYED = """
import gc, importlib, json, os, random, select, signal, sqlite3, sys, time, weakref
from mining_assets.cli.signals import StopSignals

class Node:
    def __del__(self):
        sum(range(50))

def collect():
    gc.set_threshold(10)
    while True:
        nodes = [Node() for _ in range(20)]
        for node in nodes:
            node.self = node
            node.watched = weakref.ref(node, lambda _: sum(range(50)))
        watched = [weakref.ref(node, lambda _: sum(range(50))) for node in nodes]
        del nodes, node
        gc.collect()

def load():
    names = ["decimal", "fractions", "statistics", "difflib", "pdb", "doctest", "calendar", "html.parser", "csv"]
    while True:
        for name in names:
            sys.modules.pop(name, None)
            importlib.import_module(name)

def calculate():
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    sqlite3.connect(":memory:").execute(endless).fetchone()

def sort():
    while True:
        sorted(range(100_000), key=lambda number: -number)

moments, chance = int(sys.argv[1]), random.Random(int(sys.argv[2]))
works, results = (collect, load, calculate, sort), []
for moment in range(moments):
    work, number = works[moment % len(works)], chance.choice((signal.SIGINT, signal.SIGTERM))
    ready, told = os.pipe()
    said, saying = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(saying, 2)
        with StopSignals().listening():
            os.write(told, b"1")
            work()
    os.close(saying)
    os.read(ready, 1)
    time.sleep(chance.uniform(0, 0.02))
    os.kill(child, number)
    assert select.select([said], [], [], 60)[0], f"the first signal is not heard in {work.__name__}"
    os.read(said, 1000)
    time.sleep(chance.uniform(0, 0.02))
    sent = time.monotonic()
    os.kill(child, number)
    status = os.waitpid(child, 0)[1]
    results.append((work.__name__, os.waitstatus_to_exitcode(status) - number, time.monotonic() - sent))
    for end in (ready, told, said):
        os.close(end)
print(json.dumps(results))
"""


@pytest.mark.system
def test_a_second_signal_ends_the_process_at_any_moment() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PLAYED, str(MOMENTS), str(SEED)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    results = json.loads(ran.stdout)
    assert len(results) == MOMENTS
    assert {code for _, code, _ in results} == {128}
    assert len({work for work, _, _ in results}) == 4


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_command_that_does_not_listen_ends_at_the_first_with_a_line(name: str, code: int) -> None:
    waits = (
        "import os, signal, sys, time, click\n"
        "from mining_assets.cli import main\n"
        "def run(*_, **__):\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    time.sleep(600)\n"
        "main.cli.main = run\n"
        "main.main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", waits], capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, "", f"mining-assets: stopped by {name}\n")


def test_a_line_replaces_the_live_one_while_a_step_has_the_terminal(tmp_path: Path) -> None:
    told = tmp_path / "stderr"
    works = (
        "import os, signal, sys, time\n"
        "from mining_assets.cli.signals import StopSignals\n"
        "class Heard(StopSignals):\n"
        "    def hear(self, number):\n"
        "        super().hear(number)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "with Heard().listening():\n"
        f"    os.dup2(os.open({str(told)!r}, os.O_WRONLY | os.O_CREAT), 2)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(600)\n"
    )
    ours, theirs = pty.openpty()
    try:
        ran = subprocess.run([sys.executable, "-c", works], stderr=theirs, check=False, timeout=300)
    finally:
        os.close(theirs)
        os.close(ours)
    assert ran.returncode == 143
    first, second, end = told.read_bytes().split(b"\n")
    assert first == b"\r\x1b[2Kmining-assets: stopping after the day at hand; a second signal stops at once"
    assert second == b"\r\x1b[2K\x1b[?25hmining-assets: stopped by SIGTERM"
    assert end == b""
