"""How the exercises of lecture 2 are tried: fresh inputs, and what is looked at."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs, Oracle, Outputs
from coursekit.checks.tried import (
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
    slopes,
    vectors,
)
from coursekit.theory.paths import CosinePath, LinearPath, Path, VEPath, VPPath
from coursekit.theory.prediction import Prediction, convert

PROBES = Tries()
tried = PROBES.tried
PLANES = ("points (B, 2)", "points (B, 3)")


def _mixture(seed: int) -> Inputs:
    """Seven points, four components: no axis fits another by luck."""
    rng, d = generator(seed), 2 + seed % 2
    return vectors(seed, x=(7, d), means=(4, d)) | {
        "weights": rng.dirichlet([3.0] * 4),
        "stds": rng.permutation([0.3, 0.5, 0.7, 0.9]) + rng.uniform(0, 0.15, 4),
    }


def _far(inputs: Inputs, outputs: Outputs) -> str | None:
    gone = np.abs(outputs["score far away"]).max(axis=1) < 1
    return (
        "far from all means it is 0: a small number under the fraction hides 0 / 0 and "
        "loses the way; take logarithms and a softmax"
        if gone.any()
        else None
    )


_ONE_GAUSSIAN = equals(
    "score of one Gaussian",
    lambda i: (i["means"][0] - i["x"]) / i["stds"][0] ** 2,
    "when all components are the same Gaussian it must be (mean - x) / std^2",
)


@tried(
    "02.1", _mixture, cases=PLANES, oracles=(Oracle("far away", _far), _ONE_GAUSSIAN)
)
def mixture_score(fn: Function, i: Any) -> Results:
    mixture = i.weights, i.means, i.stds
    alike = i.means[:1].expand(4, -1), i.stds[:1].expand(4)
    return {
        "score": fn(i.x, *mixture),
        "score far away": fn(100 * i.x, *mixture),
        "score in float32": fn(i.x.float(), *(part.float() for part in mixture)),
        "score of one Gaussian": fn(i.x, i.weights, *alike),
        "score at one point": fn(i.x[:1], *mixture),
        "score of one component": fn(i.x, *(part[:1] for part in mixture)),
    }


def _with_matrix(*names: str) -> Draw:
    """Arrays of the given names, and a matrix that leads most points inwards.

    They are small: a divergence asks for one backward pass for each dimension.
    """

    def inputs(seed: int) -> Inputs:
        shape = ((7, 2), (7, 3, 2, 4), (7, 2, 3, 2, 4))[seed % 3]
        n = int(np.prod(shape[1:]))
        made = vectors(seed, matrix=(n, n), **dict.fromkeys(names, shape))
        made["matrix"] = made["matrix"] / np.sqrt(n) - 1.5 * np.eye(n)
        dtype = np.float32 if len(shape) == 4 else np.float64
        return {name: values.astype(dtype) for name, values in made.items()}

    return inputs


def _linear_field(x: Tensor, matrix: Tensor) -> Tensor:
    return (x.flatten(1) @ matrix.T).reshape(x.shape)


def _bent_field(x: Tensor, matrix: Tensor) -> Tensor:
    """Its Jacobian is full, and another at every point."""
    return torch.tanh(_linear_field(x, matrix))


_TRACE = equals(
    "divergence of a linear field",
    lambda i: np.full(len(i["x"]), -np.trace(i["matrix"])),
    "for a linear field x -> A x it must be the trace of A, at every x",
)


def _ignoring(fn: Function, field: Function, x: Tensor, right: bool) -> Any:
    """The divergence of a field that does not look at x.

    An error counts only in a function that is `right` about other fields: one fault at
    a time, and a wrong sum is the worse one.
    """
    try:
        return fn(field, x)
    except RuntimeError:
        if right:
            raise
        return x.new_zeros(len(x))


def _of_ones(fn: Function, x: Tensor, right: bool) -> Any:
    """The divergence of a field that autograd knows nothing of; nan for an error."""
    try:
        return _ignoring(fn, torch.ones_like, x, right)
    except RuntimeError:
        return x.new_full((len(x),), torch.nan)


@tried("02.2", _with_matrix("x"), oracles=(_TRACE,))
def divergence(fn: Function, i: Any) -> Results:
    matrix: Tensor = i.matrix.requires_grad_()

    def constant(x: Tensor) -> Tensor:
        return matrix.sum() * torch.ones_like(x)

    found = fn(lambda x: _bent_field(x, matrix), i.x)
    results = {"divergence": found, **slopes(found, matrix=matrix)}
    with torch.no_grad():
        quiet = fn(lambda x: _bent_field(x, matrix), i.x)
    trace = fn(lambda x: _linear_field(x, -matrix), i.x)
    right = np.allclose(array(trace), -matrix.detach().trace().item(), rtol=1e-3)
    return results | {
        "divergence of a linear field": trace,
        "divergence of a field that ignores x": _ignoring(fn, constant, i.x, right),
        "divergence of a field without a graph": _of_ones(fn, i.x, right),
        "divergence under no_grad": quiet,
        "gradients recorded under no_grad": count(quiet.requires_grad),
    }


def _turning(why: str) -> Oracle:
    def size(i: Inputs) -> Any:
        turn = i["matrix"] - i["matrix"].T
        return ((i["x"].reshape(7, -1) @ turn.T) ** 2).sum(1).mean() / 2

    sentence = f"{why}: its loss must be the mean of |score|^2 / 2"
    return equals("loss of a score that turns", size, sentence)


_NO_FLOW = _turning("a score that only turns has divergence 0")
_NO_PULL = _turning("for a score that only turns v . J v is 0, whatever v")


def _implicit_losses(fn: Function, i: Any, *line: Tensor) -> Results:
    matrix: Tensor = i.matrix.requires_grad_()
    loss = fn(lambda x: _bent_field(x, matrix), i.x, *line)
    return {
        "loss": loss,
        **slopes(loss, matrix=matrix),
        "loss of a score that turns": fn(
            lambda x: _linear_field(x, matrix - matrix.T), i.x, *line
        ),
    }


@tried("02.3", _with_matrix("x"), oracles=(_NO_FLOW,))
def ism_loss(fn: Function, i: Any) -> Results:
    return _implicit_losses(fn, i)


@tried("02.4", _with_matrix("x", "v"), oracles=(_NO_PULL,))
def ssm_loss(fn: Function, i: Any) -> Results:
    results = _implicit_losses(fn, i, i.v)
    steep = fn(lambda x: torch.sin(30 * x), i.x, i.v)  # too steep for a difference
    return {**results, "loss of a steep score": steep}


def _asked_first(asked: list[Tensor], loss: Any) -> Tensor:
    """A score's first batch, also when the samples came one by one."""
    array(loss, scalar=True)
    if not asked:
        raise BadResult("the score is never asked: call it with the noised data")
    return torch.cat(asked) if asked[0].shape[:1] == (1,) else asked[0]


def _denoising(fn: Function, i: Any, score: Function, weight: Tensor) -> Results:
    seen = list[Tensor]()

    def watched(x: Tensor, *sigma: Tensor) -> Any:
        seen.append(x.detach())
        return score(x, *sigma)

    loss = fn(watched, i.x0, i.sigma, i.eps)
    return {
        "loss": loss,
        "x that the score sees": _asked_first(seen, loss),
        **slopes(loss, weight=weight),
        "loss of a score that says 0": fn(
            lambda x, *sigma: 0 * x, i.x0, i.sigma, i.eps
        ),
    }


_NOISED = equals(
    "x that the score sees",
    lambda i: i["x0"] + i["sigma"] * i["eps"],
    "the score must be asked at x0 + sigma * eps",
)
_SILENT = equals(
    "loss of a score that says 0",
    lambda i: (i["eps"] ** 2).sum() / 7 / i["sigma"] ** 2,
    "a score that says 0 must cost the mean of |eps|^2 / sigma^2",
)
_ONE_LEVEL = draws("x0", "eps", weight=(0.4, 0.9), sigma=(0.3, 0.7))


@tried("02.5", _ONE_LEVEL, oracles=(_NOISED, _SILENT))
def dsm_loss(fn: Function, i: Any) -> Results:
    net = Net(i.weight, i.x0)
    return _denoising(fn, i, lambda x: net(x, x.new_zeros(len(x))), net.weight)


def _noise_levels(seed: int) -> Inputs:
    i = draws("x0", "eps", weight=(0.4, 0.9))(seed)
    sigma = np.exp(generator(seed).uniform(-1.6, 0.8, 7))
    return i | {"sigma": sigma.astype(i["x0"].dtype)}


_NOISED_EACH = equals(
    "x that the score sees",
    lambda i: i["x0"] + column(i["sigma"], i["x0"]) * i["eps"],
    "the score must be asked at x0 + sigma * eps, with each sample's own sigma",
)
_SILENT_EACH = equals(
    "loss of a score that says 0",
    lambda i: (i["eps"] ** 2).sum() / 7,
    "a score that says 0 must cost the mean of |eps|^2: all levels count alike",
)


@tried("02.6", _noise_levels, oracles=(_NOISED_EACH, _SILENT_EACH))
def ncsn_loss(fn: Function, i: Any) -> Results:
    net = Net(i.weight, i.x0)
    results = _denoising(fn, i, net, net.weight)
    return {
        **results,
        "sigma that the score is told": _asked_first(net.times, results["loss"]),
    }


def _langevin_start(seed: int) -> Inputs:
    """A start, what the scores are made of, and four noise levels."""
    rng = generator(seed)
    last, ratios = rng.uniform(0.3, 0.7), rng.uniform(1.3, 1.8, 3)
    return draws("x", "top", "slope", step=(0.1, 0.4))(seed) | {
        "sigmas": last * np.append(np.cumprod(ratios)[::-1], 1),
        "num_steps": int(rng.integers(3, 6)),
        "noise_seed": int(rng.integers(10_000)),
    }


def _film(
    fn: Function, i: Any, score: Function, *sigmas: Tensor, stir: int = 0
) -> Tensor:
    """All states of a walk, collected first; one that never ends is cut."""
    torch.manual_seed(stir)  # only the generator that is handed over may matter
    source = torch.Generator().manual_seed(i.noise_seed)
    states = fn(score, i.x, *sigmas, i.step, i.num_steps, source)
    if states is None or isinstance(states, Tensor):
        shown = "None" if states is None else "one tensor"
        raise BadResult(f"it returns {shown}: yield every state, the first one is x")
    kept = list(islice(iter(states), 50))
    if any(isinstance(x, Iterator) for x in kept):
        raise BadResult(
            "a state is a generator itself: `*_, x = langevin(...)` is its last state"
        )
    shapes = {array(x).shape for x in kept}
    if not shapes:
        raise BadResult("it yields no states")
    if len(shapes) > 1:
        raise BadResult("the shapes change on the way")
    return torch.stack(kept)


def _repeats(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["the film again"],
        outputs["the film"],
        "two runs with the same generator differ: draw the noise from `generator`",
    )


REPEATS = Oracle("two runs", _repeats)
EVEN = equals(
    "what an even slope adds",
    lambda i: np.multiply.outer(
        np.arange(i["num_steps"] + 1) * i["step"] / 2, i["slope"]
    ),
    "where the score is constant, every step must add step / 2 * score",
)


@tried("02.7", _langevin_start, oracles=(REPEATS, EVEN))
def langevin(fn: Function, i: Any) -> Results:
    asked: list[Tensor] = []

    def hill(x: Tensor) -> Any:
        asked.append(x)
        return torch.tanh(i.top - x) + i.top / 4

    return {
        "the film": _film(fn, i, hill),
        "evaluations": count(len(asked)),
        "the film again": _film(fn, i, hill, stir=1),
        "what an even slope adds": _film(fn, i, lambda x: i.slope)
        - _film(fn, i, torch.zeros_like),
        "the film of a long way": _film(fn, i, lambda x: 500 * i.slope),
    }


@tried("02.8", _langevin_start, oracles=(REPEATS,))
def annealed_langevin(fn: Function, i: Any) -> Results:
    told: list[bool] = []

    def slope(x: Tensor, sigma: Tensor) -> Tensor:
        told.append(isinstance(sigma, Tensor))
        return torch.tanh(i.top - x) / sigma

    hill = Watched(slope)
    film = _film(fn, i, hill, i.sigmas)
    source = torch.Generator().manual_seed(i.noise_seed)
    usual = list(islice(iter(fn(slope, i.x, i.sigmas, generator=source)), 1000))
    return {
        "the film": film,
        "sigma that the score sees": hill.asked(film, "score(x, sigma)")["times asked"],
        "the film again": _film(fn, i, hill, i.sigmas, stir=1),
        "sigma is a tensor": count(all(told)),
        "states without step and num_steps": count(len(usual)),
        "second state without step and num_steps": usual[min(1, len(usual) - 1)],
    }


class CurvedPath(Path):
    """A path that no formula of the course gives: 1 - bend t^2 and rest + t."""

    def __init__(self, bend: float, rest: float) -> None:
        """Set how fast the data fades, and the noise at t = 0."""
        self.bend, self.rest = bend, rest

    def alpha(self, t: Tensor) -> Tensor:
        """1 - bend t^2."""
        return 1 - self.bend * t**2

    def sigma(self, t: Tensor) -> Tensor:
        """The rest, plus t."""
        return self.rest + t


PATH_KNOBS = {
    "beta_min": (0.1, 0.2),
    "beta_max": (8.0, 16.0),
    "sigma_min": (0.05, 0.1),
    "sigma_max": (3.0, 6.0),
    "bend": (0.3, 0.7),
    "rest": (0.1, 0.3),
}


def _paths(i: Any) -> dict[str, Path]:
    """All paths that an exercise is tried on, by name; the PATH_KNOBS are among `i`."""
    return {
        "VPPath": VPPath(i.beta_min, i.beta_max),
        "VEPath": VEPath(i.sigma_min, i.sigma_max),
        "LinearPath": LinearPath(),
        "CosinePath": CosinePath(),
        "a path of its own": CurvedPath(i.bend, i.rest),
    }


def _inner_times(seed: int) -> Inputs:
    shape = ((7,), (3, 5), ())[seed % 3]
    t = np.asarray(generator(seed).uniform(0.1, 0.9, shape))
    return draws(**PATH_KNOBS)(seed) | {"t": t}


FOLLOWS_ALPHA = equals(
    "f on LinearPath",
    lambda i: -1 / (1 - i["t"]),
    "the mean does not follow alpha: f * alpha must be the slope of alpha",
)
FOLLOWS_SIGMA = equals(
    "g on LinearPath",
    lambda i: np.sqrt(2 * i["t"] / (1 - i["t"])),
    "the variance does not follow sigma^2: its slope is 2 f sigma^2 + g^2",
)


@tried(
    "02.9",
    _inner_times,
    cases=("times (B,)", "times (B, N)", "one time ()"),
    oracles=(FOLLOWS_ALPHA, FOLLOWS_SIGMA),
)
def drift_diffusion(fn: Function, i: Any) -> Results:
    found = {}
    for name, path in _paths(i).items():
        found[f"f on {name}"], found[f"g on {name}"] = pair(fn(path, i.t))
    return found


def _pull_and_shake(seed: int) -> Inputs:
    i = draws("x", "drift", "noise", t=(0.1, 0.6), share=(0.2, 0.9))(seed)
    return i | {"g": 3 * i.pop("share"), "dt": i.pop("t")}


PULL = equals(
    "the step back without noise",
    lambda i: i["x"] - column(i["dt"], i["x"]) * i["drift"],
    "without noise it must be an Euler step, x + drift * dt, also for a negative dt",
)


@tried("02.10", _pull_and_shake, oracles=(PULL,))
def euler_maruyama_step(fn: Function, i: Any) -> Results:
    return {
        "the step forwards": fn(i.x, i.drift, i.g, i.dt, i.noise),
        "the step back": fn(i.x, i.drift, i.g, -i.dt, i.noise),
        "the step back without noise": fn(i.x, i.drift, i.g, -i.dt, 0 * i.noise),
    }


def _step_back(seed: int) -> Inputs:
    names = ("x", "score", "noise")
    i = draws(*names, t=(0.3, 0.9), share=(0.3, 0.8), **PATH_KNOBS)(seed)
    return i | {"s": i["t"] * i.pop("share")}


def _grown(i: Inputs) -> Any:
    """The state x after a step back on VPPath on which nothing else acts."""
    beta = i["beta_min"] + i["t"] * (i["beta_max"] - i["beta_min"])
    return i["x"] * (1 + column(beta / 2 * (i["t"] - i["s"]), i["x"]))


GROWS = equals(
    "the step on VPPath without score and noise",
    _grown,
    "on VPPath, without score and noise, x must grow by the share beta/2 * (t - s): "
    "backwards, what had shrunk grows",
)


@tried("02.11", _step_back, oracles=(GROWS,))
def reverse_sde_step(fn: Function, i: Any) -> Results:
    paths, still = _paths(i), torch.zeros_like(i.x)
    alone = fn(i.x, still, i.t, i.s, still, paths["VPPath"])
    landing = fn(i.x, i.score, i.t, 0 * i.s, i.noise, paths["VPPath"])
    return {
        f"the step on {name}": fn(i.x, i.score, i.t, i.s, i.noise, path)
        for name, path in paths.items()
    } | {
        "the step on VPPath without score and noise": alone,
        "the step to s = 0": landing,
    }


ONE_POINT = equals(
    "one data point on LinearPath",
    lambda i: i["eps"] - i["x0"],
    "with one data point only, on LinearPath, it must be the slope of the path, "
    "alpha' x0 + sigma' eps",
)


@tried(
    "02.12",
    draws("x", "score", "x0", "eps", t=(0.3, 0.9), **PATH_KNOBS),
    oracles=(ONE_POINT,),
)
def probability_flow(fn: Function, i: Any) -> Results:
    line, score = LinearPath(), -i.eps / column(i.t, i.eps)
    known = fn(line.corrupt(i.x0, i.eps, i.t), score, i.t, line)
    return {
        f"dx/dt on {name}": fn(i.x, i.score, i.t, path)
        for name, path in _paths(i).items()
    } | {"one data point on LinearPath": known}


def _one_step(seed: int) -> Inputs:
    """A state, data and noise, and one step from t to s for all samples."""
    i = draws("x", "x0", "eps", late=(0.5, 0.9), part=(0.3, 0.7), **PATH_KNOBS)(seed)
    late = i.pop("late")
    return i | {"t": np.asarray(late), "s": np.asarray(late * i.pop("part"))}


def _believing(
    path: Path, noise: Callable[[Tensor, Tensor], Tensor] = bend
) -> Callable[[Tensor, Tensor], Prediction]:
    """A network that predicts this noise; everything else follows from the path."""

    def predict(x: Tensor, t: Tensor) -> Prediction:
        return convert(noise(x, t), x, t.expand(len(x)), path, "eps")

    return predict


STEADY = equals(
    "one noise on LinearPath",
    lambda i: (1 - i["s"]) * i["x0"] + i["s"] * i["eps"],
    "when the noise is the same all along, on LinearPath, the step must lead to "
    "alpha_s x0 + sigma_s eps exactly, however long it is",
)


def _astray(fn: Function, i: Any) -> Tensor:
    """How far the last state that the network sees is from where it should be.

    The noise is the same all along, so every state mixes one x0 and one eps.
    """
    path = _paths(i)["VPPath"]
    seen: list[Tensor] = []

    def noise(x: Tensor, t: Tensor) -> Tensor:
        seen.append(x - path.corrupt(i.x0, i.eps, t))
        always: Tensor = i.eps
        return always

    fn(_believing(path, noise), path.corrupt(i.x0, i.eps, i.t), i.t, i.s, path)
    return seen[-1]


ON_THE_WAY = equals(
    "astray on VPPath",
    lambda i: np.zeros_like(i["x"]),
    "the network is shown a state that does not belong to the time that it is told: "
    "from x at t, `dpm1_step` leads to it",
)


@tried("02.13", _one_step, oracles=(STEADY,))
@tried("02.14", _one_step, oracles=(STEADY, ON_THE_WAY))
def dpm_step(fn: Function, i: Any) -> Results:
    found = {}
    for name, path in _paths(i).items():
        network = Watched(_believing(path))
        step = found[f"the step on {name}"] = fn(network, i.x, i.t, i.s, path)
        seen = network.asked(step, "predict(x, t)")["times asked"]
        found[f"t that the network sees on {name}"] = seen
    line = LinearPath()
    steady, xt = _believing(line, lambda x, t: i.eps), line.corrupt(i.x0, i.eps, i.t)
    return found | {
        "one noise on LinearPath": fn(steady, xt, i.t, i.s, line),
        "astray on VPPath": _astray(fn, i),
    }
