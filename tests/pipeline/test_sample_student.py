"""Students in `coursekit sample`. Authorities: the samplers of `few_steps` on the
merged network, the recipe's own drawing, the stated exit codes.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import cli
from coursekit.datasets.images import to_uint8
from coursekit.evaluation.text_sampling import starts
from coursekit.models.strided import student_network
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.contestants import contestant, contestants
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.pipeline.students import student, taught
from coursekit.theory.consistency import flow_consistency
from coursekit.theory.few_steps import average_velocity_sampler, consistency_sampler
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.solvers import time_grid
from coursekit.training import pretrained

ASKED = [
    "a brown teddy bear is sitting in the snow",
    "a white teddy bear is reading and a pink teddy bear is sitting in the park",
]


@pytest.fixture(autouse=True)
def on_shelf(shelf, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", shelf)


@pytest.mark.parametrize("name", ["teddy-64-dmd", "teddy-64-progressive"])
@pytest.mark.parametrize("steps", [1, 4])
def test_it_draws_with_the_sampler_of_its_kind(name, steps):
    pipe = student(name, steps)
    base = from_checkpoint("teddy-64-prompts")
    adapter = pretrained.load_model(name).state_dict()
    net = student_network(base.parts.model, adapter)
    _, ids = base.condition(ASKED)
    noise = starts(2, base.parts.shape, 3)
    ts = shift_time(time_grid(steps), base.parts.shift).float()
    if name == "teddy-64-dmd":
        f = flow_consistency(lambda x, t: net(x, t, ids))
        fresh = torch.Generator().manual_seed(3)
        *_, x0 = consistency_sampler(f, noise, ts, generator=fresh)
    else:
        *_, x0 = average_velocity_sampler(lambda x, r, t: net(x, t, ids, r), noise, ts)
    wanted = to_uint8(base.parts.decode(x0)).astype(int)
    found = pipe.draw(ASKED, 3).astype(int)
    assert np.abs(found - wanted).max() <= 1
    assert pipe.boxes.evaluations() == steps  # nobody guides: one question a step


def test_noise_of_ones_own_takes_the_place_of_the_seed():
    pipe = student("teddy-64-progressive", 1)
    noise = starts(2, pipe.parts.shape, 3)
    assert np.array_equal(pipe.draw(ASKED, noise=noise), pipe.draw(ASKED, 3))
    with pytest.raises(PipelineError, match=r"noise of shape \(1, "):
        pipe.draw(ASKED, noise=noise[:1])


def test_the_base_stays_as_it_was():
    base = from_checkpoint("teddy-64-prompts").swap(steps=2)
    plain = base.draw(ASKED)
    assert not np.array_equal(taught(base, "teddy-64-dmd", 2).draw(ASKED), plain)
    assert np.array_equal(base.draw(ASKED), plain)


def test_the_command_draws_and_the_file_says_who(tmp_path, capsys):
    out = tmp_path / "bear.png"
    words = [
        "sample",
        "a bear in the snow",
        "--student",
        "teddy-64-dmd",
        "-o",
        str(out),
    ]
    assert cli.run(words) == 0
    assert "consistency, 4 steps, guidance 1" in capsys.readouterr().out
    settings = json.loads(Image.open(out).text["settings"])
    assert settings["student"] == "teddy-64-dmd" and settings["steps"] == 4
    assert settings["student_sha256"] == pretrained.card("teddy-64-dmd")["sha256"]
    assert cli.run([*words, "--steps", "1", "--force"]) == 0
    assert "consistency, 1 step, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--student", "nobody"], "nobody is no student: use one of teddy-64-"),
        (["--student", "teddy-prompts"], "teddy-prompts is no student"),
        (["--student", "teddy-64-dmd", "--steps", "9"], "1 to 8 steps, not in 9"),
        (["--student", "teddy-64-dmd", "--guidance", "2"], "nobody guides a student"),
        (["--student", "teddy-64-dmd", "--negative", "a hat"], "nobody guides"),
        (["--student", "teddy-64-dmd", "--solver", "heun"], "its own solver"),
        (["--student", "teddy-64-dmd", "--world", "teddy"], "leave --world out"),
        (["--solver", "consistency"], "is for students: name one"),
        (["--adapter", "teddy-64-dmd"], "this is a student: --student"),
    ],
)
def test_what_a_student_cannot_do_is_refused(words, line, tmp_path, capsys):
    told = ["sample", "a bear", *words, "-o", str(tmp_path / "x.png")]
    assert cli.run(told) == 2
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1


def test_a_student_of_another_base_is_refused(monkeypatch):
    pipe, card = from_checkpoint("teddy-64-prompts"), pretrained.card

    def other(name, folder=None):
        info = card(name, folder)
        return info | {"sha256": "0" * 64} if name == "teddy-64-prompts" else info

    monkeypatch.setattr(pretrained, "card", other)
    with pytest.raises(PipelineError, match="made for another network"):
        taught(pipe, "teddy-64-dmd")


def test_contestants_are_models_adapters_and_students(shelf):
    assert {"teddy-prompts", "teddy-64-prompts", "teddy-64-dmd"} <= set(contestants())
    teacher, own = contestant("teddy-64-prompts@2"), contestant("teddy-64-dmd@2")
    assert teacher.boxes.evaluations() == 4 and own.boxes.evaluations() == 2
    assert np.array_equal(own.draw(ASKED), student("teddy-64-dmd", 2).draw(ASKED))
    for name in ("teddy-vae", "teddy-64-dmd@", "teddy-64-dmd@9", "teddy-64-dmd@x"):
        with pytest.raises(PipelineError):
            contestant(name)
