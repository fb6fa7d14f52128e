"""Rectified flow on Fashion-MNIST: fewer and fewer evaluations for the same clothes.

Figure 03.G. The shipped model fashion-flow is the 1-rectified flow. Each round of
reflow (Liu et al. 2023) carries noise to pictures with the flow so far and trains on
these pairs, starting from its weights. Pairs and networks are kept
(runs/reflow_images/), so a stopped measurement goes on where it was.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.evaluation.sampling import sample_images
from coursekit.experiments.cache import (
    Images,
    fingerprint,
    kept_images,
    run_folder,
)
from coursekit.experiments.image_ruler import Ruler, correlation, make_ruler
from coursekit.experiments.summary import (
    Result,
    columns,
    entries,
    over_seeds,
    prefixed,
    sum_up,
)
from coursekit.experiments.train_images import trained
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler, time_grid
from coursekit.training.recipe import Data
from coursekit.training.recipes_pixels import FASHION_FLOW

NFES = (1, 2, 4, 8, 32)
STEPS = 24  # Euler steps from a pair's noise to its picture
BATCH = 100


@torch.no_grad()
def flow_states(model: nn.Module, start: Tensor, num_evals: int) -> list[Tensor]:
    """All num_evals + 1 states from noise to picture."""
    predict = denoiser(model, LinearPath(), "velocity")
    return list(euler(predict, start, time_grid(num_evals)))


def walk(
    model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
) -> Tensor:
    """Plain Euler, nothing clipped on the way; it draws no random numbers."""
    return flow_states(model, start, num_evals)[-1]


def ends(model: nn.Module, start: Tensor) -> Images:
    """The pictures of pairs, uint8 (N, H, W, C)."""
    parts = torch.split(start, BATCH)
    return to_uint8(torch.cat([flow_states(model, x, STEPS)[-1] for x in parts]))


def pairs(model: nn.Module, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures uint8 (N, H, W, C) and the noise (N, C, H, W) that led to each.

    Kept in parts of 500, so that a stopped call goes on.
    """
    from tqdm.auto import tqdm

    images, noise, name = [], [], f"reflow_images/pairs{seed}"
    settings = (fingerprint(model), seed, STEPS)
    for part in tqdm(range(-(-count // 500)), desc=name):
        generator = torch.Generator().manual_seed(1_000_000 * (seed + 1) + part)
        start = torch.randn((500, *FASHION_FLOW.shape), generator=generator)
        made = kept_images(f"{name}/{part}", settings, partial(ends, model, start))
        images.append(torch.from_numpy(made))
        noise.append(start)
    return torch.cat(images)[:count], torch.cat(noise)[:count]


def straightness(model: nn.Module, count: int, seed: int, num_evals: int = 32) -> float:
    """How much the velocity turns along the flow's paths (Liu et al. 2023).

    The mean square per pixel of velocity - (x_1 - x_0), 0 for straight paths.
    """
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn((count, *FASHION_FLOW.shape), generator=generator)
    states = flow_states(model, start, num_evals)
    whole = states[0] - states[-1]
    steps = [(a - b) * num_evals for a, b in pairwise(states)]
    return float(torch.stack([((v - whole) ** 2).mean() for v in steps]).mean())


def judge(model: nn.Module, ruler: Ruler, count: int, seed: int) -> Result:
    """The figures of one flow and one seed, without its prefix; see `measure`."""
    shape = FASHION_FLOW.shape
    drawn = [sample_images(model, walk, shape, count, n, seed) for n in NFES]
    lists = columns(map(ruler.scores, drawn))
    return {
        **lists,
        **entries(NFES, lists),
        "same": [correlation(images, drawn[-1]) for images in drawn[:-1]],
        "straightness": straightness(model, 64, 100 + seed),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.G: flows 1, 2 and 3, each trained once, sampled with each seed.

    Keys, prefixed `flow1_`, `flow2_`, `flow3_`: `frechet` and `energy`, lists over
    `nfes`, with _std; `{nfe}_frechet` with _std and _all; `same`, lists over nfes[:-1]:
    correlation of a picture with that of the longest walk from the same noise;
    `straightness` with _std and _all. And `floor_frechet`, `pairs`, `steps`,
    `one_step_gain` (one-step distance of flow 1 over that of flow 2).
    """
    from coursekit.training.pretrained import card, load_model

    count, num_pairs, steps = (32, 500, 20) if quick else (250, 8000, 2500)
    ruler = make_ruler("fashion", quick)
    floors = [ruler.floor(count, seed)["frechet"] for seed in seeds]
    result: Result = {
        "nfes": list(NFES),
        "pairs": num_pairs,
        "pair_steps": STEPS,
        "steps": steps,
        "pictures": count,
        "features": ruler.description,
        **over_seeds("floor_frechet", floors),
    }
    model = load_model("fashion-flow", clip=False)
    mark = card("fashion-flow")["sha256"][:12]
    root = run_folder(f"reflow_images/{mark}", quick)
    profile = replace(
        FASHION_FLOW.cpu, steps=steps, lr=5e-4, ema=0.99, save_every=steps
    )
    for number in (1, 2, 3):
        if number > 1:
            images, noise = pairs(model, num_pairs, number)
            digest = hashlib.sha256(images.numpy().tobytes()).hexdigest()[:16]
            text = f"{num_pairs} pairs of flow {number - 1}, sha256 {digest}"
            data = Data(images, text, noise=noise)
            recipe = replace(FASHION_FLOW, seed=number)
            folder = root / f"flow{number}"
            model = trained(folder, recipe, profile, data, model)
        found = sum_up([judge(model, ruler, count, seed) for seed in seeds])
        result |= prefixed(f"flow{number}", found)
    gain = result["flow1_1_frechet"] / result["flow2_1_frechet"]
    return result | {"one_step_gain": gain}
