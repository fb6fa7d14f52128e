"""Does a drawn emoji show its name in its style, and is it a copy?

The judge is a CLIP that was trained on all emoji, held-out pairs included, so that it
knows what a model had to invent; what it says of the real pictures is the limit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets import emoji
from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.images import to_model
from coursekit.datasets.tokens import EMOJI_LENGTH, emoji_tokenizer

Images = NDArray[np.uint8]
Drawn = Callable[[list[str], float, int], Images]


@torch.no_grad()
def judged(judge: nn.Module, images: Images, names: Sequence[str]) -> dict[str, float]:
    """Shares of pictures in which the judge sees the right name, among all names.

    "name": right with the style that fits best; "name5": among the best five.
    """
    tokenizer, known = emoji_tokenizer(), emoji.names()
    captions = [emoji.caption(n, s) for n in known for s in emoji.STYLES]
    texts = judge.encode_text(tokenizer.encode(captions, EMOJI_LENGTH))  # type: ignore[operator]
    seen = judge.encode_image(to_model(images))  # type: ignore[operator]
    table = (seen @ texts.T).reshape(len(images), len(known), len(emoji.STYLES))
    best = table.amax(dim=2).topk(5, dim=1).indices
    own = torch.tensor([known.index(n) for n in names])[:, None]
    return {
        "name": float((best[:, :1] == own).any(1).double().mean()),
        "name5": float((best == own).any(1).double().mean()),
    }


@torch.no_grad()
def right_style(judge: nn.Module, images: Images, pairs: emoji.EmojiSet) -> float:
    """Share of pictures whose style the judge names rightly, given their name."""
    tokenizer = emoji_tokenizer()
    seen, right = judge.encode_image(to_model(images)), 0  # type: ignore[operator]
    for i, (name, style) in enumerate(zip(pairs.names, pairs.styles, strict=True)):
        captions = [emoji.caption(name, each) for each in emoji.STYLES]
        texts = judge.encode_text(tokenizer.encode(captions, EMOJI_LENGTH))  # type: ignore[operator]
        right += emoji.STYLES[int((texts @ seen[i]).argmax())] == style
    return right / len(images)


def emoji_figures(
    draw: Drawn, judge: nn.Module, count: int, scales: Sequence[float]
) -> dict[str, Any]:
    """For each guidance scale: names, styles and copies, on held-out and train pairs.

    "copy": mean distance to the nearest training picture (see `nearest`: 0 is a copy);
    "own": to the real picture of the pair itself.
    """
    bank = emoji.load("train").images
    figures: dict[str, Any] = {"prompts": count, "scales": list(scales)}
    for split in ("pairs", "train"):
        found = emoji.load(split)
        order = np.random.default_rng(0).permutation(len(found))[:count]
        chosen = emoji.EmojiSet(
            found.images[order],
            *(
                tuple(part[i] for i in order)
                for part in (found.names, found.styles, found.captions)
            ),
        )
        figures[f"real_{split}"] = _figures(judge, chosen.images, chosen, bank)
        for scale in scales:
            images = draw(list(chosen.captions), scale, 0)
            figures[f"scale_{scale:g}_{split}"] = _figures(judge, images, chosen, bank)
    return figures


def _figures(
    judge: nn.Module, images: Images, pairs: emoji.EmojiSet, bank: Images
) -> dict[str, float]:
    off = images.astype(np.float64) - pairs.images
    return {
        **judged(judge, images, pairs.names),
        "style": right_style(judge, images, pairs),
        "copy": float(np.mean(nearest(images, bank)[1])),
        "own": float(np.sqrt((off**2).mean(axis=(1, 2, 3))).mean()) / 255,
    }
