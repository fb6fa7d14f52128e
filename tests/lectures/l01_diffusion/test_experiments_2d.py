"""Lecture 1's experiments in the plane, most of them in small runs.

Authorities: a mixture, whose best predictor is a closed form (excess error exactly 0);
the ELBO term by term and by two estimators; equation 12 of Ho et al. 2020 at entries
computed by hand; moments and divergences of known laws; z-scores of a known shift; and
planted errors: a chain that forgets to shrink, wrong networks, wrong starts.
"""

import math
from functools import partial

import pytest
import torch
from support_lectures import hold, table
from torch import Tensor

from coursekit.datasets.toys import exact_eps_model, lopsided, ring
from coursekit.experiments.summary import mean
from coursekit.experiments.train_2d import step_weights, train_eps_mlp
from coursekit.lectures.l01_diffusion.experiments import (
    elbo,
    forward,
    judge_2d,
    loss_weights,
    misconceptions,
    start_noise,
)
from coursekit.lectures.l01_diffusion.experiments.quality_2d import quality_vs_nfe
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.elbo import elbo as bound
from coursekit.theory.elbo import elbo_weight

ONE = {"seeds": (0,), "quick": True}
RUNS = {
    "chain": partial(forward.chain_vs_closed_form, quick=True),
    "gaps": partial(elbo.elbo_gap, 1000, (0, 1), ("linear-short", "cosine"), (8, 32)),
    "weights": loss_weights.weight_curves,
    "losses": partial(loss_weights.lower_loss_worse_samples, (0, 1), quick=True),
    "guess": partial(misconceptions.first_guess, **ONE),
    "noiseless": partial(misconceptions.without_noise, **ONE),
    "seed": partial(misconceptions.same_seed, **ONE),
    "noise": partial(misconceptions.which_noise, **ONE),
    "closure": partial(start_noise.gaussian_closure, (0.3, 0.01)),
    "starts": partial(start_noise.starts_compared, **ONE),
    "exact network": lambda: quality(1.0),
    "bad network": lambda: quality(0.7),
}
CLAIMS = table("""
chain: z_max < 4
chain: 0.7 < z_rms < 1.3
chain: mmd_z_max < 5
chain: contrast_z_max > 30  # it forgets to shrink
# Longer chains have smaller gaps.
gaps: gap_linear_short_8 > 2 * gap_linear_short_32 > 0
gaps: gap_cosine_8 > 2 * gap_cosine_32 > 0
gaps: gap_min > 0
gaps: abs(sum(x["nats"] - x["gap"] for x in terms) + log_prob) < 0.1
# The bound prices the first steps highest.
weights: (ks[0], ks[-1]) == (1, 1000)
weights: linear[0] == approx(1 / (2 * (1 - 1e-4)), rel=1e-3)
weights: linear_ratio > 10
weights: cosine_last_step > 0.9  # beta_T is clipped at 0.999
# The lower loss can give the worse samples.
losses: wiggly_excess > 2 * biased_excess
losses: biased_distance > 5 * abs(wiggly_distance)
losses: biased_distance > 0.02
# The first guess is the mean of the data.
guess: guess_start < 0.05
guess: guess_late > 0.8
guess: guess_distance == sorted(guess_distance)
# Without noise the samples collapse.
noiseless: noiseless_variance < 0.01
noiseless: with_noise_variance > 0.9
noiseless: ddim_variance > 0.9  # deterministic, but made for it
noiseless: noiseless > 20 * abs(with_noise)
noiseless: 0.5 < ring_noiseless_variance < 0.95
# One start and one network give one picture with any number of steps.
seed: ddim > 0.95
seed: abs(ancestral_twice) < 0.3
seed: abs(eta_1) < 0.3
# The prediction is the total noise; with the last step's it correlates by the root of
# its share at most.
noise: total > 0.9
noise: last_step < 0.4
# Small Gaussian steps reverse to Gaussians, uniform ones do not.
closure: gaussian[1] < 1e-5 < gaussian[0]
closure: uniform[1] == approx(limit, rel=0.01)
closure: limit == approx(0.17649, abs=1e-4)  # log(2 pi e / 12) / 2
# A chain that stops early shifts the samples.
starts: short_alpha_bar > 0.3
starts: short_prior_kl > 100 * long_prior_kl
starts: short_ancestral_normal > 0.03
starts: short_ancestral_truth < 0.01
starts: long_ancestral_uniform < 0.01  # forgotten on the way
starts: long_ddim_wide > 0.03  # remembered: nothing random happens
# The exact network reaches the floor, and few steps do not.
exact network: abs(floor) < 0.01
exact network: abs(ancestral) < 0.015
exact network: ancestral_skipped[0] - 0.01 > ancestral_skipped[1] < 0.02
exact network: ddim_0[0] - 0.01 > ddim_0[1] < 0.02
exact network: ddim_05[0] - 0.01 > ddim_05[1] < 0.02
exact network: ddim_1[0] - 0.01 > ddim_1[1] < 0.02
# Posterior noise with few steps makes points huddle at the modes.
exact network: ddim_1_log_prob[1] > floor_log_prob + 0.1
exact network: ancestral_skipped_log_prob[1] < floor_log_prob
bad network: ancestral > 0.03
bad network: ddim_0[1] > 0.03
""")


def quality(scale):
    """Quality against evaluations by the exact network, times `scale`."""
    schedule = make_schedule("cosine", 100)
    exact = exact_eps_model(lopsided(), schedule)
    model = lambda xt, t: scale * exact(xt, t)  # noqa: E731
    return quality_vs_nfe(model, lopsided(), schedule, (3, 25), (0, 1), samples=600)


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(RUNS[name](), *CLAIMS[name])


@pytest.mark.parametrize("claim", ["a > 2", "a_b == 3"])
def test_a_wrong_claim_is_noticed(claim):
    with pytest.raises(AssertionError, match=f"not true: {claim}"):
        hold({"a": 1, "a-b": 2}, "a < 2", claim)


def test_the_same_seeds_give_the_same_figures():
    assert quality(1.0)["ddim_1"] == quality(1.0)["ddim_1"]


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


# --- the forward chain ---------------------------------------------------------------


def test_scores_of_a_known_shift_and_scale():
    n = 20_000
    x, y = torch.randn(2, n, 2, generator=noise(), dtype=torch.float64)
    y = y * torch.tensor([1.0, 1.1]) + torch.tensor([0.1, 0.0])
    mean_z, var_z = forward.moment_scores(x, y)
    # difference / standard error: 0.1 / sqrt(2/n); 0.21 / sqrt(2/n (1 + 1.1^4))
    assert mean_z[0] == pytest.approx(-0.1 / math.sqrt(2 / n), abs=3)
    assert abs(mean_z[1]) < 4
    assert abs(var_z[0]) < 4
    expected = -0.21 / math.sqrt(2 / n * (1 + 1.1**4))
    assert var_z[1] == pytest.approx(expected, abs=3)


def test_the_walk_ends_after_as_many_steps_as_the_schedule_has():
    schedule = make_schedule("linear-short", 7)
    assert len(list(forward.chain(torch.zeros(3, 2), schedule, noise()))) == 7


# --- the bound -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["linear", "linear-short", "cosine"])
def test_both_estimators_of_the_gap_agree(kind):
    run = elbo.one_setting(lopsided(), make_schedule(kind, 15), 4000, seed=0)
    error = math.hypot(run["gap_error"], run["gap_by_difference_error"])
    assert abs(run["gap"] - run["gap_by_difference"]) < 4 * error
    assert run["gap_error"] < run["gap_by_difference_error"]


def test_every_step_costs_something():
    gaps = elbo.step_gaps(lopsided(), make_schedule("cosine", 12), 20_000, noise())
    error = gaps.std(0) / math.sqrt(20_000)
    assert (gaps.mean(0) > -4 * error).all()
    assert gaps.mean(0).sum() > 10 * gaps.sum(1).std() / math.sqrt(20_000)


def test_sampled_kl_agrees_with_the_closed_form_and_is_noisier():
    schedule = make_schedule("cosine", 20)
    for row in elbo.monte_carlo_terms(lopsided(), schedule, (2, 9), 20_000, 0):
        assert abs(row["difference"]) < 4 * row["difference_error"]
        assert row["monte_carlo_error"] > 1.5 * row["closed_form_error"]


# --- training, and the weight of each noise level ------------------------------------

SHORT = make_schedule("linear-short", 20)
BEST = exact_eps_model(lopsided(), SHORT)


def spoilt(xt: Tensor, t: Tensor) -> Tensor:
    """The best predictor of `lopsided` plus an error that depends on the step."""
    return BEST(xt, t) + 0.2 * t[:, None]


def excess(model, steps):
    return judge_2d.excess_errors(model, lopsided(), SHORT, steps, 50, 0)


def test_the_best_predictor_has_no_excess_and_the_least_loss():
    assert max(excess(BEST, range(1, 21))) < 1e-10
    assert excess(spoilt, (10, 20)) == pytest.approx([0.01, 0.04], rel=1e-4)


def test_bound_cost_is_the_difference_of_two_bounds():
    generator = noise()
    x0 = lopsided().sample(4000, generator)
    eps = torch.randn(20, 4000, 2, generator=generator, dtype=torch.float64)
    lost = bound(BEST, x0, SHORT, eps) - bound(spoilt, x0, SHORT, eps)
    cost = judge_2d.bound_cost([(0.2 * k / 20) ** 2 for k in range(1, 21)], SHORT)
    assert float(lost.mean()) == pytest.approx(cost, abs=4 * float(lost.std()) / 63)


def test_weights_have_mean_one_and_the_shape_of_the_bound():
    weight = step_weights(SHORT, "vlb")[1:]
    assert float(weight.mean()) == pytest.approx(1)
    ratio = elbo_weight(SHORT, torch.arange(1, 21)) / weight
    assert torch.allclose(ratio, ratio[:1])
    assert torch.equal(step_weights(SHORT, "simple")[1:], torch.ones(20).double())
    with pytest.raises(ValueError, match="use simple"):
        step_weights(SHORT, "bound")


def test_training_learns_and_needs_the_noise_level():
    schedule = make_schedule("linear-short", 50)
    least = judge_2d.least_loss(ring(), schedule, 200)
    told = train_eps_mlp(ring(), schedule, steps=250, width=32, seed=0)
    blind = train_eps_mlp(ring(), schedule, steps=250, width=32, seed=0, time=False)
    assert least < mean(told.losses[-50:]) < 0.7 * mean(told.losses[:50])
    assert len(told.losses) == 250
    high = [
        sum(judge_2d.excess_errors(run.model, ring(), schedule, (45, 50), 400, 0))
        for run in (told, blind)
    ]
    assert high[1] > 3 * high[0]
    again = train_eps_mlp(ring(), schedule, steps=60, width=32, seed=3)
    same = train_eps_mlp(ring(), schedule, steps=60, width=32, seed=3)
    assert again.losses == same.losses


# --- where the reverse chain may start -----------------------------------------------


def test_moments_of_the_starts():
    data, schedule = start_noise.off_centre(), make_schedule("linear", 100)
    generator = noise()
    found = {
        kind: start_noise.start(kind, 20_000, data, schedule, generator)
        for kind in start_noise.STARTS
    }
    for kind, std in (("normal", 1), ("uniform", 1), ("narrow", 0.5), ("wide", 2)):
        assert float(found[kind].std()) == pytest.approx(std, rel=0.02)
        assert float(found[kind].mean()) == pytest.approx(0, abs=0.03)
    assert float(found["uniform"].abs().max()) < 3**0.5 + 1e-9
    shift = schedule.alpha_bar[-1].sqrt() * data.mean()
    assert torch.allclose(found["truth"].mean(0), shift, atol=0.03)
    with pytest.raises(ValueError, match="sideways"):
        start_noise.start("sideways", 2, data, schedule, generator)
    with pytest.raises(ValueError, match="gaussian or uniform"):
        start_noise.reverse_gap(0.1, "laplace")
