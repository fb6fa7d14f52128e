"""Tree rings: found again after how many steps and which attacks, and at what cost.

Scores without a mark are measured, not assumed: pictures of the same pipeline and the
same prompts from other noise, after the same attack, and rendered ones that it never
drew.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.scene_alignment import scene_alignment
from coursekit.evaluation.two_samples import auc
from coursekit.experiments.cache import Images, kept_images
from coursekit.experiments.summary import Result, for_seeds
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.pipeline.tree_ring import TreeRing, tree_ring
from coursekit.trust.attacks import ATTACKS, pixels_of, png_of
from coursekit.trust.false_alarms import threshold_at

MODEL, SEED = "teddy-64-prompts", 8_100_000  # SEED: of the scenes
COUNT, RATE = 100, 0.01
STEPS = (1, 4, 24)


@cache
def usual() -> TreeRing:
    """The mark of this notebook."""
    return tree_ring(from_checkpoint(MODEL))


def ring_noise(seed: int, count: int) -> Tensor:
    """Marked noise for `count` pictures of the shipped pipeline."""
    return usual().noise(seed, count)


def ring_score(images: NDArray[np.uint8]) -> Tensor:
    """How sure we are that pictures (B, H, W, 3) are ours, (B,): higher is surer."""
    return usual().scores(images)


def pictures(kind: str, seed: int, asked: list[str]) -> Images:
    """Drawn pictures of a kind, "plain" or "marked", kept."""
    ring = usual()
    settings = (kind, seed, asked, ring.values.tolist(), ring.channels)
    draw = partial(ring.pipe.draw if kind == "plain" else ring.draw, asked, seed)
    return kept_images(f"08c_rings/{kind}", settings, draw)


def attacked(images: Images, name: str) -> Images:
    """The same pictures, saved as files, after an attack on each."""
    return np.stack([pixels_of(ATTACKS[name](png_of(image))) for image in images])


def found(ours: Tensor, others: Tensor) -> Result:
    """`auc`, and `tpr`: the share that is found at a threshold set on `others`."""
    least = threshold_at(others.tolist(), RATE).value
    share = float((ours >= least).double().mean())
    return {"auc": auc(ours, others), "tpr": share}


def apart(images: Images) -> float:
    """How far two pictures of one prompt are, RMS in grey levels.

    Picture i and picture i + N/2 belong to the same prompt.
    """
    one, other = np.split(images.astype(np.float64), 2)
    return float(np.sqrt(((one - other) ** 2).mean()))


def one(quick: bool, seed: int) -> Result:
    """Everything for one seed of noise and scenes."""
    asked, scenes = prompts(4 if quick else COUNT // 2, "test", SEED + seed, "solo")
    asked, scenes = 2 * asked, 2 * scenes
    plain, mine = (pictures(kind, seed, asked) for kind in ("plain", "marked"))
    real = render(scenes, plain.shape[1])
    result: Result = {}
    walks = []
    for steps in STEPS[:1] if quick else STEPS:
        ring = replace(usual(), steps=steps)
        walks.append(found(ring.scores(mine), ring.scores(plain)))
    for key in ("auc", "tpr"):
        result[f"steps_{key}"] = [walk[key] for walk in walks]
    chosen = list(ATTACKS)[::4] if quick else list(ATTACKS)
    for name in chosen:
        null = torch.cat([ring_score(attacked(each, name)) for each in (plain, real)])
        scores = ring_score(attacked(mine, name))
        slug = name.replace(" ", "_")
        result |= {f"{slug}_{k}": v for k, v in found(scores, null).items()}
    for key, images in (("plain", plain), ("marked", mine)):
        result[f"{key}_shown"] = scene_alignment(images, scenes)["all"]
        result[f"{key}_apart"] = apart(images)
    between = plain.astype(np.float64) - mine
    return result | {"moved": float(np.sqrt((between**2).mean()))}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08c.R: is the mark found, after how much, and what does it cost?

    Keys: `pictures`, of each kind and seed; `steps`, and lists over them,
    `steps_auc` and `steps_tpr`, marked pictures against unmarked ones of the same
    prompts; for each attack `{attack}_auc` and `{attack}_tpr` at the usual steps, where
    rendered pictures are among the unmarked ones. tpr: the share that is found where
    one unmarked picture in a hundred may be. `plain_shown`, `marked_shown`: the share
    of pictures that show all their prompt says; `plain_apart`, `marked_apart`: how far
    two pictures of one prompt are, RMS in grey levels; `moved`: how far a marked
    picture is from what the same noise would have given without the mark.
    """
    result = for_seeds(partial(one, quick), seeds[:1] if quick else seeds)
    count = 8 if quick else COUNT
    return {"pictures": count, "steps": list(STEPS[:1] if quick else STEPS)} | result
