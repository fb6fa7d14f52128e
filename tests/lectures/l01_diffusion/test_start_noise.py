"""Where the reverse chain may start, and why the noise is Gaussian.

Authorities: the KL divergence of a uniform law from the Gaussian of equal variance,
log(2 pi e / 12) / 2; the moments of each start; the prior mismatch in closed form.
"""

import pytest
import torch

from coursekit.lectures.l01_diffusion.experiments.start_noise import (
    STARTS,
    gaussian_closure,
    off_centre,
    reverse_gap,
    start,
    starts_compared,
)
from coursekit.theory.ddpm_schedule import make_schedule


def test_small_gaussian_steps_reverse_to_gaussians_and_uniform_ones_do_not() -> None:
    closure = gaussian_closure((0.3, 0.01))
    assert closure["gaussian"][1] < 1e-5 < closure["gaussian"][0]
    assert closure["uniform"][1] == pytest.approx(closure["limit"], rel=0.01)
    assert closure["limit"] == pytest.approx(0.17649, abs=1e-4)


def test_moments_of_the_starts() -> None:
    data, schedule = off_centre(), make_schedule("linear", 100)
    generator = torch.Generator().manual_seed(0)
    found = {k: start(k, 20_000, data, schedule, generator) for k in STARTS}
    for kind, std in (("normal", 1), ("uniform", 1), ("narrow", 0.5), ("wide", 2)):
        assert float(found[kind].std()) == pytest.approx(std, rel=0.02)
        assert float(found[kind].mean()) == pytest.approx(0, abs=0.03)
    assert float(found["uniform"].abs().max()) < 3**0.5 + 1e-9
    shift = schedule.alpha_bar[-1].sqrt() * data.mean()
    assert torch.allclose(found["truth"].mean(0), shift, atol=0.03)


def test_a_chain_that_stops_early_shifts_the_samples() -> None:
    result = starts_compared(seeds=(0,), quick=True)
    assert result["short_alpha_bar"] > 0.3
    assert result["short_prior_kl"] > 100 * result["long_prior_kl"]
    assert result["short_ancestral_normal"] > 0.03
    assert result["short_ancestral_truth"] < 0.01
    assert result["long_ancestral_uniform"] < 0.01  # forgotten on the way
    assert result["long_ddim_wide"] > 0.03  # remembered: nothing random happens


def test_unknown_words_are_named() -> None:
    with pytest.raises(ValueError, match="gaussian or uniform"):
        reverse_gap(0.1, "laplace")
    with pytest.raises(ValueError, match="sideways"):
        start(
            "sideways", 2, off_centre(), make_schedule("linear", 9), torch.Generator()
        )
