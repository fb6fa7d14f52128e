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

    scale 1 is no guidance, 0 ignores the condition, more than 1 goes further. Ho &
    Salimans 2022 (eq. 6) count differently: their w is scale - 1. Both answers have one
    shape and are one kind of prediction, any kind.
    """
    return unconditional + scale * (conditional - unconditional)


def drop_condition(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    """Forget some conditions, so that one network learns both answers.

    Row i of cond becomes null where luck[i] < chance; the others stay (Ho & Salimans
    2022, algorithm 1). cond: (B, ...); null: (...), the shape of one row, what stands
    for "no condition"; luck: (B,) uniform in [0, 1). Returns a new tensor like cond.
    """
    forgotten = (luck < chance).reshape(-1, *[1] * (cond.ndim - 1))
    return torch.where(forgotten, null, cond)


def classifier_free(
    model: AnyModel, cond: Tensor, null: Tensor, scale: float
) -> AnyModel:
    """A model (xt, t) that is guided to `cond`: ask with and without it, go further.

    model: model(xt, t, cond), any kind of prediction; cond: (B, ...); null: (...), the
    shape of one row. Returns a function of xt (B, ...) and t (B,). Both questions go
    through the network in one call, a batch of 2 B in any order, such as all of cond,
    then B times null. With scale 1 only cond is asked, a batch of B.
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
    """The gradient of log p(label | xt) with respect to xt, each sample by itself.

    classifier(xt, t) gives logits (B, K) and knows noisy pictures; xt: (B, ...); t:
    (B,); label: (B,) long. Returns xt's shape, detached. It works inside
    torch.no_grad(), where samplers live, and leaves no gradient in the classifier.
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
    """Add scale times the classifier's slope to the score; the rest follows.

    (Dhariwal & Nichol 2021, section 4.) The score of p(xt) p(label | xt)^scale, if both
    networks are right about xt. predict: unconditional; label: (B,) long. Where alpha
    is 0, no data is left in xt, so the classifier is not heard.
    """

    def shifted(xt: Tensor, t: Tensor) -> Prediction:
        belief = predict(xt, t)
        slope = classifier_slope(classifier, xt, t, label)
        alpha, sigma = path.alpha(t.double()), path.sigma(t.double())
        push = scale * expand_as(alpha > 0, xt) * slope
        # the score grows by `push`; eps is -sigma score, and xt fixes x0
        eps = belief.eps - expand_as(sigma, xt) * push
        x0 = belief.x0 + expand_as(sigma**2 / alpha.clamp(min=1e-12), xt) * push
        return complete(x0, eps, t, path)

    return shifted
