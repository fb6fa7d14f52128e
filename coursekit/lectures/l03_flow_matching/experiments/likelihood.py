"""Figure 03.L: the exact log-likelihood of a flow against the density it should have.

With the exact velocity of a mixture only the solver errs, and its error must fall like
the square of the step. With a trained network the rest is the network's own.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.toys import exact_predict, lopsided, ring
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.lectures.l03_flow_matching.experiments.training import (
    strangers,
    train_flow,
)
from coursekit.theory.flow import Velocity
from coursekit.theory.likelihood import hutchinson, log_likelihood
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import time_grid

STEPS = (10, 20, 40, 80, 160)
MIXTURES = {"ring": ring, "lopsided": lopsided}


def exact_velocity(name: str) -> Velocity:
    """The velocity of one of MIXTURES on the straight path, as a function of (x, t)."""
    predict = exact_predict(MIXTURES[name](), LinearPath())
    return lambda x, t: predict(x, t).velocity


def learnt_velocity(seed: int, steps: int) -> Velocity:
    """A network's velocity of the ring, in float64."""
    model, _ = train_flow(strangers("ring"), steps=steps, seed=seed)
    model = model.double()

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        answer: Tensor = model(x, t)
        return answer

    return velocity


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.L.

    `{mixture}_error`, lists over `steps` with _std: mean distance in nats of the flow's
    log-likelihood from the true log density, exact velocity; `{mixture}_order`: minus
    the slope of log error over log steps. `network_error` with _std, _all: the same
    with a trained network (ring, most steps), `network_bias`: its mean signed error;
    `truth`: mean true log density. `hutchinson_error`: mean distance of the estimate
    with one random probe from the exact trace, and `hutchinson_bias`, signed.
    """
    steps, count, training = (STEPS[:3], 40, 200) if quick else (STEPS, 300, 4000)
    result: Result = {"steps": list(steps), "points": count}
    for name, make in MIXTURES.items():
        velocity, mixture, table = exact_velocity(name), make(), []
        for seed in seeds:
            x0 = mixture.sample(count, torch.Generator().manual_seed(seed))
            truth = mixture.log_prob(x0)
            table.append(
                [
                    float(
                        (log_likelihood(velocity, x0, time_grid(n)) - truth)
                        .abs()
                        .mean()
                    )
                    for n in steps
                ]
            )
        result |= curves(f"{name}_error", table)
        slopes = [-np.polyfit(np.log(steps), np.log(row), 1)[0] for row in table]
        result |= over_seeds(f"{name}_order", [float(s) for s in slopes])
    off, bias, probe, probe_bias, true = [], [], [], [], []
    for seed in seeds:
        velocity = learnt_velocity(seed, training)
        generator = torch.Generator().manual_seed(500 + seed)
        x0 = ring().sample(count, generator)
        truth = ring().log_prob(x0)
        found = log_likelihood(velocity, x0, time_grid(steps[-1])).detach()
        off.append(float((found - truth).abs().mean()))
        bias.append(float((found - truth).mean()))
        true.append(float(truth.mean()))
        signs = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).sign()
        guess = log_likelihood(velocity, x0, time_grid(steps[-1]), hutchinson(signs))
        probe.append(float((guess.detach() - found).abs().mean()))
        probe_bias.append(float((guess.detach() - found).mean()))
    result |= over_seeds("network_error", off) | over_seeds("network_bias", bias)
    result |= over_seeds("truth", true) | over_seeds("hutchinson_error", probe)
    return result | over_seeds("hutchinson_bias", probe_bias)
