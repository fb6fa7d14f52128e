"""Figure 04.D: CLIP against the size of its batch, and against the sigmoid loss.

In a batch of B pairs each picture has B - 1 wrong captions to tell from its own. The
same small towers are trained on equally many pictures with small and large batches, so
small batches take more steps. Every run is kept (runs/clip_batches/).
"""

import math
from collections.abc import Sequence
from typing import Any, cast

from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.evaluation.alignment import alignment
from coursekit.experiments.cache import kept, run_folder
from coursekit.experiments.summary import (
    Result,
    columns,
    entries,
    for_seeds,
    mean_std,
    prefixed,
)
from coursekit.experiments.train_images import trained
from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.vit import ViTConfig
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipe_clip import ClipRecipe
from coursekit.training.text_image_data import captioned_images, text_config

BATCHES = (8, 32, 128)
SEEN = 8192  # pictures in each training
RATE = 1e-3  # at a batch of 64; it grows with the root of the batch
WORDS = ("place", "fur", "hat", "glasses", "pose", "action")


def towers(sigmoid: bool = False) -> CLIPConfig:
    """Two towers small enough to train eighteen times."""
    image = ViTConfig(patch=8, width=64, depth=2, heads=2)
    return CLIPConfig(image, text_config("teddy", 64, 1, 2), 32, sigmoid)


def recipe(batch: int, sigmoid: bool, seen: int, seed: int) -> ClipRecipe:
    """One training: `seen` pictures in batches of `batch`."""
    steps = max(1, seen // batch)
    profile = Profile(
        towers(sigmoid),
        steps=steps,
        batch=batch,
        lr=RATE * math.sqrt(batch / 64),
        warmup=max(1, steps // 20),
        ema=1 - 20 / (steps + 20),  # averages over the last twentieth
        save_every=steps,
        show_every=steps,
    )
    name = f"{'sigmoid' if sigmoid else 'softmax'}-{batch}-{seed}"
    return ClipRecipe(name, name, "teddy", profile, profile, profile, seed=seed)


def judged(plan: ClipRecipe, data: Data, quick: bool) -> dict[str, Any]:
    """The figures of `evaluation.alignment` after one training, kept."""

    def compute() -> dict[str, Any]:
        folder = run_folder(f"clip_batches/{plan.name}", quick)
        model = cast(CLIP, trained(folder, plan, plan.cpu, data))
        return alignment(model, "teddy")

    return kept(f"clip_batches/{plan.name}", (plan, data.text), compute)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.D: recall at 1 among 256 held-out pairs, zero-shot accuracy.

    For loss softmax and sigmoid: `{loss}_batches`; lists over them `{loss}_recall` (the
    mean of picture to text and text to picture) and `{loss}_zero` (mean over the six
    attributes), with _std; `{loss}_{batch}_recall`, `_zero` and `_zero_{word}`, with
    _std and _all. `chance` of recall, `chance_{word}`; `seen`, `pictures`, and `gain`,
    recall with the largest batch over that with the smallest.
    """
    seen, pictures = (256, 64) if quick else (SEEN, 6000)
    data = captioned_images("teddy", pictures)

    def one(sizes: Sequence[int], sigmoid: bool, seed: int) -> Result:
        rows = []
        for batch in sizes:
            found = judged(recipe(batch, sigmoid, seen, seed), data, quick)
            zero = {word: found["zero_shot"][word] for word in WORDS}
            recall = (found["image_to_text"] + found["text_to_image"]) / 2
            means = {"recall": recall, "zero": mean_std(list(zero.values()))[0]}
            rows.append(means | prefixed("zero", zero))
        lists = columns(rows)
        shown = {name: lists[name] for name in ("recall", "zero")}
        return {**shown, **entries(sizes, lists)}

    result: Result = {"seen": seen, "pictures": pictures, "chance": 1 / 256}
    result |= {f"chance_{word}": 1 / len(VOCABULARY[word]) for word in WORDS}
    for loss, few in (("softmax", 2), ("sigmoid", 1)):
        sizes = BATCHES[:few] if quick else BATCHES
        found = for_seeds(one, seeds, sizes, loss == "sigmoid")
        result |= prefixed(loss, found | {"batches": list(sizes)})
    recall = result["softmax_recall"]
    return result | {"gain": recall[-1] / max(recall[0], 1 / 256)}
