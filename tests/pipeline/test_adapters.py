"""Adapters in `coursekit sample`. Authorities: the base's own picture, W + s B A formed
in the test, the stated exit codes.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import cli
from coursekit.pipeline.adapters import worn
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.training import pretrained

ASKED = ["a [v] bear with a red hat is sitting in the snow"]
LOOSE = "a [V] bear in the snow with a red hat"


@pytest.fixture(autouse=True)
def on_shelf(shelf, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", shelf)


def sample(tmp_path, *words: str) -> np.ndarray:
    out = tmp_path / f"{len(list(tmp_path.iterdir()))}.png"
    assert cli.run(["sample", *words, "-o", str(out), "--zoom", "1"]) == 0
    return np.asarray(Image.open(out))


def test_strength_0_is_the_base_and_1_brings_the_adapter_back():
    base = from_checkpoint("teddy-prompts").swap(steps=3)
    plain = base.draw(ASKED)
    assert np.array_equal(worn(base, "teddy-v-lora", 0.0).draw(ASKED), plain)
    once = worn(base, "teddy-v-lora").draw(ASKED)
    assert not np.array_equal(once, plain)
    assert np.array_equal(base.draw(ASKED), plain)  # worn by a copy
    assert np.array_equal(worn(base, "teddy-v-lora").draw(ASKED), once)


def test_what_is_worn_is_the_files_factors_with_the_files_scale():
    base = from_checkpoint("teddy-prompts")
    parts = pretrained.load_model("teddy-v-lora").state_dict()
    name = "two_streams.0.image.project.qkv"
    change = parts[f"{name}.up"] @ parts[f"{name}.down"] * 3  # alpha 6, rank 2
    old = base.parts.model.state_dict()[f"{name}.weight"]
    new = worn(base, "teddy-v-lora", 0.5).parts.model.state_dict()[f"{name}.weight"]
    assert torch.allclose(new, old + 0.5 * change, atol=1e-6)


def test_a_wish_with_the_new_word(tmp_path, capsys):
    plain = ["--adapter", "teddy-v-lora", "--steps", "3"]
    found = sample(tmp_path, LOOSE, *plain)
    assert "'a [v] teddy bear with a red hat is sitting in the snow'" in (
        capsys.readouterr().out
    )
    settings = json.loads(Image.open(tmp_path / "0.png").text["settings"])
    assert settings["adapter"] == "teddy-v-lora" and settings["adapter_scale"] == 1
    half = sample(tmp_path, LOOSE, *plain, "--adapter-scale", "0.5")
    assert not np.array_equal(found, half)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a [v] bear"], "nobody knows [v] yet"),
        (["a bear", "--adapter", "teddy-prompts"], "a whole network, no adapter"),
        (["a [v] bear", "--adapter", "teddy-v-lora", "--adapter-scale", "9"], "0 to 4"),
        (["tomato", "--world", "emoji", "--adapter", "teddy-v-lora"], "--world teddy"),
    ],
)
def test_what_cannot_be_worn_is_refused(words, line, tmp_path, capsys):
    assert cli.run(["sample", *words, "-o", str(tmp_path / "x.png")]) == 2
    assert line in capsys.readouterr().err


def test_an_adapter_of_another_base_is_refused(monkeypatch):
    pipe, card = from_checkpoint("teddy-prompts"), pretrained.card

    def other(name, folder=None):
        info = card(name, folder)
        return info | {"sha256": "0" * 64} if name == "teddy-prompts" else info

    monkeypatch.setattr(pretrained, "card", other)
    with pytest.raises(PipelineError, match="made for another network"):
        worn(pipe, "teddy-v-lora")
