"""Students of the flow on the plane: pairs, reflow, halved steps, agreeing neighbours.

Each of STUDENTS takes a trained teacher, a seed and whether to be quick, and returns a
`Student`. All begin with the teacher's weights.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from coursekit.experiments.train_toy import descend
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    BATCH,
    Sampler,
    Student,
    points,
    walk,
)
from coursekit.models.mlp import EpsMLP
from coursekit.theory.consistency import (
    Distance,
    consistency_loss,
    distillation_pair,
    flow_consistency,
    levels_at,
    training_pair,
)
from coursekit.theory.few_steps import consistency_sampler
from coursekit.theory.flow import (
    Step,
    cfm_loss,
    conditional_path,
    euler_step,
    heun_step,
)
from coursekit.theory.progressive import progressive_target
from coursekit.theory.reflow import make_pairs, one_step_loss
from coursekit.theory.robust_losses import pseudo_huber, squared_l2
from coursekit.theory.solvers import time_grid
from coursekit.theory.training_times import draw_steps
from coursekit.training.ema import Ema

Trainer = Callable[[EpsMLP, int, bool], Student]

TOP = 64  # steps of the teacher: what all students imitate
PAIRS = 20_000
BACKWARD = 2  # a backward pass costs about two forward ones


def unfrozen(teacher: EpsMLP) -> EpsMLP:
    """A copy that may learn."""
    return copy.deepcopy(teacher).requires_grad_(True)


def frozen(net: EpsMLP) -> EpsMLP:
    """The same network, for use."""
    return net.eval().requires_grad_(False)


def seen(steps: int, forwards: float, backwards: float = 1) -> float:
    """Evaluations of networks in so many steps of training."""
    return steps * BATCH * (forwards + BACKWARD * backwards)


def base(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """The control: the teacher in fewer steps. It learns nothing."""
    return Student(partial(walk, teacher), 0.0, 0.0)


def pairs_of(teacher: EpsMLP, seed: int, count: int, steps: int) -> tuple[Tensor, ...]:
    """(x0, eps): noise and where the teacher takes it, `count` of them."""
    eps = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))
    return make_pairs(teacher, eps, time_grid(steps))


def rows_of(
    pairs: tuple[Tensor, ...], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """A batch of pairs. One index for both: each x0 keeps its own noise."""
    rows = torch.randint(len(pairs[0]), (BATCH,), generator=generator)
    x0, eps = (each[rows] for each in pairs)
    return x0, eps


def learn_one_step(
    net: EpsMLP, pairs: tuple[Tensor, ...], steps: int, seed: int
) -> None:
    """Train in place: from pure noise to the partner, at once."""

    def loss(generator: torch.Generator) -> Tensor:
        return one_step_loss(net, *rows_of(pairs, generator)).mean()

    for _ in descend(net, loss, steps, seed=seed):
        pass


def on_pairs(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """Regression on the teacher's pairs: good for one step, and for one only."""
    steps, count = (20, 500) if quick else (4000, PAIRS)
    start, net = perf_counter(), unfrozen(teacher)
    learn_one_step(net, pairs_of(teacher, seed + 2000, count, TOP), steps, seed)
    cost = count * TOP + seen(steps, 1)
    return Student(partial(walk, frozen(net)), cost, perf_counter() - start)


def straightened(teacher: EpsMLP, seed: int, quick: bool) -> tuple[EpsMLP, float]:
    """A flow trained on the teacher's pairs (reflow), and its cost in evaluations."""
    steps, count = (20, 500) if quick else (4000, PAIRS)
    net, pairs = unfrozen(teacher), pairs_of(teacher, seed + 2000, count, TOP)

    def loss(generator: torch.Generator) -> Tensor:
        x0, eps = rows_of(pairs, generator)
        return cfm_loss(net, x0, torch.rand(BATCH, generator=generator), eps)

    for _ in descend(net, loss, steps, seed=seed):
        pass
    return frozen(net), count * TOP + seen(steps, 1)


def reflow(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """The flow again, on its own pairs: straighter paths, any number of steps."""
    start = perf_counter()
    net, cost = straightened(teacher, seed, quick)
    return Student(partial(walk, net), cost, perf_counter() - start)


def instaflow(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """Reflow, then regression on the pairs of the straighter flow (Liu et al. 2024).

    For one step the second network answers, for more the straightened flow.
    """
    steps, count = (20, 500) if quick else (2000, PAIRS)
    start = perf_counter()
    flow, cost = straightened(teacher, seed, quick)
    net = unfrozen(flow)
    learn_one_step(net, pairs_of(flow, seed + 3000, count, TOP), steps, seed)
    cost += count * TOP + seen(steps, 1)

    def sampler(eps: Tensor, evaluations: int) -> Tensor:
        return walk(net if evaluations == 1 else flow, eps, evaluations)

    return Student(sampler, cost, perf_counter() - start)


ROUNDS = {32: 400, 16: 400, 8: 800, 4: 1200, 2: 1800, 1: 2400}  # steps of training


def halve(teacher: EpsMLP, count: int, steps: int, seed: int) -> EpsMLP:
    """A student that walks in `count` steps what its teacher walks in twice as many."""
    net, ts = unfrozen(teacher), time_grid(count)

    def loss(generator: torch.Generator) -> Tensor:
        x0 = points(BATCH, generator)
        t, s = draw_steps(ts, BATCH, generator)
        xt = conditional_path(x0, torch.randn(x0.shape, generator=generator), t)
        return squared_l2(net(xt, t) - progressive_target(teacher, xt, t, s)).mean()

    for _ in descend(net, loss, steps, 2e-3, seed):
        pass
    return frozen(net)


def progressive(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """64 steps, then 32, 16, 8, 4, 2, 1. Of each round the network is kept."""
    start, nets, cost = perf_counter(), {TOP: teacher}, 0.0
    for count, wanted in ROUNDS.items():
        steps = 10 if quick else wanted
        nets[count] = halve(nets[2 * count], count, steps, seed + count)
        cost += seen(steps, 3)

    def sampler(eps: Tensor, evaluations: int) -> Tensor:
        return walk(nets[evaluations], eps, evaluations)

    return Student(sampler, cost, perf_counter() - start)


@dataclass(frozen=True)
class Agreement:
    """How a consistency model is trained.

    step: a solver for the teacher's step, or None: no teacher, pairs with one noise.
    start, end: levels at the first and the last step of the training. decay: of the
    averaged weights that say the target; 0: the student itself says it.
    """

    step: Step | None
    distance: Distance
    start: int
    end: int
    decay: float = 0.0
    steps: int = 4000
    rate: float = 1e-3


def jumps(net: EpsMLP) -> Sampler:
    """Jump, noise again, jump: with fresh noise that is the same in every call."""
    f = flow_consistency(net)

    def sampler(eps: Tensor, evaluations: int) -> Tensor:
        fresh = torch.Generator().manual_seed(31_337)
        with torch.no_grad():
            *_, x0 = consistency_sampler(
                f, eps, time_grid(evaluations), generator=fresh
            )
        return x0

    return sampler


def consistent(plan: Agreement, teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """Neighbours on a path agree, as `plan` says (Song et al. 2023)."""
    steps = 20 if quick else plan.steps
    begin, net = perf_counter(), unfrozen(teacher)
    average = Ema(net, plan.decay) if plan.decay else None
    student = flow_consistency(net)
    target = flow_consistency(average.module) if average else student
    progress: Iterator[float] = (step / steps for step in range(steps))

    def loss(generator: torch.Generator) -> Tensor:
        x0 = points(BATCH, generator)
        eps = torch.randn(x0.shape, generator=generator)
        levels = levels_at(next(progress), plan.start, plan.end)
        t, s = draw_steps(time_grid(levels), BATCH, generator)
        if plan.step is None:
            pair = training_pair(x0, eps, t, s)
        else:
            pair = distillation_pair(teacher, x0, eps, t, s, plan.step)
        return consistency_loss(student, target, pair, t, s, plan.distance).mean()

    for _ in descend(net, loss, steps, plan.rate, seed):
        if average:
            average.update_parameters(net)
    cost = seen(steps, 2 + (plan.step is not None) + (plan.step is heun_step))
    return Student(jumps(frozen(net)), cost, perf_counter() - begin)


CD_EULER = Agreement(euler_step, pseudo_huber, 32, 32, 0.95)
CD_HEUN = Agreement(heun_step, pseudo_huber, 16, 16, 0.95)
CT = Agreement(None, squared_l2, 8, 256)
CT_HUBER = Agreement(None, pseudo_huber, 8, 256)

STUDENTS: dict[str, Trainer] = {
    "base": base,
    "pairs": on_pairs,
    "reflow": reflow,
    "instaflow": instaflow,
    "progressive": progressive,
    "cd_euler": partial(consistent, CD_EULER),
    "cd_heun": partial(consistent, CD_HEUN),
    "ct": partial(consistent, CT),
    "ct_huber": partial(consistent, CT_HUBER),
}
