"""Guidance: more of what was asked for than the model itself would give.

Classifier guidance adds the slope of a classifier to the score. Classifier-free
guidance asks one network twice, with the condition and without, and goes further in
the direction that the condition makes.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import AnyModel, Predict, Prediction, complete


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance: unconditional + scale (conditional - unconditional).

    scale 1 is no guidance, 0 ignores the condition. Ho & Salimans 2021 (eq. 6) count
    differently: their w is scale - 1. Both answers: any one shape, any one kind of
    prediction.
    """
    return unconditional + scale * (conditional - unconditional)


def drop_condition(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    """Forget some conditions, so that one network learns both answers.

    (Ho & Salimans 2021, algorithm 1.) cond: (B, ...); null: (...), what stands for "no
    condition"; luck: (B,) uniform in [0, 1). Row i becomes null when luck_i < chance.
    Returns cond's shape.
    """
    forgotten = (luck < chance).reshape(-1, *[1] * (cond.ndim - 1))
    return torch.where(forgotten, null, cond)


def classifier_free(
    model: AnyModel, cond: Tensor, null: Tensor, scale: float
) -> AnyModel:
    """A model (xt, t) that is guided to `cond`: ask with and without it, go further.

    model: model(xt, t, cond), any kind of prediction; cond: (B, ...); null: (...).
    Both questions go through the network in one batch of 2 B, conditional first; with
    scale 1 only the conditional one is asked.
    """

    def ask(xt: Tensor, t: Tensor) -> Tensor:
        if scale == 1:
            return model(xt, t, cond)
        both = torch.cat([cond, null.expand_as(cond)])
        y = model(torch.cat([xt, xt]), torch.cat([t, t]), both)
        conditional, unconditional = y.chunk(2)
        return guided(conditional, unconditional, scale)

    return ask


def classifier_slope(
    classifier: Callable[[Tensor, Tensor], Tensor], xt: Tensor, t: Tensor, label: Tensor
) -> Tensor:
    """The gradient of log p(label | xt) with respect to xt, like xt.

    classifier(xt, t) gives logits (B, K) and knows noisy pictures; label: (B,) long.
    """
    with torch.enable_grad():
        x = xt.detach().requires_grad_(True)
        log_p = classifier(x, t).log_softmax(dim=-1)
        own = log_p.gather(1, label[:, None]).sum()
        (slope,) = torch.autograd.grad(own, x)
    return slope


def classifier_guided(
    predict: Predict,
    classifier: Callable[[Tensor, Tensor], Tensor],
    label: Tensor,
    scale: float,
    path: Path,
) -> Predict:
    """Add scale times the classifier's slope to the score, and make the rest fit it.

    (Dhariwal & Nichol 2021, section 4.) The score of p(x) p(label | x)^scale, if both
    networks are right at that noise level. predict: unconditional; label: (B,) long.
    """

    def shifted(xt: Tensor, t: Tensor) -> Prediction:
        belief = predict(xt, t)
        slope = classifier_slope(classifier, xt, t, label)
        time = t.double()
        alpha, sigma = expand_as(path.alpha(time), xt), expand_as(path.sigma(time), xt)
        eps = belief.eps - scale * sigma * slope
        return complete((xt - sigma * eps) / alpha, eps, t, path)

    return shifted
