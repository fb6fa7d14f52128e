"""The training loop, as a generator: the caller decides what to log, show and save.

`for step in train(run): ...` does one update per turn. Between two turns `run` holds
everything there is: save it (training.runs), stop, load it, go on, and the weights are
the same, bit for bit on a CPU with the same number of threads.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import nn

from coursekit.training.data import seed_of
from coursekit.training.distributed import Alone, World
from coursekit.training.ema import Ema
from coursekit.training.recipe import Batch, Data, Profile, Recipe


class Step(NamedTuple):
    """What one update reports."""

    number: int  # updates done, counting this one
    loss: float


@dataclass
class Run:
    """The state of a training run: everything that changes while it goes on."""

    recipe: Recipe
    profile: Profile
    data: Data
    device: str = "cpu"
    world: World = field(default_factory=Alone)  # the processes that share the work
    step: int = 0
    seconds: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build network, average and optimiser from the recipe's seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self.recipe.seed, 0))
            model = self.recipe.build(self.profile.model)
        self.model: nn.Module = model.to(self.device)
        # torch's own annotations of `to` leave memory_format out.
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = Ema(self.model, self.profile.ema)
        on_gpu = self.device != "cpu"
        learnt = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            learnt, lr=self.profile.lr, betas=(0.9, 0.99), fused=on_gpu
        )
        if self.profile.compile and on_gpu:
            self.model.compile()

    def averaged(self) -> nn.Module:
        """A copy of the network with the average of its weights: the one that ships."""
        with torch.random.fork_rng(devices=[]):
            model = self.recipe.build(self.profile.model).to(self.device)
        model.load_state_dict(self.ema.average)
        return self.recipe.published(model.eval(), self.data)


class TrainingDiverged(RuntimeError):
    """The loss is no longer a number; the message says what to do."""


def learning_rate(profile: Profile, step: int) -> float:
    """The rate of update `step` (0, 1, ...): up in a line, down to 0 as a cosine.

    At each of the profile's restarts the fall begins again (Loshchilov & Hutter 2017):
    that is how a finished run is made longer without changing what it did.
    """
    rise = min(1.0, (step + 1) / max(1, profile.warmup))
    begin = max((r for r in profile.restarts if r <= step), default=0)
    end = min((r for r in profile.restarts if r > step), default=profile.steps)
    fall = math.pi * (step - begin) / (end - begin)
    return profile.lr * rise * 0.5 * (1 + math.cos(fall))


CURVE_POINTS = 100  # the loss curve keeps the mean of each hundredth of the run


def train(run: Run) -> Iterator[Step]:
    """Update the run until its profile's steps are done; yield after each update.

    Raises TrainingDiverged when the loss stops being finite; `run` is then as it was
    before that update, so nothing bad is ever saved.
    """
    profile = run.profile
    window = max(1, profile.steps // CURVE_POINTS)
    while run.step < profile.steps:
        start = time.perf_counter()
        loss = update(run)
        run.step += 1
        place = -(-run.step // window) * window
        if not run.curve or run.curve[-1][0] != place:
            run.curve.append((place, 0.0))
        seen = (run.step - 1) % window
        mean = (run.curve[-1][1] * seen + loss) / (seen + 1)
        run.curve[-1] = (place, mean)
        run.seconds += time.perf_counter() - start
        yield Step(run.step, loss)


def update(run: Run) -> float:
    """One step of AdamW on one batch, and of the average. Returns the loss.

    With several processes each takes its share of the batch; losses and gradients are
    averaged over them, so that all take the same step.
    """
    profile, world = run.profile, run.world
    batch = to_device(
        world.share(run.recipe.batch(run.data, profile.batch, run.step)), run.device
    )
    run.model.train()
    on_gpu = run.device != "cpu"
    with torch.autocast("cuda", torch.bfloat16, enabled=profile.bf16 and on_gpu):
        loss = run.recipe.loss(run.model, batch)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    value = world.mean(loss.detach())
    world.average_gradients(run.model)
    norm = torch.nn.utils.clip_grad_norm_(run.model.parameters(), profile.clip)
    if not math.isfinite(float(value) + float(norm)):
        raise TrainingDiverged(
            f"the loss is not finite at step {run.step + 1}: lower lr in the recipe, "
            "then start again with --fresh"
        )
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(profile, run.step)
    run.optimiser.step()
    run.ema.update(run.model)
    return float(value)


def to_device(batch: Batch, device: str) -> Batch:
    """The same tensors on the device; a GPU need not wait for them."""
    if device == "cpu":
        return batch
    return tuple(part.pin_memory().to(device, non_blocking=True) for part in batch)
