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
from torch.utils.flop_counter import FlopCounterMode

from coursekit.datasets.teddy.looking_glass import halls
from coursekit.evaluation.mirror import BINS, chance, mirror_figures
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.lectures.l05_architectures.experiments.runs import kept
from coursekit.models.flops import receptive_field, unet_layers
from coursekit.models.inpainting import Inpainter
from coursekit.models.local_convnet import LocalConfig
from coursekit.training.networks import build
from coursekit.training.recipe_mirror import finish
from coursekit.training.recipes_mirror import MIDDLE, MIRROR, NEAR, NETWORKS, UNET

SIDE = MIRROR.size


def sees(config: LocalConfig) -> int:
    """How many pixels, along one axis, an output of a `LocalNet` can depend on."""
    fold = config.patch
    layers: list[tuple[int, float]] = [(fold, fold)]
    layers += [(3, 1)] * (1 + 2 * config.blocks)
    return receptive_field(layers)


@torch.no_grad()
def work(config: Any) -> float:
    """MFLOPs of the matrix products and convolutions for one picture, once."""
    with FlopCounterMode(display=False) as counted:
        build(config)(torch.zeros(1, config.channels, SIDE, SIDE), torch.tensor([0.5]))
    return float(counted.get_total_flops()) / 1e6


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
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
    effort = MIRROR.cpu
    steps, pictures, count = (
        (3, 64, 20) if quick else (effort.steps, effort.pictures, 400)
    )
    seeds = seeds[:1] if quick else seeds
    test, masks, scenes = halls(count, SIDE, 11, "test")
    lucky = chance(halls(2000, 8, 12, "test")[2])
    middles = [(a + b) / 2 * SIDE for a, b in pairwise(BINS)]
    result: Result = {
        "nets": list(NETWORKS),
        "near_sees": sees(NEAR),
        "middle_sees": sees(MIDDLE),
        "unet_sees": receptive_field(unet_layers(UNET)),
        "steps": steps,
        "batch": effort.batch,
        "pictures": count,
        "distances": middles,
        "chance_blind": lucky["blind"],
        "chance_fur": lucky["fur"],
    }
    data = MIRROR.load(pictures)
    real = mirror_figures(test, scenes)
    result |= {"real_hat": real["hat"], "real_readable": real["readable"]}
    for net, config in NETWORKS.items():
        profile = replace(effort, model=config, steps=steps)
        if quick:
            profile = replace(profile, batch=4)
        found: list[dict[str, Any]] = []
        for seed in seeds:
            recipe = replace(MIRROR, seed=seed)
            model, curve = kept(f"mirror-{net}-{seed}", recipe, profile, data, quick)
            drawn = finish(model, test, masks, seed=seed)
            ends = [value for _, value in curve[-5:]]
            figures = mirror_figures(drawn, scenes)
            found.append(figures | {"error": sum(ends) / len(ends)})
            assert isinstance(model, Inpainter)
            count_of = sum(p.numel() for p in model.parameters())
            result[f"{net}_parameters"] = count_of
        result[f"{net}_mflops"] = work(config)
        for key in ("hat", "fur", "readable", "error"):
            result |= over_seeds(f"{net}_{key}", [row[key] for row in found])
        for key in ("hat_by_distance", "fur_by_distance", "readable_by_distance"):
            result |= curves(f"{net}_{key}", [row[key] for row in found])
        far = [row["hat_by_distance"][-1] for row in found]
        result |= over_seeds(f"{net}_far", far)
    return result
