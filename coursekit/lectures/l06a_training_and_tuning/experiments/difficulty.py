"""Figures 06a.A and 06a.T: which times are hard, and what it brings to train there.

Where something is decided: how much an exact reader still does not know of a scene.
And what a trained network's loss says of it. Then the same network, steps and pictures
with three laws of times: loss by time, pictures in many steps and in one, and what it
says at t = 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.sampling import sample_images
from coursekit.experiments.cache import run_folder
from coursekit.experiments.image_ruler import make_ruler
from coursekit.experiments.summary import Result, for_seeds, prefixed, ratios
from coursekit.experiments.train_images import trained
from coursekit.lectures.l06a_training_and_tuning.experiments.by_heart import (
    about,
    belief,
    bits,
)
from coursekit.lectures.l06a_training_and_tuning.experiments.probes import (
    CHOICES,
    answers,
)
from coursekit.models.unet import UNetConfig
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.training_times import LogitNormal, TimeLaw, Uniform
from coursekit.training.data import batch_at
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Batch, Data, Profile
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipes_pixels import TEDDY_FLOW

LAWS: dict[str, TimeLaw] = {
    "uniform": Uniform(),
    "middle": LogitNormal(),
    "noise": LogitNormal(1.0, 1.0),
}
TIMES = [0.02, *(round(0.05 * i, 2) for i in range(1, 20)), 0.98]
ASKED = ("place", "fur", "hat", "glasses", "pose", "action")
NETWORK = UNetConfig(channels=3, widths=(16, 32), patch=2)


@dataclass(frozen=True)
class TimedRecipe(PictureRecipe):
    """Flow matching on pictures with times from one of LAWS."""

    times: str = "uniform"

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times from the law, and noise."""
        return batch_at(data.x, size, LAWS[self.times].sample, self.seed, step, "cpu")


def unknown(times: Sequence[float], pictures: int, asked: int) -> Result:
    """What the reader of `by_heart` does not know, as a share of all bits.

    Keys: one list over `times` for each attribute, `sum` for all of them, and `bits`,
    how many they are.
    """
    images, scenes = teddies(pictures, 32, seed=3)
    known, right = to_model(images).flatten(1), answers(scenes, ASKED)
    eps = torch.randn(asked, known.shape[1], generator=torch.Generator().manual_seed(4))
    left: dict[str, list[float]] = {name: [] for name in ASKED}
    for t in times:
        chances = belief((1 - t) * known[:asked] + t * eps, t, known)
        for i, name in enumerate(ASKED):
            each = about(chances, right[:, i], len(CHOICES[name]))
            left[name].append(float(bits(each).double().mean()))
    full = {}
    for i, name in enumerate(ASKED):
        share = torch.bincount(right[:, i]).double() / pictures
        full[name] = float(bits(share[None]))
    whole = sum(full.values())
    shares = {name: [each / full[name] for each in left[name]] for name in ASKED}
    sums = [sum(column) / whole for column in zip(*left.values(), strict=True)]
    return {**shares, "sum": sums, "bits": whole}


@torch.no_grad()
def losses(model: nn.Module, x0: Tensor, times: Sequence[float]) -> list[float]:
    """The velocity's squared error on held-out pictures, with noise that stays."""
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(901))
    path = LinearPath()
    found = []
    for t in times:
        now = torch.full((len(x0),), t)
        parts = [slice(i, i + 64) for i in range(0, len(x0), 64)]
        each = [
            prediction_loss(model, path, "velocity", x0[p], now[p], eps[p])
            for p in parts
        ]
        found.append(float(torch.cat(each).double().mean()))
    return found


@torch.no_grad()
def says_at_one(model: nn.Module, shape: Sequence[int], mean: Tensor) -> float:
    """The squared distance of its guess at t = 1 from the best one, the mean."""
    eps = torch.randn(64, *shape, generator=torch.Generator().manual_seed(5))
    guess = eps - cast(Tensor, model(eps, torch.ones(64)))
    return float((guess - mean).square().mean())


def held_out(quick: bool) -> tuple[Tensor, list[float]]:
    """Pictures that no training saw, and the loss of teddy-flow on them over TIMES."""
    held = to_model(teddies(16 if quick else 64, 32, seed=900, split="test")[0])
    return held, losses(load_model("teddy-flow", clip=False), held, TIMES)


def measure(quick: bool = False) -> Result:
    """Everything of 06a.A.

    Keys: `unknown_{attribute}`, `unknown_sum`, `unknown_bits` (see `unknown`) over
    `fine` times, of `known` scenes; `decided_at`, the time at which half of all bits
    are known; `loss`, of teddy-flow over `times`.
    """
    known, asked = (64, 8) if quick else (3000, 120)
    fine = [round(0.5 + 0.02 * i, 2) for i in range(25)]  # before, all is known
    seen = unknown(fine, known, asked)
    decided = float(np.interp(0.5, seen["sum"], fine))
    result: Result = {"times": TIMES, "fine": fine, "known": known}
    result |= {"decided_at": decided, "loss": held_out(quick)[1]}
    return result | prefixed("unknown", seen)


def measure_laws(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.T.

    Keys: `times`, and for each law of LAWS `{law}_loss` and `{law}_ratio`, over the
    loss of teddy-flow, over them with _std; `{law}_frechet`, `{law}_valid` in `evals`
    steps, `{law}_one`, the Fréchet distance in one step, and `{law}_at_one` (see
    `says_at_one`), all with _std and _all.
    """
    steps, count, evals = (2, 16, 2) if quick else (500, 300, 20)
    pictures = teddies(64 if quick else 6000, 32, seed=0)[0]
    data = Data(torch.from_numpy(pictures), f"{len(pictures)} train scenes, one bear")
    mean = to_model(pictures).mean(0)
    held, best = held_out(quick)
    ruler = make_ruler("teddy", quick)
    profile = Profile(
        NETWORK, steps, 4 if quick else 16, 2e-3, warmup=50, ema=0.98, save_every=steps
    )

    def one(law: str, seed: int) -> Result:
        base = {k: v for k, v in vars(TEDDY_FLOW).items() if k != "seed"}
        recipe = TimedRecipe(**base, seed=seed, times=law)
        model = trained(run_folder(f"times/{law}-{seed}", quick), recipe, profile, data)
        walk, shape = recipe.objective().walk, recipe.shape

        def drawn(evals: int) -> dict[str, float]:
            images = sample_images(model, walk, shape, count, evals, seed=seed)
            return ruler.scores(images)

        many, found = drawn(evals), losses(model, held, TIMES)
        return {
            "loss": found,
            "ratio": ratios(found, best),
            "frechet": many["frechet"],
            "valid": many["valid"],
            "one": drawn(1)["frechet"],
            "at_one": says_at_one(model, shape, mean),
        }

    result: Result = {"times": TIMES, "steps": steps, "count": count, "evals": evals}
    for law in LAWS:
        result |= prefixed(law, for_seeds(one, seeds[:1] if quick else seeds, law))
    return result
