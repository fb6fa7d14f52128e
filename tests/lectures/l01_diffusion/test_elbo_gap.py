"""The gap of the bound. Authority: the same number by two estimators, non-negativity of
a KL divergence, and Monte Carlo against the closed form."""

import math

import torch

from coursekit.datasets.toys import lopsided
from coursekit.lectures.l01_diffusion.experiments.elbo import (
    elbo_gap,
    monte_carlo_terms,
    one_setting,
    step_gaps,
)
from coursekit.theory.ddpm_schedule import make_schedule


def test_both_estimators_of_the_gap_agree():
    for kind in ("linear", "linear-short", "cosine"):
        run = one_setting(lopsided(), make_schedule(kind, 15), 4000, seed=0)
        error = math.hypot(run["gap_error"], run["gap_by_difference_error"])
        assert abs(run["gap"] - run["gap_by_difference"]) < 4 * error
        assert run["gap_error"] < run["gap_by_difference_error"]


def test_every_step_costs_something():
    generator = torch.Generator().manual_seed(0)
    gaps = step_gaps(lopsided(), make_schedule("cosine", 12), 20_000, generator)
    error = gaps.std(0) / math.sqrt(20_000)
    assert (gaps.mean(0) > -4 * error).all()
    assert gaps.mean(0).sum() > 10 * gaps.sum(1).std() / math.sqrt(20_000)


def test_sampled_kl_agrees_with_the_closed_form_and_is_noisier():
    for row in monte_carlo_terms(
        lopsided(), make_schedule("cosine", 20), (2, 9), 20_000, 0
    ):
        assert abs(row["difference"]) < 4 * row["difference_error"]
        assert row["monte_carlo_error"] > 1.5 * row["closed_form_error"]


def test_longer_chains_have_smaller_gaps():
    result = elbo_gap(1000, (0, 1), ("linear-short", "cosine"), (8, 32))
    for kind in ("linear_short", "cosine"):
        assert result[f"gap_{kind}_8"] > 2 * result[f"gap_{kind}_32"] > 0
    assert result["gap_min"] > 0
    total = sum(row["nats"] for row in result["terms"])
    assert (
        abs(total + result["log_prob"] - sum(r["gap"] for r in result["terms"])) < 0.1
    )
