"""Recipes that learn what is in a noisy picture: the guide of classifier guidance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.sampling import image_grid
from coursekit.theory.paths import LinearPath
from coursekit.training.data import told_batch, training_images
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe

TIMES = (0.0, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class ClassifierRecipe(Recipe):
    """Name the class of a picture on the straight path, at any time.

    noisy=False shows it clean pictures only, whatever time it is told: the classifier
    that everybody has, and that cannot guide.
    """

    noisy: bool = True
    seed: int = 0

    def load(self, limit: int) -> Data:
        """Pictures and labels."""
        return training_images(self.data, limit, labels=True)

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, times, noise and labels."""
        return told_batch(data, size, self.seed, step)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Cross entropy of the class, given the noisy picture and its time."""
        x0, t, eps, labels = batch
        xt = LinearPath().corrupt(x0, eps, t) if self.noisy else x0
        return cross_entropy(model(xt, t), labels)

    @torch.no_grad()
    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Held-out pictures, sorted by the class the network sees at t = 0.4."""
        from coursekit.datasets import fashion

        count = 160 if large else 40
        x0 = to_model(fashion.load("test")[0][:count])
        t = torch.full((count,), 0.4)
        eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
        xt = LinearPath().corrupt(x0, eps, t)
        device = next(model.parameters()).device
        order = model(xt.to(device), t.to(device)).argmax(dim=1).cpu().argsort()
        return image_grid(to_uint8(xt[order]), columns=16 if large else 10)

    @torch.no_grad()
    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Accuracy on held-out pictures, at several noise levels."""
        from coursekit.datasets import fashion

        images, labels = fashion.load("test")
        x0, own = to_model(images), torch.from_numpy(labels).long()
        eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
        accuracy = {}
        for time in TIMES:
            t = torch.full((len(x0),), time)
            seen = model(LinearPath().corrupt(x0, eps, t), t).argmax(dim=1)
            accuracy[f"t={time:g}"] = float((seen == own).double().mean())
        return {"pictures": len(x0), "accuracy": accuracy}

    def facts(self) -> dict[str, Any]:
        """Whether it was shown noise."""
        return {"noisy": self.noisy}
