"""The noisy classifier. Authority: a toy whose exact posterior is known, and finite
differences of its slope."""

import torch
from torch.nn.functional import cross_entropy

from coursekit.models.noisy_classifier import ClassifierConfig, NoisyClassifier
from coursekit.theory.guidance import classifier_slope
from coursekit.theory.paths import LinearPath

SMALL = ClassifierConfig(channels=1, num_classes=2, widths=(8, 8), time_width=16)
PATTERN = torch.ones(1, 8, 8)
PATTERN[:, :, 4:] = -1


def fresh() -> NoisyClassifier:
    torch.manual_seed(0)
    return NoisyClassifier(SMALL)


def batch(count: int, generator: torch.Generator, t: float | None = None):
    """+ or - a half-bright, half-dark picture, on the straight path."""
    label = torch.arange(count) % 2
    x0 = (1 - 2 * label)[:, None, None, None] * 0.3 * PATTERN
    eps = torch.randn(x0.shape, generator=generator)
    times = (
        torch.rand(count, generator=generator) if t is None else torch.full((count,), t)
    )
    return LinearPath().corrupt(x0, eps, times), times, label


def exact_accuracy(t: float) -> float:
    """The best classifier looks at the sign of xt . pattern: Phi(|pattern| SNR)."""
    signal, noise = 0.3 * (1 - t) * 8, t  # |pattern| = 8
    return float(torch.special.ndtr(torch.tensor(signal / noise)))


def test_it_learns_what_can_be_known_at_each_noise_level() -> None:
    """400 steps; accuracy on fresh pictures within 5 points of the best possible."""
    model, generator = fresh().train(), torch.Generator().manual_seed(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(400):
        xt, t, label = batch(64, generator)
        loss = cross_entropy(model(xt, t), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    for t in (0.3, 0.7, 0.9):
        xt, times, label = batch(2000, generator, t)
        with torch.no_grad():
            found = float((model(xt, times).argmax(1) == label).double().mean())
        best = exact_accuracy(t)
        print(f"t = {t}: accuracy {found:.3f}, best {best:.3f}")
        assert best - 0.05 < found < best + 0.04
    # its slope leads to the pattern of the class: the exact one is along it
    xt, times, label = batch(64, generator, 0.7)
    slope = classifier_slope(model, xt, times, label)
    along = (slope * (1 - 2 * label)[:, None, None, None] * PATTERN).sum((1, 2, 3))
    assert (along > 0).double().mean() > 0.9


def test_its_slope_against_finite_differences() -> None:
    model = fresh().double().eval()
    xt, t, label = batch(2, torch.Generator().manual_seed(2), 0.4)
    xt, t = xt.double(), t.double()
    slope = classifier_slope(model, xt, t, label)
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        way = torch.randn(xt.shape, generator=generator, dtype=torch.float64)
        ahead, behind = (
            model(xt + h * way, t).log_softmax(1).gather(1, label[:, None])[:, 0]
            for h in (1e-5, -1e-5)
        )
        torch.testing.assert_close(
            (slope * way).sum((1, 2, 3)), (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-8
        )


def test_it_takes_any_size() -> None:
    assert fresh()(torch.randn(3, 1, 12, 20), torch.rand(3)).shape == (3, 2)
