"""What a recipe's network learns: how times are drawn, the loss, and the way back.

Two objectives share everything else. `Chain` is lecture 1: noise estimation on the
steps of a DDPM schedule. `Flow` is lecture 3: any kind of prediction on the straight
path, with the time drawn from all of [0, 1].
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from coursekit.models.clip_denoised import ClipDenoised
from coursekit.models.preconditioned import Preconditioned
from coursekit.theory.ddpm import loss_simple
from coursekit.theory.ddpm_samplers import ddim, respaced
from coursekit.theory.ddpm_schedule import ScheduleKind, make_schedule
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath, Path, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete, denoiser
from coursekit.theory.solvers import ddim_path, time_grid


class Objective(Protocol):
    """One way of training and sampling a network that maps (xt, t) to a picture."""

    def network(self, network: nn.Module) -> nn.Module:
        """What is trained, around a bare network."""

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The times of one batch, (count,), drawn on the CPU."""

    def loss(self, model: nn.Module, x0: Tensor, time: Tensor, eps: Tensor) -> Tensor:
        """The scalar to minimise; `time` comes from `draw`."""

    def estimator(self, model: nn.Module) -> nn.Module:
        """The trained network as samplers want it."""

    def walk(
        self, model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
    ) -> Tensor:
        """From noise to pictures; `model` comes from `estimator`."""

    def sampler(self, num_evals: int) -> str:
        """A name for that walk."""


class Chain:
    """Noise estimation on a DDPM schedule (Ho et al. 2020), sampled with DDIM, eta 1.

    eta 1 because fresh noise repairs errors that a small network makes early.
    """

    def __init__(self, schedule: ScheduleKind, num_steps: int) -> None:
        """The schedule that the network is trained on."""
        self.schedule = make_schedule(schedule, num_steps)
        self.eta = 1.0

    def network(self, network: nn.Module) -> nn.Module:
        """The network starts from the best linear guess of the noise."""
        return Preconditioned(network, self.schedule)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Steps k from 1 to T, all equally likely."""
        return torch.randint(
            1, self.schedule.num_steps + 1, (count,), generator=generator
        )

    def loss(self, model: nn.Module, x0: Tensor, time: Tensor, eps: Tensor) -> Tensor:
        """L_simple."""
        return loss_simple(model, x0, time, eps, self.schedule)

    def estimator(self, model: nn.Module) -> nn.Module:
        """It never claims a pixel outside [-1, 1]."""
        return ClipDenoised(model, self.schedule)

    def walk(
        self, model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
    ) -> Tensor:
        """DDIM on evenly spaced steps."""
        ks = respaced(self.schedule.num_steps, num_evals)
        *_, x0 = ddim(model, start, ks, self.schedule, self.eta, fresh)
        return x0

    def sampler(self, num_evals: int) -> str:
        """For the card."""
        return f"DDIM, eta {self.eta:g}, {num_evals} evaluations"


class Flow:
    """Prediction of one kind on the straight path, sampled with Euler's method.

    The loss of kind "velocity" is conditional flow matching (Lipman et al. 2023). The
    network is bare. "score" is weighted with sigma^2, as Song & Ermon 2019 do.
    """

    LATEST = 0.999  # estimates of noise say nothing about the data at t = 1 itself

    def __init__(self, predicts: str) -> None:
        """`predicts`: a field of `theory.prediction.Prediction`."""
        self.predicts = predicts
        self.path = LinearPath()

    def network(self, network: nn.Module) -> nn.Module:
        """The network as it is."""
        return network

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Times from 0 to 1, all equally likely; a score wants some noise."""
        t = torch.rand(count, generator=generator)
        return t.clamp(min=1e-3) if self.predicts == "score" else t

    def loss(self, model: nn.Module, x0: Tensor, time: Tensor, eps: Tensor) -> Tensor:
        """The mean squared error of the prediction."""
        each = prediction_loss(model, self.path, self.predicts, x0, time, eps)
        if self.predicts == "score":
            each = each * self.path.sigma(time) ** 2
        return each.mean()

    def estimator(self, model: nn.Module) -> nn.Module:
        """The network as it is: `walk` keeps its guesses in range."""
        return model

    def walk(
        self, model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
    ) -> Tensor:
        """Euler's method on even times; it draws no random numbers."""
        begin = 1.0 if self.predicts in ("velocity", "x0", "v") else self.LATEST
        predict = clip_denoised(denoiser(model, self.path, self.predicts), self.path)
        with torch.no_grad():
            *_, x0 = ddim_path(predict, start, time_grid(num_evals, begin), self.path)
        return x0

    def sampler(self, num_evals: int) -> str:
        """For the card."""
        return f"Euler, {num_evals} evaluations"


def clip_denoised(predict: Predict, path: Path, limit: float = 1.0) -> Predict:
    """The same belief with x0 clamped to [-limit, limit] and the rest made to fit."""

    def clamped(xt: Tensor, t: Tensor) -> Prediction:
        x0 = predict(xt, t).x0.clamp(-limit, limit)
        t = t.double()
        alpha, sigma = expand_as(path.alpha(t), xt), expand_as(path.sigma(t), xt)
        return complete(x0, (xt - alpha * x0) / sigma, t, path)

    return clamped


def make_objective(
    path: str, predicts: str, schedule: ScheduleKind, num_steps: int
) -> Objective:
    """The objective a recipe or a card names. `path`: "chain" or "linear".

    Raises ValueError for a chain that does not predict the noise, or another path.
    """
    if path == "linear":
        return Flow(predicts)
    if path == "chain" and predicts == "eps":
        return Chain(schedule, num_steps)
    raise ValueError(f"no objective predicts {predicts!r} on the path {path!r}")
