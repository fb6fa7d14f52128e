"""Which processes a class has left behind.

Other tests may grade at the same time on the same machine; theirs do not count.
"""

import time
from pathlib import Path

from coursekit.grading import sandbox
from coursekit.grading.runner import Workshop

USERS = range(sandbox.FIRST_UID, sandbox.FIRST_UID + sandbox.UIDS)
ZYGOTE = b"coursekit.grading.zygote"


def left_over(shop: Workshop, seconds: float = 10.0) -> list[str]:
    """What is still there of a workshop's kernels after this time."""
    until = time.monotonic() + seconds
    while (found := _now(shop)) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _now(shop: Workshop) -> list[str]:
    table = dict(filter(None, map(_look, Path("/proc").glob("[0-9]*"))))
    ours = str(shop.folder).encode()
    found = []
    for pid, (_, uid, command) in table.items():
        if pid == shop._zygote.pid:
            continue
        zygotes = [c for c in _line(table, pid) if ZYGOTE in c]
        others = any(ours not in each for each in zygotes)
        if (ZYGOTE in command and ours in command) or (uid in USERS and not others):
            found.append(f"{pid} of {uid}: {command!r}"[:200])
    return found


def _look(place: Path) -> tuple[int, tuple[int, int, bytes]] | None:
    """pid, and parent, user and command; None when it is gone already."""
    try:
        text = (place / "status").read_text()
        command = (place / "cmdline").read_bytes()
    except OSError:
        return None
    status = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    uid = int(status["Uid"].split()[0])
    return int(place.name), (int(status["PPid"]), uid, command)


def _line(table: dict[int, tuple[int, int, bytes]], pid: int) -> list[bytes]:
    """The commands of a process and of all it comes from."""
    found: list[bytes] = []
    while pid in table and len(found) < 1000:
        found.append(table[pid][2])
        pid = table[pid][0]
    return found
