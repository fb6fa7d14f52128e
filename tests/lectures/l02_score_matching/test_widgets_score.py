"""Lecture 2's widgets. Authority: the exact score of a mixture and its marginals,
plane geometry, and the solvers themselves. The browser half is in tests/browser."""

import math

import numpy as np
import pytest
import torch
from support_models import normal

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.lectures.l02_score_matching import widgets
from coursekit.lectures.l02_score_matching.experiments.solver_walks import (
    walk as solver_walk,
)
from coursekit.lectures.l02_score_matching.widgets import field as score_field
from coursekit.lectures.l02_score_matching.widgets import langevin as walks
from coursekit.lectures.l02_score_matching.widgets import paths as score_paths
from coursekit.lectures.l02_score_matching.widgets import solvers as score_solvers
from coursekit.theory.paths import VPPath

BLOBS = lopsided()


@pytest.fixture(scope="module")
def compass() -> score_field.Compass:
    return score_field.Compass.of(BLOBS, None)


@pytest.fixture(scope="module")
def walked() -> score_paths.Walks:
    return score_paths.walk(num_steps=150, walkers=1000)


# --- the compass ---------------------------------------------------------------------


def test_angles():
    right, up = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 0.1]])
    assert score_field.angle_between(right, up) == pytest.approx(90)
    assert score_field.angle_between(right, right) == pytest.approx(0, abs=1e-3)
    assert score_field.angle_between(right, 0 * up) == 0


def test_the_way_climbs(compass):
    start = torch.tensor([[0.2, 0.3]], dtype=torch.float64)
    way = torch.from_numpy(compass.way(start, 0.3))
    height = BLOBS.noised(1.0, 0.3).log_prob(way)
    assert height[-1] > height[0] + 0.5
    assert float((way[1:] - way[:-1]).norm(dim=1).max()) <= 0.2 + 1e-9


def test_with_much_noise_the_needle_points_to_the_mean(compass):
    at = torch.tensor([[2.0, -2.0]], dtype=torch.float64)
    arrow = compass.score(at, 30.0)
    assert score_field.angle_between(arrow, BLOBS.mean()[None] - at) < 1


def test_one_blob_is_pulled_straight_to_its_middle():
    one = Mixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([0.5]))
    made = score_field.Compass.of(one, None)
    scene = score_field.draw(made, 1.0, 1.0, 0.0)
    assert "(-0.80, -0.00)" in scene.text.replace("+0.00", "-0.00")  # -1/(0.25 + 1)


def test_the_learners_own_score_is_the_one_that_is_shown():
    def wrong(x, sigma):
        return 0 * x + torch.tensor([0.0, 5.0], dtype=x.dtype)

    scene = widgets.compass(BLOBS, wrong).scene
    assert scene is not None and "+5.00" in scene.text


# --- walks ---------------------------------------------------------------------------


def test_without_noise_the_walk_only_climbs():
    states = walks.climb(BLOBS.score, BLOBS.sample(50), 0.002, 30)
    heights = torch.stack([BLOBS.log_prob(x) for x in states])
    assert (heights[1:] >= heights[:-1] - 1e-9).all()


def test_the_langevin_table_has_its_axes_in_order():
    start = torch.zeros(5, 2, dtype=torch.float64)
    table = walks.langevin_table(lambda x: -x, start, (0.01, 0.25), 10, 6)
    assert table.shape == (12, 2, 5, 2)
    assert float(table[0].abs().max()) == float(table[6].abs().max()) == 0
    assert float(table[:, 1].abs().max()) == 0  # at the top: no noise, no way
    small, large = table[5, 0].std(), table[11, 0].std()
    assert large > 2 * small  # noise has the size sqrt(step)


def test_films_of_different_length_are_refused():
    x = torch.zeros(3, 2)
    with pytest.raises(ValueError, match="differ in length"):
        walks.walks({"a": [x, x], "b": [x]})


def test_walks_keep_both_ends():
    films = {"a": [torch.full((4, 2), float(i)) for i in range(300)]}
    reel = walks.walks(films).reel
    assert reel is not None and reel.count == walks.SHOWN
    assert reel.frames[0].max() == 0 and reel.frames[-1].min() == 299
    assert reel.axes[0].values[-1] == "299"


def test_a_walk_that_explodes_still_makes_a_picture():
    player = widgets.langevin_player(lambda x: 1e6 * x, torch.ones(5, 2), (5.0,))
    assert np.isfinite(player.reel.frames).all()


# --- the churn dial ------------------------------------------------------------------


@pytest.mark.parametrize("churn", score_paths.CHURNS)
def test_every_churn_has_the_exact_marginals(walked, churn):
    film = walked.films[score_paths.CHURNS.index(churn)]
    x = np.linspace(-4, 4, 4001)
    for time_wanted in (0.6, 0.3, 0.0):
        i = int(np.abs(walked.ts - time_wanted).argmin())
        exact = score_paths.density(walked, float(walked.ts[i]), x)
        below = np.cumsum(exact) * (x[1] - x[0])
        found = (film[i][:, None] < x).mean(0)
        assert np.abs(found - below).max() < 0.07  # Kolmogorov-Smirnov, 1000 walkers


def test_paths_get_rougher_with_churn_and_the_flow_never_crosses(walked):
    rough = [score_paths.roughness(film) for film in walked.films]
    assert rough == sorted(rough)
    assert rough[0] < 2 < rough[-1]
    order = np.argsort(walked.films[0][0])
    flow = walked.films[0][:, order]
    assert (np.diff(flow, axis=1) > -1e-9).all()


# --- the table of solvers ------------------------------------------------------------


def test_each_cell_is_the_end_of_its_walk():
    path, start = VPPath(), normal(6, 2, dtype=torch.float32)
    predict = exact_predict(BLOBS, path)
    nfes, solvers = (4, 8), ("em", "dpm2", "rk4")
    table = score_solvers.solver_results(predict, path, start, nfes, solvers, seed=3)
    assert table.shape == (6, 6, 2)
    generator = torch.Generator().manual_seed(3)
    *_, x = solver_walk("em", predict, start, 8, path, generator, 0.99, 0.002)
    torch.testing.assert_close(table[3], x.float())
    reel = score_solvers.solver_reel(table, nfes, solvers)
    assert "4 steps, 8 network evaluations" in reel.captions[4]
    assert math.isfinite(float(reel.frames.sum()))


def test_the_table_makes_pictures_too_and_other_noise_on_demand():
    path = VPPath()
    one = Mixture(torch.ones(1), torch.zeros(1, 48), torch.tensor([0.3]))
    flat = exact_predict(one, path)

    def predict(xt, t):
        belief = flat(xt.flatten(1), t)
        return type(belief)(*(part.view_as(xt) for part in belief))

    player = widgets.solver_table(
        predict, path, (3, 4, 4), nfes=(2, 4), solvers=("em", "euler"), count=3
    )
    assert player.reel.frames.shape == (4, 3, 4, 4, 3)
    before = player.frames
    player.press()
    assert player.frames != before and player.note == ""
