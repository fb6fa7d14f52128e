"""The lines of notebook 02's Rosetta box, as identities that hold in the code.

Authority: the definitions of Song & Ermon (2019), Song et al. (2021) and Lu et al.
(2022), written out by hand. Held elsewhere: the ladder of noise levels, counted from
the largest (tests/models/test_layers.py), drift and diffusion (tests/theory/
test_sde.py) and the score as the noise over its size (tests/theory/test_prediction.py).
"""

import math

import pytest
import torch

from coursekit.theory.paths import VEPath, VPPath
from coursekit.theory.sde import drift_diffusion, reverse_sde_step

T = torch.linspace(0.05, 1, 20, dtype=torch.float64)


def test_both_processes_are_one_formula_with_two_paths():
    x0, eps = torch.randn(2, 20, 3, dtype=torch.float64)
    exploding, preserving = VEPath(0.01, 50.0), VPPath()
    sigma = 0.01 * (50.0 / 0.01) ** T[:, None]
    torch.testing.assert_close(exploding.corrupt(x0, eps, T), x0 + sigma * eps)
    kept = torch.exp(-(0.1 * T + 19.9 * T**2 / 2))[:, None]
    torch.testing.assert_close(
        preserving.corrupt(x0, eps, T), kept.sqrt() * x0 + (1 - kept).sqrt() * eps
    )


@pytest.mark.parametrize("path", [VPPath(), VEPath()])
def test_the_way_back_is_the_same_formula_with_a_negative_step(path):
    """One step by hand: x + (f x - g^2 score) (s - t) + g sqrt(t - s) noise."""
    x, score, noise = torch.randn(3, 4, 2, dtype=torch.float64)
    t, s = torch.full((4,), 0.5).double(), torch.full((4,), 0.4).double()
    f, g = (c[:, None] for c in drift_diffusion(path, t))
    by_hand = x + (f * x - g**2 * score) * (-0.1) + g * math.sqrt(0.1) * noise
    found = reverse_sde_step(x, score, t, s, noise, path)
    torch.testing.assert_close(found, by_hand)


def test_lambda_is_half_of_the_log_signal_to_noise_ratio():
    path = VPPath()
    by_hand = (path.alpha(T) / path.sigma(T)).log()
    torch.testing.assert_close(path.log_snr(T) / 2, by_hand)
