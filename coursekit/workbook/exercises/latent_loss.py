"""Lecture 4, the whole loss: 04.3 vae_loss."""

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import KINDS, array, must_equal, tensor
from coursekit.theory.vae import kl_to_normal
from coursekit.workbook.exercises.latent_batch import CUT, draws, leaf, slopes

_LATENT = (2, 3, 2)


def _inputs(seed: int) -> Inputs:
    rng, inputs = draws(seed, "x", "rebuilt")
    dtype, count = inputs["x"].dtype, len(inputs["x"])
    for name in ("mean", "log_var"):
        inputs[name] = rng.standard_normal((count, *_LATENT)).astype(dtype)
    inputs["beta"] = float(rng.uniform(0.1, 0.6))
    return inputs | {"noise": float(rng.uniform(0.2, 0.7))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, rebuilt = tensor(inputs["x"]), leaf(inputs["rebuilt"])
    mean, log_var = leaf(inputs["mean"]), leaf(inputs["log_var"])
    loss = fn(x, rebuilt, mean, log_var)
    value = array(loss, scalar=True)
    by_rebuilt, by_mean, _ = slopes(loss, rebuilt, mean, log_var)
    beta, noise = inputs["beta"], inputs["noise"]
    none = torch.zeros_like(mean)
    return {
        "loss": value,
        "gradient for rebuilt": by_rebuilt,
        "gradient for mean": by_mean,
        "loss with beta": array(fn(x, rebuilt, mean, log_var, beta)),
        "loss with noise": array(fn(x, rebuilt, mean, log_var, 1.0, noise)),
        "loss of a perfect copy from nothing": array(fn(x, x, none, none)),
    }


def _parts(inputs: Inputs) -> tuple[float, float]:
    """Mean squared distance and mean KL of a sample, by hand."""
    off = inputs["x"].astype(float) - inputs["rebuilt"].astype(float)
    mean, log_var = inputs["mean"].astype(float), inputs["log_var"].astype(float)
    kl = (mean**2 + np.exp(log_var) - 1 - log_var).sum() / 2
    return float((off**2).sum()) / len(off), float(kl) / len(off)


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    distance, kl = _parts(inputs)
    count = inputs["x"][0].size
    for name, beta, noise in (
        ("loss", 1.0, 1.0),
        ("loss with beta", inputs["beta"], 1.0),
        ("loss with noise", 1.0, inputs["noise"]),
    ):
        want = np.asarray((distance / (2 * noise**2) + beta * kl) / count)
        said = must_equal(
            outputs[name],
            want,
            f"{name}: not (||x - rebuilt||^2 / (2 noise^2) + beta KL) for each sample, "
            "divided by how many numbers x has",
        )
        if said is not None:
            return said
    return None


def _free(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["loss of a perfect copy from nothing"],
        np.zeros(()),
        "a perfect copy costs nothing when every bell is the normal one",
    )


def _loss(
    distance: Function | None = None,
    price: Function | None = None,
    total: Function | None = None,
    finish: Function | None = None,
) -> Function:
    """A version from its parts.

    distance: of x - rebuilt, flat, and noise; price: of mean and log_var; total: of
    these two and beta; finish: of the costs (B,) and the size of a sample.
    """

    def vae_loss(
        x: Tensor,
        rebuilt: Tensor,
        mean: Tensor,
        log_var: Tensor,
        beta: float = 1.0,
        noise: float = 1.0,
    ) -> Tensor:
        off, size = (x - rebuilt).flatten(1), x[0].numel()
        far = (off**2).sum(1) / (2 * noise**2)
        far = far if distance is None else distance(off, noise)
        kl = (price or kl_to_normal)(mean, log_var)
        each = far + beta * kl if total is None else total(far, kl, beta)
        found: Tensor = each.mean() / size if finish is None else finish(each, size)
        return found

    return vae_loss


def _by_likelihood(
    x: Tensor,
    rebuilt: Tensor,
    mean: Tensor,
    log_var: Tensor,
    beta: float = 1.0,
    noise: float = 1.0,
) -> Tensor:
    """Log likelihoods of the decoder's bell; its constant is that of a perfect copy."""
    known: Tensor = Normal(x, noise).log_prob(x)  # type: ignore[no-untyped-call]
    said: Tensor = Normal(rebuilt, noise).log_prob(x)  # type: ignore[no-untyped-call]
    lost = (known - said).sum()
    return (lost + beta * kl_to_normal(mean, log_var).sum()) / x.numel()


def _mse(
    x: Tensor,
    rebuilt: Tensor,
    mean: Tensor,
    log_var: Tensor,
    beta: float = 1.0,
    noise: float = 1.0,
) -> Tensor:
    far = torch.nn.functional.mse_loss(rebuilt, x) / 2 / noise**2
    return far + beta * kl_to_normal(mean, log_var).mean() * len(x) / x.numel()


VAE_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("by hand", _by_hand), Oracle("for free", _free)),
    mutants=(
        Mutant(
            "error averaged, KL summed",
            _loss(
                lambda off, noise: (off**2).mean(1) / (2 * noise**2),
                finish=lambda each, size: each.mean(),
            ),
            "the error is averaged over the pixels, the KL summed over the latent: sum "
            "both, then divide both by the numbers of a sample",
        ),
        Mutant(
            "KL averaged",
            _loss(price=lambda m, v: kl_to_normal(m, v) / m[0].numel()),
            "the KL is averaged over the latent numbers: it adds up",
        ),
        Mutant(
            "KL subtracted",
            _loss(total=lambda far, kl, beta: far - beta * kl),
            "the KL is subtracted: it is a price, and this is a loss",
        ),
        Mutant(
            "the bound itself",
            _loss(total=lambda far, kl, beta: -(far + beta * kl)),
            "this is the bound, which should be high: the loss is minus the bound",
        ),
        Mutant(
            "no beta",
            _loss(total=lambda far, kl, beta: far + kl),
            "beta is not used: it multiplies the KL",
        ),
        Mutant(
            "beta on the error",
            _loss(total=lambda far, kl, beta: beta * far + kl),
            "beta multiplies the error: it belongs to the KL",
        ),
        Mutant(
            "no noise",
            _loss(lambda off, noise: (off**2).sum(1) / 2),
            "noise is not used: the error is divided by 2 noise^2",
        ),
        Mutant(
            "noise not squared",
            _loss(lambda off, noise: (off**2).sum(1) / (2 * noise)),
            "noise is a standard deviation: the error is divided by its square",
        ),
        Mutant(
            "no half",
            _loss(lambda off, noise: (off**2).sum(1) / noise**2),
            "the 2 is missing: a bell's exponent is -distance^2 / (2 noise^2)",
        ),
        Mutant(
            "absolute error",
            _loss(lambda off, noise: off.abs().sum(1) / (2 * noise**2)),
            "the error is absolute: a bell makes it squared",
        ),
        Mutant(
            "for a whole sample",
            _loss(finish=lambda each, size: each.mean()),
            "this is the cost of a whole sample: divide by how many numbers it has",
        ),
        Mutant(
            "for the whole batch",
            _loss(finish=lambda each, size: each.sum() / size),
            "the samples are added up: take the mean over the batch",
        ),
        Mutant(
            "one for each sample",
            _loss(finish=lambda each, size: each / size),
            "there is one loss for each sample: average over the batch too",
        ),
        Mutant(
            "detached", _loss(finish=lambda each, n: (each.mean() / n).detach()), CUT
        ),
    ),
    variants=(
        Variant("log likelihoods", _by_likelihood),
        Variant("mse_loss", _mse),
    ),
)
