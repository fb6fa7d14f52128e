"""Authority: what browsers send (an Origin with every POST), over real HTTP."""

import base64
import io
import json
import threading
import time

import pytest
from PIL import Image
from support.arena import HOSTILE, NAMES, arena, ask, grey, literal, players, post

from coursekit.arena.painter import Painter
from coursekit.arena.server import Server
from coursekit.arena.store import ArenaError, Store


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with arena(tmp_path_factory.mktemp("arena") / "votes.sqlite") as running:
        yield running


def test_a_vote_is_blind_until_it_is_cast(server):
    told = [ask(server, "GET", path) for path in ("/", "/page.js", "/page.css")]
    started = time.perf_counter()
    told.append(ask(server, "POST", "/pair", {}))
    assert time.perf_counter() - started < 5
    assert [status for status, _, _ in told] == [200] * 4
    for _, headers, body in told:
        seen = (json.dumps(headers) + body.decode()).lower()
        assert not any(name in seen for name in [*NAMES, "secret"])
    pair = json.loads(told[-1][2])
    assert set(pair) == {"token", "prompt", "note", "pictures"}
    for each in pair["pictures"]:
        data = base64.b64decode(each)
        picture = Image.open(io.BytesIO(data))
        assert picture.size == (256, 256) and picture.info == {}
        kinds, at = [], 8
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            kinds.append(data[at + 4 : at + 8])
            at += size + 12
        assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}  # no text, no time
    status, answer = post(server, "/vote", {"token": pair["token"], "won": "left"})
    assert status == 200 and {answer["left"], answer["right"]} < set(NAMES)
    assert {row["name"] for row in answer["rows"]} == set(NAMES)
    shades = [60 * NAMES.index(answer[side]) for side in ("left", "right")]
    for shade, each in zip(shades, pair["pictures"], strict=True):
        picture = Image.open(io.BytesIO(base64.b64decode(each)))
        assert picture.getpixel((0, 0)) == (shade,) * 3  # the names are on their sides
    assert server.store.votes()[-1][3:] == (answer["left"], answer["right"], "left")


def test_five_posts_of_one_vote_make_one_row(server):
    token, before = post(server, "/pair", {})[1]["token"], len(server.store.votes())
    told: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: told.append(
                post(server, "/vote", {"token": token, "won": "tie"})[0]
            )
        )
        for _ in range(5)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(told) == [200, 409, 409, 409, 409]
    assert len(server.store.votes()) == before + 1


FOREIGN = {
    "foreign page": ({"Origin": "http://evil.example"}, 403),
    "other port of this machine": ({"Origin": "http://127.0.0.1:1"}, 403),
    "a sandboxed page": ({"Origin": "null"}, 403),
    "no origin": ({"Origin": None}, 403),
    "foreign host": ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    "form": ({"Content-Type": "text/plain"}, 415),
    "form in disguise": ({"Content-Type": "text/plain; application/json"}, 415),
    "no type": ({"Content-Type": None}, 415),
    "no length": ({"Content-Length": ""}, 411),
    "length below zero": ({"Content-Length": "-1"}, 411),
    "too long": ({"Content-Length": "4097"}, 413),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_page_cannot_vote(server, name):
    changed, status = FOREIGN[name]
    token, before = post(server, "/pair", {})[1]["token"], server.store.votes()
    vote = {"token": token, "won": "left"}
    headers = {key.replace("-", "_"): value for key, value in changed.items()}
    if "Content_Length" in headers:
        vote |= {"padding": "x" * 4096}
    told = post(server, "/vote", vote, **headers)
    assert told[0] == status and "\n" not in told[1]["problem"]
    assert server.store.votes() == before
    assert post(server, "/vote", {"token": token, "won": "left"})[0] == 200


def test_the_host_of_a_reader_is_checked_too(server):
    for path in ("/", "/votes.csv", "/page.js"):
        assert ask(server, "GET", path, Host="evil.example")[0] == 403
        assert ask(server, "GET", path, Host=None)[0] == 403
        name = f"localhost:{server.server_port}"
        assert ask(server, "GET", path, Host=name)[0] == 200


def test_reading_changes_nothing_and_nothing_is_shared_with_other_pages(server):
    token = post(server, "/pair", {})[1]["token"]
    before = server.store.path.read_bytes()
    for path in (
        "/",
        "/votes.csv",
        f"/vote?token={token}&won=left",
        "/pair",
        "/nowhere",
    ):
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            status, headers, _ = ask(server, method, path, Origin="http://evil.example")
            assert status in (200, 404, 501), (method, path)
            assert status != 200 or path in ("/", "/votes.csv")
            assert not [name for name in headers if name.startswith("Access-Control")]
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert server.store.path.read_bytes() == before
    assert ask(server, "GET", "/../store.py")[0] == 404


def test_nobody_from_outside_reaches_the_port(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"


BAD = {
    b"": 400,
    b"[1]": 400,
    b"{": 400,
    b"[" * 4000: 400,
    b'{"won": "left"}': 404,
    b'{"token": "made up", "won": "left"}': 404,
    b'{"token": 3, "won": "left"}': 400,
    b'{"token": "\\ud800", "won": "left"}': 400,
    b'{"token": "x", "won": "both"}': 400,
    b"\xff\xfe": 400,
}


@pytest.mark.parametrize("body", BAD)
def test_a_request_that_makes_no_sense_is_told_so_in_one_line(server, body):
    before = server.store.votes()
    status, answer = post(server, "/vote", body)
    assert status == BAD[body]
    assert set(answer) == {"problem"} and "\n" not in answer["problem"]
    assert server.store.votes() == before


def test_what_a_person_types_is_drawn_or_refused_in_one_line(server):
    typed = '  a <i>bear</i>   with "=" & more '
    status, answer = post(server, "/pair", {"prompt": typed})
    assert (status, answer["prompt"]) == (200, 'a <i>bear</i> with "=" & more')
    assert answer["note"] == "taken as it is"
    status, answer = post(server, "/pair", {"prompt": "nonsense <b>=1</b>"})
    assert status == 422 and "nonsense <b>=1</b>" in answer["problem"]
    assert post(server, "/pair", {"prompt": "x" * 301})[0] == 413


def test_prompts_are_shown_letter_by_letter(server):
    _, _, body = ask(server, "POST", "/pair", {})
    answer = json.loads(body)
    assert answer["prompt"] == HOSTILE
    post(server, "/vote", {"token": answer["token"], "won": "right"})
    _, headers, table = ask(server, "GET", "/votes.csv")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    quoted = HOSTILE.replace('"', '""')
    assert f'"\'{quoted}"'.encode() in table
    page = ask(server, "GET", "/page.js")[2].decode()
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert risky not in page


def test_a_pair_from_before_a_restart_is_counted(tmp_path):
    path = tmp_path / "votes.sqlite"
    with arena(path) as server:
        port = server.server_port
        tokens = [post(server, "/pair", {})[1]["token"] for _ in range(2)]
        assert post(server, "/vote", {"token": tokens[0], "won": "left"})[0] == 200
    with arena(path, port) as server:
        told = [post(server, "/vote", {"token": t, "won": "tie"}) for t in tokens]
    assert [status for status, _ in told] == [409, 200]
    with arena(tmp_path / "other.sqlite") as server:
        status, answer = post(server, "/vote", {"token": tokens[1], "won": "tie"})
    assert (status, answer["problem"]) == (
        404,
        "this pair is not known here: ask for another",
    )


def test_a_voter_who_always_says_left_favours_nobody(tmp_path):
    painter = Painter(players(), iter(["a bear"] * 2000), literal, seed=1)
    painter.start()
    try:
        sides = [
            (pair.left, pair.right) for pair in (painter.next() for _ in range(600))
        ]
    finally:
        painter.close()
    assert all(left != right for left, right in sides)
    for name in NAMES:
        met = [pair for pair in sides if name in pair]
        assert 340 < len(met) < 460  # two of three, 400 with a deviation of 12
        assert abs(sum(left == name for left, _ in met) / len(met) - 0.5) < 0.1


def test_what_goes_wrong_while_drawing_is_told_and_does_not_stop_the_arena(tmp_path):
    def torn(asked, seed):
        if seed % 2:
            raise RuntimeError("out of\npaint")
        return grey(64, 9)(asked, seed)

    painter = Painter({"a": torn, "b": torn}, iter(["x"] * 99), literal, seed=0)
    painter.start()
    server = Server(Store(tmp_path / "votes.sqlite"), painter)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        told = [post(server, "/pair", {}) for _ in range(12)]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        painter.close()
    assert {status for status, _ in told} == {200, 500}
    assert {"problem": "out of paint"} in [answer for _, answer in told]


def test_a_taken_port_is_told(tmp_path, server):
    with pytest.raises(ArenaError, match=f"port {server.server_port} is taken"):
        Server(server.store, server.painter, server.server_port)
