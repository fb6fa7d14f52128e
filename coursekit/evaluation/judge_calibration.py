"""Does a judge's 80 % mean 80 %? Reliability, a repair, and when to call a person."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor

Floats = NDArray[np.float64]


def reliability(chances: Tensor, truth: Tensor, bins: int = 10) -> dict[str, Tensor]:
    """What was said and what was so, in bins of equal width.

    chances: (N,) in [0, 1]; truth: (N,), True where it was so. Returns, for each bin:
    "said", the mean chance; "so", the share that was so; "count". The first two are NaN
    in an empty bin.
    """
    place = (chances * bins).long().clamp(max=bins - 1)
    count = torch.bincount(place, minlength=bins).double()
    said = torch.bincount(place, chances.double(), bins) / count
    so = torch.bincount(place, truth.double(), bins) / count
    return {"said": said, "so": so, "count": count}


def calibration_error(chances: Tensor, truth: Tensor, bins: int = 10) -> float:
    """The expected calibration error (Guo et al. 2017), for chances of yes.

    The distance between what was said and what was so, averaged over the answers.
    Arguments as in `reliability`.
    """
    found = reliability(chances, truth, bins)
    gap = (found["said"] - found["so"]).abs().nan_to_num()
    return float((gap * found["count"]).sum() / found["count"].sum())


def log_odds(chances: Tensor, least: float = 1e-4) -> Tensor:
    """log(p / (1 - p)), chances of 0 and 1 moved inwards to stay finite."""
    return chances.double().clamp(least, 1 - least).logit()


def fit_logistic(features: Tensor, said: Tensor) -> Tensor:
    """The bias and weights (1 + F,) under which answers are most likely (Platt 1999).

    For one feature, the log odds of a judge, this is Platt scaling: the weight says how
    much to believe it, the bias whether it likes to say yes. For pairs, with how much
    better the left one is as the feature, the bias is the pull of the left side. With a
    second feature for the lengths, its weight is the pull of words; set to 0, it tells
    what would be said at equal lengths (Dubois et al. 2024).

    As in Platt's paper a yes counts as (n + 1) / (n + 2) of one, n how often it was
    said, and a no as much less: so an answer that is always right has finite weights.
    features: (N, F) or (N,), finite; said: (N,), True for yes.
    """
    x = features.reshape(len(features), -1).double().numpy()
    yes = said.bool().numpy()
    target = np.where(yes, 1 - 1 / (yes.sum() + 2), 1 / ((~yes).sum() + 2))
    spread = np.where(x.std(0) > 0, x.std(0), 1)
    z = np.column_stack([np.ones(len(x)), x / spread])

    def loss(w: Floats) -> tuple[float, Floats]:
        u = z @ w
        slope = z.T @ (expit(u) - target) / len(z)
        return float((np.logaddexp(0, u) - target * u).mean()), slope

    best = minimize(loss, np.zeros(z.shape[1]), jac=True, method="BFGS", tol=1e-9).x
    return torch.from_numpy(best / np.append(1, spread))


def chance_of_yes(weights: Tensor, features: Tensor) -> Tensor:
    """What `fit_logistic` foretells for features (N, F) or (N,): chances (N,)."""
    columns = features.reshape(len(features), -1).double()
    return torch.sigmoid(weights[0] + columns @ weights[1:])


def agreement_with_help(
    chances: Tensor, people: Tensor, unsure_first: bool = True
) -> Tensor:
    """How much of the answers agrees with people if they give a part of them.

    The judge says yes where its chance is above a half, and is least sure next to it.
    People are called there first; or else in the order of the list.

    chances, people: (N,), the judge's chances of yes and what people say. Returns
    (N + 1,): the share that agrees if 0, 1, ..., N answers come from people.
    """
    wrong = (chances > 0.5) != people.bool()
    if unsure_first:
        wrong = wrong[(chances - 0.5).abs().argsort()]
    mended = torch.cat([torch.zeros(1), wrong.double().cumsum(0)])
    return 1 - (mended[-1] - mended) / max(1, len(wrong))
