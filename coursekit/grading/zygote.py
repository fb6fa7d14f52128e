"""A warm process that forks kernels: `python -m coursekit.grading.zygote OPTIONS`.

Importing torch, Jupyter's kernel and the package takes seconds; a fork takes
milliseconds. For each kernel the zygote forks a supervisor, and the supervisor a child
inside the sandbox that becomes an ordinary IPython kernel (`kernel`). The supervisor
watches it, ends it when the connection to the grader closes, and says how it ended.

The package it imports is the stubbed one (`stubbed`): no reference, oracle or wrong
version was ever in this process.
"""

import array
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from coursekit.grading import filling, sandbox
from coursekit.grading.kernel import CHANNELS, Request, Walls, become
from coursekit.grading.warm import warm_up
from coursekit.grading.watch import watch

LARGEST = 1 << 20  # bytes of a request


def serve(where: str, walls: Walls) -> None:
    """Answer connections until this process is told to stop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(where)
        os.chmod(where, 0o600)
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are not awaited
        gc.collect()
        gc.freeze()  # a collection in a child would copy all that it looks at
        print(f"ready {Path(filling.__file__).parents[2]}", flush=True)
        number = 0
        while True:
            connection, _ = listener.accept()
            number += 1
            try:
                child = os.fork()
            except OSError as error:  # the caller sees its connection end
                print(f"no fork: {error}", file=sys.stderr, flush=True)
                child = -1
            if child == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                try:
                    supervise(connection, walls, number)
                except BaseException as error:
                    print(f"supervisor: {error!r}", file=sys.stderr, flush=True)
                finally:
                    os._exit(0)
            connection.close()


def supervise(connection: socket.socket, walls: Walls, number: int) -> None:
    """Start one kernel, watch it, and say how it ended."""
    request, handles = receive(connection)
    uid, taken = (0, None) if walls.level != "full" else sandbox.claim_uid(number)
    sandbox.split(walls.level)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            connection.close()
            code = become(request, handles, walls, uid)
        except BaseException as error:
            print(f"kernel: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    for handle in handles:
        os.close(handle)
    why, peak = watch(child, connection, walls.memory_mb)
    sandbox.kill(child, walls.level)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    if taken is not None:
        taken.close()
    with contextlib.suppress(OSError):
        connection.settimeout(2)
        connection.sendall(json.dumps({"why": why, "peak_mb": round(peak)}).encode())


def receive(connection: socket.socket) -> tuple[Request, list[int]]:
    """A request, and the sockets that came with it."""
    room = array.array("i", [0] * len(CHANNELS))
    text, more, _, _ = connection.recvmsg(
        LARGEST, socket.CMSG_SPACE(len(CHANNELS) * room.itemsize)
    )
    handles = array.array("i")
    for _, _, data in more:
        handles.frombytes(data)
    while not text.endswith(b"\n"):
        part = connection.recv(LARGEST)
        if not part or len(text) > LARGEST:
            raise OSError("a request without an end")
        text += part
    values: dict[str, Any] = json.loads(text)
    request = Request(values["filled"], values["key"], values["home"])
    return request, list(handles)


def main() -> None:
    """Warm up and serve."""
    where, values = sys.argv[1], json.loads(sys.argv[2])
    for name in ("hide", "keep"):
        values[name] = tuple(values[name])
    sandbox.end_with_parent()
    warm_up()
    serve(where, Walls(**values))


if __name__ == "__main__":
    main()
