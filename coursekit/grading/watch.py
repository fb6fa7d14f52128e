"""Watching a kernel from outside: until it ends, is told to, or takes too much memory.

Counted is what belongs to its processes: their own memory and what they share, and the
tables that map it. Memory without an owner it cannot make (`calls`), and what it writes
lies in small file systems of its own (`sandbox`).
"""

import contextlib
import os
import select
import socket
from pathlib import Path

EVERY = 100  # milliseconds between two looks at the memory
SIZES = ("RssAnon", "RssShmem", "VmPTE", "VmSwap")


def watch(child: int, connection: socket.socket, memory_mb: int) -> tuple[str, float]:
    """Why it is over, and the most memory that was seen, in MB.

    A word on the connection, or its end, means: stop. The child is not reaped.
    """
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    ended = _handle(child)
    if ended is not None:
        poller.register(ended, select.POLLIN)
    peak = 0.0
    try:
        while True:
            for handle, _ in poller.poll(EVERY):
                if handle == connection.fileno():
                    return "told to stop", peak
            code = _code(child)
            if code is not None:
                return f"ended with {code}", peak
            used = memory(child)
            peak = max(peak, used)
            if used > memory_mb:
                return "too much memory", peak
    finally:
        if ended is not None:
            os.close(ended)


def _handle(child: int) -> int | None:
    """Something that is readable once the child has ended, where there is such."""
    try:
        return os.pidfd_open(child)
    except (AttributeError, OSError):
        return None


def _code(child: int) -> int | None:
    """How it ended, negative for a signal; it is reaped only where that is the only way
    to ask."""
    if hasattr(os, "waitid"):
        now = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if now is None:
            return None
        return now.si_status if now.si_code == os.CLD_EXITED else -now.si_status
    ended, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def memory(child: int) -> float:
    """MB that a process and all it has started take."""
    return sum(map(_one, family(child))) / 1024


def family(child: int) -> list[int]:
    """A process and its descendants. In a namespace orphans are children of its first.

    Asked are the threads of each process for their children: there may be thousands of
    other processes on the machine.
    """
    found, at = [child], 0
    while at < len(found):
        tasks = Path(f"/proc/{found[at]}/task")
        at += 1
        with contextlib.suppress(OSError, ValueError):
            for task in os.listdir(tasks):
                text = (tasks / task / "children").read_text()
                found += map(int, text.split())
    return found


def _one(pid: int) -> int:
    """kB of one process; 0 where it is gone or the system does not say."""
    used = 0
    with contextlib.suppress(OSError, ValueError):
        text = Path(f"/proc/{pid}/status").read_text()
        for line in text.splitlines():
            name, _, rest = line.partition(":")
            if name in SIZES:
                used += int(rest.split()[0])
    return used
