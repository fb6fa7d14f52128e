"""How the exercises of lecture 6, second half, are tried: fresh inputs, and a look."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    SHAPES,
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
    grid,
    pair,
    refusal,
    slopes,
)
from coursekit.theory.paths import CosinePath
from coursekit.theory.policy_steps import Transition
from coursekit.theory.robust_losses import pseudo_huber

PROBES = Tries()
tried = PROBES.tried

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------
SURE = 400.0  # a difference whose sigmoid is 0 in any precision


def _opinions(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    better, worse = 1.5 * rng.standard_normal((2, 7 + seed % 2))
    return {"better": better.astype(dtype), "worse": worse.astype(dtype)}


@tried(
    "06b.1",
    _opinions,
    cases=("float64 rewards", "float32 rewards"),
    oracles=(
        equals(
            "loss",
            lambda i: (
                np.log1p(np.exp(i["worse"] - i["better"]))
                .mean(dtype="float64")
                .astype(i["better"].dtype)
            ),
            "the loss of one pair is log(1 + exp(worse - better)), and the mean is "
            "over the pairs",
        ),
    ),
)
def bradley_terry_loss(fn: Function, i: Any) -> Results:
    better, worse = i.better.requires_grad_(), i.worse.requires_grad_()
    loss = fn(better, worse)
    found = {"loss": loss, **slopes(loss, better=better, worse=worse)}
    sure = torch.tensor([SURE, -SURE], dtype=i.better.dtype, requires_grad=True)
    wrong = fn(sure, torch.zeros_like(sure))
    found["loss of a sure pair and of a very wrong one"] = wrong
    (slope,) = torch.autograd.grad(wrong, sure)
    return {**found, "gradient for a sure pair and for a very wrong one": slope}


def _pleasing(x0: Tensor) -> Tensor:
    """A bent reward: some samples are above the margins of `_climbs`, some below."""
    return torch.sin(3 * x0[:, 0]) + torch.cos(4 * x0[:, 1])


def _climbs(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        "eps": rng.standard_normal((9, 2)),
        "ts": grid(seed, 5),
        "stop": (3, 0, 4)[seed % 3],
        "weight": float(rng.uniform(0.5, 1.2)),
        "mean": float(rng.uniform(0.2, 0.4)),
        "std": float(rng.uniform(0.6, 0.9)),
        "margin": float(rng.uniform(0.1, 0.3)),
    }


@tried("06b.4", _climbs, cases=("three steps", "no step", "four steps"))
def refl_loss(fn: Function, i: Any) -> Results:
    flow, named = Net(i.weight, i.eps), {"mean": i.mean, "std": i.std}
    loss = fn(flow, _pleasing, i.eps, i.ts, i.stop, **named, margin=i.margin)
    found = {"loss": loss, **slopes(loss, velocity=flow.weight)}
    plain = fn(Net(i.weight, i.eps), _pleasing, i.eps, i.ts, i.stop)
    return {
        **found,
        "times asked": torch.stack([t.flatten()[0] for t in flow.times]),
        "loss with mean 0, std 1, margin 2": plain,
    }


class _Taught(Net):
    """A network that listens to a condition."""

    def __call__(self, x: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        answer = super().__call__(x, t)
        return answer if cond is None else answer + column(cond, answer)


_MODELS = {"first": (0.4, 0.9), "other": (1.1, 1.6), "beta": (2.0, 5.0)}


@tried("06b.6", draws("x0", "eps", t=(0, 1), **_MODELS))
def implicit_reward(fn: Function, i: Any) -> Results:
    model, reference = _Taught(i.first, i.x0), _Taught(i.other, i.x0)
    rewards = fn(model, reference, i.x0, i.t, i.eps, i.beta)
    weights = {"model": model.weight, "reference": reference.weight}
    return {
        "rewards": rewards,
        **slopes(rewards, **weights),
        "rewards with a condition": fn(
            model, reference, i.x0, i.t, i.eps, i.beta, 3 * i.t
        ),
        "refuses the model as its own reference": refusal(
            lambda: fn(model, model, i.x0, i.t, i.eps, i.beta)
        ),
    }


@tried("06b.7", draws("better", "worse", "eps", t=(0, 1), **_MODELS))
def dpo_loss(fn: Function, i: Any) -> Results:
    model, reference = _Taught(i.first, i.eps), _Taught(i.other, i.eps)
    given = (model, reference, i.better, i.worse, i.t, i.eps, i.beta)
    loss, margins = pair(fn(*given))
    if array(margins).dtype == bool:
        raise BadResult("margins are differences of rewards, not whether one is larger")
    told, _ = pair(fn(*given, 3 * i.t))
    return {
        "loss": loss,
        "margins": margins,
        **slopes(loss, model=model.weight),
        "margins carry a gradient": count(margins.requires_grad),
        "loss with a condition": told,
    }


# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------


def _steps(seed: int) -> Inputs:
    rng, shape = generator(seed), SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if seed % 3 == 1 else np.float64
    t = rng.uniform(0.3, 0.95, shape[0])
    t[2] = 1.0
    return {
        **{
            n: rng.standard_normal(shape).astype(dtype)
            for n in ("velocity", "xt", "other")
        },
        "t": t.astype(dtype),
        "s": (t - rng.uniform(0.05, 0.25, shape[0])).astype(dtype),
        "noise_level": float(rng.uniform(0.4, 1.0)),
    }


def _deviation(i: Inputs) -> Any:
    """sigma sqrt(t - s), one sample after the other."""
    found = []
    for t, s in zip(i["t"].astype(float), i["s"].astype(float), strict=True):
        left = 1 - (s if t == 1 else t)
        found.append(i["noise_level"] * np.sqrt(t / left * (t - s)))
    return np.array(found, dtype=i["t"].dtype)


@tried(
    "06b.10",
    _steps,
    oracles=(
        equals(
            "std",
            _deviation,
            "std is sigma * sqrt(t - s) with sigma = noise_level * sqrt(t / (1 - t)), "
            "one number for each sample; at t = 1 that 1 - t is 1 - s",
        ),
    ),
    tolerances={"mean of bfloat16 input": (1e-4, 1e-4)},  # it is float32
)
def transition(fn: Function, i: Any) -> Results:
    """A step as a law; at noise level 0, an Euler step; in half precision, float32."""
    mean, std = pair(fn(i.velocity, i.xt, i.t, i.s, i.noise_level))
    still, _ = pair(fn(i.velocity, i.xt, i.t, i.s, 0.0))
    low = [each.bfloat16() for each in (i.velocity, i.xt)]
    half, _ = pair(fn(*low, i.t.float(), i.s.float(), i.noise_level))
    return {
        "std": std,
        "mean": mean,
        "mean at noise level 0": still,
        "bfloat16 input is raised to float32": count(half.dtype == torch.float32),
        "mean of bfloat16 input": half.double(),
    }


def _draws(seed: int) -> Inputs:
    rng, shape = generator(seed), SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if seed % 3 == 1 else np.float64
    return {
        "mean": rng.standard_normal(shape).astype(dtype),
        "x": rng.standard_normal(shape).astype(dtype),
        "std": rng.uniform(0.3, 1.8, shape[0]).astype(dtype),
    }


@tried("06b.11", _draws)
def log_prob(fn: Function, i: Any) -> Results:
    mean, x = i.mean.requires_grad_(), i.x.requires_grad_()
    law = Transition(mean, i.std)
    found = fn(law, x, "sum")
    still = Transition(i.mean.detach(), 0 * i.std)
    return {
        "log density": found,
        **slopes(found, mean=mean, x=x),
        "mean over the dimensions": fn(law, x, "mean"),
        "refuses a step without noise": refusal(lambda: fn(still, i.x.detach(), "sum")),
    }


def _groups(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    size, many = ((4, 5), (6, 3))[seed % 2]
    prompts = np.tile(rng.permutation(many), size)  # interleaved, never a window
    level = rng.uniform(-3, 3, many)[prompts]
    width = rng.uniform(0.3, 3, many)[prompts]
    return {
        "rewards": (level + width * rng.standard_normal(size * many)).astype(dtype),
        "flat": rng.uniform(-1, 1, many)[prompts].astype(dtype),
        "prompts": prompts,
        "size": size,
    }


@tried("06b.14", _groups, cases=("five prompts", "three prompts, float32"))
def group_advantages(fn: Function, i: Any) -> Results:
    rewards = i.rewards.requires_grad_()
    found = fn(rewards, i.prompts, i.size)
    array(found)
    if found.requires_grad:
        raise BadResult("the advantages carry a gradient: detach the rewards")
    plain, order = i.rewards.detach(), i.prompts.argsort(stable=True)
    close = fn(plain, i.prompts, i.size, "group", 0.5)
    return {
        "advantages": found,
        "advantages of rewards that the prompt alone decides": fn(
            i.flat, i.prompts, i.size
        ),
        "advantages, prompts in order": fn(plain[order], i.prompts[order], i.size),
        "advantages with spread='batch'": fn(plain, i.prompts, i.size, "batch"),
        "advantages with limit 0.5": close,
        "refuses groups of another size": refusal(
            lambda: fn(plain, i.prompts, i.size + 1)
        ),
    }


def _policies(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    old = rng.standard_normal(12)
    ratio = rng.permutation(np.repeat([0.4, 0.97, 1.02, 1.8], 3))
    signs = np.where(np.arange(12) % 2, 1.0, -1.0)
    return {
        "old": old.astype(dtype),
        "new": (old + np.log(ratio)).astype(dtype),
        "advantages": (signs * rng.uniform(0.3, 2.0, 12)).astype(dtype),
        "clip": float(rng.uniform(0.1, 0.3)),
    }


@tried("06b.15", _policies, cases=("ratios near and far", "float32"))
def clipped_loss(fn: Function, i: Any) -> Results:
    new, old = i.new.requires_grad_(), i.old.requires_grad_()
    loss = fn(new, old, i.advantages, i.clip)
    return {
        "loss": loss,
        **slopes(loss, log_prob=new, old_log_prob=old),
        "loss on the first update": fn(
            old.detach(), old.detach(), i.advantages, i.clip
        ),
    }


# --- 6.16 and 6.17: fewer steps -------------------------------------------------------


def _student_step(seed: int) -> Inputs:
    i = draws("xt", t=(0.3, 1), share=(0.0, 0.8))(seed)
    return i | {"s": i["t"] * i.pop("share")}


@tried("06b.19", _student_step)
def progressive_target(fn: Function, i: Any) -> Results:
    teacher = Watched()
    found = fn(teacher, i.xt, i.t, i.s)
    weight = torch.ones((), dtype=i.xt.dtype, requires_grad=True)
    learns = fn(lambda x, t: weight * bend(x, t), i.xt, i.t, i.s)
    return {
        "target": found,
        **teacher.asked(found, "teacher(x, t)"),
        "target where the teacher's velocity is t": fn(
            lambda x, t: column(t, x).expand_as(x), i.xt, i.t, i.s
        ),
        "whether a gradient reaches the teacher": count(learns.requires_grad),
    }


def _levels(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    lowest = (0.002, 0.0, 0.02)[seed % 3]
    sigma = lowest + np.exp(rng.uniform(-4, 4, ((9,), (3, 4), (1,))[seed % 3]))
    spread = float(rng.uniform(0.3, 0.8))
    return {"sigma": sigma.astype(dtype), "sigma_data": spread, "sigma_min": lowest}


def _wanted_variance(i: Inputs) -> Any:
    """Of what the network must say, for Gaussian data and an end at no noise."""
    return np.ones(9, dtype=np.float64)


@tried(
    "06b.22",
    _levels,
    cases=("the default end", "an end at no noise", "another end, one level"),
    oracles=(
        equals(
            "variance of what the network must say",
            _wanted_variance,
            "for data of standard deviation sigma_data and sigma_min = 0 the network "
            "must say (x0 - c_skip x) / c_out, and its variance must be 1 at every "
            "level: c_out has a factor sigma_data",
        ),
    ),
)
def boundary_scalings(fn: Function, i: Any) -> Results:
    skip, out = pair(fn(i.sigma, i.sigma_data, i.sigma_min))
    end = torch.full((2,), i.sigma_min, dtype=i.sigma.dtype)
    skip_end, out_end = pair(fn(end, i.sigma_data, i.sigma_min))
    levels = torch.logspace(-1, 1, 9, dtype=torch.float64)
    free_skip, free_out = pair(fn(levels, i.sigma_data, 0.0))
    data, noise = (1 - free_skip) * i.sigma_data, free_skip * levels
    default = pair(fn(i.sigma + 0.01))
    return {
        "c_skip": skip,
        "c_out": out,
        "c_skip at the end of the path": skip_end,
        "c_out at the end of the path": out_end,
        "variance of what the network must say": (data**2 + noise**2) / free_out**2,
        "c_out with the default constants": default[1],
    }


def _neighbours(seed: int) -> Inputs:
    i = draws("xt", "xs", t=(0.3, 1), share=(0.0, 0.8), weight=(0.4, 0.9))(seed)
    return i | {"s": i["t"] * i.pop("share")}


@tried("06b.23", _neighbours)
def consistency_loss(fn: Function, i: Any) -> Results:
    student, target = Net(i.weight, i.xt), Net(1.3 * i.weight, i.xt)
    found = fn(student, target, (i.xt, i.xs), i.t, i.s)
    array(found, scalar=True)
    if not target.times:
        raise BadResult("the target is never asked: call target(x_s, s)")
    if not found.requires_grad:
        raise BadResult("no gradient reaches the student: only the target is cut off")
    (leak,) = torch.autograd.grad(
        found.sum(), target.weight, allow_unused=True, retain_graph=True
    )
    both = Net(i.weight, i.xt)
    alone = fn(both, both, (i.xt, i.xs), i.t, i.s)
    return {
        **student.learns(found),
        "t that the target sees": target.times[0],
        "whether a gradient reaches the target": count(leak is not None),
        "gradient when the student is its own target": both.learns(alone)["gradient"],
        "loss with another distance": fn(
            student, target, (i.xt, i.xs), i.t, i.s, pseudo_huber
        ),
    }


def _jumps(seed: int) -> Inputs:
    shape = ((7, 2), (5, 3, 4, 6), (6, 2))[seed % 3]
    x = generator(seed).standard_normal(shape)
    return {
        "x": x.astype(np.float32 if len(shape) == 4 else np.float64),
        "ts": grid(seed, 4, 1.0, (0.0, 0.1, 0.0)[seed % 3]),
        "stir": 11 + abs(seed),
    }


def _states(found: Any, wanted: int) -> Tensor:
    """All states of a sampler, one after the other; BadResult, in words."""
    if not isinstance(found, Iterator | list | tuple):
        array(found)
        raise BadResult("it must return a generator: `yield` each state, first x")
    states = list(islice(iter(found), wanted + 5))
    for state in states:
        array(state)
    if len(states) != wanted:
        raise BadResult(
            f"it yields {len(states)} states for {wanted} times: the noise itself, and "
            "one after each jump"
        )
    return torch.stack(states)


@tried("06b.24", _jumps, cases=("points (B, 2)", "images, a last time above 0", "more"))
def consistency_sampler(fn: Function, i: Any) -> Results:
    f, ts = Watched(), i.ts.to(i.x.dtype)
    torch.manual_seed(i.stir + 1)  # only the generator that is handed over may matter

    def run(f: Any, ts: Tensor, **more: Any) -> Tensor:
        source = torch.Generator().manual_seed(i.stir)
        return _states(fn(f, i.x.clone(), ts, generator=source, **more), len(ts))

    film = run(f, ts)
    seen = {} if not f.times else f.asked(film)
    if not seen:
        raise BadResult("f is never asked: x0 = f(x, t)")
    return {
        "last state of one jump": run(bend, ts[[0, -1]])[-1],
        "states": film,
        **seen,
        "states on another path": run(bend, ts, path=CosinePath()),
    }


# --- 6.18 and 6.19: judges and average velocities -------------------------------------


def _verdicts(seed: int) -> Inputs:
    made = draws("x", "x0_real", "x0_fake")(seed)
    made["x0_real"][3] = made["x"][3]  # the teacher leaves this one where it is
    made["x"][1] = 40 * made["x"][1]
    return made


def _each_in_its_unit(i: Inputs) -> Any:
    moved = np.abs(i["x"] - i["x0_real"]).reshape(len(i["x"]), -1).mean(1)
    unit = np.where(moved > 0, moved, np.inf)
    return (i["x0_fake"] - i["x0_real"]) / column(unit, i["x"]).astype(i["x"].dtype)


@tried(
    "06b.27",
    _verdicts,
    oracles=(
        equals(
            "gradient",
            _each_in_its_unit,
            "it must be x0_fake - x0_real, each sample divided by its own mean of "
            "|x - x0_real|, and 0 where that mean is 0",
        ),
    ),
)
def dmd_gradient(fn: Function, i: Any) -> Results:
    return {"gradient": fn(i.x, i.x0_real, i.x0_fake)}


class _Judge:
    """A velocity with a weight that must not learn here; it remembers what it saw."""

    def __init__(self, weight: float, like: Tensor) -> None:
        self.weight = torch.tensor(weight, dtype=like.dtype, requires_grad=True)
        self.seen: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.seen.append(x.detach())
        late: Tensor = 1 + column(t, x)
        return torch.tanh(x) * self.weight * late + 0.1 * late


@tried("06b.29", draws("x", "eps", t=(0.02, 0.98)))
def dmd_loss(fn: Function, i: Any) -> Results:
    real, fake = _Judge(0.9, i.x), _Judge(-0.6, i.x)
    x = i.x.clone().requires_grad_()
    loss = fn(real, fake, x, i.t, i.eps)
    array(loss, scalar=True)
    for judge, name in ((real, "real"), (fake, "fake")):
        if not judge.seen:
            raise BadResult(f"the {name} judge is never asked: call {name}(xt, t)")
    moved = slopes(loss, x=x, real=real.weight, fake=fake.weight)
    return {
        "what the real judge sees": real.seen[0],
        "what the fake judge sees": fake.seen[0],
        **moved,
        "loss": loss,
    }


class _Average:
    """An average velocity with a weight; it remembers its questions."""

    def __init__(self, like: Tensor) -> None:
        self.weight = torch.tensor(0.8, dtype=like.dtype, requires_grad=True)
        self.asked: list[tuple[Tensor, ...]] = []

    def __call__(self, x: Tensor, r: Tensor, t: Tensor) -> Tensor:
        self.asked.append((x, r, t))
        late: Tensor = column(t, x)
        gap: Tensor = column(t - r, x)
        return torch.tanh(x) * self.weight * (1 + late) + gap**2 * torch.sin(x + late)


def _interval(seed: int) -> Inputs:
    made = draws("xt", "velocity", t=(0.4, 1), share=(0, 0.9))(seed)
    made["r"] = made.pop("share") * made["t"]
    made["r"][2] = made["t"][2]  # an empty interval
    return made


@tried("06b.31", _interval)
def shortcut_target(fn: Function, i: Any) -> Results:
    u, xt = _Average(i.xt), i.xt.clone().requires_grad_()
    target = fn(u, xt, i.r, i.t)
    array(target)
    if len(u.asked) != 2:
        raise BadResult(
            f"u is asked {len(u.asked)} times: two half steps, two questions"
        )
    first, second = u.asked
    return {
        "end of the first half": first[1],
        "start of the second half": second[2],
        "where the second half begins": second[0],
        "target": target,
        "records a gradient": count(target.requires_grad),
    }


@tried("06b.33", _interval)
def meanflow_target(fn: Function, i: Any) -> Results:
    u = _Average(i.xt)
    said, target = pair(fn(u, i.xt, i.r, i.t, i.velocity))
    found = {"u": said, "target": target}
    if not said.requires_grad:
        raise BadResult("no gradient flows from u: it is what shall learn")
    return {
        **found,
        "target learns": count(target.requires_grad),
        **slopes((said - target).square(), u=u.weight),
    }


def _errors(seed: int) -> Inputs:
    made = draws("error", power=(0.2, 0.9))(seed)
    made["error"][1] = 0.02 * made["error"][1]  # where c counts
    made["error"][2] = 0.0
    return made


@tried("06b.35", _errors)
def power_weighted(fn: Function, i: Any) -> Results:
    error = i.error.clone().requires_grad_()
    loss = fn(error, i.power)
    return {
        "loss": loss,
        **slopes(loss, error=error),
        "loss for power 0": fn(i.error, 0.0),
        "loss for another c": fn(i.error, i.power, 0.3),
    }
