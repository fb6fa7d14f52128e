"""CLIP at work: pictures, prompts of your own, and a table of cosines.

The pictures are encoded once; the prompts again whenever one of them changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.tokens import TEDDY_LENGTH, teddy_tokenizer
from coursekit.models.clip import CLIP
from coursekit.plots.heat_table import heat_table
from coursekit.widgets.controls import sentence
from coursekit.widgets.live import Live
from coursekit.widgets.scene import GAP, TILE, Scene

Images = NDArray[np.uint8]
PROMPTS = (
    "a brown bear in the park",
    "a pink bear at the beach",
    "a white bear with sunglasses in the snow",
    "a green bear with a red hat",
)


@dataclass(frozen=True)
class Gallery:
    """Pictures (N, 32, 32, 3), their unit vectors (N, D), and who encodes prompts."""

    model: CLIP
    images: Images
    vectors: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: CLIP, images: Images) -> "Gallery":
        """Encode the pictures."""
        return cls(model, images, model.encode_image(to_model(images)))

    @torch.no_grad()
    def cosines(self, prompts: Sequence[str]) -> NDArray[np.float64]:
        """(P, N). Raises ValueError for words that the tokenizer does not know."""
        ids = teddy_tokenizer().encode(list(prompts), TEDDY_LENGTH["solo"])
        table = self.model.encode_text(ids) @ self.vectors.T
        return np.asarray(table.double().numpy())


def draw(gallery: Gallery, prompts: Sequence[str]) -> Scene:
    """The table above the pictures; in each column the prompt that fits best."""
    asked = [text.strip() for text in prompts if text.strip()]
    if not asked:
        return Scene((), gallery.images, text="Write a prompt above.", tone="warn")
    table = gallery.cosines(asked)
    best = table.argmax(axis=0)
    bold = np.arange(len(asked))[:, None] == best
    side = gallery.images.shape[2]
    zoom = max(1, round(TILE / side))
    chart = heat_table(
        table,
        asked,
        bold,
        title="cosine of each prompt with each picture (framed: the best of a column)",
        low=min(0.0, float(table.min())),
        high=max(0.9, float(table.max())),
        cell=side * zoom,
        gap=GAP * zoom,
    )
    margin = np.sort(table, axis=0)
    if len(asked) > 1:
        gap = float((margin[-1] - margin[-2]).min())
        text = f"The closest decision is won by {gap:.2f}."
    else:
        text = "With one prompt there is nothing to choose: write a second one."
    return Scene((chart,), gallery.images, text=text)


def clip_table(model: CLIP, images: Images, prompts: Sequence[str] = PROMPTS) -> Live:
    """Cosines of your own prompts with a few pictures, in the space of a CLIP.

    model: a CLIP of the teddy world; images: uint8 (N, 32, 32, 3).
    """
    gallery = Gallery.of(model, images)
    controls = {
        f"prompt{i}": sentence(f"prompt {i}", text) for i, text in enumerate(prompts, 1)
    }
    return Live(
        controls, lambda **asked: draw(gallery, list(asked.values())), "clip_table"
    )
