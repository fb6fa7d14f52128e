"""Lecture 3's widgets. Authority: exact flows of mixtures, order on a line, brute-force
assignment, and the identity of a translation there and back. The browser half is in
tests/browser."""

from itertools import permutations

import numpy as np
import pytest
import torch

from coursekit.datasets.toys import exact_predict, ring
from coursekit.lectures.l03_flow_matching.widgets import ballot as flow_ballot
from coursekit.lectures.l03_flow_matching.widgets import belief as flow_belief
from coursekit.lectures.l03_flow_matching.widgets import crowd as flow_crowd
from coursekit.lectures.l03_flow_matching.widgets import ladder as flow_ladder
from coursekit.lectures.l03_flow_matching.widgets import pairings as flow_pairings
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import convert, mix


def exact(x, t):
    return exact_predict(ring(), LinearPath())(x.double(), t).velocity


@pytest.fixture(scope="module")
def crowd():
    return flow_crowd.Crowd.of(ring(), seed=1)


@pytest.fixture(scope="module")
def votes():
    return flow_ballot.Votes.of(seed=3)


# --- the crowd -----------------------------------------------------------------------


def test_mass_stays_one_and_the_crowd_ends_in_eight_groups(crowd):
    cell = (2 * flow_crowd.LIMIT / flow_crowd.CELLS) ** 2
    early = crowd.density[: crowd.frame(0.3)].sum(1) * cell
    assert np.abs(early - 1).max() < 0.02
    assert set(crowd.groups) == set(range(8))
    ends = ring().log_prob(torch.from_numpy(crowd.states[-1]))
    assert float(ends.min()) > -8  # nobody is left behind


def test_arrows_point_as_people_walk(crowd):
    """Between two frames people move along -velocity dt."""
    i = crowd.frame(0.5)
    here = torch.from_numpy(crowd.states[i])
    now = torch.full((len(here),), float(crowd.ts[i]), dtype=torch.float64)
    moved = crowd.states[i + 1] - crowd.states[i - 1]
    want = -exact(here, now).numpy() * (crowd.ts[i - 1] - crowd.ts[i + 1])
    assert np.abs(moved - want).max() < 0.02


# --- the votes -----------------------------------------------------------------------


def test_votes_add_up_and_get_decided(votes):
    at = torch.tensor([0.3, 0.4], dtype=torch.float64)
    shares = flow_ballot.weights(at, np.array([1.0, 0.5, 0.02]), votes.data)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert np.ptp(shares[0]) < 1e-6  # at t = 1 nothing is known
    nearest = (votes.data - at).norm(dim=1).argmin()
    assert shares[2, nearest] > 0.999


def test_one_picture_gets_everybody(votes):
    ends = votes.ways["one picture"][-1]
    assert np.abs(ends - votes.data[0].numpy()).max() < 0.15  # BLUR is left
    all_ends = votes.ways["all pictures"][-1][:, None] - votes.data.numpy()
    assert np.linalg.norm(all_ends, axis=2).min(1).max() < 0.2


# --- steps ---------------------------------------------------------------------------


def test_more_steps_come_closer_and_bend_is_zero_on_straight_ways():
    target = ring().sample(1000, torch.Generator().manual_seed(0))
    ladder = flow_ladder.Ladder.of({"exact": exact}, target, 300)
    far = [ladder.distances["exact", "Euler", n] for n in (1, 4, 64)]
    assert far[0] > far[1] > far[2] and far[2] < 0.01
    assert flow_ladder.bend(ladder.ways["exact", "Euler", 1]) == pytest.approx(0)
    assert flow_ladder.bend(ladder.ways["exact", "Euler", 64]) > 0.02
    scene = flow_ladder.draw(ladder, "exact", "Heun", 4)
    assert "4 steps of Heun, 8 evaluations" in scene.text


# --- pairings ------------------------------------------------------------------------


def test_only_strangers_cross():
    line, _ = flow_pairings.both(0)
    counts = {
        name: flow_pairings.count_crossings(flow_pairings.paths(line, name, 32))
        for name in flow_pairings.PAIRINGS
    }
    assert counts.pop("strangers") > 100
    assert set(counts.values()) == {0}  # in one dimension order is kept


def test_transport_within_batches_is_the_best_permutation():
    _, sheet = flow_pairings.both(0)
    dealt = flow_pairings.dealt(sheet, 4)[:4]
    data, noise = sheet.data[:4], sheet.noise[:4]
    orders = map(list, permutations(range(4)))
    prices = [float(((data - noise[order]) ** 2).sum()) for order in orders]
    assert float(((data - dealt) ** 2).sum()) == pytest.approx(min(prices))
    assert torch.equal(flow_pairings.dealt(sheet, 1), sheet.noise)


# --- one belief ----------------------------------------------------------------------


@pytest.mark.parametrize("path", list(flow_belief.PATHS))
@pytest.mark.parametrize("heard", flow_belief.KINDS)
def test_the_gain_is_what_an_error_really_becomes(path, heard):
    """Authority: a finite difference of `convert`, which is linear in the answer."""
    way, t = flow_belief.PATHS[path], torch.tensor([0.37], dtype=torch.float64)
    x0, eps = torch.full((1, 1), 0.8).double(), torch.full((1, 1), -1.2).double()
    xt, said = way.corrupt(x0, eps, t), mix(heard, way, x0, eps, t)
    for told in flow_belief.KINDS:
        right = getattr(convert(said, xt, t, way, heard), told)
        wrong = getattr(convert(said + 0.01, xt, t, way, heard), told)
        grown = float((wrong - right).abs()) / 0.01
        assert float(flow_belief.gain(heard, told, way, t)[0]) == pytest.approx(grown)


def test_what_cannot_be_known_is_said():
    scene = flow_belief.draw("straight", "eps", 1.0, 0.8, -1.2)
    assert "next to nothing about the picture" in scene.text
