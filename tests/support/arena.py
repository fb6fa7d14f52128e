"""An arena whose players cost nothing, and requests as a browser sends them."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.arena.painter import Painter
from coursekit.arena.server import Server
from coursekit.arena.store import Store
from coursekit.pipeline.loose_prompts import Understood, understand

NAMES = ["secret-one", "secret-two", "secret-three"]
HOSTILE = """=HYPERLINK("x") <b>'bold'</b> & <script>alert(1)</script>"""


def grey(side: int, value: int) -> Any:
    """What draws a plain picture."""
    return lambda asked, seed: np.full((len(asked), side, side, 3), value, np.uint8)


def literal(text: str, seed: int) -> Understood:
    """Takes anything but "nonsense" as a prompt."""
    if text.startswith("nonsense"):
        raise ValueError(f"unknown words in {text!r}")
    return replace(understand("a bear"), prompt=text, note="taken as it is")


def players() -> dict[str, Any]:
    return {name: grey((32, 64, 64)[i], 60 * i) for i, name in enumerate(NAMES)}


@contextlib.contextmanager
def arena(path: Path, port: int = 0, prompt: str = HOSTILE) -> Iterator[Server]:
    """A running arena; the votes go to `path`."""
    painter = Painter(players(), repeat(prompt), literal, seed=0)
    painter.start()
    server = Server(Store(path), painter, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        painter.close()


def ask(
    server: Server, method: str, path: str, body: Any = None, **changed: str | None
) -> tuple[int, dict[str, str], bytes]:
    """One request as our own page sends it: status, headers, body.

    changed: headers, `_` for `-`; None leaves one out.
    """
    host = f"127.0.0.1:{server.server_port}"
    headers: dict[str, str | None] = {"Host": host}
    if method == "POST":
        headers |= {"Origin": f"http://{host}", "Content-Type": "application/json"}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    sent = (
        body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    )
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    with contextlib.closing(line):
        line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if sent is not None and "Content-Length" not in headers:
            line.putheader("Content-Length", str(len(sent)))
        for name, value in headers.items():
            if value is not None:
                line.putheader(name, value)
        line.endheaders(sent)
        reply = line.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()


def post(
    server: Server, path: str, body: Any, **changed: str | None
) -> tuple[int, Any]:
    """A POST, its answer read as JSON."""
    status, _, answer = ask(server, "POST", path, body, **changed)
    return status, json.loads(answer)
