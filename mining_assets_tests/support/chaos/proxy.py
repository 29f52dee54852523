"""A TCP proxy that harms what passes through it: resets, cuts, stalls and drips, then heals."""

import random
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from mining_assets_tests.support.postgres import HOST

Kind = Literal["reset", "cut", "stall", "drip"]
KINDS: tuple[Kind, ...] = ("reset", "cut", "stall", "drip")
RESET = struct.pack("ii", 1, 0)  # to linger for no time: closing sends RST
PIECE, DROP = 64 * 1024, 512
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Harm:
    """What happens to a connection once so many bytes went through it, both ways together.

    Attributes:
        kind: ``reset`` sends RST both ways, ``cut`` closes in order, ``stall`` passes nothing more and keeps the
            connection open until the proxy is healed, ``drip`` passes 512 bytes every hundredth of a second.
        after: bytes that pass unharmed; those beyond are not passed on.
        connections: how many connections are harmed: the first that carry so many bytes.
    """

    kind: Kind
    after: int
    connections: int = 1

    @classmethod
    def drawn(cls, chance: random.Random, kind: Kind, longest: int, connections: int = 1) -> Self:
        """A harm at a random place."""
        return cls(kind, chance.randrange(longest), connections)


class Proxy:
    """Passes connections on loopback on to a port; a context manager, with a thread for each connection.

    Attributes:
        met: the harms that happened.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.met: list[Harm] = []
        self._planned: list[Harm] = []
        self._mended = threading.Event()
        self._mended.set()
        self._ending = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self.heal()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def harm(self, harm: Harm) -> None:
        """Harm the next connections that carry enough bytes, those that are open included."""
        with self._lock:
            self._mended.clear()
            self._planned += [harm] * harm.connections

    def heal(self) -> None:
        """Harm no more; connections that hang are closed."""
        with self._lock:
            self._planned.clear()
            self._mended.set()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name="proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ending:
            if not select.select([self._listener], [], [], LOOK_SECONDS)[0]:
                continue
            client, _ = self._listener.accept()
            try:
                server = socket.create_connection((HOST, self.target), 5)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.close()
                continue
            self._start(self._carry, client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        ends = {client: server, server: client}
        try:
            self._pass_on(ends)
        except OSError:
            pass  # one of them is gone: the other learns it
        finally:
            for end in ends:
                end.close()

    def _pass_on(self, ends: dict[socket.socket, socket.socket]) -> None:
        passed, dripping = 0, False
        while not self._ending:
            for end in select.select(list(ends), [], [], LOOK_SECONDS)[0]:
                piece = end.recv(DROP if dripping else PIECE)
                if not piece:
                    return
                harm = None if dripping else self._due(passed + len(piece))
                if harm is None:
                    ends[end].sendall(piece)
                    passed += len(piece)
                    if dripping:
                        time.sleep(0.01)
                        dripping = not self._mended.is_set()
                    continue
                ends[end].sendall(piece[: max(harm.after - passed, 0)])
                if harm.kind == "drip":
                    ends[end].sendall(piece[max(harm.after - passed, 0) :])
                    dripping = True
                    continue
                if harm.kind == "reset":
                    for each in ends:
                        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                elif harm.kind == "stall":
                    while not self._mended.wait(LOOK_SECONDS) and not self._ending:
                        pass
                return

    def _due(self, carried: int) -> Harm | None:
        with self._lock:
            for harm in self._planned:
                if carried > harm.after:
                    self._planned.remove(harm)
                    self.met.append(harm)
                    return harm
        return None
