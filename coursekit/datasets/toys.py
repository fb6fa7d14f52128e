"""Two-dimensional toys: mixtures whose every secret is known, and shapes to learn.

A Gaussian mixture stays a Gaussian mixture when noise is added, so its density, its
score and its best possible denoiser have closed forms at every noise level. That makes
it the yardstick for everything that is learnt or sampled in this course.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete

Level = float | Tensor  # a coefficient shared by the batch, or one per sample, (N,)


def _column(level: Level) -> Tensor:
    """A coefficient as float64 of shape (1, 1) or (N, 1)."""
    return torch.as_tensor(level, dtype=torch.float64).reshape(-1, 1)


@dataclass(frozen=True)
class Mixture:
    """A mixture of K round Gaussians in D dimensions.

    weights: (K,), positive, adding up to 1; means: (K, D); stds: (K,), positive. They
    are kept in float64; results come back in the dtype of the points asked about.
    """

    weights: Tensor
    means: Tensor
    stds: Tensor

    def __post_init__(self) -> None:
        """Convert to float64 and refuse shapes that do not fit together."""
        for name in ("weights", "means", "stds"):
            object.__setattr__(self, name, getattr(self, name).double())
        if self.means.ndim != 2 or not (
            self.weights.shape == self.stds.shape == self.means.shape[:1]
        ):
            raise ValueError("a mixture needs weights (K,), means (K, D), stds (K,)")
        if abs(float(self.weights.sum()) - 1) > 1e-6 or bool((self.stds <= 0).any()):
            raise ValueError("a mixture needs weights that add up to 1 and stds > 0")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw n points, shape (n, D), float64."""
        which = torch.multinomial(
            self.weights, n, replacement=True, generator=generator
        )
        noise = torch.randn(
            n, self.means.shape[1], generator=generator, dtype=torch.float64
        )
        return self.means[which] + self.stds[which, None] * noise

    def mean(self) -> Tensor:
        """The mean, shape (D,)."""
        return self.weights @ self.means

    def covariance(self) -> Tensor:
        """The covariance matrix, shape (D, D)."""
        centred = self.means - self.mean()
        within = (self.weights * self.stds**2).sum() * torch.eye(self.means.shape[1])
        return centred.T @ (self.weights[:, None] * centred) + within

    def noised(self, alpha: float, sigma: float) -> "Mixture":
        """The exact law of alpha * x0 + sigma * eps: again a mixture."""
        stds = (alpha**2 * self.stds**2 + sigma**2).sqrt()
        return Mixture(self.weights, alpha * self.means, stds)

    def _joint(self, xt: Tensor, alpha: Level, sigma: Level) -> tuple[Tensor, Tensor]:
        """log(weight_j N(xt; component j)), (N, K), and the pull of each, (N, K, D).

        The pull is (xt - alpha mean_j) / var_j, with var_j the noised variance.
        """
        alpha, sigma = _column(alpha), _column(sigma)
        var = alpha**2 * self.stds**2 + sigma**2
        offset = xt.double()[:, None] - alpha[..., None] * self.means
        exponent = -(offset**2).sum(-1) / (2 * var)
        log_norm = self.means.shape[1] / 2 * torch.log(2 * math.pi * var)
        return self.weights.log() + exponent - log_norm, offset / var[..., None]

    def log_prob(self, x: Tensor) -> Tensor:
        """The log density in nats. x: (N, D) -> (N,)."""
        return self._joint(x, 1.0, 0.0)[0].logsumexp(1).to(x.dtype)

    def score(self, x: Tensor) -> Tensor:
        """The gradient of the log density. x: (N, D) -> (N, D)."""
        return self.noised_score(x, 1.0, 0.0)

    def posterior_mean(self, xt: Tensor, alpha: Level, sigma: Level) -> Tensor:
        """E[x0 | xt], where xt = alpha x0 + sigma eps: the best denoiser there is.

        xt: (N, D); alpha, sigma: numbers, or one per point, (N,). Returns (N, D).
        """
        joint, pull = self._joint(xt, alpha, sigma)
        gain = _column(alpha) * self.stds**2
        guess = self.means + gain[..., None] * pull
        return (joint.softmax(1)[..., None] * guess).sum(1).to(xt.dtype)

    def noised_score(self, xt: Tensor, alpha: Level, sigma: Level) -> Tensor:
        """The score of the law of xt = alpha x0 + sigma eps. Shapes as above."""
        joint, pull = self._joint(xt, alpha, sigma)
        return -(joint.softmax(1)[..., None] * pull).sum(1).to(xt.dtype)

    def eps_hat(self, xt: Tensor, alpha: Level, sigma: Level) -> Tensor:
        """E[eps | xt]: what a perfect noise predictor answers. Shapes as above."""
        score = self.noised_score(xt.double(), alpha, sigma)
        return (-_column(sigma) * score).to(xt.dtype)


def ring(num_modes: int = 8, radius: float = math.sqrt(2), std: float = 0.1) -> Mixture:
    """Equal Gaussians around a circle, of about unit variance by default."""
    angle = 2 * math.pi * torch.arange(num_modes, dtype=torch.float64) / num_modes
    means = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    return Mixture(
        torch.full((num_modes,), 1 / num_modes, dtype=torch.float64),
        means,
        torch.full((num_modes,), std, dtype=torch.float64),
    )


def lopsided() -> Mixture:
    """Three blobs that differ in weight, width and place: nothing is symmetric."""
    return Mixture(
        torch.tensor([0.5, 0.3, 0.2]),
        torch.tensor([[-1.2, -0.4], [0.9, 1.1], [1.3, -1.0]]),
        torch.tensor([0.35, 0.15, 0.25]),
    )


def exact_eps_model(
    mixture: Mixture, schedule: Schedule
) -> Callable[[Tensor, Tensor], Tensor]:
    """The best possible DDPM network for a mixture: model(xt, t) = E[eps | xt].

    t: (B,) with t = k / T, rounded to the nearest step. Nothing is learnt: whatever
    goes wrong with this model is the fault of the sampler or of the chain.
    """

    def model(xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        k = (t.double() * schedule.num_steps).round().long()
        alpha_bar = schedule.alpha_bar[k]
        return mixture.eps_hat(xt, alpha_bar.sqrt(), (1 - alpha_bar).sqrt())

    return model


def exact_predict(mixture: Mixture, path: Path) -> Predict:
    """The exact belief about a mixture on any path, as a `Predict` for the solvers.

    It is finite on the whole of [0, 1], also where a network's answer would have to be
    divided by zero, except where the path's own slopes are not.
    """

    def predict(xt: Tensor, t: Tensor) -> Prediction:
        alpha, sigma = path.alpha(t.double()), path.sigma(t.double())
        x0 = mixture.posterior_mean(xt, alpha, sigma)
        score = mixture.noised_score(xt, alpha, sigma)
        eps = -expand_as(sigma, xt) * score
        return complete(x0, eps, t, path)._replace(score=score)

    return predict


def _uniform(n: int, generator: torch.Generator | None) -> Tensor:
    return torch.rand(n, generator=generator, dtype=torch.float64)


def _jitter(points: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    noise = torch.randn(points.shape, generator=generator, dtype=torch.float64)
    return points + std * noise


def two_moons(
    n: int, generator: torch.Generator | None = None, noise: float = 0.06
) -> Tensor:
    """Two interlocking half circles, centred and scaled to about [-2, 2]. (n, 2)."""
    angle = math.pi * _uniform(n, generator)
    lower = _uniform(n, generator) < 0.5
    x = torch.where(lower, 1 - angle.cos(), angle.cos())
    y = torch.where(lower, 0.5 - angle.sin(), angle.sin())
    return _jitter(
        torch.stack([1.2 * (x - 0.5), 1.6 * (y - 0.25)], 1), noise, generator
    )


def checkerboard(n: int, generator: torch.Generator | None = None) -> Tensor:
    """The dark squares of a 4 by 4 board on [-2, 2] squared. (n, 2)."""
    x = 4 * _uniform(n, generator) - 2
    row = torch.floor(2 * _uniform(n, generator))
    y = _uniform(n, generator) + 2 * row - 2 + torch.floor(x).remainder(2)
    return torch.stack([x, y], dim=1)


def spiral(
    n: int, generator: torch.Generator | None = None, noise: float = 0.04
) -> Tensor:
    """Two arms that wind around the origin. (n, 2)."""
    angle = 3 * math.pi * _uniform(n, generator).sqrt()
    arm = torch.where(_uniform(n, generator) < 0.5, 1.0, -1.0)
    radius = arm * angle * 2 / (3 * math.pi)
    arms = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return _jitter(arms, noise, generator)


def swiss_roll(
    n: int, generator: torch.Generator | None = None, noise: float = 0.04
) -> Tensor:
    """One sheet rolled up, seen from the side. (n, 2)."""
    angle = 1.5 * math.pi * (1 + 2 * _uniform(n, generator))
    radius = angle * 2 / (4.5 * math.pi)
    roll = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return _jitter(roll, noise, generator)


SHAPES: dict[str, Callable[[int, torch.Generator | None], Tensor]] = {
    "ring": lambda n, generator: ring().sample(n, generator),
    "two_moons": two_moons,
    "checkerboard": checkerboard,
    "spiral": spiral,
    "swiss_roll": swiss_roll,
}
