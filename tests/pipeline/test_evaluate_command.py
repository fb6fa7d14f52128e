"""`coursekit evaluate`. Authority: a painter who draws exactly what a prompt says, and
one who does not; the stated exit codes."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from coursekit import cli
from coursekit.datasets.teddy.captions import parse_caption
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.evaluation.benchmark import TASKS
from coursekit.pipeline import contestants


def main(*words):
    return cli.run(["evaluate", *map(str, words)])


def scene_of(prompt):
    """A scene that shows what a prompt says."""
    told = parse_caption(prompt)
    who = [words for n, words in told.clauses for _ in range(n)]
    x = {1: (0.5,), 2: (0.28, 0.72), 3: (0.19, 0.5, 0.81)}[len(who)]
    bears = (
        Bear(**w._asdict(), x=a, scale=0.66 / (1 + 0.45 * (len(who) - 1)))
        for w, a in zip(who, x, strict=True)
    )
    return Scene(told.place, tuple(bears))


class Painter:
    """Draws what is asked for, or always one bear; or nothing but an interruption."""

    class boxes:
        world = "bears"

    def __init__(self, way="right"):
        self.way = way

    def draw(self, prompts, seed):
        if self.way == "stop":
            raise KeyboardInterrupt
        same = ["a pink teddy bear is sitting in the park"] * len(prompts)
        asked = prompts if self.way == "right" else same
        return render([scene_of(p) for p in asked], 64)


@pytest.fixture
def painter(monkeypatch):
    def hang(way):
        monkeypatch.setattr(contestants, "contestant", lambda name: Painter(way))

    return hang


def test_a_card_of_someone_who_draws_what_is_asked(painter, capsys, tmp_path):
    painter("right")
    out = tmp_path / "new" / "card.json"
    assert main("anyone", "--prompts", "2", "--json", out) == 0
    printed = capsys.readouterr()
    for task in TASKS:
        assert re.search(rf"^{task} +100\.0 +\d+\.\d +100\.0$", printed.out, re.M), task
    assert "seconds a picture" in printed.out and "48/48" in printed.err
    card = json.loads(out.read_text())
    assert card["score"] == card["real"]["score"] == 1 and card["pictures"] == 48
    assert card["seconds"] > 0 and set(card["tasks"]) == set(TASKS)


def test_a_card_of_someone_who_always_draws_the_same(painter, capsys):
    painter("same")
    assert main("anyone", "--prompts", "3") == 0
    rows = dict(re.findall(r"^([a-zA-Z ]+?) +(\d+\.\d)", capsys.readouterr().out, re.M))
    assert float(rows["single object"]) == 100 and float(rows["binding"]) == 0
    assert float(rows["score"]) < 40


def test_a_folder_of_pictures(tmp_path, capsys):
    told = {
        "a.png": "a pink teddy bear is sitting in the snow",
        "b.png": "a blue teddy bear is sitting and a pink teddy bear is reading "
        "in the park",
    }
    for name, text in told.items():
        Image.fromarray(render([scene_of(text)], 64)[0]).save(tmp_path / name)
    (tmp_path / "prompts.json").write_text(json.dumps(told))
    assert main(tmp_path) == 0
    out = capsys.readouterr().out
    assert "2 pictures of 64 pixels" in out and "no score of all six" in out
    assert re.search(r"^position +100\.0", out, re.M) and "seconds" not in out


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (None, "prompts.json is missing"),
        ("[1]", "a caption"),
        ("{", "a caption"),
        ('{"a.png": "a bear"}', "no place in 'a bear'"),
        ('{"no.png": "a pink teddy bear is sitting in the snow"}', "cannot be read"),
        ('{"wide.png": "a pink teddy bear is sitting in the snow"}', "square"),
        ("{}", "names no picture"),
    ],
)
def test_a_folder_that_is_none_is_refused_in_one_line(tmp_path, capsys, write, said):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((16, 32, 3), np.uint8)).save(tmp_path / "wide.png")
    if write is not None:
        (tmp_path / "prompts.json").write_text(write)
    assert main(tmp_path) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and err.startswith("coursekit evaluate")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "'nobody' draws no bears: use one of"),
        (["teddy-64-dmd@99"], "draws in 1 to"),
        (["teddy-64-dmd", "--prompts", "0"], "--prompts"),
        (["teddy-64-dmd", "--seed", "-1"], "--seed"),
    ],
)
def test_bad_input_is_one_line(words, said, capsys):
    assert main(*words) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_ctrl_c_leaves_no_card(painter, tmp_path, capsys):
    painter("stop")
    out = tmp_path / "card.json"
    assert main("anyone", "--json", out) == 130
    assert not out.exists() and "Stopped" in capsys.readouterr().err
