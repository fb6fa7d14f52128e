"""How a forked process becomes a student's kernel: walls up, stubs filled, IPython.

The sockets on which it talks were made by the grader and are handed over open, so that
it shares no folder with anybody: what it writes, it writes into memory of its own.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.grading import calls, filling, sandbox

CHANNELS = ("shell", "control", "iopub", "stdin")  # their "ports" are 1, 2, 3, 4


@dataclass(frozen=True)
class Request:
    """One kernel. filled: official versions (`filling.pack`); key: signs its messages.

    home: its folder where there is no sandbox, or "".
    """

    filled: str
    key: str
    home: str = ""


@dataclass(frozen=True)
class Walls:
    """What all kernels of a run have in common."""

    level: str
    hide: tuple[str, ...]
    keep: tuple[str, ...]
    cpu_seconds: int = 120
    memory_mb: int = 3000


def become(request: Request, handles: Sequence[int], walls: Walls, uid: int) -> int:
    """Be a kernel until the end. handles: listening sockets, one for each channel."""
    if walls.level != "off":
        os.setsid()
    else:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    sandbox.enter(walls.level, walls.hide, walls.keep)
    filling.put(request.filled)
    home = request.home or "/tmp/home"
    os.makedirs(home, exist_ok=True)
    if walls.level == "full":
        os.chown(home, uid, uid)
    os.environ.clear()
    os.environ.update(HOME=home, IPYTHONDIR=f"{home}/ipython", LANG="C.UTF-8")
    os.environ.update(PATH="/usr/bin:/bin", OMP_NUM_THREADS="1", MPLBACKEND="agg")
    os.chdir(home)
    handles = _only(handles)
    sandbox.limit(walls.level, walls.cpu_seconds, walls.memory_mb)
    sandbox.drop(walls.level, uid)
    calls.refuse()
    app = application(handles, request.key)
    app.initialize([])
    app.start()
    return 0


def _only(handles: Sequence[int]) -> list[int]:
    """Keep these open and nothing else of the grader; they get new numbers."""
    high = [os.dup2(handle, 200 + n) for n, handle in enumerate(handles)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in range(3):
        os.dup2(nowhere, handle)
    os.closerange(3, 200)
    kept = [os.dup(handle) for handle in high]
    os.closerange(200, 4096)
    return kept


def application(handles: Sequence[int], key: str) -> Any:
    """An ordinary kernel application that listens on sockets which exist already."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    class Application(IPKernelApp):
        def parse_command_line(self, argv: Any = None) -> None:
            """There is none, and reading none takes time."""

        def _try_bind_socket(self, socket: Any, port: int) -> int:
            socket.setsockopt(zmq.USE_FD, handles[port - 1])
            socket.bind(f"ipc://{CHANNELS[port - 1]}")
            return port

        def init_control(self, context: Any) -> None:
            super().init_control(context)  # type: ignore[no-untyped-call]
            # The debugger's own way to the shell: it leads nowhere here.
            with contextlib.suppress(AttributeError, zmq.ZMQError):
                where = self.shell_socket.getsockopt(zmq.LAST_ENDPOINT)
                self.debug_shell_socket.disconnect(where)

        def init_heartbeat(self) -> None:
            """Nobody listens: the grader sees when the process ends."""

        def log_connection_info(self) -> None:
            self._ports = {name: n + 1 for n, name in enumerate(CHANNELS)}
            self._ports["hb"] = 0

    ports = {f"{name}_port": n + 1 for n, name in enumerate(CHANNELS)}
    found = Config()
    found.IPKernelApp.update(transport="ipc", ip="kernel", hb_port=9, **ports)
    found.Session.key = key.encode()
    found.HistoryManager.enabled = False
    make: Callable[..., Any] = Application.instance
    return make(config=found)
