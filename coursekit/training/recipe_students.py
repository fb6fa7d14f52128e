"""Recipes of students: the network of a prompt model that draws in one to eight steps.

Each is an adapter of the model it starts from, which is also its teacher, guided as it
usually is. So a student's one evaluation does what the teacher needs two for, and that
24 times.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from coursekit.datasets.images import to_uint8
from coursekit.evaluation.text_sampling import BATCH, starts
from coursekit.models.lora import Adapter, adapted
from coursekit.models.strided import StudentConfig, student_network
from coursekit.theory.average_velocity import AverageVelocity, meanflow_target
from coursekit.theory.consistency import (
    consistency_loss,
    distillation_pair,
    flow_consistency,
)
from coursekit.theory.distribution_matching import (
    dmd_loss,
    draw_judged_times,
    fake_score_loss,
)
from coursekit.theory.few_steps import (
    average_velocity_sampler,
    consistency_sampler,
)
from coursekit.theory.flow import Velocity, conditional_path, euler_step
from coursekit.theory.guidance import classifier_free
from coursekit.theory.paths import expand_as
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.robust_losses import power_weighted, pseudo_huber
from coursekit.theory.solvers import time_grid
from coursekit.training.data import seed_of
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.text_image_data import length_of, tokenizer_of

LADDER = (1, 2, 4, 8)  # steps that a card tells of


class Pair(nn.Module):
    """A student, and a second network of its kind: an older self, or a judge."""

    def __init__(self, config: StudentConfig) -> None:
        """Both injected, with weights of their own."""
        super().__init__()
        self.student, self.other = config.injected(), config.injected()
        self.register_buffer("round", torch.tensor(-1))

    @torch.no_grad()
    def follow(self, share: float = 1.0) -> None:
        """Move the other one's weights towards the student's; 1: all the way."""
        for own, new in zip(
            self.other.parameters(), self.student.parameters(), strict=True
        ):
            own.lerp_(new, share)


@dataclass(frozen=True)
class StudentRecipe(AdapterRecipe):
    """What all students have in common: teacher, grids, drawing, figures.

    solver: "euler" with average velocities, or "consistency", which guesses the end and
    adds noise again.
    """

    solver: str = "consistency"
    usual: int = 4  # steps, if nobody says otherwise
    most: int = 8  # steps it was made for

    @cached_property
    def teacher(self) -> nn.Module:
        """The model it starts from."""
        return load_model(self.start, clip=False)

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """Student, other, teacher: all may multiply in bf16."""
        pair = cast(Pair, model)
        return pair.student, pair.other, self.teacher

    def build(self, config: Any) -> nn.Module:
        """The student and the second network."""
        return Pair(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """Both start as the teacher."""
        pair = cast(Pair, model)
        super().begin(pair.student)
        pair.other.load_state_dict(pair.student.state_dict())
        for name, weight in pair.other.named_parameters():
            weight.requires_grad_(self.judged and name.endswith((".down", ".up")))
        return model

    @property
    def pace(self) -> float:
        """Of the sinusoids that tell it how long a step is."""
        return cast(StudentConfig, self.cpu.model).pace

    @property
    def judged(self) -> bool:
        """Whether the second network is a judge that learns."""
        return False

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The student's adapter alone."""
        parts = adapted(cast(Pair, model).student)
        return Adapter(parts).eval().requires_grad_(False)

    def grid(self, steps: int) -> Tensor:
        """The times of a walk, float32."""
        return shift_time(time_grid(steps), self.shift).float()

    def guided(self, ids: Tensor) -> Velocity:
        """The teacher, guided to prompts."""
        model = self.teacher.to(ids.device)
        null = tokenizer_of(self.data).null(1, ids.shape[1])[0].to(ids.device)
        return classifier_free(model, ids, null, self.scale)

    def draws(self, size: int, step: int) -> torch.Generator:
        """Luck of its own for what a method draws beside the usual batch."""
        return torch.Generator().manual_seed(seed_of(self.seed, 5, step))

    @torch.no_grad()
    def draw(
        self, model: nn.Module, prompts: list[str], scale: float, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Pictures for prompts; `scale` says in how many steps, since none guides."""
        tokenizer, steps = tokenizer_of(self.data), int(scale)
        ids = tokenizer.encode(prompts, length_of(self.data))
        net = student_network(self.teacher, model.state_dict(), self.pace)
        noise, done = starts(len(ids), self.shape(), seed), []
        fresh = torch.Generator().manual_seed(seed)
        for i in range(0, len(ids), BATCH):
            x, told = noise[i : i + BATCH], ids[i : i + BATCH]
            done.append(self.space.decode(self.walked(net, x, told, steps, fresh)))
        return to_uint8(torch.cat(done))

    def walked(
        self,
        net: nn.Module,
        x: Tensor,
        ids: Tensor,
        steps: int,
        fresh: torch.Generator,
    ) -> Tensor:
        """From noise to latents."""
        ts = self.grid(steps)
        if self.solver == "euler":
            *_, x0 = average_velocity_sampler(strided(net, ids), x, ts)
        else:
            f = flow_consistency(velocity(net, ids))
            *_, x0 = consistency_sampler(f, x, ts, generator=fresh)
        return x0

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Held-out prompts in one and in four steps."""
        from coursekit.evaluation.prompts import held_out_prompts
        from coursekit.evaluation.sampling import image_grid

        asked = held_out_prompts(self.data, 16 if large else 10)
        rows = [self.draw(model, asked, steps) for steps in (1, self.usual)]
        return image_grid(np.concatenate(rows), columns=8 if large else 10)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """How many pictures show what their prompt says, by the number of steps."""
        from coursekit.evaluation.prompts import prompt_figures

        return prompt_figures(
            partial(self.draw, model),
            self.data,
            self.size,
            20 if quick else 200,
            (1, 4) if quick else LADDER,
            kind="steps",
        )

    def facts(self) -> dict[str, Any]:
        """Also how it draws."""
        own = {"solver": self.solver, "usual": self.usual, "most": self.most}
        return super().facts() | own | {"scale": 1.0, "guided": self.scale}


def velocity(net: nn.Module, ids: Tensor) -> Velocity:
    """A network and what it is told."""
    return lambda x, t: net(x, t, ids)


def strided(net: nn.Module, ids: Tensor) -> AverageVelocity:
    """The same as an average velocity u(x, r, t)."""
    return lambda x, r, t: net(x, t, ids, r)


def bounded(change: Tensor, by: Tensor) -> Tensor:
    """A change made as short as `by`, sample by sample, where it is longer."""
    lengths = [each.flatten(1).norm(dim=1) for each in (change, by)]
    share = (lengths[1] / lengths[0].clamp(min=1e-6)).clamp(max=1)
    return expand_as(share, change) * change


@dataclass(frozen=True)
class ProgressiveRecipe(StudentRecipe):
    """One step for two of its older self's, round by round (Salimans & Ho 2022).

    The rounds begin at the profile's restarts. In every round a share of the rows asks
    for what earlier rounds taught, so that one network takes 1, 2, 4, ... steps.
    """

    solver: str = "euler"
    rounds: tuple[int, ...] = (16, 8, 4, 2, 1)  # steps of the student
    turns: tuple[int, ...] = ()  # steps of training at which the next round begins
    rehearsed: float = 0.25

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Also the round, and start, middle and end of each row's step."""
        x0, _, eps, ids, _ = super().batch(data, size, step)
        luck, now = self.draws(size, step), sum(step >= turn for turn in self.turns)
        level = torch.full((size,), now)
        if now:
            again = torch.rand(size, generator=luck) < self.rehearsed
            level[again] = torch.randint(now, (int(again.sum()),), generator=luck)
        rows = []
        for each in level.tolist():
            n = self.rounds[each]
            ts, i = self.grid(2 * n), int(torch.randint(n, (), generator=luck))
            rows.append(ts[2 * i : 2 * i + 3])
        times = torch.stack(rows)
        return x0, eps, ids, level, times, torch.full((size,), now)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """How far the student's step misses two of the teacher's."""
        x0, eps, ids, level, times, rounds = batch
        pair, now = cast(Pair, model), int(rounds[0])
        if int(cast(Tensor, pair.round)) != now:
            pair.follow()
            cast(Tensor, pair.round).fill_(now)
        t, middle, s = times.unbind(1)
        xt = conditional_path(x0, eps, t)
        u = strided(pair.student, ids)
        with torch.no_grad():
            if now:
                old = strided(pair.other, ids)
                # A step that an earlier round taught is its older self's own step.
                known = level < now
                half = torch.where(known, s, middle)
                x = xt - expand_as(t - half, xt) * old(xt, half, t)
                onwards = x - expand_as(half - s, x) * old(x, s, half)
                x = torch.where(expand_as(known, x).bool(), x, onwards)
            else:
                ask = self.guided(ids)
                x = euler_step(ask, euler_step(ask, xt, t, middle), middle, s)
            target = (x - xt) / expand_as(s - t, xt)
        error: Tensor = u(xt, s, t) - target
        return error.square().mean()


@dataclass(frozen=True)
class ConsistencyRecipe(StudentRecipe):
    """All points of a teacher's path agree on its end (Song et al. 2023)."""

    levels: int = 16  # steps of the teacher's walk
    lag: float = 0.95  # of the average that is the target

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Also two neighbours on the grid for each row."""
        x0, _, eps, ids, _ = super().batch(data, size, step)
        luck, ts = self.draws(size, step), self.grid(self.levels)
        i = torch.randint(self.levels, (size,), generator=luck)
        return x0, eps, ids, ts[i], ts[i + 1]

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The error between neighbours, as a length: the target is not random."""
        x0, eps, ids, t, s = batch
        pair = cast(Pair, model)
        pair.follow(1 - self.lag)
        both = distillation_pair(self.guided(ids), x0, eps, t, s)
        f, target = (
            flow_consistency(velocity(net, ids)) for net in (pair.student, pair.other)
        )
        error = consistency_loss(f, target, both, t, s, pseudo_huber)
        mean: Tensor = error.mean() / x0[0].numel() ** 0.5
        return mean


@dataclass(frozen=True)
class MatchingRecipe(StudentRecipe):
    """Two judges: the teacher, and one that learns the student's law (Yin et al. 2024).

    The student is trained on what it makes itself: noise, or its own earlier guesses
    with fresh noise (backward simulation of DMD2), never on pictures.
    """

    judging: float = 1.0  # weight of the judge's loss

    @property
    def judged(self) -> bool:
        """The second network is the judge of what is generated."""
        return True

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Prompts, noise for each level and for both judges, times, and the level."""
        x0, _, eps, ids, _ = super().batch(data, size, step)
        luck = self.draws(size, step)
        noise = torch.randn(size, self.usual + 1, *x0.shape[1:], generator=luck)
        times = shift_time(draw_judged_times(size, generator=luck), self.shift)
        later = shift_time(torch.rand(size, generator=luck), self.shift)
        level = int(torch.randint(self.usual, (), generator=luck))
        return eps, ids, noise, times, later, torch.full((size,), level)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The student's slope, and the judge's flow matching: no network sees both."""
        eps, ids, noise, times, later, level = batch
        pair, ts = cast(Pair, model), self.grid(self.usual).to(eps.device)
        f = flow_consistency(velocity(pair.student, ids))
        x = eps
        with torch.no_grad():
            for i in range(int(level[0])):
                x = f(x, ts[i].expand(len(x)))
                x = conditional_path(x, noise[:, i], ts[i + 1].expand(len(x)))
        x0 = f(x, ts[level])
        fake = velocity(pair.other, ids)
        slope = dmd_loss(self.guided(ids), fake, x0, times, noise[:, -2])
        judge = fake_score_loss(fake, x0, later, noise[:, -1])
        loss: Tensor = slope.mean() / x0[0].numel() + self.judging * judge
        return loss


@dataclass(frozen=True)
class MeanFlowRecipe(StudentRecipe):
    """Its own slope says what the mean velocity is (Geng et al. 2025).

    The velocity is the guided teacher's, not that of a random line: the target is not
    random, and a length as a loss favours no mode.
    """

    solver: str = "euler"
    power: float = 0.5
    from_noise: float = 0.25  # share of the rows that start at t = 1
    rise: int = 300  # steps until the slope counts in full

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Also an interval for each row."""
        x0, _, eps, ids, _ = super().batch(data, size, step)
        luck = self.draws(size, step)
        t = torch.rand(size, generator=luck)
        t[: round(self.from_noise * size)] = 1.0
        r = t * torch.rand(size, generator=luck)
        r = torch.where(torch.rand(size, generator=luck) < 0.25, torch.zeros(size), r)
        r, t = (shift_time(each, self.shift) for each in (r, t))
        return x0, eps, ids, r, t, torch.full((size,), min(1.0, step / self.rise))

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The error of MeanFlow's identity.

        A velocity network's slope in time is rough, above all near t = 1, where it was
        hardly ever asked. So it counts little at first: the student learns the mean of
        velocities nearby before it learns the velocity's mean (the warm-up of the
        tangent in the code of rcm and FastGen). And it may never be longer than the
        velocity itself: otherwise the student learns its own roughness, and is rougher.
        """
        x0, eps, ids, r, t, share = batch
        xt = conditional_path(x0, eps, t)
        with torch.no_grad():
            flow = self.guided(ids)(xt, t)
        u = strided(cast(Pair, model).student, ids)
        with sdpa_kernel(SDPBackend.MATH):  # fused attention has no forward slope
            said, whole = meanflow_target(u, xt, r, t, flow)
        target = flow - expand_as(share, flow) * bounded(flow - whole, flow)
        error = power_weighted(said - target, self.power)
        mean: Tensor = error.mean() / x0[0].numel() ** (1 - self.power)
        return mean
