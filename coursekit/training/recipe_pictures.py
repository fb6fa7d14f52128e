"""Recipes that learn pictures: noise, velocity, score or data, with or without labels.

Everything of lectures 1 to 3, and the class-conditional models of lecture 4.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.evaluation.sampling import image_grid, sample_images
from coursekit.theory.ddpm_schedule import Schedule, ScheduleKind, make_schedule
from coursekit.theory.guidance import drop_condition
from coursekit.training.data import batch_at, labels_at, training_images
from coursekit.training.networks import build
from coursekit.training.objectives import Objective, make_objective
from coursekit.training.recipe import Batch, Data, Recipe

CLASSES = 10  # of Fashion-MNIST; the label 10 is null
EVALS = 50  # network evaluations for each picture that is judged


@dataclass(frozen=True)
class PictureRecipe(Recipe):
    """One kind of prediction on one data set."""

    shape: tuple[int, int, int]  # C, H, W
    path: str = "chain"  # "chain": a DDPM schedule; "linear": the straight path
    predicts: str = "eps"  # a field of theory.prediction.Prediction
    schedule: ScheduleKind = "cosine"  # of the chain
    num_steps: int = 1000  # T of the chain
    seed: int = 0
    forget: float = 0.0  # share of labels replaced by null, when the network has labels

    def objective(self) -> Objective:
        """What the network learns, as code."""
        return make_objective(self.path, self.predicts, self.schedule, self.num_steps)

    def make_schedule(self) -> Schedule:
        """The noise schedule that the network is trained on."""
        return make_schedule(self.schedule, self.num_steps)

    def load(self, limit: int) -> Data:
        """The pictures, and their labels where there are any."""
        return training_images(self.data, limit, labels=self.forget > 0)

    def build(self, config: Any) -> nn.Module:
        """The network, preconditioned where the objective wants it."""
        return self.objective().network(build(config))

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times and noise; then, for a conditional model, labels."""
        draw = self.objective().draw
        parts = batch_at(data.x, size, draw, self.seed, step, "cpu", data.noise)
        if data.cond is None or not self.forget:
            return parts
        labels, luck = labels_at(data.cond, size, self.seed, step)
        return (*parts, labels, luck)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The objective's; some labels are forgotten, so that null is learnt too."""
        x0, time, eps, *told = batch
        if not told:
            return self.objective().loss(model, x0, time, eps)
        labels, luck = told
        null = torch.full_like(labels[0], CLASSES)
        cond = drop_condition(labels, null, self.forget, luck)
        return self.objective().loss(Informed(model, cond), x0, time, eps)

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Always from one noise: 40 pictures, 20 evaluations; or 96 with 50."""
        count, evals, seed, columns = (96, 50, 7, 16) if large else (40, 20, 1, 10)
        sampler = self.objective().estimator(model).eval()
        walk = self.objective().walk
        images = sample_images(sampler, walk, self.shape, count, evals, seed=seed)
        return image_grid(images, columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Fréchet distance and, for teddies, valid scenes."""
        from coursekit.evaluation.quality import measure

        count, seeds = (200, (0,)) if quick else (500, (0, 1, 2))
        objective = self.objective()
        sampler = objective.estimator(model).eval()
        return measure(
            sampler,
            objective.walk,
            objective.sampler(EVALS),
            self.data,
            self.shape,
            count,
            EVALS,
            seeds,
        )

    def facts(self) -> dict[str, Any]:
        """Path, kind of prediction and schedule: what `load_model` needs."""
        return {
            "path": self.path,
            "predicts": self.predicts,
            "schedule": self.schedule,
            "num_steps": self.num_steps,
        }


class Informed(nn.Module):
    """A network that is told the same condition at every call: model(xt, t)."""

    def __init__(self, model: nn.Module, cond: Tensor) -> None:
        """`cond`: (B, ...), for batches of B."""
        super().__init__()
        self.model, self.cond = model, cond

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        """The network's answer for its condition."""
        answer: Tensor = self.model(xt, t, self.cond)
        return answer
