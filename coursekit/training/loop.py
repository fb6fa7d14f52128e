"""The training loop, as a generator: the caller decides what to log, show and save.

`for step in train(run): ...` does one update per turn. Between two turns `run` holds
everything there is: save it (training.checkpoints), stop, load it, go on, and the
weights are the same, bit for bit on a CPU with the same number of threads.
"""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from coursekit.training.data import seed_of
from coursekit.training.distributed import Alone, World
from coursekit.training.ema import Ema
from coursekit.training.muon import optimiser_of
from coursekit.training.precision import InBf16
from coursekit.training.prefetch import Batches
from coursekit.training.recipe import Batch, Data, Profile, Recipe

CURVE_POINTS = 100  # the loss curve keeps the mean of each hundredth of the run
LOOK_EVERY = 10  # steps between two looks at a GPU's losses: looking means waiting


class Step(NamedTuple):
    """What one update reports."""

    number: int  # updates done, counting this one
    loss: float  # of this step; on a GPU of the last one looked at


@dataclass
class Run:
    """The state of a training run: everything that changes while it goes on."""

    recipe: Recipe
    profile: Profile
    data: Data
    device: str = "cpu"
    world: World = field(default_factory=Alone)  # the processes that share the work
    precision: str = "float32"  # of products: see training.precision
    step: int = 0
    seconds: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build network, average and optimiser from the recipe's seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self.recipe.seed, 0))
            model = self.recipe.begin(self.recipe.build(self.profile.model))
        self.model: nn.Module = model.to(self.device)
        low = self.precision == "bf16"
        if self.on_gpu or not low:  # in bf16 on a CPU it makes a U-Net a tenth slower
            # torch's own annotations of `to` leave memory_format out.
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = Ema(self.model, self.profile.ema)
        self.optimiser = optimiser_of(self.model, self.profile)
        networks = self.recipe.networks(self.model)
        self.products: AbstractContextManager[None] = (
            InBf16(networks, self.device) if low else nullcontext()
        )
        if self.profile.compile and self.on_gpu:
            self.recipe.compile(self.model)
        self.unread: list[tuple[int, Tensor]] = []  # step, [loss, norm] on the device
        self.last_loss = math.nan

    @property
    def on_gpu(self) -> bool:
        """Whether the work is done elsewhere than on the CPU."""
        return self.device != "cpu"

    def averaged(self) -> nn.Module:
        """A copy of the network with the average of its weights: the one that ships."""
        with torch.random.fork_rng(devices=[]):
            model = self.recipe.build(self.profile.model).to(self.device)
        model.load_state_dict(self.ema.average)
        return self.recipe.published(model.eval(), self.data)

    def settle(self) -> None:
        """Look at the losses that nobody has looked at yet, and add them to the curve.

        Raises TrainingDiverged at the first that is no number. Weights and average have
        then not learnt from it, and nothing is ever saved unsettled.
        """
        reports, self.unread = self.unread, []
        for number, report in reports:
            loss, norm = report.tolist()
            if not math.isfinite(loss + norm):
                raise TrainingDiverged(number)
            self._note(number, loss)

    def _note(self, number: int, loss: float) -> None:
        window = max(1, self.profile.steps // CURVE_POINTS)
        place = -(-number // window) * window
        if not self.curve or self.curve[-1][0] != place:
            self.curve.append((place, 0.0))
        seen = (number - 1) % window
        self.curve[-1] = (place, (self.curve[-1][1] * seen + loss) / (seen + 1))
        self.last_loss = loss


class TrainingDiverged(RuntimeError):
    """The loss is no longer a number; the message says what to do."""

    def __init__(self, number: int) -> None:
        """number: of the update, counted from 1."""
        super().__init__(
            f"the loss is not finite at step {number}: lower lr in the recipe, "
            "then start again with --fresh"
        )


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


def train(run: Run) -> Iterator[Step]:
    """Update the run until its profile's steps are done; yield after each update.

    Raises TrainingDiverged when the loss stops being finite; the weights are then as
    they were before that update, so nothing bad is ever saved. (On a GPU the losses are
    looked at every LOOK_EVERY steps, and the step count has moved on.)
    """
    with closing(
        Batches(run.recipe, run.profile, run.data, run.world, run.device)
    ) as b:
        while run.step < run.profile.steps:
            start = time.perf_counter()
            report = update(run, b.at(run.step))
            run.step += 1
            run.unread.append((run.step, report))
            last = run.step == run.profile.steps
            if not run.on_gpu or last or len(run.unread) >= LOOK_EVERY:
                run.settle()
            run.seconds += time.perf_counter() - start
            yield Step(run.step, run.last_loss)


def update(run: Run, batch: Batch) -> Tensor:
    """One step of AdamW on one batch, and of the average. Returns [loss, norm].

    With several processes each takes its share of the batch; losses and gradients are
    averaged over them, so that all take the same step. A step whose loss or gradient is
    not finite changes no weight.
    """
    profile, world = run.profile, run.world
    run.model.train()
    with run.products:
        loss = run.recipe.loss(run.model, batch)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    value = world.mean(loss.detach())
    world.average_gradients(run.model)
    norm = torch.nn.utils.clip_grad_norm_(run.model.parameters(), profile.clip)
    report = torch.stack([value.float(), norm.float()])
    if run.on_gpu:  # the fused optimiser skips a step that is marked: no need to wait
        run.optimiser.found_inf = (~report.isfinite().all()).float()  # type: ignore[attr-defined]
    elif not math.isfinite(float(report.sum())):
        raise TrainingDiverged(run.step + 1)
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(profile, run.step) * group.get("factor", 1.0)
    run.optimiser.step()
    run.ema.update_parameters(run.model)
    return report
