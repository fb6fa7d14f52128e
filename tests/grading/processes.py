"""Which processes a class has left behind.

Other tests may grade at the same time on the same machine; theirs do not count.
"""

import time
from collections.abc import Iterator

import psutil

from coursekit.grading import sandbox
from coursekit.grading.runner import Workshop

USERS = range(sandbox.FIRST_UID, sandbox.FIRST_UID + sandbox.UIDS)
ZYGOTE = "coursekit.grading.zygote"


def left_over(shop: Workshop, seconds: float = 10.0) -> list[str]:
    """What is still there of a workshop's kernels after this time."""
    until = time.monotonic() + seconds
    while (found := list(_now(shop))) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _now(shop: Workshop) -> Iterator[str]:
    ours = str(shop.folder)
    table = {p.pid: p.info for p in psutil.process_iter(["ppid", "uids", "cmdline"])}

    def commands(pid: int) -> Iterator[str]:
        """Of a process and of all it comes from; a zombie has none."""
        while pid in table:
            yield " ".join(table[pid]["cmdline"] or ())
            pid = table[pid]["ppid"]

    for pid, info in table.items():
        if pid == shop._zygote.pid:
            continue
        uid, line = info["uids"].real, list(commands(pid))
        others = any(ZYGOTE in each and ours not in each for each in line)
        own = ZYGOTE in line[0] and ours in line[0]
        if own or (uid in USERS and not others):
            yield f"{pid} of {uid}: {line[0]}"[:200]
