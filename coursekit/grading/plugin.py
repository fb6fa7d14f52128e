"""A pytest plugin around nbval: where kernels come from, and what came out of cells.

nbval stays the runner. This adds what untrusted code needs: kernels from the zygote
over unix sockets, a dead kernel noticed at once, a limit on what a cell may print, and
a record of every cell on a pipe to the grader, out of the kernel's reach.

It rests on these things of nbval 0.11: `nbval.kernel.start_new_kernel`, some methods of
`RunningKernel`, `IPyNbFile.setup` and `teardown`, and `IPyNbCell.runtest`.
"""

import contextlib
import json
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any

import nbval.kernel
import nbval.plugin
import pytest

from coursekit.grading.link import Link

LARGEST_CELL = 4 << 20  # bytes of stdout kept and allowed; a probe line is far smaller
SHOWN, MOST_MESSAGES = 500, 20_000


class FloodError(Exception):
    """A cell printed more than it may."""


class Record:
    """What the cell that runs now has put out."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.text: list[str] = []
        self.size = self.messages = 0
        self.error = ""
        self.state = "ran"
        self.deadline = time.monotonic() + 600.0

    def take(self, message: dict[str, Any]) -> None:
        """Note a message of the kernel; FloodError above the limit."""
        content = message.get("content", {})
        kind = message.get("msg_type")
        if kind == "stream":
            part = str(content.get("text", ""))
            self.size += len(part)
            if content.get("name") == "stdout" and self.size <= LARGEST_CELL:
                self.text.append(part)
        elif kind == "error":
            self.error = f"{content.get('ename')}: {content.get('evalue')}"[:SHOWN]
            self.size += sum(len(str(line)) for line in content.get("traceback", []))
            self.size += len(str(content.get("evalue", "")))
        elif kind in {"display_data", "execute_result", "update_display_data"}:
            self.size += len(json.dumps(content.get("data", {}), default=str))
        elif kind != "status":
            self.size += len(json.dumps(content, default=str))
        self.size += sum(len(part) for part in message.get("buffers") or ())
        self.messages += 1
        if self.messages > MOST_MESSAGES:
            self.size = LARGEST_CELL + 1
        if self.size > LARGEST_CELL:
            self.state = "flooded"
            raise FloodError


_now = Record()


def _report(line: dict[str, Any]) -> None:
    data = (json.dumps(line) + "\n").encode()
    handle = int(os.environ["COURSEKIT_GRADE_PIPE"])
    while data:
        data = data[os.write(handle, data) :]


def _get_message(self: Any, stream: str, timeout: float | None = None) -> Any:
    """As nbval's, with a limit on how much a cell may put out.

    A cell may be done before what it printed has come, and all of it at once may be
    more than a message can hold: then the kernel is silent for good.
    """
    if stream != "iopub":
        return self.kc.get_shell_msg(timeout=timeout)
    # What `_await_reply` has read already: for whoever asks, or nbval's `await_idle`
    # would wait for an idle kernel that has said so long ago.
    if held := getattr(self, "_coursekit_held", []):
        return held.pop(0)
    limit = time.monotonic() + (timeout or 60.0)
    while True:
        with contextlib.suppress(Empty):
            message = self.kc.get_iopub_msg(timeout=0.25)
            _now.take(message)
            return message
        if self.kc.cut_off():
            _now.state = "flooded"
            raise FloodError
        if not self.km.is_alive():
            _now.state = "died"
            raise Empty
        if time.monotonic() > limit:
            _now.state = "timed out"
            raise Empty


def _await_reply(self: Any, msg_id: str, timeout: float | None = None) -> None:
    """As nbval's, but it looks every quarter of a second whether the kernel lives,
    and reads what is printed meanwhile, so that a flood ends early."""
    limit = time.monotonic() + (timeout or 60.0)
    held: list[Any] = []
    while True:
        self.kc.wait(0.25)
        with contextlib.suppress(Empty):
            message = self.kc.get_shell_msg(timeout=0)
            if message["parent_header"].get("msg_id") == msg_id:
                break
        with contextlib.suppress(Empty):
            while time.monotonic() <= limit:
                seen = self.kc.get_iopub_msg(timeout=0)
                _now.take(seen)
                if seen["parent_header"].get("msg_id") == msg_id:
                    held.append(seen)
        if not self.km.is_alive():
            _now.state = "died"
            raise RuntimeError("the kernel died")
        if self.kc.cut_off():
            _now.state = "flooded"
            raise FloodError
        if time.monotonic() > limit:
            _now.state = "timed out"
            raise Empty
    self._coursekit_held = held


def _in_time(self: Any, timeout: float | None = None, stream: str = "iopub") -> Any:
    """nbval's `get_kernel_message`, as long as the cell may still talk."""
    if time.monotonic() > _now.deadline:  # it talks, but it never says that it is done
        _now.state = "timed out"
        raise Empty
    return self.kernel.get_message(stream, timeout=timeout)


def _start(**ignored: Any) -> tuple[Link, Link]:
    """nbval's `start_new_kernel`: one object is both manager and client.

    The next notebook's kernel begins to start while this one's is busy. It has seen no
    code yet, and neither can reach the other.
    """
    name, following = _named[-1], _plan().keys() - _started
    if name not in _links:
        _links[name] = _begin(name)
    link = _links[name]
    link.wait_for_ready()
    if following:
        ahead = min(following, key=int)
        with contextlib.suppress(OSError):  # its own turn will tell
            _links[ahead] = _begin(ahead)
    return link, link


def _begin(name: str) -> Link:
    _started.add(name)
    return Link(name=name, **_plan()[name])


def _plan() -> dict[str, dict[str, Any]]:
    """For each notebook, by its name: what its kernel needs."""
    found: dict[str, dict[str, Any]] = json.loads(os.environ["COURSEKIT_GRADE_PLAN"])
    return found


_named: list[str] = []  # the notebooks so far
_started: set[str] = set()
_links: dict[str, Link] = {}  # of the notebook that runs now, and of the next one


def _setup(self: Any) -> None:
    """Note whose kernel it is, and start it."""
    _named.append(Path(str(self.fspath)).stem)
    _original_setup(self)


def _teardown(self: Any) -> None:
    """End the kernel, however it stands, and report how it ended."""
    name = Path(str(self.fspath)).stem
    link = _links.pop(name, None)
    if link is not None:
        link.stop_channels()
        link.shutdown_kernel()
        _report({"task": name, "ending": link.ending})


_original_setup = nbval.plugin.IPyNbFile.setup
_original_runtest = nbval.plugin.IPyNbCell.runtest


def _runtest(self: Any) -> None:
    """Run the cell, and report what came out, whatever happened."""
    global _now
    _now = Record()
    start = time.monotonic()
    _now.deadline = start + float(self.config.option.nbval_cell_timeout) + 6.0
    self.options.update(skip=False, check=False, check_exception=False)
    try:
        if getattr(self.parent, "_coursekit_over", False):
            _now.state = "not reached"
            return
        _original_runtest(self)
    except BaseException:
        if _now.state == "ran":
            _now.state = "raised" if _now.error else "died"
        if _now.state in {"flooded", "died", "timed out"}:
            self.parent._coursekit_over = True
            _stop(self.parent)
        raise
    finally:
        _report(
            {
                "task": Path(str(self.fspath)).stem,
                "cell": self.cell.id,
                "state": _now.state,
                "text": "".join(_now.text),
                "error": _now.error,
                "seconds": round(time.monotonic() - start, 3),
            }
        )


def _stop(file: Any) -> None:
    """End the kernel now; its later cells are not reached."""
    kernel = file.kernel
    if kernel is not None and hasattr(kernel, "km"):
        kernel.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Put the changes in place."""
    nbval.kernel.start_new_kernel = _start
    nbval.kernel.RunningKernel._ensure_iopub_up = lambda self: None  # `_start` waited
    nbval.kernel.RunningKernel.get_message = _get_message
    nbval.kernel.RunningKernel.await_reply = _await_reply
    nbval.plugin.IPyNbFile.get_kernel_message = _in_time
    nbval.plugin.IPyNbFile.setup = _setup
    nbval.plugin.IPyNbFile.teardown = _teardown
    nbval.plugin.IPyNbCell.runtest = _runtest
