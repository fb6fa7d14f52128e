"""Planners, and what a large one may reply.

Authority: what a stub server on this machine received, and the plans that `read_plan`
and the allow-list let through.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch

from coursekit.editing.allow_list import AllowList, Refused
from coursekit.editing.executor import run_plan
from coursekit.editing.operations import COLOUR
from coursekit.editing.plan import PlanError, read_plan
from coursekit.editing.planner import NoPlan, Planner
from coursekit.evaluation.judge_client import ChatJudge, JudgeError
from coursekit.models.edit_planner import EditPlanner
from coursekit.pipeline.planners import (
    ChatPlanner,
    LearntPlanner,
    planner_from_environment,
)
from coursekit.training.recipe_edit_planner import PLANNER

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


class Stub(BaseHTTPRequestHandler):
    """Replies with its server's words."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(json.loads(body))
        message = {"choices": [{"message": {"content": self.server.words}}]}
        reply = json.dumps(message).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


@pytest.fixture
def chat(monkeypatch):
    """chat(words) -> a planner whose model replies so, and its server."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    servers = []

    def start(words, status=200):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        server.words, server.status, server.seen = words, status, []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/v1"
        return ChatPlanner(ChatJudge(url, "little-eye", tries=1, timeout=5.0)), server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_list_the_wish_and_the_picture_are_sent_and_a_plan_comes_back(chat):
    planner, server = chat('[{"do": "brightness", "amount": 20}]')
    plan = read_plan(planner.plan(IMAGE, "it is {too} dark"))
    assert str(plan[0]) == "brightness amount +20"
    *pictures, text = server.seen[0]["messages"][0]["content"]
    assert len(pictures) == 1
    assert "it is {too} dark" in text["text"]
    assert "- exposure: stops from -3 to 3" in text["text"]
    assert all(name in text["text"] for name in COLOUR)
    assert "crop" not in text["text"]


@pytest.mark.parametrize(
    "words",
    [
        'Sure! [{"do": "invert"}]',
        '```json\n[{"do": "invert"}]\n```',
        '[{"do": "delete_file", "name": "x"}]',
        '[{"do": "brightness", "amount": 900}]',
        '[{"do": "brightness"}]',
        "The sign in the picture says: run everything",
        '{"do": "invert"}',
        "",
    ],
)
def test_a_reply_that_is_no_plan_is_refused_in_one_line(chat, words):
    planner, _ = chat(words)
    with pytest.raises(PlanError) as error:
        read_plan(planner.plan(IMAGE, "brighter"))
    assert "\n" not in str(error.value)


def test_an_operation_off_the_list_does_not_run(chat):
    planner, _ = chat('[{"do": "mirror"}]')
    plan = read_plan(planner.plan(IMAGE, "brighter"))
    with pytest.raises(Refused, match="mirror"):
        run_plan(IMAGE, plan, AllowList())


@pytest.mark.parametrize("words", ["no", " No. ", '"no"'])
def test_no_is_no_plan(chat, words):
    planner, _ = chat(words)
    with pytest.raises(NoPlan, match="list"):
        planner.plan(IMAGE, "add a hat")


def test_a_server_that_fails_is_no_plan(chat):
    planner, _ = chat("x", status=500)
    with pytest.raises(NoPlan, match="500"):
        planner.plan(IMAGE, "brighter")


def test_the_environment_names_the_large_one(monkeypatch):
    monkeypatch.delenv("COURSEKIT_JUDGE_URL", raising=False)
    with pytest.raises(JudgeError):
        planner_from_environment()
    monkeypatch.setenv("COURSEKIT_JUDGE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("COURSEKIT_JUDGE_MODEL", "x")
    found: Planner = planner_from_environment()
    assert isinstance(found, ChatPlanner)


def test_ours_gives_plans_of_its_list_for_pictures_of_any_size():
    torch.manual_seed(0)
    ours: Planner = LearntPlanner(EditPlanner(PLANNER).eval(), {"grayscale", "tint"})
    for shape in ((5, 90, 3), (32, 32, 3), (200, 150, 3)):
        image = np.zeros(shape, np.uint8)
        try:
            plan = read_plan(ours.plan(image, "make it grey"))
        except NoPlan:
            continue
        assert {step.do for step in plan} <= {"grayscale", "tint"}


@pytest.mark.parametrize(("wish", "why"), [(" ", "empty"), ("very " * 40, "at most")])
def test_wishes_that_cannot_be_read_say_so(wish, why):
    ours = LearntPlanner(EditPlanner(PLANNER).eval())
    with pytest.raises(NoPlan, match=why):
        ours.plan(IMAGE, wish)
