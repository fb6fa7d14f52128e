"""Sections 6.1 and 6.2 of notebook 06a: readers, probes, areas, figures and widgets.

Authority: Bayes by brute force in float64, curves that are shifted copies of each
other, small runs, and the stored figures, whose direction must hold with a margin."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from support_lectures import hold, table

from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.measure import load_measured, plain
from coursekit.lectures.l06a_training_and_tuning import figures
from coursekit.lectures.l06a_training_and_tuning.experiments import (
    by_heart,
    difficulty,
    probes,
    resolution,
)
from coursekit.lectures.l06a_training_and_tuning.widgets import law, sizes
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.training_times import LogitNormal
from coursekit.training.recipe import Data

STORED = ("06a.A", "06a.B", "06a.S")
CLAIMS = table("""
# The middle of the way is not the middle of the clock.
06a.A: 0.8 < decided_at < 0.9
06a.A: unknown_sum[fine.index(0.7)] < 0.02 < 0.9 < unknown_sum[-1]
06a.A: loss[0] > 4 * loss[10] and loss[-1] > 2 * loss[10]
# Glasses are decided later on the way down than the place.
06a.A: all(p <= g + 0.02 for p, g in zip(unknown_place, unknown_glasses))
# The shift makes three curves one.
06a.B: min(shrinks_all) > 3
06a.B: all(abs(f - 2) < 0.3 for f in (place_factor, fur_factor, count_factor))
# Latents want less than their numbers say.
06a.S: 1.2 < factor < by_numbers == 2
""")


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(load_measured(name), *CLAIMS[name])


def test_a_reader_by_heart_is_bayes():
    gen = torch.Generator().manual_seed(0)
    known = torch.randn(5, 3, generator=gen, dtype=torch.float64)
    xt = 0.4 * known[:2] + 0.6 * torch.randn(2, 3, generator=gen, dtype=torch.float64)
    like = torch.exp(-((xt[:, None] - 0.4 * known) ** 2).sum(-1) / (2 * 0.6**2))
    chances = by_heart.belief(xt, 0.6, known)
    torch.testing.assert_close(chances, like / like.sum(1, keepdim=True))
    said = by_heart.about(chances, torch.tensor([0, 1, 0, 2, 1]), 3)
    torch.testing.assert_close(said[:, 0], chances[:, 0] + chances[:, 2])
    assert by_heart.bits(torch.full((1, 8), 1 / 8)).item() == pytest.approx(3)


def test_answers_are_asked_of_one_bear_only():
    _, shown = teddies(30, 16, seed=4, kind="group")
    right = probes.answers(shown, ("place", "count", "fur"))
    for scene, row in zip(shown, right.tolist(), strict=True):
        assert probes.CHOICES["place"][row[0]] == scene.place
        assert int(probes.CHOICES["count"][row[1]]) == len(scene.bears)
        alone = len(scene.bears) == 1
        words = probes.CHOICES["fur"]
        assert words[row[2]] == scene.bears[0].fur if alone else row[2] == -1


def test_a_probe_learns_what_is_easy():
    gen = torch.Generator().manual_seed(0)
    right = torch.randint(3, (60, 1), generator=gen)
    x0 = (right - 1.0).reshape(-1, 1, 1, 1).expand(-1, 3, 8, 8)
    torch.manual_seed(0)
    probe = probes.Probe((3, 8, 8), 4, ("count",))
    probes.train_probe(probe, x0, right, 40, 0, batch=32)
    shares = probes.left(probe.eval(), x0, right)
    assert shares["clean"] == [1.0]
    assert shares["count"][0] > 0.9 and shares["count"][-1] < 0.7


def falling(middle):
    """A curve over STEPS that is one half at step `middle`."""
    return [1 / (1 + math.exp(0.8 * (step - middle))) for step in probes.STEPS]


def test_a_factor_is_the_distance_of_two_curves():
    assert probes.crossing(falling(3), 0.5) == pytest.approx(3)
    assert probes.factor(falling(1), falling(3)) == pytest.approx(2, rel=0.01)
    assert probes.time_at(2) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="do not cross"):
        probes.crossing([0.4] * len(probes.STEPS), 0.5)


def test_shifted_copies_fall_on_one_curve():
    curves = {size: falling(1 + 2 * i) for i, size in enumerate(resolution.SIZES)}
    assert resolution.between(curves, moved=True) == pytest.approx(0, abs=1e-12)
    # Between the first and the last lie two doublings: log 4 wide and 1 high.
    found = resolution.between(curves, moved=False)
    assert found == pytest.approx(math.log(4), rel=0.05)


def test_the_law_decides_the_times_of_a_batch():
    base = {k: v for k, v in vars(difficulty.TEDDY_FLOW).items() if k != "seed"}
    recipe = difficulty.TimedRecipe(**base, times="noise")
    data = Data(torch.zeros(8, 32, 32, 3, dtype=torch.uint8), "black")
    late = recipe.batch(data, 400, 3)[1]
    even = replace(recipe, times="uniform").batch(data, 400, 3)[1]
    assert late.mean() == pytest.approx(0.697, abs=0.04)
    assert even.mean() == pytest.approx(0.5, abs=0.05)


def test_a_network_that_says_the_mean_is_right_at_one():
    mean = torch.rand(3, 4, 4)
    assert difficulty.says_at_one(lambda x, t: x - mean, (3, 4, 4), mean) < 1e-12


@pytest.mark.parametrize(
    ("name", "measure"), [("06a.A", difficulty.measure), ("06a.B", resolution.measure)]
)
def test_a_quick_run_has_the_figures_of_a_full_one(name, measure):
    found = measure(quick=True)
    missing = set(load_measured(name)) - set(found)
    assert plain(found) == found and all("factor" in each for each in missing)


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (figures.decided_panels, "06a.A"),
        (figures.size_panels, "06a.B"),
    ],
)
def test_figures_are_drawn(draw, name):
    assert draw(load_measured(name)).width > 500


# --- widgets -------------------------------------------------------------------------


def test_a_law_in_its_place_is_praised():
    stored = load_measured("06a.A")
    t, speed = law.decided(stored)
    assert float(t[speed.argmax()]) == pytest.approx(stored["decided_at"], abs=0.06)
    there, elsewhere = (
        law.draw(LogitNormal, stored, mean, 0.5) for mean in (2.2, -1.0)
    )
    assert there.tone == "good" and elsewhere.tone == "warn"
    density = there.charts[0].curves[0]
    assert np.trapezoid(density.y, density.x) == pytest.approx(1, abs=0.01)


@pytest.fixture(scope="module")
def album():
    return sizes.Album.of(40)


def test_sizes_show_one_scene_at_the_times_they_say(album):
    names = [sizes.times(shift_time, 16, 0.5, shifted) for shifted in (False, True)]
    assert names[0] == [0.5] * 3
    assert names[1] == pytest.approx([1 / 2, 2 / 3, 4 / 5])
    assert sizes.times(shift_time, 64, 0.8, True) == pytest.approx(
        [1 / 2, 2 / 3, 4 / 5]
    )
    scene = sizes.draw(album, shift_time, 16, True, 0.5, 3)
    assert scene.images.shape == (3, sizes.SIDE, sizes.SIDE, 3)
    tile = scene.images[0].reshape(16, 12, 16, 12, 3)
    assert (tile == tile[:, :1, :, :1]).all()


def test_without_noise_everything_is_read(album):
    for size in sizes.SIZES:
        said, left = album.read(size, album.noisy(size, 5, 0.05), 0.05)
        place, fur = (int(each) for each in album.right[5])
        assert said == f"{sizes.FURS[fur]} 100%, {sizes.PLACES[place]} 100%"
        assert left < 0.01


def test_shifted_sizes_hide_alike(album):
    draw = partial(sizes.draw, album, shift_time, 16)
    assert draw(True, 0.85, 3).tone == "good" and draw(False, 0.85, 3).tone == "warn"
