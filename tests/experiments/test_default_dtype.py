"""A learner's `torch.set_default_dtype(torch.float64)` stops no shipped network.

Authority: pictures are float32 (`to_model`), and the same seed gives the same picture.
"""

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.reader import load_reader, raw_outputs
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.toys import ring
from coursekit.evaluation.features import fashion_features, load_classifier
from coursekit.experiments.films import from_checkpoint
from coursekit.experiments.train_2d import train_eps_mlp
from coursekit.lectures.l01_diffusion.experiments.judge_2d import excess_errors
from coursekit.lectures.l03_flow_matching.experiments.pictures import film
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.widgets.reverse import starting_noise


@pytest.fixture
def double():
    """What the learner's line does, taken back afterwards."""
    loaded = load_reader, load_classifier
    for each in loaded:
        each.cache_clear()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
    for each in loaded:
        each.cache_clear()


def test_the_same_seed_gives_the_same_pictures(double):
    for record in (
        lambda: from_checkpoint("fashion-ddpm", 1, 2, seed=3).states[-1],
        lambda: film("fashion-flow", 1, 2, seed=3).states[-1],
        lambda: starting_noise((2, 3, 4, 4), 5),
    ):
        found = record()
        torch.set_default_dtype(torch.float32)
        usual = record()
        torch.set_default_dtype(torch.float64)
        assert found.dtype == usual.dtype == torch.float32
        assert torch.equal(found, usual)


def test_those_who_judge_take_pictures(double):
    net, _ = load_reader("first")
    assert raw_outputs(net, teddies(2, 32, seed=1)[0])[1].dtype == torch.float32
    assert fashion_features(np.zeros((2, 28, 28), np.uint8)).dtype == np.float32


def test_a_network_of_the_plane_is_trained_in_what_is_the_default(double):
    schedule = make_schedule("linear-short", 100)
    model = train_eps_mlp(ring(), schedule, steps=2, width=8).model
    assert next(model.parameters()).dtype == torch.float64
    assert len(excess_errors(model, ring(), schedule, (5, 50), 20, seed=0)) == 2
