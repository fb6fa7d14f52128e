"""Lecture 1, one step back when x0 is known: 01.5 q_posterior."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    Array,
    arrays,
    batch,
    column,
    must_equal,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import at, posterior_variance
from coursekit.theory.ddpm_schedule import Schedule


def bayes(inputs: Inputs, x0: Array, xk: Array) -> tuple[Array, Array]:
    """Mean and variance of x_(k-1) given both ends, by correcting a prediction.

    Before x_k is seen, x_(k-1) is Gaussian with mean m and variance p; x_k measures it
    with noise beta. The gain form of Bayes' rule also holds where p is 0 (k = 1).
    """
    beta = column(inputs["beta"][inputs["k"]], x0)
    share = column(inputs["alpha_bar"][inputs["k"] - 1], x0)
    m, p, keep = np.sqrt(share) * x0, 1 - share, np.sqrt(1 - beta)
    gain = keep * p / (keep**2 * p + beta)
    return m + gain * (xk - keep * m), (1 - gain * keep) * p


def _posterior_inputs(seed: int) -> Inputs:
    return batch(seed, "x0", "xk")[1]


def _posterior_call(fn: Function, inputs: Inputs) -> Outputs:
    x0, xk, k = (tensor(inputs[name]) for name in ("x0", "xk", "k"))
    mean, var = arrays(fn(x0, xk, k, schedule(inputs)), 2)
    return {"mean": mean, "var": var}


def _posterior_oracle(inputs: Inputs, outputs: Outputs) -> str | None:
    mean, var = bayes(inputs, inputs["x0"].astype(float), inputs["xk"])
    said = must_equal(outputs["mean"], mean, "the mean is not what Bayes' rule gives")
    return said or must_equal(
        outputs["var"], var, "the variance is not what Bayes' rule gives"
    )


def _posterior(
    weight_x0: Function | None = None,
    weight_xk: Function | None = None,
    var: Function = posterior_variance,
) -> Function:
    """A version from two weights and a variance, functions of the schedule."""

    def q_posterior(
        x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
    ) -> tuple[Tensor, Tensor]:
        a = (weight_x0 or _weight_x0)(schedule)
        b = (weight_xk or _weight_xk)(schedule)
        return at(a, k, x0) * x0 + at(b, k, x0) * xk, at(var(schedule), k, x0)

    return q_posterior


def _weight_x0(s: Schedule) -> Tensor:
    return s.alpha_bar_previous.sqrt() * s.beta / (1 - s.alpha_bar)


def _weight_xk(s: Schedule) -> Tensor:
    return (1 - s.beta).sqrt() * (1 - s.alpha_bar_previous) / (1 - s.alpha_bar)


def _unshaped_variance(
    x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    mean, var = _posterior()(x0, xk, k, schedule)
    return mean, var.flatten()


def _swapped_results(
    x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    mean, var = _posterior()(x0, xk, k, schedule)
    return var, mean


def _posterior_precision(
    x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Sum of precisions, sample by sample; at k = 1 the answer is known."""
    means, variances = [], []
    for i, step in enumerate(k.tolist()):
        beta, share = schedule.beta[step].item(), schedule.alpha_bar[step - 1].item()
        if step == 1:
            means.append(x0[i])
            variances.append(0.0)
            continue
        var = 1 / ((1 - beta) / beta + 1 / (1 - share))
        pull = (1 - beta) ** 0.5 / beta * xk[i] + share**0.5 / (1 - share) * x0[i]
        means.append(var * pull)
        variances.append(var)
    shape = (-1, *[1] * (x0.ndim - 1))
    return torch.stack(means), torch.tensor(variances, dtype=x0.dtype).reshape(shape)


def _posterior_eps(
    x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Through the noise that x0 and xk imply."""
    c = {"b": at(schedule.beta, k, x0), "s": at(schedule.alpha_bar, k, x0)}
    eps = (xk - c["s"] ** 0.5 * x0) / (1 - c["s"]) ** 0.5
    mean = (xk - c["b"] / (1 - c["s"]) ** 0.5 * eps) / (1 - c["b"]) ** 0.5
    return mean, at(posterior_variance(schedule), k, x0)


Q_POSTERIOR = Probe(
    inputs=_posterior_inputs,
    call=_posterior_call,
    cases=KINDS,
    # float32: dividing by 1 - alpha_bar of a small first beta costs two digits
    oracles=(Oracle("Bayes' rule", _posterior_oracle),),
    mutants=(
        Mutant(
            "weights swapped",
            _posterior(_weight_xk, _weight_x0),
            "the weights of x0 and x_k are swapped: late in the chain (k near T) the "
            "mean follows x_k, at k = 1 it is x0",
        ),
        Mutant(
            "beta as variance",
            _posterior(var=lambda s: s.beta),
            "the variance is beta_k, that of a step forwards; knowing x0 makes it "
            "smaller (beta_tilde)",
        ),
        Mutant(
            "standard deviation",
            _posterior(var=lambda s: posterior_variance(s).sqrt()),
            "the second result is the standard deviation: return the variance",
        ),
        Mutant(
            "no previous",
            _posterior(
                lambda s: s.alpha_bar.sqrt() * s.beta / (1 - s.alpha_bar),
                lambda s: (1 - s.beta).sqrt(),
                lambda s: s.beta,
            ),
            "alpha_bar_k stands where alpha_bar_(k-1) belongs: the numerators look at "
            "the step before",
        ),
        Mutant(
            "root of alpha_bar_k on x0",
            _posterior(lambda s: s.alpha_bar.sqrt() * s.beta / (1 - s.alpha_bar)),
            "the weight of x0 has the root of alpha_bar_k: it is alpha_bar_(k-1)",
        ),
        Mutant(
            "root of alpha_bar on xk",
            _posterior(
                None,
                lambda s: (
                    s.alpha_bar.sqrt() * (1 - s.alpha_bar_previous) / (1 - s.alpha_bar)
                ),
            ),
            "the weight of x_k has the root of alpha_bar_k: it is 1 - beta_k, one step",
        ),
        Mutant(
            "no square roots",
            _posterior(
                lambda s: s.alpha_bar_previous * s.beta / (1 - s.alpha_bar),
                lambda s: (1 - s.beta) * (1 - s.alpha_bar_previous) / (1 - s.alpha_bar),
            ),
            "the square roots in the two weights are missing",
        ),
        Mutant(
            "flat variance",
            _unshaped_variance,
            "the variance has shape (B,): it needs (B, 1, ..., 1), and `at` makes it "
            "so",
        ),
        Mutant(
            "results swapped",
            _swapped_results,
            "the two results are swapped: return the mean first, then the variance",
        ),
    ),
    variants=(
        Variant("precisions, sample by sample", _posterior_precision),
        Variant("through eps", _posterior_eps),
    ),
)
