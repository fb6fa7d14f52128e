"""A client for a real judge. Authority: what a stub server on this machine received,
and what it did wrong."""

import base64
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from coursekit.evaluation.judge_client import (
    ChatJudge,
    JudgeError,
    judge_from_environment,
)

KEY = "sk-very-secret-31"
PICTURES = np.random.default_rng(0).integers(0, 256, (2, 8, 9, 3), np.uint8)


def completion(text: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


class Stub(BaseHTTPRequestHandler):
    """Answers as its server's script says, one entry for each request."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        status, reply, how = self.server.script.pop(0)
        if how == "slow":
            time.sleep(1.5)
        if how == "gone":
            return
        self.send_response(status)
        if how == "elsewhere":
            self.send_header("Location", self.server.other)
        length = len(reply) + (50 if how == "cut" else 0)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if how == "drip":
            for byte in reply:
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)
        else:
            self.wfile.write(reply)

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client has given up

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(monkeypatch):
    """serve(*script) -> its server, with `.seen` and `.url`."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    servers = []

    def start(*script):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        server.daemon_threads, server.block_on_close = True, False
        server.script = [(*entry, "")[:3] for entry in script]
        server.seen, server.url = [], f"http://127.0.0.1:{server.server_port}/v1"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def judge(server, **changes):
    settings = {"key": KEY, "timeout": 5.0, "tries": 1, "pause": 0.0} | changes
    return ChatJudge(server.url, "little-eye", **settings)


def complaint(server, **changes):
    """The one line that a failure gives."""
    with pytest.raises(JudgeError) as error:
        judge(server, **changes).answer(PICTURES, "is it a bear?")
    text = str(error.value)
    assert "\n" not in text and KEY not in text and len(text) < 300
    assert KEY not in repr(error.value.__cause__) + repr(error.value.__context__)
    return text


def test_pictures_and_prompt_arrive_and_the_reply_comes_back(serve):
    server = serve((200, completion("ünverzagt: yes")))
    assert judge(server).answer(PICTURES, "is it a bear?") == "ünverzagt: yes"
    ((path, headers, body),) = server.seen
    asked = json.loads(body)
    assert (
        path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    )
    assert (asked["model"], asked["temperature"]) == ("little-eye", 0)
    (message,) = asked["messages"]
    *pictures, text = message["content"]
    assert message["role"] == "user"
    assert text == {"type": "text", "text": "is it a bear?"}
    for sent, picture in zip(pictures, PICTURES, strict=True):
        kind, _, code = sent["image_url"]["url"].partition(";base64,")
        arrived = Image.open(io.BytesIO(base64.b64decode(code)))
        assert kind == "data:image/png" and np.array_equal(np.array(arrived), picture)


def test_without_a_key_none_is_sent(serve):
    server = serve((200, completion("yes")))
    judge(server, key="").answer(PICTURES, "?")
    assert "Authorization" not in server.seen[0][1]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_trouble_is_tried_again_but_not_for_ever(serve, status):
    server = serve((status, b"busy"), (status, b""), (200, completion("yes")))
    assert judge(server, tries=3).answer(PICTURES, "?") == "yes"
    server = serve(*[(status, b"busy")] * 5)
    assert f"status {status}: busy" in complaint(server, tries=3)
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_not_tried_again_and_never_shows_the_key(serve, status):
    server = serve((status, f"no such\nkey: {KEY} {'x' * 5000}".encode()))
    assert f"status {status}: no such key: ***" in complaint(server, tries=3)
    assert len(server.seen) == 1


def test_a_redirect_is_not_followed(serve):
    """Else the key would go where the redirect points."""
    other = serve((200, completion("yes")))
    server = serve((302, b"", "elsewhere"))
    server.other = other.url
    assert "status 302" in complaint(server)
    assert other.seen == []


@pytest.mark.parametrize("how", ["slow", "drip"])
def test_a_slow_server_is_given_up(serve, how):
    server = serve((200, completion("yes") * 9, how))
    start = time.monotonic()
    assert "no reply in 0.4 s" in complaint(server, timeout=0.4)
    assert time.monotonic() - start < 1.4


def test_a_broken_connection_is_tried_again(serve):
    server = serve((0, b"", "gone"), (200, completion("yes")))
    assert judge(server, tries=2).answer(PICTURES, "?") == "yes"
    assert "no reply" in complaint(serve((0, b"", "gone")))


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", b"busy, come back at 9", b"[]", b"null", b"\xff\xfe", b"9"),
        *(b'{"choices": []}', b'{"error": {"code": 9}}', completion(None)),
        *(completion(9), completion([]), b'{"a":' * 100_000),
    ],
)
def test_what_is_no_completion_is_no_reply(serve, reply):
    assert "no chat completion" in complaint(serve((200, reply)))


def test_a_cut_body_is_no_reply(serve):
    whole = completion("a long verdict")
    assert "no chat completion" in complaint(serve((200, whole[:-9], "cut")))


def test_an_endless_body_is_given_up(serve):
    assert "more than 4000000" in complaint(serve((200, b"x" * 4_100_000)))


def test_nobody_is_there():
    with pytest.raises(JudgeError, match="no reply"):
        ChatJudge("http://127.0.0.1:9/v1", "m", tries=1).answer(PICTURES, "?")


@pytest.mark.parametrize(
    "url, key, why",
    [
        *(("file:///etc/passwd", "", "no address"), ("host/v1", "", "no address")),
        ("http://example.org/v1", KEY, "travel open"),
        ("https://example.org/v1", f"{KEY}\nX: y", "strange letter"),
        ("https://example.org/v1", "kéy", "strange letter"),
    ],
)
def test_what_could_not_work_is_refused_at_once(url, key, why):
    with pytest.raises(JudgeError, match=why) as error:
        ChatJudge(url, "m", key)
    assert not key or key not in str(error.value)


def test_the_key_is_not_shown():
    assert KEY not in repr(ChatJudge("https://example.org/v1", "m", KEY))


def test_the_environment_names_the_judge(monkeypatch):
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"COURSEKIT_JUDGE_{name}", raising=False)
    with pytest.raises(JudgeError, match="COURSEKIT_JUDGE_URL"):
        judge_from_environment()
    monkeypatch.setenv("COURSEKIT_JUDGE_URL", "http://localhost:8000/v1")
    monkeypatch.setenv("COURSEKIT_JUDGE_MODEL", "little-eye")
    monkeypatch.setenv("COURSEKIT_JUDGE_KEY", KEY + "\n")
    found = judge_from_environment()
    assert (found.model, found.key) == ("little-eye", KEY)
