"""The grader's end of one kernel: ask the zygote for it, talk to it, end it.

It stands in nbval for Jupyter's kernel manager and client, and has what nbval calls of
both. The sockets are made here, in a folder that only the grader can open, and handed
over to the kernel; a connection to the zygote stands for the life of the kernel.
"""

import array
import contextlib
import json
import os
import secrets
import select
import socket
import time
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.session import Session

from coursekit.grading.kernel import CHANNELS

LARGEST_MESSAGE = 64 << 20  # a kernel that sends more is cut off
PATIENCE = 3.0  # seconds for a kernel to be gone
GONE = 1.0  # seconds between a kernel's last sign of life and the news of its end

Message = dict[str, Any]


class Link:
    """A kernel that runs. name: what its sockets are called in the working folder."""

    def __init__(self, name: str, zygote: str, filled: str, home: str) -> None:
        """Start it. filled: a file of `filling.pack`. OSError without a zygote."""
        self.ending: dict[str, Any] = {}
        self._key = secrets.token_hex(16)
        self._places = {channel: f"{name}.{channel}" for channel in CHANNELS}
        request = {"filled": Path(filled).read_text(), "key": self._key, "home": home}
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening = [_listen(place) for place in self._places.values()]
        handles = array.array("i", [each.fileno() for each in listening])
        try:
            self._connection.connect(zygote)
            self._connection.sendmsg(
                [json.dumps(request).encode() + b"\n"],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)],
            )
        finally:
            for each in listening:
                each.close()
        self._context = zmq.Context()
        self._session = Session(key=self._key.encode())
        self.shell = self._connect(zmq.DEALER, "shell")
        self.control = self._connect(zmq.DEALER, "control")
        self.iopub = self._connect(zmq.SUB, "iopub")
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")
        self._closed = self.iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)

    def _connect(self, kind: int, channel: str) -> zmq.Socket[bytes]:
        made = self._context.socket(kind)
        made.setsockopt(zmq.LINGER, 0)
        made.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        made.connect(f"ipc://{self._places[channel]}")
        return made

    def wait_for_ready(self, timeout: float = 60.0) -> None:
        """Until it answers, and what it prints can be heard. RuntimeError if not."""
        limit = time.monotonic() + timeout
        answered = heard = False
        while not (answered and heard):
            asked = self.kernel_info()
            again = time.monotonic() + (0.1 if answered else 5.0)
            while time.monotonic() < again and not (answered and heard):
                self.wait(0.2)
                with contextlib.suppress(Empty):
                    heard = self.get_iopub_msg(0) is not None
                with contextlib.suppress(Empty):
                    reply = self.get_shell_msg(0)
                    answered |= reply["parent_header"].get("msg_id") == asked
                if not self.is_alive():
                    raise RuntimeError("the kernel died before it was ready")
            if time.monotonic() > limit:
                raise RuntimeError("the kernel did not answer")

    def wait(self, seconds: float) -> None:
        """Until it says something on one of its channels, or this time is over."""
        poller = zmq.Poller()
        poller.register(self.shell, zmq.POLLIN)
        poller.register(self.iopub, zmq.POLLIN)
        poller.poll(int(seconds * 1000))

    def get_shell_msg(self, timeout: float | None = None) -> Message:
        """An answer. queue.Empty when none comes in time."""
        return self._receive(self.shell, timeout)

    def get_iopub_msg(self, timeout: float | None = None) -> Message:
        """What it tells everybody. queue.Empty when nothing comes in time."""
        return self._receive(self.iopub, timeout)

    def _receive(self, channel: zmq.Socket[bytes], timeout: float | None) -> Message:
        if not channel.poll(None if timeout is None else int(timeout * 1000)):
            raise Empty
        _, message = self._session.recv(channel)
        if message is None:
            raise Empty
        found: Message = message
        return found

    def kernel_info(self) -> str:
        """Ask who is there."""
        return self._send(self.shell, "kernel_info_request", {})

    def execute(self, code: str, **options: Any) -> str:
        """Run a cell; the id of the request."""
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self._send(self.shell, "execute_request", content | options)

    def interrupt_kernel(self) -> None:
        """As Ctrl-C would, if it listens."""
        self._send(self.control, "interrupt_request", {})

    def _send(self, channel: zmq.Socket[bytes], kind: str, content: Message) -> str:
        message = self._session.msg(kind, content)
        with contextlib.suppress(zmq.Again):
            self._session.send(channel, message)
        return str(message["header"]["msg_id"])

    def is_alive(self) -> bool:
        """Is the connection that stands for its life still silent?"""
        if self._connection.fileno() < 0:
            return False
        return not select.select([self._connection], [], [], 0)[0]

    def cut_off(self) -> bool:
        """Does it live, but cannot be heard any more? It has sent too large a message,
        or closed its sockets."""
        if not self._closed.poll(0):
            return False
        return not select.select([self._connection], [], [], GONE)[0]

    def stop_channels(self) -> None:
        """Listen no more."""
        self._context.destroy(linger=0)
        for place in self._places.values():
            with contextlib.suppress(OSError):
                Path(place).unlink()

    def shutdown_kernel(self, now: bool = True) -> None:
        """End it, and with it all that it has started; afterwards `ending` is known."""
        if self._connection.fileno() < 0:
            return
        said = b""
        with contextlib.suppress(OSError, ValueError):
            self._connection.settimeout(PATIENCE)
            self._connection.shutdown(socket.SHUT_WR)
            while part := self._connection.recv(4096):
                said += part
            self.ending = json.loads(said)
        self._connection.close()


def _listen(place: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(place)
    os.chmod(place, 0o600)
    made.listen(16)
    return made
