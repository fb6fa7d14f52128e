"""Lecture 1, the clean image a guess implies: 01.10 predict_x0."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    array,
    batch,
    column,
    equals,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import at
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.workbook.exercises.diffusion_messages import EARLY, UNSHAPED


def _predict_inputs(seed: int) -> Inputs:
    _, inputs = batch(seed, "x0", "eps")
    x0, eps = inputs["x0"], inputs["eps"]
    share = column(inputs["alpha_bar"][inputs["k"]], x0)
    xk = np.sqrt(share) * x0 + np.sqrt(1 - share) * eps
    return inputs | {"xk": xk.astype(x0.dtype)}


def _predict_call(fn: Function, inputs: Inputs) -> Outputs:
    xk, eps, k = (tensor(inputs[name]) for name in ("xk", "eps", "k"))
    return {"x0_hat": array(fn(xk, eps, k, schedule(inputs)))}


def _predict(formula: Function) -> Function:
    """A version from formula(xk, eps, table), with table(values) shaped like x."""

    def predict_x0(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
        found: Tensor = formula(xk, eps, schedule, lambda values: at(values, k, xk))
        return found

    return predict_x0


def _predict_unshaped(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    share = schedule.alpha_bar[k].to(xk.dtype)
    return (xk - (1 - share).sqrt() * eps) / share.sqrt()


def _predict_snr(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    share = schedule.alpha_bar[k]
    inverse, ratio = share.rsqrt(), (1 / share - 1).sqrt()
    back = [a * x - b * e for a, b, x, e in zip(inverse, ratio, xk, eps, strict=True)]
    return torch.stack(back).to(xk.dtype)


PREDICT_X0 = Probe(
    inputs=_predict_inputs,
    call=_predict_call,
    cases=KINDS,
    oracles=(
        equals(
            "undoes q_sample",
            "x0_hat",
            lambda inputs: inputs["x0"].astype(float),
            "given the true noise it must give back x0 exactly, and it does not",
        ),
    ),
    # float32: near k = T the division blows rounding up
    mutants=(
        Mutant(
            "plus",
            _predict(
                lambda x, e, s, c: (
                    (x + c((1 - s.alpha_bar).sqrt()) * e) / c(s.alpha_bar.sqrt())
                )
            ),
            "the noise is added: to undo q_sample, take it away",
        ),
        Mutant(
            "not divided",
            _predict(lambda x, e, s, c: x - c((1 - s.alpha_bar).sqrt()) * e),
            "the division by sqrt(alpha_bar) is missing: this is the shrunken x0",
        ),
        Mutant(
            "divided first",
            _predict(
                lambda x, e, s, c: (
                    x / c(s.alpha_bar.sqrt()) - c((1 - s.alpha_bar).sqrt()) * e
                )
            ),
            "only x_k is divided by sqrt(alpha_bar): the noise term must be, too",
        ),
        Mutant(
            "divided by alpha_bar",
            _predict(
                lambda x, e, s, c: (
                    (x - c((1 - s.alpha_bar).sqrt()) * e) / c(s.alpha_bar)
                )
            ),
            "divided by alpha_bar: q_sample multiplied by its square root",
        ),
        Mutant(
            "no root on the noise",
            _predict(
                lambda x, e, s, c: (x - c(1 - s.alpha_bar) * e) / c(s.alpha_bar.sqrt())
            ),
            "the noise is scaled with its variance 1 - alpha_bar: use the standard "
            "deviation",
        ),
        Mutant(
            "beta for alpha_bar",
            _predict(
                lambda x, e, s, c: (x - c(s.beta.sqrt()) * e) / c((1 - s.beta).sqrt())
            ),
            "beta undoes one step only; the way back to x0 needs alpha_bar",
        ),
        Mutant(
            "off by one",
            _predict(
                lambda x, e, s, c: (
                    (x - c((1 - s.alpha_bar_previous).sqrt()) * e)
                    / c(s.alpha_bar_previous.sqrt())
                )
            ),
            EARLY,
        ),
        Mutant("not reshaped", _predict_unshaped, UNSHAPED),
    ),
    variants=(Variant("signal-to-noise ratio, sample by sample", _predict_snr),),
)
