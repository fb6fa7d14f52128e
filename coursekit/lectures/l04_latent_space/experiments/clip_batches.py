"""Figure 04.D: CLIP against the size of its batch, and against the sigmoid loss.

In a batch of B pairs each picture has B - 1 wrong captions to tell from its own. The
same small towers are trained on equally many pictures with small and large batches, so
small batches take more steps. Every run is kept (runs/clip_batches/).
"""

import math
from collections.abc import Sequence
from typing import Any

from coursekit.evaluation.alignment import alignment
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result, curves, mean_std, over_seeds
from coursekit.experiments.train_images import RUNS, trained
from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.vit import ViTConfig
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipe_clip import ClipRecipe
from coursekit.training.text_image_data import captioned_images, text_config

BATCHES = (8, 32, 128)
SIGMOID = (8, 32, 128)
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


def judged(plan: ClipRecipe, data: Data, folder: str) -> dict[str, Any]:
    """The figures of `evaluation.alignment` after one training, kept."""

    def compute() -> dict[str, Any]:
        model = trained(RUNS / folder / plan.name, plan, plan.cpu, data)
        assert isinstance(model, CLIP)
        return alignment(model, "teddy")

    return kept(f"{folder}/{plan.name}", (plan, data.text), compute)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.D: recall at 1 among 256 held-out pairs, zero-shot accuracy.

    For loss softmax and sigmoid: `{loss}_batches`; lists over them `{loss}_recall` (the
    mean of picture to text and text to picture) and `{loss}_zero` (mean over the six
    attributes), with _std; `{loss}_{batch}_recall`, `_zero` and `_zero_{word}`, with
    _std and _all. `chance` of recall, `chance_{word}`; `seen`, `pictures`, and `gain`,
    recall with the largest batch over that with the smallest.
    """
    from coursekit.datasets.teddy.scene import VOCABULARY

    seen, pictures = (256, 64) if quick else (SEEN, 6000)
    batches, sigmoid = ((8, 32), (8,)) if quick else (BATCHES, SIGMOID)
    folder = "clip_quick" if quick else "clip_batches"
    data = captioned_images("teddy", pictures)
    result: Result = {"seen": seen, "pictures": pictures, "chance": 1 / 256}
    result |= {f"chance_{word}": 1 / len(VOCABULARY[word]) for word in WORDS}
    for loss, sizes in (("softmax", batches), ("sigmoid", sigmoid)):
        result[f"{loss}_batches"] = list(sizes)
        table: dict[str, list[list[float]]] = {"recall": [], "zero": []}
        for batch in sizes:
            plans = [recipe(batch, loss == "sigmoid", seen, seed) for seed in seeds]
            found = [judged(plan, data, folder) for plan in plans]
            recall = [(f["image_to_text"] + f["text_to_image"]) / 2 for f in found]
            zero = [mean_std([f["zero_shot"][w] for w in WORDS])[0] for f in found]
            result |= over_seeds(f"{loss}_{batch}_recall", recall)
            result |= over_seeds(f"{loss}_{batch}_zero", zero)
            for word in WORDS:
                each = [f["zero_shot"][word] for f in found]
                result |= over_seeds(f"{loss}_{batch}_zero_{word}", each)
            table["recall"].append(recall)
            table["zero"].append(zero)
        for figure, columns in table.items():
            rows = [list(row) for row in zip(*columns, strict=True)]
            result |= curves(f"{loss}_{figure}", rows)
    first, last = (result[f"softmax_{b}_recall"] for b in (batches[0], batches[-1]))
    result["gain"] = last / max(first, 1 / 256)
    return result
