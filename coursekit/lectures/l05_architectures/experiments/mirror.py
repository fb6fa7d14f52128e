"""Figure 05.A: does the reflection wear the bear's hat?

Everything of a hall is given but the inside of the mirror. Five networks with equally
many numbers fill it in: convolutions that see 14 or 22 pixels, a U-Net without and with
attention, and a DiT. What the reflection wears is read by a network that sees one half
of the picture at a time. By the distance from bear to reflection.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch

from coursekit.datasets.teddy.looking_glass import halls
from coursekit.evaluation.mirror import BINS, chance, mirror_figures
from coursekit.experiments.compute import flops
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l05_architectures.experiments.runs import kept, weights
from coursekit.models.flops import receptive_field, unet_layers
from coursekit.models.local_convnet import LocalConfig
from coursekit.training.networks import build
from coursekit.training.recipe import Profile
from coursekit.training.recipe_mirror import inpaint
from coursekit.training.recipes_mirror import MIDDLE, MIRROR, NEAR, NETWORKS, UNET

SIDE = MIRROR.size
FIGURES = (
    *("hat", "fur", "readable"),
    *("hat_by_distance", "fur_by_distance", "readable_by_distance"),
)


def sees(config: LocalConfig) -> int:
    """How many pixels, along one axis, an output of a `LocalNet` can depend on."""
    fold = config.patch
    layers: list[tuple[int, float]] = [(fold, fold)]
    layers += [(3, 1)] * (1 + 2 * config.blocks)
    return receptive_field(layers)


def work(config: Any) -> float:
    """MFLOPs of the matrix products and convolutions for one picture, once."""
    x = torch.zeros(1, config.channels, SIDE, SIDE)
    return flops(build(config), x, torch.tensor([0.5])) / 1e6


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.A.

    Keys: `nets`; `distances`, the middles of the bins in pixels; `{net}_hat` and
    `{net}_fur` with _std and _all, the share of readable reflections that wear what
    the bear wears; `{net}_hat_by_distance` and `{net}_fur_by_distance`, lists with
    _std; `{net}_far`, the last bin, with _std and _all; `{net}_readable`;
    `{net}_parameters`, `{net}_mflops` (one picture, once), `{net}_error` (the loss at
    the end of training); `chance_blind` and `chance_fur`, for hats drawn without
    looking, and with a look at the fur only;
    `near_sees`, `middle_sees`, `unet_sees`: receptive fields in pixels.
    """
    effort, count = MIRROR.cpu, 20 if quick else 400
    if quick:
        effort, seeds = replace(effort, steps=3, pictures=64, batch=4), seeds[:1]
    test, masks, scenes = halls(count, SIDE, 11, "test")
    lucky = chance(halls(2000, 8, 12, "test")[2])
    data = MIRROR.load(effort.pictures)

    def one(net: str, profile: Profile, seed: int) -> Result:
        recipe = replace(MIRROR, seed=seed)
        learnt = kept(f"mirror-{net}-{seed}", recipe, profile, data, quick)
        found = mirror_figures(inpaint(learnt.model, test, masks, seed=seed), scenes)
        far = found["hat_by_distance"][-1]
        return {**{k: found[k] for k in FIGURES}, "error": learnt.loss, "far": far}

    real = mirror_figures(test, scenes)
    result: Result = {
        "nets": list(NETWORKS),
        "near_sees": sees(NEAR),
        "middle_sees": sees(MIDDLE),
        "unet_sees": receptive_field(unet_layers(UNET)),
        "steps": effort.steps,
        "batch": MIRROR.cpu.batch,
        "pictures": count,
        "distances": [(a + b) / 2 * SIDE for a, b in pairwise(BINS)],
        "chance_blind": lucky["blind"],
        "chance_fur": lucky["fur"],
        "real_hat": real["hat"],
        "real_readable": real["readable"],
    }
    for net, config in NETWORKS.items():
        result[f"{net}_parameters"] = weights(config)
        result[f"{net}_mflops"] = work(config)
        profile = replace(effort, model=config)
        result |= prefixed(net, for_seeds(one, seeds, net, profile))
    return result
