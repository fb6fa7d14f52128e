"""The arena's page on this machine, and who may talk to it.

Any page that is open in a browser can send requests to a server on the same machine.
So a request must name this server as its host, a vote must come from our own page, as
JSON, and nothing changes on a GET. No name of a model leaves before the vote is cast.
"""

import base64
import json
import threading
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from coursekit.arena.painter import Painter
from coursekit.arena.store import SIDES, ArenaError, Store, as_csv
from coursekit.arena.table import table

LOCAL = "127.0.0.1"
MOST_BYTES = 4096  # of a request
MOST_LETTERS = 300  # of a sentence
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; img-src data:; "
    "style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refused(ArenaError):
    """A request that is not answered as asked: its status, and one line."""

    def __init__(self, status: int, said: str) -> None:
        """status: of HTTP."""
        super().__init__(said)
        self.status = status


class Server(ThreadingHTTPServer):
    """The arena on a port of this machine; 0 takes a free one."""

    daemon_threads = True

    def __init__(self, store: Store, painter: Painter, port: int = 0) -> None:
        """Take the port. Raises ArenaError if it is taken."""
        self.store, self.painter = store, painter
        self._counting = threading.Lock()
        try:
            super().__init__((LOCAL, port), Handler)
        except OSError:
            said = f"port {port} is taken: --port 0 finds a free one"
            raise ArenaError(said) from None

    def server_bind(self) -> None:
        """Asks no network for the name of this machine, which can be slow."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOCAL, self.server_address[1]

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{LOCAL}:{self.server_port}"

    def pair(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Two pictures and the token for one vote on them; not who drew them."""
        text = " ".join(_text(asked, "prompt").split())
        if len(text) > MOST_LETTERS:
            raise Refused(413, f"say it in at most {MOST_LETTERS} letters")
        pair = self.painter.asked(text) if text else self.painter.next()
        pictures = [base64.b64encode(each).decode() for each in pair.pictures]
        token = self.store.show(pair.prompt, pair.seed, pair.left, pair.right)
        told = {"token": token, "prompt": pair.prompt, "note": pair.note}
        return {**told, "pictures": pictures}

    def vote(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Count a vote; who drew what, and the table with this vote in it."""
        token, won = _text(asked, "token"), _text(asked, "won")
        if won not in SIDES:
            raise Refused(400, f"won is one of {', '.join(SIDES)}")
        left, right = self.store.vote(token, won)
        with self._counting:  # one after the other: it keeps a core busy
            found = table(self.store.votes(), self.painter.names)
        return {"left": left, "right": right, **found.as_json()}


class Handler(BaseHTTPRequestHandler):
    """Checks who asks, and hands over."""

    server: Server
    server_version, sys_version = "arena", ""
    timeout = 30

    def do_GET(self) -> None:
        """The page, its style and its script, and the votes as CSV."""
        try:
            self._check_host()
            if self.path == "/votes.csv":
                text = as_csv(self.server.store.votes())
                self._send(200, "text/csv", text.encode())
            elif self.path in FILES:
                name, kind = FILES[self.path]
                self._send(200, kind, _file(name))
            else:
                raise Refused(404, "there is nothing here")
        except Exception as error:
            self._problem(error)

    def do_POST(self) -> None:
        """A pair, or a vote."""
        try:
            asked = self._body()
            actions = {"/pair": self.server.pair, "/vote": self.server.vote}
            if self.path not in actions:
                raise Refused(404, "there is nothing here")
            answer = json.dumps(actions[self.path](asked)).encode()
            self._send(200, "application/json", answer)
        except Exception as error:
            self._problem(error)

    def _check_host(self) -> str:
        """The host that is asked for: a foreign name that leads here is refused."""
        host = self.headers.get("Host", "")
        port = self.server.server_port
        if host not in (f"{LOCAL}:{port}", f"localhost:{port}"):
            raise Refused(403, "this is the arena of another address")
        return host

    def _body(self) -> dict[str, Any]:
        """What is asked, once it is clear who asks. It is read first: a connection that
        is closed on unread bytes loses the answer."""
        size = self.headers.get("Content-Length", "")
        if not size.isascii() or not size.isdecimal() or len(size) > 7:
            raise Refused(411, "a request must say how long it is")
        if int(size) > MOST_BYTES:
            raise Refused(413, f"a request has at most {MOST_BYTES} bytes")
        body = self.rfile.read(int(size))
        if self.headers.get("Origin") != f"http://{self._check_host()}":
            raise Refused(403, "votes are cast on the arena's own page")
        if self.headers.get("Content-Type") != "application/json":
            raise Refused(415, "a request is written in JSON (application/json)")
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "this is not JSON") from None
        if not isinstance(asked, dict):
            raise Refused(400, "a request is an object of JSON")
        return asked

    def _problem(self, error: Exception) -> None:
        """Say in one line what is wrong."""
        status = 422 if isinstance(error, ValueError) else 500
        said = str(error) or type(error).__name__
        self.send_error(getattr(error, "status", status), said)

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """One line of JSON instead of a page in HTML."""
        said = json.dumps({"problem": " ".join((message or "refused").split())})
        self._send(code, "application/json", said.encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        with suppress(ConnectionError, TimeoutError):  # nobody may listen any more
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for people."""


def _text(asked: dict[str, Any], name: str) -> str:
    """A text of the request, "" if it is not there."""
    text = asked.get(name, "")
    if not isinstance(text, str) or any("\ud800" <= c <= "\udfff" for c in text):
        raise Refused(400, f"{name} must be a text")
    return text


@cache
def _file(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()
