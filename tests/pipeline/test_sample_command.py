"""`coursekit sample`. Authorities: Pillow, which reads the files back; the pipeline it
stands for; the stated exit codes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from coursekit import cli
from coursekit.datasets.teddy.captions import parse_caption
from coursekit.pipeline import sample_command
from coursekit.pipeline.enhance import WAYS, enhance
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.training import pretrained

Output = pytest.CaptureFixture[str]
LOOSE = "a brown teddy bear with a red hat, reading in the park"


def main(words: list[str]) -> int:
    return cli.run(["sample", *words])


def opened(path: Path) -> Any:
    """The picture in a file, with its `text`, as Pillow reads it."""
    with Image.open(path) as picture:
        picture.load()
        return picture


@pytest.fixture(autouse=True)
def on_shelf(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", shelf)


def test_it_writes_what_the_pipeline_draws_and_says_how(tmp_path, capsys):
    out = tmp_path / "new" / "bear.png"
    words = [LOOSE, "-o", str(out), "--seed", "4", "--steps", "5", "--guidance", "2"]
    assert main([*words, "--solver", "heun", "--zoom", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("understood brown fur, a red hat, reading, in the park")
    assert "no glasses, arms down" in lines[0] and "heun, 5 steps" in lines[1]
    prompt = "a brown teddy bear with a red hat is reading in the park"
    pipe = from_checkpoint("teddy-64-prompts").swap(solver="heun", steps=5, scale=2.0)
    expected = pipe.draw([prompt], seed=4)[0].repeat(2, 0).repeat(2, 1)
    assert (np.asarray(opened(out)) == expected).all()
    facts = opened(out).text
    assert facts["prompt"] == prompt and facts["asked"] == LOOSE
    assert facts["seed"] == "4" and facts["Software"].startswith("coursekit")
    settings = json.loads(facts["settings"])
    assert settings["solver"] == "heun" and settings["scale"] == 2.0
    assert settings["sha256"] == pretrained.card("teddy-64-prompts")["sha256"]


def test_a_grid_holds_the_pictures_of_one_seed(tmp_path):
    out = tmp_path / "grid.png"
    words = ["bear", "--grid", "5", "--steps", "2", "--zoom", "1", "-o", str(out)]
    assert main(words) == 0
    grid, prompt = np.asarray(opened(out)), opened(out).text["prompt"]
    assert grid.shape == (2 * 65 - 1, 3 * 65 - 1, 3)
    images = (
        from_checkpoint("teddy-64-prompts").swap(steps=2).draw([prompt] * 5, seed=0)
    )
    assert (grid[:64, 65:129] == images[1]).all()
    assert (grid[65:129, 65:129] == images[4]).all()
    assert (grid[65:129, 130:] == 255).all()


def test_a_film_as_a_strip_and_as_an_animation(tmp_path):
    strip, moving = tmp_path / "film.png", tmp_path / "film.gif"
    for out in (strip, moving):
        words = ["bear", "--film", "--steps", "3", "--zoom", "2", "-o", str(out)]
        assert main(words) == 0
    assert opened(strip).size == (4 * 65 - 1, 2 * 65 - 1)
    with Image.open(moving) as picture:
        assert picture.n_frames == 4  # type: ignore[attr-defined]
        assert json.loads(picture.info["comment"])["asked"] == "bear"


def test_emoji_and_a_negative_prompt(tmp_path, capsys):
    out = tmp_path / "tomato.png"
    words = ["noto tomato", "--world", "emoji", "--steps", "2", "-o", str(out)]
    assert main([*words, "--negative", "twemoji"]) == 0
    output = capsys.readouterr().out
    assert "training set" in output and "away from 'tomato in twemoji style'" in output
    assert opened(out).size == (256, 256)
    assert opened(out).text["negative"] == "tomato in twemoji style"


def test_what_nobody_said_is_retrieved_and_told(tmp_path, capsys):
    """The note, the caption and the file say what was added."""
    assert get_args(sample_command.Way) == tuple(WAYS)
    words = ["a bear is reading", "--seed", "3", "--steps", "1"]
    for way in ("retrieval", "plain"):
        out = tmp_path / f"{way}.png"
        assert main([*words, "--enhance", way, "-o", str(out)]) == 0
        note, made = capsys.readouterr().out.splitlines()
        found = enhance(words[0], 3, way)
        assert note == found.note and repr(found.prompt) in made
        facts = opened(out).text
        assert facts["prompt"] == found.prompt and facts["asked"] == words[0]
        chosen = json.loads(facts["settings"]).get("enhance", "plain")
        assert chosen == way
    assert main([*words, "-o", str(tmp_path / "usual.png")]) == 0
    usual, plain = (opened(tmp_path / f"{n}.png").text for n in ("usual", "plain"))
    assert usual == plain and "enhance" not in usual["settings"]


def test_nothing_is_overwritten_without_force(tmp_path, capsys):
    out = tmp_path / "x.png"
    out.write_text("mine")
    assert main(["bear", "-o", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main(["bear", "-o", str(out), "--force", "--steps", "1"]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a bear with a green hat"], "no hat is green"),
        (["bear", "--steps", "0"], "use 1 to 1000"),
        (["bear", "--steps", "many"], "be a valid integer"),
        (["bear", "--solver", "ddim"], "use one of euler"),
        (["bear", "--guidance", "900"], "use 1 (none) to 100"),
        (["bear", "--guidance", "0.4"], "use 1 (none) to 100"),
        (["bear", "--guidance", "-2", "--negative", "beach"], "use 1 (none) to 100"),
        (["bear \udcff"], "not text in UTF-8"),
        (["bear", "--guidance", "nan"], "use 1 (none) to 100"),
        (["bear", "--grid", "0"], "use 1 to 100"),
        (["bear", "--grid", "17", "--film"], "use 1 to 16"),
        (["bear", "--zoom", "99"], "use 1 to 32"),
        (["bear", "--seed", "-1"], "--seed -1"),
        (["bear", "-o", "{}/x.jpg"], "ends in .png"),
        (["bear", "-o", "{}/x.gif"], "ends in .png"),
        (["bear", "-o", "{}/folder.png"], "is a folder"),
        (["bear", "--negative", "guitar"], "unknown word 'guitar'"),
        (["bear", "--negative", "beach", "--guidance", "1"], "above 1"),
        (["tomatoe", "--world", "emoji"], "did you mean tomato"),
        (["bear", "--enhance", "magic"], "not one of 'plain', 'retrieval'"),
        (["two bears", "--enhance", "retrieval"], "retrieval takes one bear"),
        (["tomato", "--world", "emoji", "--enhance", "model"], "is for bears"),
        (["bear", "--enhance", "model"], "and none that runs and says so"),
        (["bear", "--world", "moon"], "not one of 'bears', 'teddy'"),
        ([], "Missing argument 'prompt'"),
        (["bear", "--steps", "1", "-o", "{}/file/x.png"], "sample: cannot write"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(arguments, message, tmp_path, capsys):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    words = [word.format(tmp_path) for word in arguments]
    if "-o" not in words:
        words += ["-o", str(tmp_path / "x.png")]
    status = main(words)
    errors = capsys.readouterr().err
    assert status == (1 if "cannot write" in message else 2), errors
    assert message in errors and errors.count("\n") == 1, errors
    assert {each.name for each in tmp_path.iterdir()} == {"folder.png", "file"}


def test_no_checkpoint_yet_says_how_to_train_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    out = ["-o", str(tmp_path / "x.png")]
    for world, name in sample_command.MODELS.items():
        words = [] if world == sample_command.DEFAULT else ["--world", world]
        assert main(["red heart, noto" if world == "emoji" else "bear", *words, *out])
        assert capsys.readouterr().err == (
            f"coursekit sample: {name} is not trained yet: `coursekit train {name} "
            "--profile cpu --publish`\n"
        )


def test_the_world_says_how_many_bears_there_can_be(tmp_path, capsys):
    """Each world refuses what its model cannot draw; the usual one draws three."""
    assert set(sample_command.MODELS) == set(get_args(sample_command.World))
    out = ["-o", str(tmp_path / "x.png")]
    assert main(["two bears", "--world", "teddy", *out]) == 2
    assert "draws one bear" in capsys.readouterr().err
    assert main(["four bears", "--world", "bears", *out]) == 2
    assert "one, two or three bears" in capsys.readouterr().err
    assert main(["two bears in the snow", "--seed", "3", "--steps", "1", *out]) == 0
    assert "understood two bears" in capsys.readouterr().out
    told = parse_caption(opened(tmp_path / "x.png").text["prompt"])
    assert told.place == "snow" and sum(n for n, _ in told.clauses) == 2


def test_ctrl_c_leaves_no_file(shelf, tmp_path):
    """The real command, interrupted while it draws."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from coursekit.training import pretrained\n"
        f"pretrained.FOLDER = Path({str(shelf)!r})\n"
        "from coursekit.pipeline import pipeline\n"
        "draw = pipeline.Pipeline.draw\n"
        "def slow(*a, **k):\n    print('drawing', flush=True)\n"
        "    while True: draw(*a, **k)\n"
        "pipeline.Pipeline.draw = slow\n"
        "from coursekit.cli import main\nmain(sys.argv[1:])\n"
    )
    out = tmp_path / "x.png"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "sample", "bear", "-o", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
        # In the background of a shell Ctrl-C is switched off, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()) != "drawing\n":
        assert line, process.communicate()
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()  # one that did not stop would draw for ever
    assert process.returncode == 130 and "Stopped" in errors
    assert "Traceback" not in errors and not list(tmp_path.iterdir())
