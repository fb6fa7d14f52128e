"""Figure 07.I: the filter that shrank the real pictures, beside what a model changes.

One flow draws bears of 32 pixels, in few and in more steps. The real ones come in 96
pixels and are shrunk in four ways; nothing else differs.
"""

from typing import cast

import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.frechet_samples import sample_frechet
from coursekit.evaluation.kernel_distances import kid
from coursekit.evaluation.resizing import FILTERS, resize
from coursekit.evaluation.sampling import sample_images
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l07_evaluation.experiments.crowds import reader_eye
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipes import RECIPES

MODEL, EVALS = "teddy-flow", (20, 30)
COUNT = 300  # drawn, for each number of evaluations
REAL = 1000


def shrunk(x: Tensor, how: str) -> Tensor:
    """Pictures in model space at 32 pixels, as they would be stored."""
    return to_model(to_uint8(resize(x, 32, how)))


def _one(count: int, real: int, seed: int) -> Result:
    large = to_model(teddies(real, 96, 5000 + seed, "test")[0])
    eyes = {how: reader_eye(shrunk(large, how)) for how in FILTERS}
    model, recipe = load_model(MODEL), cast(PictureRecipe, RECIPES[MODEL])
    row: Result = {}
    for evals in EVALS:
        walk, shape = recipe.objective().walk, recipe.shape
        with torch.no_grad():
            drawn = sample_images(model, walk, shape, count, evals, seed)
        seen = reader_eye(to_model(drawn))
        for how, reference in eyes.items():
            found = {
                "frechet": sample_frechet(reference, seen),
                "kid": kid(reference, seen),
            }
            row |= prefixed(f"{how}_{evals}", found)
    for name in ("frechet", "kid"):
        values = [row[f"{how}_{EVALS[-1]}_{name}"] for how in FILTERS]
        row[f"{name}_by_filter"] = max(values) - min(values)
        row[f"{name}_by_steps"] = abs(
            row[f"average_{EVALS[0]}_{name}"] - row[f"average_{EVALS[-1]}_{name}"]
        )
    return row


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.I.

    Keys: for each filter, number of evaluations and distance, as in
    `sampled_20_frechet`; `frechet_by_filter`, largest minus smallest over the filters,
    and `frechet_by_steps`, what more evaluations bring, both also for `kid`; `evals`,
    `count` drawn and `real` pictures. With the spread over seeds.
    """
    count, real = (4, 120) if quick else (COUNT, REAL)
    row = for_seeds(_one, seeds, count, real)
    return {"evals": list(EVALS), "count": count, "real": real, **row}
