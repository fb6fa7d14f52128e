"""The encoders of clips and their training.

Authorities: shapes, what is asked of whom, a loss by hand, and that a few steps of
training beat guessing.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.clip_scene import Clip
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.clip_encoder import (
    TAUGHT,
    ClipEncoder,
    as_clips,
    clip_targets,
)
from coursekit.evaluation.clip_features import load_encoder
from coursekit.evaluation.train_clip_features import (
    answer_loss,
    drawn,
    train_encoder,
)


def test_clips_become_floats_channels_first():
    clips = np.zeros((2, 5, 8, 6, 3), np.uint8)
    clips[1, 4, 7, 5, 2] = 255
    x = as_clips(clips)
    assert x.shape == (2, 3, 5, 8, 6)
    assert x[1, 2, 4, 7, 5] == 1 and x.sum() == 1 - (x.numel() - 1)
    for wrong in (clips[0], clips.astype(np.float32), clips[..., :2]):
        with pytest.raises(ValueError, match="uint8"):
            as_clips(wrong)


@pytest.mark.parametrize("name", TAUGHT)
@pytest.mark.parametrize(("frames", "size"), [(17, 32), (33, 32), (5, 64)])
def test_any_length_and_size_has_as_many_features(name, frames, size):
    net = ClipEncoder(TAUGHT[name])
    x = torch.randn(2, 3, frames, size, size)
    assert net.features(x).shape == (2, 64)
    assert {k: v.shape[1] for k, v in net(x).items()} == {
        k: len(v) or 1 for k, v in TAUGHT[name].items()
    }


def test_a_heading_is_asked_of_who_moves_and_a_speed_of_who_passes():
    still = clip_targets(Clip(Scene()))
    assert math.isnan(still["heading"]) and math.isnan(still["speed"])
    assert still["passer"] == 0
    walks = Clip(Scene(), "walk", heading=-1, shirt="red", direction=-1, speed=0.06)
    found = clip_targets(walks)
    assert (found["motion"], found["heading"], found["passer"]) == (1, 1, 2)
    assert found["speed"] == pytest.approx(0.75)
    assert clip_targets(replace(walks, direction=1))["passer"] == 1


def test_the_loss_by_hand():
    answers = {"word": torch.zeros(3, 4), "number": torch.tensor([[1.0], [5.0], [2.0]])}
    truth = {
        "word": torch.tensor([0.0, 3.0, math.nan]),
        "number": torch.tensor([3.0, math.nan, 2.0]),
    }
    assert float(answer_loss(answers, truth)) == pytest.approx(math.log(4) + 2)


def test_training_learns_and_is_repeatable():
    clips, truth = drawn(8, 0, "train")
    clips = clips[:, :5, ::2, ::2]  # what is left is enough to tell eight apart
    net, again = (train_encoder("content", clips, truth, steps=20) for _ in range(2))
    for one, two in zip(net.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    fresh = ClipEncoder(TAUGHT["content"])
    with torch.no_grad():
        learnt, guessed = (answer_loss(n(as_clips(clips)), truth) for n in (net, fresh))
    assert float(learnt) < 0.9 * float(guessed)


def test_unknown_and_missing_encoders_are_named(tmp_path):
    with pytest.raises(ValueError, match="use one of motion, content"):
        load_encoder("colour")
    with pytest.raises(FileNotFoundError, match="train_clip_features"):
        load_encoder("motion", tmp_path)
