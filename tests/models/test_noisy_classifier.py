"""The noisy classifier. Authority: a toy whose exact posterior is known.

Its slope against a closed form: tests/theory/test_guidance.py.
"""

import torch
from support_models import learn
from torch.nn.functional import cross_entropy

from coursekit.models.noisy_classifier import ClassifierConfig, NoisyClassifier
from coursekit.theory.guidance import classifier_slope
from coursekit.theory.paths import LinearPath

SMALL = ClassifierConfig(channels=1, num_classes=2, widths=(8, 8), time_width=16)
PATTERN = torch.ones(1, 8, 8)
PATTERN[:, :, 4:] = -1


def batch(generator: torch.Generator, t: torch.Tensor):
    """+ or - a half-bright, half-dark picture, on the straight path."""
    label = torch.arange(len(t)) % 2
    x0 = (1 - 2 * label)[:, None, None, None] * 0.3 * PATTERN
    eps = torch.randn(x0.shape, generator=generator)
    return LinearPath().corrupt(x0, eps, t), label


def exact_accuracy(t: float) -> float:
    """The best classifier looks at the sign of xt . pattern: Phi(|pattern| SNR)."""
    signal, noise = 0.3 * (1 - t) * 8, t  # |pattern| = 8
    return float(torch.special.ndtr(torch.tensor(signal / noise)))


def test_it_learns_what_can_be_known_at_each_noise_level():
    """400 steps; accuracy on fresh pictures within 5 points of the best possible."""
    torch.manual_seed(0)
    model, generator = NoisyClassifier(SMALL), torch.Generator().manual_seed(1)

    def loss(_: int) -> torch.Tensor:
        t = torch.rand(64, generator=generator)
        xt, label = batch(generator, t)
        return cross_entropy(model(xt, t), label)

    learn(model, loss, 400, 3e-3)
    model.eval()
    for level in (0.3, 0.7, 0.9):
        xt, label = batch(generator, t := torch.full((2000,), level))
        with torch.no_grad():
            found = float((model(xt, t).argmax(1) == label).double().mean())
        best = exact_accuracy(level)
        print(f"t = {level}: accuracy {found:.3f}, best {best:.3f}")
        assert best - 0.05 < found < best + 0.04
    # its slope leads to the pattern of the class: the exact one is along it
    xt, label = batch(generator, t := torch.full((64,), 0.7))
    slope = classifier_slope(model, xt, t, label)
    along = (slope * (1 - 2 * label)[:, None, None, None] * PATTERN).sum((1, 2, 3))
    assert (along > 0).double().mean() > 0.9


def test_it_takes_any_size():
    model = NoisyClassifier(SMALL)
    assert model(torch.randn(3, 1, 12, 20), torch.rand(3)).shape == (3, 2)
