"""Figure 03.L: the exact log-likelihood of a flow against the density it should have.

With the exact velocity of a mixture only the solver errs, and its error must fall like
the square of the step. With a trained network the rest is the network's own.
"""

from collections.abc import Sequence

import torch

from coursekit.datasets.toys import exact_predict, lopsided, ring
from coursekit.experiments.summary import Result, for_seeds, log_slope
from coursekit.lectures.l03_flow_matching.experiments.training import (
    strangers,
    train_flow,
)
from coursekit.theory.flow import Velocity
from coursekit.theory.likelihood import hutchinson, log_likelihood
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import time_grid

STEPS = (10, 20, 40, 80, 160)
MIXTURES = {"ring": ring, "lopsided": lopsided}


def exact_velocity(name: str) -> Velocity:
    """The velocity of one of MIXTURES on the straight path, as a function of (x, t)."""
    predict = exact_predict(MIXTURES[name](), LinearPath())
    return lambda x, t: predict(x, t).velocity


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

    def exact(name: str, seed: int) -> Result:
        velocity, mixture = exact_velocity(name), MIXTURES[name]()
        x0 = mixture.sample(count, torch.Generator().manual_seed(seed))
        truth, off = mixture.log_prob(x0), []
        for n in steps:
            found = log_likelihood(velocity, x0, time_grid(n))
            off.append(float((found - truth).abs().mean()))
        return {f"{name}_error": off, f"{name}_order": -log_slope(steps, off)}

    def learnt(seed: int) -> dict[str, float]:
        model = train_flow(strangers("ring"), steps=training, seed=seed).double()
        generator = torch.Generator().manual_seed(500 + seed)
        x0, ts = ring().sample(count, generator), time_grid(steps[-1])
        truth = ring().log_prob(x0)
        found = log_likelihood(model, x0, ts).detach()
        probe = hutchinson(fresh_noise(x0, generator).sign())
        guess = log_likelihood(model, x0, ts, probe).detach()
        return {
            "network_error": float((found - truth).abs().mean()),
            "network_bias": float((found - truth).mean()),
            "truth": float(truth.mean()),
            "hutchinson_error": float((guess - found).abs().mean()),
            "hutchinson_bias": float((guess - found).mean()),
        }

    return {
        "steps": list(steps),
        "points": count,
        **for_seeds(exact, seeds, "ring"),
        **for_seeds(exact, seeds, "lopsided"),
        **for_seeds(learnt, seeds),
    }
