"""How the exercises of lecture 1 are tried: fresh inputs, and what is looked at."""

import math
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs, Oracle, Outputs
from coursekit.checks.tried import (
    Array,
    Draw,
    Net,
    Results,
    Tries,
    Watched,
    array,
    bend,
    column,
    count,
    draws,
    equals,
    generator,
    must_equal,
    pair,
    refusal,
)
from coursekit.theory.ddpm_schedule import Schedule

PROBES = Tries()
tried = PROBES.tried
LENGTHS = ("a long chain", "a short chain", "a very short chain")
CLOCK = (1e-5, 1e-6)  # k / T may be float32 in any case: a network could not care less


def _length(seed: int) -> Inputs:
    rng = generator(seed)
    num_steps = rng.integers(*((400, 1001), (40, 200), (3, 16))[seed % 3])
    return {"num_steps": int(num_steps), "offset": float(rng.uniform(0.02, 0.2))}


@tried("01.1", _length, LENGTHS)
def linear_beta(fn: Function, i: Any) -> Results:
    return {"beta": fn(i.num_steps), "rescaled beta": fn(i.num_steps, rescale=True)}


def _turning(i: Inputs) -> Array:
    angle = np.linspace(0.008 / 1.008, 1, i["num_steps"] + 1) * np.pi / 2
    return np.asarray((np.cos(angle) / np.cos(angle[0])) ** 2)


def _unclipped(inputs: Inputs, outputs: Outputs) -> str | None:
    found = outputs["alpha_bar"]
    alike = len(np.unique(found)) < len(found)
    return (
        "it is cut off: no clipping happens here, and several entries are one number"
        if alike
        else None
    )


@tried(
    "01.2",
    _length,
    LENGTHS,
    (
        Oracle("no clipping", _unclipped),
        equals(
            "alpha_bar",
            _turning,
            "the angle does not grow evenly from the offset to pi / 2",
        ),
    ),
    tolerances={  # float32 would cost the first betas three digits
        "alpha_bar": (1e-9, 1e-12),
        "alpha_bar with another offset": (1e-9, 1e-12),
    },
)
def cosine_alpha_bar(fn: Function, i: Any) -> Results:
    return {
        "alpha_bar": fn(i.num_steps),
        "alpha_bar with another offset": fn(i.num_steps, i.offset),
    }


def _chain(seed: int, shortest: int = 11) -> Inputs:
    """A DDPM chain that no formula predicts: tables of T + 1 numbers."""
    rng = generator(~seed)
    num_steps = rng.integers(shortest, shortest + 6)
    beta = np.append(0, rng.uniform(0.02, 0.35, num_steps))
    return {"beta": beta, "alpha_bar": np.cumprod(1 - beta)}


def _steps(*names: str, **ends: tuple[float, float]) -> Draw:
    """Draws, a chain, and steps `k` of it; the first and the last are among them."""

    def inputs(seed: int) -> Inputs:
        i, rng = draws(*names, **ends)(seed) | _chain(seed), generator(seed)
        last = len(i["beta"]) - 1
        inner = rng.choice(np.arange(2, last), 5, replace=False)
        return i | {"k": rng.permutation([1, last, *inner])}

    return inputs


def _table(i: Any) -> Schedule:
    return Schedule(i.beta, i.alpha_bar)


@tried("01.3", _steps("x", "eps"))
def q_step(fn: Function, i: Any) -> Results:
    return {"one step": fn(i.x, i.k, i.eps, _table(i))}


def _variance_kept(inputs: Inputs, outputs: Outputs) -> str | None:
    signal, noise = outputs["x_k for x0 = 1"], outputs["x_k for eps = 1"]
    return must_equal(
        signal**2 + noise**2,
        np.ones_like(signal),
        "the squares of the two coefficients must add up to 1: the variance is kept",
    )


@tried("01.4", _steps("x0", "eps"), oracles=[Oracle("variance", _variance_kept)])
def q_sample(fn: Function, i: Any) -> Results:
    zero, one = torch.zeros_like(i.x0), torch.ones_like(i.x0)
    return {
        "x_k": fn(i.x0, i.k, i.eps, _table(i)),
        "x_k for x0 = 1": fn(one, i.k, zero, _table(i)),
        "x_k for eps = 1": fn(zero, i.k, one, _table(i)),
    }


@tried("01.5", _steps("x0", "xk"))
def q_posterior(fn: Function, i: Any) -> Results:
    mean, var = pair(fn(i.x0, i.xk, i.k, _table(i)))
    return {"mean": mean, "var": var}


def _gaussians(seed: int) -> Inputs:
    i, rng = draws("mean_q", "mean_p")(seed), generator(~seed)
    full = i["mean_q"].shape
    few = full[:1] + (1,) * (len(full) - 1)
    for name, shape in (("var_q", few), ("var_p", full), ("shared_p", few)):
        i[name] = rng.uniform(0.3, 2.5, shape).astype(i["mean_q"].dtype)
    return i


@tried(
    "01.6",
    _gaussians,
    oracles=[
        equals(
            "KL of q with itself",
            lambda i: np.zeros(len(i["mean_q"])),
            "KL of q with itself must be 0",
        )
    ],
)
def gaussian_kl(fn: Function, i: Any) -> Results:
    return {
        "KL": fn(i.mean_q, i.var_q, i.mean_p, i.var_p),
        "KL with one variance per sample": fn(i.mean_q, i.var_q, i.mean_p, i.shared_p),
        "KL of q with itself": fn(i.mean_q, i.var_q, i.mean_q, i.var_q),
    }


def _noise_for_all(seed: int) -> Inputs:
    """A short chain, in float64, with noise for each of its steps."""
    i = draws("x0")(seed) | _chain(seed, 4)
    i["x0"] = i["x0"].astype(float)
    shape = len(i["beta"]) - 1, *i["x0"].shape
    return i | {"eps": generator(seed + 1).standard_normal(shape)}


@tried(
    "01.7",
    _noise_for_all,
    tolerances={
        "terms with beta": (1e-5, 1e-5),  # k / T may be float32
        "terms with posterior": (1e-5, 1e-5),
    },
)
def elbo_terms(fn: Function, i: Any) -> Results:
    return {
        f"terms with {kind}": fn(bend, i.x0, _table(i), i.eps, variance=kind)
        for kind in ("beta", "posterior")
    }


def _times(seed: int) -> Inputs:
    size, dim = ((7, 16), (9, 2), (5, 64))[seed % 3]
    return {"t": generator(seed).uniform(0, 0.9, size), "dim": dim}


@tried(
    "01.8",
    _times,
    ("dim 16", "dim 2", "dim 64"),
    tolerances={  # angles reach 1000, where float32 frequencies cost three digits
        "embedding": (0.0, 2e-3),
        "embedding of float32 times": (0.0, 2e-3),
    },
)
def timestep_embedding(fn: Function, i: Any) -> Results:
    return {
        "embedding": fn(i.t, i.dim),
        "embedding of float32 times": fn(i.t.float(), i.dim),
        "refuses an odd dim": refusal(lambda: fn(i.t, i.dim + 1)),
    }


@tried(
    "01.9",
    _steps("x0", "eps", weight=(0.4, 0.9)),
    oracles=[
        equals(
            "loss of a model that says 0",
            lambda i: np.mean(i["eps"].astype(float) ** 2),
            "a model that says 0 must cost the mean of eps**2",
        )
    ],
    tolerances={"t that the model sees": CLOCK},
)
def loss_simple(fn: Function, i: Any) -> Results:
    network = Net(i.weight, i.x0)
    return network.learns(fn(network, i.x0, i.k, i.eps, _table(i))) | {
        "loss of a model that says 0": fn(
            lambda x, t: torch.zeros_like(x), i.x0, i.k, i.eps, _table(i)
        )
    }


def _noised(i: Inputs, k: str) -> Array:
    """The noised data at the steps called `k`."""
    share = column(i["alpha_bar"][i[k]], i["x0"])
    return np.asarray(np.sqrt(share) * i["x0"] + np.sqrt(1 - share) * i["eps"])


def _noised_data(seed: int) -> Inputs:
    i = _steps("x0", "eps", "noise")(seed)
    i["xk"] = _noised(i, "k").astype(i["x0"].dtype)
    i["k_next"] = generator(~seed).integers(0, i["k"])
    i["k_next"][i["k"].argsort()[[1, -1]]] = 0, 5  # one jump to data, and one not
    return i


@tried(
    "01.10",
    _noised_data,
    oracles=[
        equals(
            "x0_hat",
            lambda i: i["x0"],
            "given the true noise it must give back x0 exactly, and it does not",
        )
    ],
)
def predict_x0(fn: Function, i: Any) -> Results:
    return {"x0_hat": fn(i.xk, i.eps, i.k, _table(i))}


def _mirrored(i: Inputs) -> Array:
    """If x0 is N(0, I), so is every x_k: the step back mirrors the step forward."""
    beta, k = column(i["beta"][i["k"]], i["xk"]), column(i["k"], i["xk"])
    fresh = np.sqrt(beta) * (k > 1) * i["noise"]
    return np.asarray(np.sqrt(1 - beta) * i["xk"] + fresh)


@tried(
    "01.11",
    _steps("xk", "eps_hat", "noise"),
    oracles=[
        equals(
            "normal data",
            _mirrored,
            "for data that is N(0, I), with the exact eps, the step must be "
            "sqrt(1 - beta) x_k + sqrt(beta) noise",
        )
    ],
)
def ancestral_step(fn: Function, i: Any) -> Results:
    exact = column((1 - i.alpha_bar[i.k]).sqrt(), i.xk) * i.xk
    args = i.k, i.noise, _table(i)
    later = i.k.clamp(min=2), *args[1:]  # no sample arrives at data
    return {
        "step with beta": fn(i.xk, i.eps_hat, *args, variance="beta"),
        "step with beta_tilde": fn(i.xk, i.eps_hat, *args, variance="posterior"),
        "normal data": fn(i.xk, exact, *args, variance="beta"),
        "step where no k is 1": fn(i.xk, i.eps_hat, *later),
    }


@tried(
    "01.12",
    _noised_data,
    oracles=[
        equals(
            "step with eta = 0",
            lambda i: _noised(i, "k_next"),
            "with the true noise and eta = 0 the step must lead from q_sample(x0, k, "
            "eps) to q_sample(x0, k_next, eps)",
        )
    ],
)
def ddim_step(fn: Function, i: Any) -> Results:
    return {
        f"step with eta = {eta:g}": fn(
            i.xk, i.eps, i.k, i.k_next, i.noise, _table(i), eta
        )
        for eta in (0.0, 0.5, 1.0)
    }


def _walk(seed: int) -> Inputs:
    i = _steps("x", noise_seed=(1, 10_000))(seed)
    ks = np.append(np.sort(i.pop("k"))[::-1], 0)
    return i | {"x": i["x"].astype(float), "ks": ks}


def _film(states: Any) -> Tensor:
    """All states as one tensor. Raises BadResult, in words, when there are none."""
    if states is None or isinstance(states, Tensor):
        shown = "None" if states is None else "one tensor"
        raise BadResult(f"it returns {shown}: yield every state, the first one is x")
    found = list(islice(iter(states), 12))  # a generator that never ends is cut
    if not found or len({array(x).shape for x in found}) > 1:
        raise BadResult(
            "the shapes change on the way" if found else "it yields no states"
        )
    return torch.stack(found)


@tried(
    "01.13",
    _walk,
    tolerances={
        "times asked": CLOCK,
        "the film with eta = 0": CLOCK,
        # another, equally good order of drawing gives other noise
        "covariance of the states": (0.15, 0.02),
    },
)
def ddim(fn: Function, i: Any) -> Results:
    model, last = Watched(), len(i.beta) - 1

    def run(
        model: Function, x: Tensor, eta: float, ks: list[int], stir: int, more: int = 0
    ) -> Tensor:
        torch.manual_seed(stir)  # only the given generator may matter
        source = torch.Generator().manual_seed(int(i.noise_seed) + more)
        return _film(fn(model, x, ks, _table(i), eta=eta, generator=source))

    film = run(model, i.x, 0.0, i.ks.tolist(), 0)
    one, other = (run(bend, i.x, 1.0, i.ks.tolist(), stir) for stir in (0, 1))
    another = run(bend, i.x, 1.0, i.ks.tolist(), 0, more=1)
    many = torch.zeros(2000, 1, dtype=torch.float64)
    thirds = [last, last * 2 // 3, last // 3]
    spread = run(lambda x, t: x / 2, many, 1.0, thirds, 0)
    return {
        "the film with eta = 0": film,
        **model.asked(film, "model(xk, k)"),
        "difference of two runs": (one - other).abs().max(),
        "two seeds give one film": count(torch.equal(one, another)),
        "the film without eta": _film(
            fn(bend, i.x, i.ks.tolist(), _table(i), generator=torch.Generator())
        ),
        "covariance of the states": torch.cov(spread.flatten(1)),
    }


def _costs(seed: int) -> Inputs:
    rng, shape = generator(seed), ((7,), (7, 13), (7, 2, 3))[seed % 3]
    return {"nats": rng.uniform(-5, 90, shape), "dims": int(rng.integers(2, 60))}


@tried(
    "01.27",
    _costs,
    ("shape (B,)", "shape (B, T + 1)", "rank 3"),
    [
        equals(
            "bits of random bytes",
            lambda i: np.full(3, 8.0),
            "a random byte must cost 8 bits",
        )
    ],
)
def bits_per_dim(fn: Function, i: Any) -> Results:
    random_bytes = torch.full((3,), i.dims * math.log(256), dtype=torch.float64)
    return {
        "bits": fn(i.nats, i.dims),
        "bits of random bytes": fn(random_bytes, i.dims),
    }
