"""The emoji half of figure 04.P: names, styles and copies.

A pair of name and style has one picture and no other. On held-out pairs the model knows
the name in other styles and the style of other names; what it draws there it has
composed, and on pairs it was trained on it may simply remember. The judge, a CLIP, has
seen all pairs. Yardstick for copies: `emoji_copies`.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets import emoji
from coursekit.datasets.emoji_copies import nearest
from coursekit.evaluation.emoji_figures import judged, right_style
from coursekit.experiments.kept import kept
from coursekit.experiments.summary import Result, over_seeds
from coursekit.pipeline.parts import loaded
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.training.checkpoints import card

Images = NDArray[np.uint8]
MODEL, JUDGE = "emoji-prompts", "emoji-judge"
SCALES = (1.0, 3.0)
COPY = 0.09  # one unseen real emoji in twenty lies nearer to a training picture


def some(split: str, count: int) -> emoji.EmojiSet:
    """At most `count` emoji of a split, always the same."""
    found = emoji.load(split)
    order = np.random.default_rng(0).permutation(len(found))[:count]
    texts = (found.names, found.styles, found.captions)
    picked = (tuple(part[i] for i in order) for part in texts)
    return emoji.EmojiSet(found.images[order], *picked)


def measure_emoji(seeds: Sequence[int], quick: bool) -> Result:
    """Names, styles, copies, for real pictures and for drawn ones.

    Keys: `emoji_{split}_{scale}_{figure}` with _std and _all over seeds; split "pairs"
    (held out) or "train"; figure "name" and "name5" (the judge's first guess, or one of
    five, is the name), "style" (given the name, the judge sees the style), "copy"
    (mean distance to the nearest training picture), "copies" (share nearer than COPY),
    "own" (mean distance to the pair's own picture); `emoji_{split}_real_{figure}`.
    """
    count = 20 if quick else 200
    pipe, judge = from_checkpoint(MODEL), loaded(JUDGE)
    weights = (card(MODEL)["sha256"], card(JUDGE)["sha256"])
    result: Result = {"emoji_scales": list(SCALES)}

    def once(chosen: emoji.EmojiSet, scale: float, seed: int) -> dict[str, float]:
        guided = {"guidance": "classifier-free", "scale": scale}
        told = pipe.swap(**(guided if scale != 1 else {"guidance": "none"}))
        return figures(judge, told.draw(list(chosen.captions), seed), chosen)

    for split in ("pairs", "train"):
        chosen = some(split, count)
        result[f"emoji_{split}_prompts"] = len(chosen)
        real = figures(judge, chosen.images, chosen)
        result |= {f"emoji_{split}_real_{name}": v for name, v in real.items()}
        for scale in SCALES:
            rows = [
                kept(
                    f"pipeline/emoji-{split}-{scale:g}-{seed}",
                    (weights, pipe.boxes, scale, seed, len(chosen)),
                    partial(once, chosen, scale, seed),
                )
                for seed in seeds
            ]
            for name in rows[0]:
                values = [row[name] for row in rows]
                result |= over_seeds(f"emoji_{split}_{scale:g}_{name}", values)
    return result


def figures(
    judge: nn.Module, images: Images, chosen: emoji.EmojiSet
) -> dict[str, float]:
    """What the judge sees in pictures of these pairs, and how near they are to others.

    For pictures that were trained on, the nearest one is the picture itself.
    """
    off = images.astype(np.float64) - chosen.images
    near = nearest(images, emoji.load("train").images)[1]
    return {
        **judged(judge, images, chosen.names),
        "style": right_style(judge, images, chosen),
        "copy": float(near.mean()),
        "copies": float((near < COPY).mean()),
        "own": float(np.sqrt((off**2).mean(axis=(1, 2, 3))).mean() / 255),
    }
