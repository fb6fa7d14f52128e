"""Beliefs about diffusion, settled by measurement.

Authorities: on a mixture the best predictor is a closed form, so each statement has a
definite answer; a correlation with the last step's noise of at most sqrt(share of its
variance), since the prediction correlates with the total noise only.
"""

from coursekit.lectures.l01_diffusion.experiments.misconceptions import (
    first_guess,
    same_seed,
    which_noise,
    without_noise,
)


def test_the_first_guess_is_the_mean_of_the_data() -> None:
    result = first_guess(seeds=(0,), quick=True)
    assert result["guess_start"] < 0.05
    assert result["guess_late"] > 0.8
    assert result["guess_distance"] == sorted(result["guess_distance"])


def test_without_noise_the_samples_collapse() -> None:
    result = without_noise(seeds=(0,), quick=True)
    assert result["noiseless_variance"] < 0.01
    assert result["with_noise_variance"] > 0.9
    assert result["ddim_variance"] > 0.9  # deterministic, but made for it
    assert result["noiseless"] > 20 * abs(result["with_noise"])
    assert 0.5 < result["ring_noiseless_variance"] < 0.95


def test_one_start_one_network_any_number_of_steps() -> None:
    result = same_seed(seeds=(0,), quick=True)
    assert result["ddim"] > 0.95
    assert abs(result["ancestral_twice"]) < 0.3
    assert abs(result["eta_1"]) < 0.3


def test_the_prediction_is_the_total_noise() -> None:
    result = which_noise(seeds=(0,), quick=True)
    assert result["total"] > 0.9
    assert result["last_step"] < 0.4
