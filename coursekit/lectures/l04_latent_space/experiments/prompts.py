"""Does the whole pipeline draw what it is told? Figure 04.P, 200 held-out prompts.

Half of the prompts describe new scenes of known combinations, half fur-hat pairs that
no training saw. The second reader judges, and its verdict on real pictures of the same
scenes, and on real pictures that went through the autoencoder, says what a perfect
model could get. Emoji: names and styles by the judge, on pairs that were held out and
on pairs that were trained on, and how near to a copy the pictures come.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.evaluation.prompts import SEED
from coursekit.evaluation.reconstruction import rebuilt
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result, over_seeds
from coursekit.lectures.l04_latent_space.experiments.emoji import (
    JUDGE,
    measure_emoji,
)
from coursekit.lectures.l04_latent_space.experiments.emoji import (
    MODEL as EMOJI_MODEL,
)
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.parts import loaded
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.training.pretrained import card

Images = NDArray[np.uint8]
MODEL, AUTOENCODER = "teddy-prompts", "teddy-vae"
SCALES = (1.0, 3.0, 6.0)  # 1: no guidance
SPLITS = ("test", "heldout")
BANK = 20_000  # the training pictures of the model


def label(scale: float) -> str:
    """A scale as a part of a key: 3 or 1_5."""
    return f"{scale:g}".replace(".", "_")


def at_scale(pipe: Pipeline, scale: float) -> Pipeline:
    """The same pipeline with another guidance scale; 1 asks only once."""
    if scale == 1:
        return pipe.swap(guidance="none")
    return pipe.swap(guidance="classifier-free", scale=scale)


def shares(images: Images, scenes: Sequence[Scene]) -> dict[str, dict[str, float]]:
    """Adherence of each split and of all, by attribute; the first half is "test"."""
    half = len(scenes) // 2
    parts = {"test": slice(0, half), "heldout": slice(half, None), "both": slice(None)}
    return {
        k: prompt_alignment(images[part], scenes[part]) for k, part in parts.items()
    }


def measure_teddies(seeds: Sequence[int], quick: bool) -> Result:
    """The teddy half of 04.P; keys as in `measure`. Finished samplings are kept."""
    count, scales = (20, (1.0, 3.0)) if quick else (200, SCALES)
    asked, scenes = held_out(count)
    real = render(scenes)
    pipe = from_checkpoint(MODEL)
    result: Result = {
        "prompts": count,
        "scales": list(scales),
        "steps": pipe.boxes.steps,
        "solver": pipe.boxes.solver,
    }
    back = rebuilt(loaded(AUTOENCODER), real)  # type: ignore[arg-type]
    for name, images in (("real", real), ("rebuilt", back)):
        for split, found in shares(images, scenes).items():
            result |= {f"{name}_{split}_{a}": share for a, share in found.items()}
    bank = teddies(500 if quick else BANK, seed=0)[0]
    result |= {f"copy_real{end}": v for end, v in copying(real, bank).items()}
    weights = card(MODEL)["sha256"]

    def once(scale: float, seed: int) -> Result:
        images = at_scale(pipe, scale).draw(asked, seed)
        return {"shares": shares(images, scenes), "copy": copying(images, bank)}

    for scale in scales:
        at = label(scale)
        rows = [
            kept(
                f"pipeline/teddy-{at}-{seed}",
                (weights, pipe.boxes, scale, seed, count, len(bank)),
                partial(once, scale, seed),
            )
            for seed in seeds
        ]
        for split, attributes in rows[0]["shares"].items():
            for a in attributes:
                values = [row["shares"][split][a] for row in rows]
                result |= over_seeds(f"{split}_{at}_{a}", values)
        result |= over_seeds(f"copy_{at}", [row["copy"][""] for row in rows])
        result[f"copy_{at}_least"] = min(row["copy"]["_least"] for row in rows)
    return {**result, "best_scale": best(result, scales)}


def held_out(count: int) -> tuple[list[str], list[Scene]]:
    """Half the prompts of split "test", half of "heldout", and what they describe."""
    parts = [prompts(count // 2, split, SEED) for split in SPLITS]
    return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]


def copying(images: Images, bank: Images) -> dict[str, float]:
    """Distances to the nearest picture of the bank: their mean, and the least."""
    off = nearest(images, bank)[1]
    return {"": float(off.mean()), "_least": float(off.min())}


def best(result: Result, scales: Sequence[float]) -> float:
    """The scale at which most pictures show all that their prompts say."""
    return max(scales, key=lambda scale: float(result[f"both_{label(scale)}_all"]))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.P.

    Keys: `{split}_{scale}_{attribute}` with _std and _all over seeds, split one of
    test, heldout and both, scale as 3 or 1_5, attribute place, count, fur, hat,
    glasses, pose, action, all of them at once ("all"), or valid; `real_{split}_...` and
    `rebuilt_{split}_...`, the same for real pictures and after the autoencoder;
    `copy_{scale}`, the mean distance to the nearest training picture, `_least` the
    smallest one, `copy_real` that of real pictures of the same scenes; `best_scale`;
    `emoji_...`: see `pipeline_emoji`; only where both emoji models are trained.
    """
    found = measure_teddies(seeds, quick)
    if is_there(EMOJI_MODEL) and is_there(JUDGE):
        found |= measure_emoji(seeds, quick)
    return found


def samples_beside_nearest(
    count: int = 16, seed: int = 0
) -> tuple[list[str], Images, Images]:
    """Prompts, the pictures drawn for them, and the training picture nearest to each.

    Every other prompt names a combination that no training saw.
    """
    parts = [prompts(count // 2, split, SEED)[0] for split in SPLITS]
    asked = [text for pair in zip(*parts, strict=True) for text in pair]
    images = from_checkpoint(MODEL).draw(asked, seed)
    bank = teddies(BANK, seed=0)[0]
    return asked, images, bank[nearest(images, bank)[0]]
