"""Five things a network may predict, and the one function that translates them.

Whatever the network predicts is a mix of the data and the noise, and so is its input:

    [ xt ]   [ alpha  sigma ] [ x0  ]
    [ y  ] = [   a      b   ] [ eps ]

A kind of prediction is its row (a, b). Two equations, two unknowns: solve for x0 and
eps, and every other kind follows. The determinant alpha b - sigma a tells when a kind
is in trouble: it is alpha for "eps", which says nothing about x0 where no data is left,
and -sigma for "x0", which says nothing about eps where no noise is left.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.paths import Path, expand_as

AnyModel = Callable[..., Tensor]  # model(xt, t) or model(xt, t, cond) -> y


class Prediction(NamedTuple):
    """One belief about xt in five vocabularies, each shaped like xt.

    x0: the data; eps: the noise; score: the gradient of log p_t, -eps / sigma;
    velocity: d xt / dt = alpha' x0 + sigma' eps; v: alpha eps - sigma x0 (Salimans & Ho
    2022). As expectations given xt, they are what the best network would answer.
    """

    x0: Tensor
    eps: Tensor
    score: Tensor
    velocity: Tensor
    v: Tensor


Predict = Callable[[Tensor, Tensor], Prediction]  # predict(xt, t), t of shape (B,)


def row(kind: str, path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    """The row (a, b) of one kind: y = a x0 + b eps. Each shaped like `t`.

        x0 (1, 0)   eps (0, 1)   score (0, -1/sigma)
        velocity (alpha', sigma')   v (-sigma, alpha)

    Raises ValueError for a kind that is not a field of `Prediction`.
    """
    zero, one = torch.zeros_like(t), torch.ones_like(t)
    match kind:
        case "x0":
            return one, zero
        case "eps":
            return zero, one
        case "score":
            return zero, -1 / path.sigma(t)
        case "velocity":
            return path.derivatives(t)
        case "v":
            return -path.sigma(t), path.alpha(t)
    raise ValueError(f"unknown prediction {kind!r}: use one of {Prediction._fields}")


def mix(kind: str, path: Path, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """The quantity `kind` made of data and noise: a x0 + b eps, like `x0`. t: (B,)."""
    a, b = row(kind, path, t.double())
    return expand_as(a, x0) * x0 + expand_as(b, x0) * eps


def complete(x0: Tensor, eps: Tensor, t: Tensor, path: Path) -> Prediction:
    """All five vocabularies from a belief about the data and the noise. t: (B,)."""
    t = t.double()
    alpha, sigma = (expand_as(c, x0) for c in (path.alpha(t), path.sigma(t)))
    d_alpha, d_sigma = (expand_as(c, x0) for c in path.derivatives(t))
    return Prediction(
        x0=x0,
        eps=eps,
        score=-eps / sigma,
        velocity=d_alpha * x0 + d_sigma * eps,
        v=alpha * eps - sigma * x0,
    )


def convert(y: Tensor, xt: Tensor, t: Tensor, path: Path, kind: str) -> Prediction:
    """Translate a network's answer `y` of one kind into all five.

    With the determinant d = alpha b - sigma a, Cramer's rule gives

        x0 = (b xt - sigma y) / d        eps = (alpha y - a xt) / d

    y, xt: (B, ...); t: (B,) in [0, 1]. The coefficients are computed in float64. What
    was given comes back unchanged. Where d is zero the rest is not finite, and rightly
    so: the answer does not determine it. Raises ValueError for an unknown kind.
    """
    t = t.double()
    alpha, sigma = path.alpha(t), path.sigma(t)
    a, b = row(kind, path, t)
    det = alpha * b - sigma * a
    x0 = eps = y
    if kind != "x0":
        x0 = expand_as(b / det, xt) * xt - expand_as(sigma / det, xt) * y
    if kind != "eps":
        eps = expand_as(alpha / det, xt) * y - expand_as(a / det, xt) * xt
    return complete(x0, eps, t, path)._replace(**{kind: y})


class Denoiser:
    """predict(xt, t) -> Prediction, of a network that predicts `kind`."""

    def __init__(
        self, model: AnyModel, path: Path, kind: str, cond: Tensor | None = None
    ) -> None:
        """Nothing is asked yet."""
        self.model, self.path, self.kind, self.cond = model, path, kind, cond

    def answer(self, xt: Tensor, t: Tensor) -> Tensor:
        """What the network itself says."""
        if self.cond is None:
            return self.model(xt, t)
        return self.model(xt, t, self.cond)

    def __call__(self, xt: Tensor, t: Tensor) -> Prediction:
        """Its answer in all five vocabularies."""
        return convert(self.answer(xt, t), xt, t, self.path, self.kind)

    def velocity(self, xt: Tensor, t: Tensor) -> Tensor:
        """Its answer as a velocity; where it is one, nothing has to be translated."""
        if self.kind == "velocity":
            return self.answer(xt, t)
        return self(xt, t).velocity


def denoiser(
    model: AnyModel, path: Path, kind: str, cond: Tensor | None = None
) -> Predict:
    """Turn a network that predicts `kind` into predict(xt, t) -> Prediction.

    `cond`, where given, is handed to the network at every call.
    """
    return Denoiser(model, path, kind, cond)


def velocity_of(predict: Predict) -> Callable[[Tensor, Tensor], Tensor]:
    """velocity(xt, t) of anything that predicts, without the words nobody asked for."""
    if isinstance(predict, Denoiser):
        return predict.velocity
    return lambda xt, t: predict(xt, t).velocity
