"""Students of the plane that have judges, and those that have no teacher at all.

Each is trained by a function of the teacher, a seed and whether it shall be quick. The
teacher-free ones leave the teacher alone: they learn from real points, from scratch.
"""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.experiments.train_toy import descend, fresh
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    BATCH,
    Sampler,
    Student,
    points,
    walk,
)
from coursekit.models.interval_mlp import IntervalMLP
from coursekit.models.layers import timestep_embedding
from coursekit.models.mlp import EpsMLP
from coursekit.theory.adversarial import critic_loss, generator_loss, judge_of
from coursekit.theory.average_velocity import (
    draw_intervals,
    draw_shortcuts,
    meanflow_loss,
    shortcut_target,
)
from coursekit.theory.consistency import flow_consistency
from coursekit.theory.distribution_matching import (
    dmd_loss,
    draw_judged_times,
    fake_score_loss,
)
from coursekit.theory.few_steps import average_velocity_sampler, consistency_sampler
from coursekit.theory.flow import conditional_path
from coursekit.theory.reflow import one_step_loss
from coursekit.theory.robust_losses import squared_l2
from coursekit.theory.solvers import time_grid
from coursekit.theory.training_times import Uniform

PAIRS, WALK = 20_000, 32  # of DMD's regression, and the teacher's steps to each
BASE_STEPS = 64  # of the shortcut model's smallest kind
LONG = 3000  # steps of those that begin with fresh weights
GAME = 5e-4  # the rate of the generator in the adversarial game
RATE = 1e-3  # of networks that start from the teacher's weights


@dataclass
class Cost:
    """What a training took: evaluations as `Student` counts them, and seconds."""

    evals: float = 0.0
    seconds: float = 0.0


@contextmanager
def paid(*models: Any) -> Iterator[Cost]:
    """Count what goes through the first layers of `models`, and the time of this."""
    cost, begun = Cost(), time.process_time()

    def count(_: nn.Module, inputs: tuple[Tensor], out: Tensor) -> None:
        cost.evals += len(inputs[0]) * (3 if out.requires_grad else 1)

    hooks = [model.first.register_forward_hook(count) for model in models]
    try:
        yield cost
    finally:
        cost.seconds = time.process_time() - begun
        for hook in hooks:
            hook.remove()


def pupil(teacher: EpsMLP) -> EpsMLP:
    """A copy of the teacher that can learn."""
    return copy.deepcopy(teacher).train().requires_grad_(True)


def noise(generator: torch.Generator) -> Tensor:
    """A batch of it."""
    return torch.randn(BATCH, 2, generator=generator)


def jump_and_noise(model: EpsMLP) -> Sampler:
    """Few steps of a network that jumps to the end: `consistency_sampler`."""

    def sampler(eps: Tensor, evaluations: int) -> Tensor:
        again = torch.Generator().manual_seed(evaluations)
        ts, f = time_grid(evaluations), flow_consistency(model)
        with torch.no_grad():
            *_, x0 = consistency_sampler(f, eps, ts, generator=again)
        return x0

    return sampler


def long_steps(model: nn.Module) -> Sampler:
    """Few steps of a network that knows how far it goes."""

    def sampler(eps: Tensor, evaluations: int) -> Tensor:
        with torch.no_grad():
            *_, x0 = average_velocity_sampler(model, eps, time_grid(evaluations))
        return x0

    return sampler


def own_inputs(model: EpsMLP, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What a generator will meet: noise, and its own pictures under fresh noise.

    Half of the batch is pure noise at t = 1. The other half are pictures that it drew
    in one step, noised to any time: that is where its next step will begin.
    """
    eps, t = noise(generator), torch.ones(BATCH)
    half = BATCH // 2
    with torch.no_grad():
        drawn = flow_consistency(model)(eps[:half], t[:half])
    t[:half] = torch.rand(half, generator=generator)
    again = torch.randn(drawn.shape, generator=generator)
    return torch.cat([conditional_path(drawn, again, t[:half]), eps[half:]]), t


def play(drawing: Iterator[float], judging: Iterator[float], each: int) -> None:
    """Two time scales: `each` steps of the judge before one of the generator."""
    for _ in islice(judging, each):
        pass
    for _ in drawing:
        for _ in islice(judging, each):
            pass


def dmd(
    teacher: EpsMLP,
    seed: int,
    quick: bool = False,
    *,
    weight: float = 0.25,
    each: int = 2,
    steps: int = 1000,
    copied: bool = True,
) -> Student:
    """Distribution matching, and `weight` times the regression on the teacher's pairs.

    each: steps of the fake judge for one of the generator. copied: the generator begins
    as the teacher, and not with fresh weights.
    """
    steps = 3 if quick else steps
    count = BATCH if quick or not weight else PAIRS
    model = pupil(teacher) if copied else fresh(seed, EpsMLP)
    fake = pupil(teacher)
    f = flow_consistency(model)

    def judging(generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            x = f(*own_inputs(model, generator))
        t = torch.rand(BATCH, generator=generator)
        return fake_score_loss(fake, x, t, noise(generator))

    def drawing(generator: torch.Generator) -> Tensor:
        x = f(*own_inputs(model, generator))
        t = draw_judged_times(BATCH, generator=generator)
        loss = dmd_loss(teacher, fake, x, t, noise(generator)).mean()
        if weight:
            rows = torch.randint(count, (BATCH,), generator=generator)
            regression = one_step_loss(model, ends[rows], starts[rows]).mean()
            loss = loss + weight * regression
        return loss

    with paid(teacher, model, fake) as cost:
        stir = torch.Generator().manual_seed(seed + 2000)
        starts = torch.randn(count, 2, generator=stir)
        ends = walk(teacher, starts, WALK) if weight else starts
        play(
            descend(model, drawing, steps, RATE, seed),
            descend(fake, judging, (steps + 1) * each, RATE, seed + 1),
            each,
        )
    return Student(jump_and_noise(model.eval()), cost.evals, cost.seconds)


def features_of(teacher: EpsMLP) -> Callable[[Tensor, Tensor], list[Tensor]]:
    """What the teacher's hidden layers say of a noisy point."""

    def features(xt: Tensor, t: Tensor) -> list[Tensor]:
        told = timestep_embedding(t, teacher.time_dim)
        h = teacher.first(torch.cat([xt, told], dim=1))
        found = [nn.functional.silu(h)]
        for layer in teacher.hidden:
            found.append(nn.functional.silu(layer(found[-1])))
        return found

    return features


def head(width: int = 128) -> nn.Module:
    """From the features of one layer to a score."""
    return nn.Sequential(nn.Linear(width, 64), nn.SiLU(), nn.Linear(64, 1))


def adversarial(
    teacher: EpsMLP, seed: int, quick: bool = False, *, each: int = 2, steps: int = 1500
) -> Student:
    """A game against heads on the teacher's features, which see real points too."""
    steps = 3 if quick else steps
    model = pupil(teacher)
    layers = 1 + len(teacher.hidden)
    heads = fresh(seed, lambda: nn.ModuleList(head() for _ in range(layers)))
    judge, f = judge_of(features_of(teacher), list(heads)), flow_consistency(model)

    def judging(generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            x = f(*own_inputs(model, generator))
        t = torch.rand(BATCH, generator=generator)
        return critic_loss(judge, points(BATCH, generator), x, t, noise(generator))

    def drawing(generator: torch.Generator) -> Tensor:
        x = f(*own_inputs(model, generator))
        t = torch.rand(BATCH, generator=generator)
        return generator_loss(judge, x, t, noise(generator))

    with paid(teacher, model) as cost:
        play(
            descend(model, drawing, steps, GAME, seed),
            descend(heads, judging, (steps + 1) * each, 2e-3, seed + 1),
            each,
        )
    return Student(jump_and_noise(model.eval()), cost.evals, cost.seconds)


def shortcut(
    teacher: EpsMLP,
    seed: int,
    quick: bool = False,
    *,
    steps: int = LONG,
    share: float = 0.25,
    lag: float = 0.0,
) -> Student:
    """One step is two half steps. No teacher: the base steps learn flow matching.

    share: of the batch that learns from two half steps. lag: 0 asks the network itself
    for them; .999 asks averaged weights, a thousand steps behind.
    """
    model = fresh(seed, IntervalMLP)
    elder = copy.deepcopy(model).requires_grad_(False) if lag else model
    few = round(share * BATCH)

    def loss(generator: torch.Generator) -> Tensor:
        x0, eps = points(BATCH, generator), noise(generator)
        r, t = draw_shortcuts(BATCH, BASE_STEPS, generator)
        t[few:] = torch.rand(BATCH - few, generator=generator)
        r[few:] = t[few:]
        xt = conditional_path(x0, eps, t)
        target = eps - x0
        target[:few] = shortcut_target(elder, xt[:few], r[:few], t[:few])
        return squared_l2(model(xt, r, t) - target).mean()

    with paid(model) as cost:
        for _ in descend(model, loss, 3 if quick else steps, seed=seed):
            if lag:
                for old, new in zip(
                    elder.parameters(), model.parameters(), strict=True
                ):
                    old.lerp_(new.detach(), 1 - lag)
    return Student(long_steps(model.eval()), cost.evals, cost.seconds)


def meanflow(
    teacher: EpsMLP,
    seed: int,
    quick: bool = False,
    *,
    power: float = 0.0,
    steps: int = LONG,
    equal_share: float = 0.5,
) -> Student:
    """Average velocities from their own slope, no teacher. power: of the loss."""
    model = fresh(seed, IntervalMLP)

    def loss(generator: torch.Generator) -> Tensor:
        interval = draw_intervals(BATCH, equal_share, Uniform(), generator)
        x0 = points(BATCH, generator)
        return meanflow_loss(model, x0, noise(generator), interval, power).mean()

    with paid(model) as cost:
        for _ in descend(model, loss, 3 if quick else steps, seed=seed):
            cost.evals += 3 * BATCH  # the slope, and backwards: unseen inside jvp
    return Student(long_steps(model.eval()), cost.evals, cost.seconds)


STUDENTS: dict[str, Callable[[EpsMLP, int, bool], Student]] = {
    "dmd": dmd,
    "dmd_alone": partial(dmd, weight=0.0),
    "adversarial": adversarial,
    "shortcut": shortcut,
    "meanflow": meanflow,
}
