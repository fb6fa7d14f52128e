"""`coursekit write`. Authorities: the samplers that it stands for, called here; Pillow,
which reads the picture back; a terminal of ten lines; the stated exit codes."""

import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import cli
from coursekit.datasets.infilling import Gap, arrange
from coursekit.datasets.library_text import byte_pairs
from coursekit.datasets.teddy.program_tokens import CANVAS, PROMPT, program_tokens
from coursekit.datasets.teddy.programs import execute, program
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.evaluation import token_sampling
from coursekit.evaluation.written_programs import usual_writer
from coursekit.pipeline import write_command, writers
from coursekit.training import pretrained
from coursekit.training.pretrained import load_model

LOOSE = "a brown bear with a red hat in the park"
TOLD = "a brown teddy bear with a red hat is sitting in the park"


def main(*words):
    return cli.run(["write", *map(str, words)])


@pytest.fixture(autouse=True)
def on_shelf(shelf, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", shelf)


@pytest.fixture
def clear(monkeypatch):
    """Say that the model wrote this, in two passes."""

    def hang(text):
        film = writers.Film([writers.HIDDEN, text], 2)
        monkeypatch.setattr(writers, "write_program", lambda *a: film)

    return hang


@pytest.mark.parametrize("kind", ["left-to-right", "masked", "blocks"])
def test_a_program_is_what_the_usual_writer_writes(kind, capsys):
    """16 passes by confidence, or token after token, as on the model's card."""
    name = f"programs-{kind}"
    words = [] if kind == "blocks" else ["--model", name]
    assert main(LOOSE, "--seed", 3, *words) == 0
    lines = capsys.readouterr().out.splitlines()
    stir = torch.Generator().manual_seed(3)
    prompt = program_tokens().encode([TOLD], PROMPT)
    model = load_model(name)
    found = usual_writer(model, kind)(prompt, stir)
    assert lines[0].startswith("understood brown fur, a red hat, in the park")
    assert lines[1] == program_tokens().read(found.ids)[0]
    assert f"{name}, {found.passes} pass" in lines[2] and "seed 3" in lines[2]
    assert "it does not run" in lines[2]  # random weights


def test_each_pass_shows_more_and_hidden_tokens_are_blocks(capsys):
    assert main(LOOSE, "--model", "programs-masked", "--steps", 6, "--show") == 0
    lines = capsys.readouterr().out.splitlines()[1:-1]
    assert [int(line[:3]) for line in lines] == [1, 2, 3, 4, 5, 6]
    hidden = [line.count(writers.HIDDEN) for line in lines]
    assert hidden[-1] == 0 and hidden == sorted(hidden, reverse=True)
    assert hidden[0] <= CANVAS - CANVAS // 6


def gap_of(before, after):
    pairs = byte_pairs("code")
    prefix = pairs.encode(before)
    return pairs, Gap(torch.cat([prefix, pairs.encode(after)]), *2 * [len(prefix)])


def test_a_gap_is_filled_between_two_texts(capsys):
    before, after = "def area(radius):\n    ", "return radius"
    words = (before, "--infill", after, "--length", 5, "--steps", 2, "--show")
    assert main(*words) == 0
    out = capsys.readouterr().out
    one, two = (eval(t) for t in re.findall(r"^  [12] ('.*')$", out, re.M))
    assert one.startswith(before) and one.endswith(after)
    assert two.startswith(before) and two.endswith(after)
    # Three of five tokens in the first of two passes.
    assert one.count(writers.HIDDEN) == 2 and writers.HIDDEN not in two
    assert f"\n{two}\ncode-masked, 2 passes" in out
    assert not re.search("<(end|prefix|suffix|middle)>", two)


def test_a_model_told_the_end_first_gets_the_row_of_its_training(capsys):
    before, after = "x = 1\n", "print(x)"
    words = ("--infill", after, "--length", 7, "--temperature", 0)
    assert main(before, "--model", "code-infilling", *words) == 0
    pairs, gap = gap_of(before, after)
    prompt, _ = arrange(gap, pairs, "spm")  # its last token is the end of the middle
    row = torch.cat([torch.tensor([pairs.end]), prompt[:-1]])
    model = load_model("code-infilling")
    found = token_sampling.write_left_to_right(
        model, row[None], 7, 0.0, None, pairs.end
    ).ids[0]
    answer = found[(found == pairs.end).cumsum(0) == 0]
    said = capsys.readouterr().out
    assert said.startswith(pairs.decode(gap.filled(answer)) + "\ncode-infilling, ")


def test_left_to_right_writes_on(capsys):
    assert main("def f(x):", "--length", 4, "--temperature", 0, "--seed", 1) == 0
    out = capsys.readouterr().out
    assert out.startswith("def f(x):") and "code-left-to-right, " in out
    assert main("def f(x):", "--length", 4, "--temperature", 0, "--seed", 2) == 0
    again = capsys.readouterr().out  # greedy: the seed changes nothing but the note
    assert (
        again.rpartition("\n")[0].rpartition("\n")[0]
        == (out.rpartition("\n")[0].rpartition("\n")[0])
    )


def test_a_program_is_judged_and_painted(clear, tmp_path, capsys):
    scene = Scene("park", (Bear(hat="red", x=0.4, y=0.95, scale=0.6),), drift=0.25)
    clear(program(scene))
    out = tmp_path / "new" / "bear.png"
    assert main(LOOSE, "--picture", out) == 0
    assert "it runs, and shows what was asked: " in capsys.readouterr().out
    with Image.open(out) as picture:
        picture.load()
    assert (np.asarray(picture) == render([scene], 256)[0]).all()
    assert execute(picture.text["program"]) == scene
    assert main("a pink bear in the snow", "--picture", out) == 2
    assert "--force" in capsys.readouterr().err
    assert main("a pink bear in the snow", "--picture", out, "--force") == 0
    assert "not as asked (a brown teddy bear with a red hat" in capsys.readouterr().out


def test_what_does_not_run_has_no_picture(clear, tmp_path, capsys):
    clear("place(park) bear(")
    assert main(LOOSE, "--picture", tmp_path / "x.png") == 1
    said = capsys.readouterr()
    assert "it does not run" in said.out and not list(tmp_path.iterdir())
    assert said.err == "coursekit write: no picture: it does not run\n"
    clear("")
    assert main(LOOSE, "--picture", tmp_path / "x.png") == 0
    assert "shows nobody" in capsys.readouterr().out


def test_on_a_terminal_each_pass_takes_the_place_of_the_last(monkeypatch, capsys):
    monkeypatch.setattr(write_command, "PAUSE", 0)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    texts = ["░" * 200, "a░\nb░", "ab\ncd\nef"]
    monkeypatch.setattr(writers, "write_program", lambda *a: writers.Film(texts, 3))
    monkeypatch.setenv("COLUMNS", "80")
    assert main(LOOSE, "--show") == 0
    screen = []
    for part in re.split(r"(\x1b\[\d+F\x1b\[J)", capsys.readouterr().out):
        if up := re.match(r"\x1b\[(\d+)F", part):
            del screen[-int(up[1]) :]
        else:
            for line in part.split("\n")[:-1]:
                screen += [line[i : i + 80] for i in range(0, max(1, len(line)), 80)]
    note = next(i for i, line in enumerate(screen) if line == "ab")
    assert screen[note : note + 3] == ["ab", "cd", "ef"]
    assert "░" not in "".join(screen)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a bear on the moon"], "moon"),
        (["two bears in the snow"], "one bear"),
        ([LOOSE, "--model", "teddy-flow"], "use one of programs-left-to-right"),
        ([LOOSE, "--model", "nothing"], "use one of"),
        ([LOOSE, "--steps", "0"], "--steps 0: use 1 to 1000"),
        ([LOOSE, "--length", "5"], "ends by itself"),
        ([LOOSE, "--temperature", "-1"], "--temperature -1"),
        ([LOOSE, "--temperature", "nan"], "--temperature nan"),
        ([LOOSE, "--seed", "-1"], "--seed -1"),
        ([LOOSE, "--picture", "x.gif"], "ends in .png"),
        ([LOOSE, "--model", "programs-masked", "--infill", "x"], "fills no gap"),
        ([LOOSE, "--model", "programs-left-to-right", "--steps", "4"], "no --steps"),
        (["x =", "--length", "0"], "--length 0: use 1 to 100"),
        (["x =", "--picture", "x.png"], "code has no picture"),
        (["x", "--infill", "y", "--model", "code-left-to-right"], "take code-masked"),
        (["\udcff", "--infill", "y"], "not text in UTF-8"),
        (["x" + " = 1" * 90, "--infill", "y"], "tokens too many"),
        (["x" + " = 1" * 90], "tokens too many"),
        ([], "Missing argument"),
        (["x", "--what"], "--what"),
    ],
)
def test_bad_input_is_one_line(words, said, capsys):
    assert main(*words) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and err.startswith("coursekit write")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([LOOSE], "programs-blocks"),
        (["def f(x):"], "code-left-to-right"),
        (["def f", "--infill", "(x)"], "code-masked"),
    ],
)
def test_a_model_that_is_not_there_says_how_to_make_it(
    words, name, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    assert main(*words) == 1
    assert capsys.readouterr().err == (
        f"coursekit write: {name} is not trained yet: `coursekit train {name} "
        "--profile cpu --publish`\n"
    )


def test_ctrl_c_stops_in_one_line(monkeypatch, tmp_path, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(writers, "write_program", stop)
    assert main(LOOSE, "--picture", tmp_path / "x.png") == 130
    assert "Stopped" in capsys.readouterr().err and not list(tmp_path.iterdir())
