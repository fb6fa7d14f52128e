"""A warm process that forks kernels: `python -m coursekit.grading.zygote OPTIONS`.

Importing torch, Jupyter's kernel and the package takes seconds; a fork takes
milliseconds. For each kernel the zygote forks a supervisor, and the supervisor a child
inside the sandbox (`sandbox`), which loses the reference of the exercise that is graded
(`blank`) and then becomes an ordinary IPython kernel. The supervisor watches its memory
and ends it when the connection to the launcher closes.

The modules that hold oracles, wrong versions and solutions are never imported here.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.grading import sandbox
from coursekit.grading.blank import blank
from coursekit.grading.warm import warm_up

LARGEST = 1 << 20


@dataclass(frozen=True)
class Options:
    """What the grader decides for a whole run."""

    socket: str
    level: str
    hide: tuple[str, ...]
    keep: tuple[str, ...]
    cpu_seconds: int = 120
    memory_mb: int = 3000


def serve(options: Options) -> None:
    """Answer connections until this process is told to stop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(options.socket)
        os.chmod(options.socket, 0o600)
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are not awaited
        print("ready", flush=True)
        number = 0
        while True:
            connection, _ = listener.accept()
            number += 1
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                try:
                    supervise(
                        connection, options, sandbox.FIRST_UID + number % sandbox.UIDS
                    )
                except BaseException as error:
                    print(f"supervisor: {error!r}", file=sys.stderr, flush=True)
                finally:
                    os._exit(0)
            connection.close()


def supervise(connection: socket.socket, options: Options, uid: int) -> None:
    """Start one kernel, watch it, and say how it ended."""
    request = json.loads(receive(connection))
    folder = Path(request["connection_file"]).parent
    if options.level == "full":
        os.chmod(folder, 0o733)  # it may make its sockets here; see `shut`
        os.chown(request["connection_file"], uid, uid)
    sandbox.split(options.level)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            connection.close()
            code = become_kernel(request, options, uid)
        except BaseException as error:
            print(f"kernel: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    if options.level == "full":
        shut(folder)
    why, peak = watch(child, connection, options, uid)
    sandbox.kill(child)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    ending = {"why": why, "peak_mb": round(peak, 1)}
    Path(request["ending"]).write_text(json.dumps(ending))


def shut(folder: Path) -> None:
    """Once the five sockets are there, nothing more is written on the host's disk."""
    until = time.monotonic() + 20
    while len(list(folder.glob("s-*"))) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    folder.chmod(0o711)


def watch(
    child: int, connection: socket.socket, options: Options, uid: int
) -> tuple[str, float]:
    """Until the child ends, the launcher goes away, or too much memory is taken."""
    connection.setblocking(False)
    peak = 0.0
    while True:
        with contextlib.suppress(BlockingIOError):
            if connection.recv(1) == b"":
                return "told to stop", peak
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            connection.close()
            return f"ended with {os.waitstatus_to_exitcode(status)}", peak
        used = resident_mb(child, uid if options.level == "full" else None)
        peak = max(peak, used)
        if used > options.memory_mb:
            return "too much memory", peak
        time.sleep(0.1)


def resident_mb(child: int, uid: int | None) -> float:
    """Memory of the child alone, or of everything that runs as its user."""
    pids = [str(child)]
    if uid is not None:
        pids = [p for p in os.listdir("/proc") if p.isdigit()]
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError, ValueError):
            about = status_of(pid)
            if uid is None or about.get("Uid") == uid:
                if "RssAnon" in about:  # not the files; shared memory counts
                    pages += about["RssAnon"] + about.get("RssShmem", 0)
                else:
                    pages += about.get("VmRSS", 0)
    return pages / 1024


def status_of(pid: str) -> dict[str, int]:
    """The first number of each line of a process's status: its user, sizes in kB."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        first = rest.split()[:1]
        if first and first[0].isdigit():
            found[name] = int(first[0])
    return found


def become_kernel(request: dict[str, Any], options: Options, uid: int) -> int:
    """In the child: walls up, reference gone, then an ordinary kernel."""
    if options.level != "off":
        os.setsid()
    else:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    folder = str(Path(request["connection_file"]).parent)
    sandbox.enter(options.level, options.hide, (*options.keep, folder))
    blank(request["blank"])
    home = "/tmp/home" if options.level != "off" else folder
    os.makedirs(home, exist_ok=True)
    if options.level == "full":
        os.chown(home, uid, uid)
    os.environ.clear()
    os.environ.update(HOME=home, IPYTHONDIR=f"{home}/ipython", LANG="C.UTF-8")
    os.environ.update(PATH="/usr/bin:/bin", OMP_NUM_THREADS="1", MPLBACKEND="agg")
    os.chdir(home)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in range(3):
        os.dup2(nowhere, handle)
    os.closerange(3, 4096)  # nothing of the grader stays open
    sandbox.limit(options.level, options.cpu_seconds, options.memory_mb)
    sandbox.drop(options.level, uid)
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["kernel", "-f", request["connection_file"]]
    IPKernelApp.launch_instance(
        ["-f", request["connection_file"], "--HistoryManager.enabled=False"]
    )
    return 0


def receive(connection: socket.socket) -> bytes:
    """One message: its length, then its bytes."""
    size = struct.unpack(">I", exactly(connection, 4))[0]
    if size > LARGEST:
        raise OSError("message too long")
    return exactly(connection, size)


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes, or OSError."""
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise OSError("connection closed")
        found += part
    return found


def main() -> None:
    """Warm up and serve."""
    values: dict[str, Any] = json.loads(sys.argv[1])
    for name in ("hide", "keep"):
        values[name] = tuple(values[name])
    options = Options(**values)
    sandbox.end_with_parent()
    warm_up()
    serve(options)


if __name__ == "__main__":
    main()
