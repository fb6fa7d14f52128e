"""Does a drawn emoji show its name in its style, and is it a copy?

The judge is a CLIP that was trained on all emoji, held-out pairs included, so that it
knows what a model had to invent; what it says of the real pictures is the limit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets import emoji
from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.emoji_splits import STYLES, split_of_pairs
from coursekit.datasets.images import to_model
from coursekit.datasets.tokens import EMOJI_LENGTH, emoji_tokenizer

Images = NDArray[np.uint8]
Drawn = Callable[[list[str], float, int], Images]
COPY = 0.09  # one unseen real emoji in twenty lies nearer to a training picture


def some(split: str, count: int) -> emoji.EmojiSet:
    """At most `count` emoji of a split, always the same ones."""
    found = emoji.load(split)
    order = np.random.default_rng(0).permutation(len(found))[:count]
    texts = (found.names, found.styles, found.captions)
    picked = (tuple(part[i] for i in order) for part in texts)
    return emoji.EmojiSet(found.images[order], *picked)


@torch.no_grad()
def fits(judge: nn.Module, images: Images) -> Tensor:
    """How well each picture fits each pair there is: cosines (N, names, styles).

    A style that a name does not have fits nothing: -inf.
    """
    pairs = list(split_of_pairs())
    ids = emoji_tokenizer().encode([emoji.caption(*p) for p in pairs], EMOJI_LENGTH)
    texts = judge.encode_text(ids)  # type: ignore[operator]
    seen = judge.encode_image(to_model(images))  # type: ignore[operator]
    name, style = ({w: i for i, w in enumerate(e)} for e in (emoji.names(), STYLES))
    rows = torch.tensor([name[n] for n, _ in pairs])
    columns = torch.tensor([style[s] for _, s in pairs])
    table = torch.full((len(images), len(name), len(style)), -torch.inf)
    table[:, rows, columns] = seen @ texts.T
    return table


def judged(
    table: Tensor, names: Sequence[str], styles: Sequence[str]
) -> dict[str, float]:
    """Shares of pictures in which the judge sees what it should; table: of `fits`.

    "name": right among all names, each in the style that fits best; "name5": among the
    best five; "style": the right style, given the name.
    """
    known = emoji.names()
    own = torch.tensor([known.index(n) for n in names])
    best = table.amax(dim=2).topk(5, dim=1).indices
    style = table[torch.arange(len(own)), own].argmax(dim=1)
    right = torch.tensor([STYLES.index(s) for s in styles])
    return {
        "name": float((best[:, 0] == own).double().mean()),
        "name5": float((best == own[:, None]).any(1).double().mean()),
        "style": float((style == right).double().mean()),
    }


def pair_figures(
    judge: nn.Module, images: Images, pairs: emoji.EmojiSet, bank: Images
) -> dict[str, float]:
    """All figures of pictures that were drawn for `pairs`.

    Those of `judged`; "copy": mean distance to the nearest picture of the bank (see
    `nearest`: 0 is a copy); "copies": the share that lies nearer than COPY; "own": mean
    distance to the pair's own real picture.
    """
    off = images.astype(np.float64) - pairs.images
    near = nearest(images, bank)[1]
    return {
        **judged(fits(judge, images), pairs.names, pairs.styles),
        "copy": float(near.mean()),
        "copies": float((near < COPY).mean()),
        "own": float(np.sqrt((off**2).mean(axis=(1, 2, 3))).mean()) / 255,
    }


def emoji_figures(
    draw: Drawn, judge: nn.Module, count: int, scales: Sequence[float]
) -> dict[str, Any]:
    """For each guidance scale: names, styles and copies, on held-out and train pairs.

    At most `count` pairs of each; "prompts" says how many there were.
    """
    bank = emoji.load("train").images
    figures: dict[str, Any] = {"prompts": {}, "scales": list(scales)}
    for split in ("pairs", "train"):
        chosen = some(split, count)
        figures["prompts"][split] = len(chosen)
        figures[f"real_{split}"] = pair_figures(judge, chosen.images, chosen, bank)
        for scale in scales:
            images = draw(list(chosen.captions), scale, 0)
            found = pair_figures(judge, images, chosen, bank)
            figures[f"scale_{scale:g}_{split}"] = found
    return figures
