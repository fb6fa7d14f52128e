"""Figure 08a.A: a network that sees large patches should say the data.

One plan, a UiT on pixels, told nothing. Only two things change: the side of a patch,
and what the last layer says, the data or the velocity. Both are judged by the velocity
with the same clamp, so they are trained with equal weights; a patch of 16 has 768
numbers, six times the width of the network.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.quality import held_out_images, vectors
from coursekit.experiments.cache import kept, run_folder
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.experiments.train_images import trained
from coursekit.models.uit import UiTConfig
from coursekit.models.unet import count_parameters
from coursekit.theory.clean_prediction import clamped_velocity_loss
from coursekit.training.recipe import Profile
from coursekit.training.recipes_mini import MINI_HIDREAM, PIXELS

PATCHES = (2, 4, 8, 16)
SAYS = ("x0", "velocity")
SIDE, COUNT, STEPS, BATCH = 32, 500, 1000, 32
SLOW = 4  # patches so small cost many minutes more: one seed only
TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # at which held-out velocities are judged
SMALL = replace(PIXELS, width=128, depth=4, heads=4)
# It hears the empty prompt only, so the words of the captions play no part.
UNTOLD = replace(MINI_HIDREAM, forget=1.0)


def config(patch: int, says: str) -> UiTConfig:
    """The network, with a bottleneck no wider than its patches."""
    narrow = min(SMALL.bottleneck, 3 * patch**2)
    return replace(SMALL, patch=patch, predicts=says, bottleneck=narrow)


def learnt(patch: int, says: str, quick: bool, seed: int) -> Result:
    """One training: its error at each of TIMES, and what its pictures are like."""
    count, steps = (64, 2) if quick else (COUNT, STEPS)
    shape = config(patch, says)
    profile = Profile(shape, steps, BATCH, 1.5e-3, warmup=100, ema=0.99)
    recipe = replace(UNTOLD, seed=seed)

    def compute() -> Result:
        name = f"patches/{says}-{patch}-{seed}"
        data = recipe.load(640 if quick else 8000)
        model = trained(run_folder(name, quick), recipe, profile, data)
        images = recipe.draw(model, [""] * count, scale=1.0, seed=seed)
        real, _ = held_out_images("teddy", count, 0)
        return {
            "frechet": frechet(vectors("teddy", images), vectors("teddy", real)),
            "valid": valid_rate(images),
            "error": errors(model, to_model(torch.from_numpy(real))),
            "parameters": float(count_parameters(model)),
        }

    return kept(f"patches/{says}-{patch}-{seed}", (profile, recipe, count), compute)


@torch.no_grad()
def errors(model: torch.nn.Module, x0: torch.Tensor) -> list[float]:
    """The clamped velocity loss at each of TIMES, with noise that never changes."""
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    found = []
    for time in TIMES:
        parts = zip(torch.split(x0, 100), torch.split(eps, 100), strict=True)
        each = [
            clamped_velocity_loss(model, x, torch.full((len(x),), time), e)
            for x, e in parts
        ]
        found.append(float(torch.cat(each).mean()))
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08a.A.

    Keys: `patches`, `times`, `steps`, `samples`, `width`; for says in SAYS and patch in
    PATCHES `{says}_{patch}_`: `frechet` and `valid` of its pictures and `parameters`,
    with _std and _all, and a list `error` over `times` of held-out pictures; patches
    2 and 4 have one seed. `real_frechet`, `real_valid`: of as many real pictures.
    """
    patches = (8, 16) if quick else PATCHES
    seeds = seeds[:1] if quick else seeds
    count = 64 if quick else COUNT
    real, other = held_out_images("teddy", count, 0)
    result: Result = {
        "patches": list(patches),
        "times": list(TIMES),
        "steps": 2 if quick else STEPS,
        "samples": count,
        "width": SMALL.width,
        "real_frechet": frechet(vectors("teddy", other), vectors("teddy", real)),
        "real_valid": valid_rate(real),
    }
    for patch in reversed(patches):  # the dear ones last
        for says in SAYS:
            own = seeds[:1] if patch <= SLOW else seeds
            found = for_seeds(learnt, own, patch, says, quick)
            result |= prefixed(f"{says}_{patch}", found)
    return result
