"""A pytest process for each submission, forked from a server that has it all imported.

Importing pytest, nbval and Jupyter's client takes longer than most runs. The records of
the cells come back on a pipe, line by line, so that what came before a time-out counts.
"""

import json
import multiprocessing
import os
import resource
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PRELOAD = [
    "pytest",
    "nbval.plugin",
    "jupyter_client",
    "coursekit.grading.pytest_server",
]


class PytestServer:
    """Where pytest runs."""

    def __init__(self) -> None:
        """The server starts with the first run."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOAD)

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        place: Path,
        seconds: float,
    ) -> list[dict[str, Any]]:
        """Run pytest once; every cell's record, as far as it came in time."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_pytest,
            args=(list(arguments), dict(environment), str(place), theirs),
        )
        process.start()
        theirs.close()
        found: list[dict[str, Any]] = []
        reader = threading.Thread(target=_collect, args=(ours, found), daemon=True)
        reader.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()  # its connections end with it, and their kernels with them
            process.join()
        reader.join(5)
        ours.close()
        process.close()
        return found


def _pytest(
    arguments: list[str], environment: dict[str, str], place: str, pipe: Connection
) -> None:
    """In the fork: nothing but pytest, in a session of its own."""
    os.setsid()
    log = os.open(f"{place}/pytest.log", os.O_WRONLY | os.O_CREAT, 0o600)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for handle, target in ((nowhere, 0), (log, 1), (log, 2)):
        os.dup2(handle, target)
    os.environ.clear()
    os.environ.update(environment, COURSEKIT_GRADE_PIPE=str(pipe.fileno()))
    os.chdir(place)
    # It reads what students print.
    resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))
    import pytest

    code = pytest.main(arguments)
    os._exit(int(code))


def _collect(pipe: Connection, found: list[dict[str, Any]]) -> None:
    """Read lines until the other side closes."""
    with os.fdopen(os.dup(pipe.fileno()), "rb") as stream:
        for line in stream:
            try:
                found.append(json.loads(line))
            except ValueError:
                return
