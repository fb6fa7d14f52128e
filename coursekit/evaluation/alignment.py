"""How well a CLIP brings pictures and captions together: retrieval, zero-shot words."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.tokens import (
    EMOJI_LENGTH,
    TEDDY_LENGTH,
    emoji_tokenizer,
    teddy_tokenizer,
)
from coursekit.models.clip import CLIP
from coursekit.theory.contrastive import recall_at_1

Images = NDArray[np.uint8]
CANDIDATES = 256  # pictures and captions among which the own one is sought


@torch.no_grad()
def image_vectors(model: CLIP, images: Images) -> Tensor:
    """Unit vectors (N, D) of uint8 pictures (N, H, W, 3), on the CPU."""
    device = model.log_scale.device
    parts = [
        model.encode_image(to_model(images[i : i + 200]).to(device)).cpu()
        for i in range(0, len(images), 200)
    ]
    return torch.cat(parts)


@torch.no_grad()
def text_vectors(model: CLIP, texts: list[str], data: str) -> Tensor:
    """Unit vectors (N, D) of captions; data: "teddy" or "emoji"."""
    emoji = data == "emoji"
    tokenizer = emoji_tokenizer() if emoji else teddy_tokenizer()
    ids = tokenizer.encode(texts, EMOJI_LENGTH if emoji else TEDDY_LENGTH["solo"])
    device = model.log_scale.device
    parts = [model.encode_text(part.to(device)).cpu() for part in ids.split(200)]  # type: ignore[no-untyped-call]
    return torch.cat(parts)


def alignment(model: CLIP, data: str, size: int = 32) -> dict[str, Any]:
    """Recall at 1 among at most 256 pairs and, for teddies, zero-shot accuracy.

    data: "teddy" (scenes of the test split) or "emoji" (pairs that only a judge has
    seen). Several captions of 256 scenes may fit a picture equally well; few do.
    """
    if data == "emoji":
        from coursekit.datasets import emoji

        found = emoji.load("pairs")
        images, captions = found.images[:CANDIDATES], list(found.captions[:CANDIDATES])
        text, image = recall_at_1(
            image_vectors(model, images), text_vectors(model, captions, data)
        )
        return {
            "candidates": len(images),
            "image_to_text": text,
            "text_to_image": image,
        }
    from coursekit.datasets.teddy.prompts import captions_of
    from coursekit.datasets.teddy.sample import teddies

    images, scenes = teddies(CANDIDATES, size, seed=3_000_000, split="test")
    text, image = recall_at_1(
        image_vectors(model, images),
        text_vectors(model, captions_of(scenes, seed=9), data),
    )
    return {
        "candidates": CANDIDATES,
        "image_to_text": text,
        "text_to_image": image,
        "zero_shot": zero_shot(model, size),
    }


def zero_shot(model: CLIP, size: int = 32, count: int = 500) -> dict[str, float]:
    """Accuracy of choosing each word by the caption that fits a picture best.

    For each attribute, the true scene's plain caption competes with the captions that
    differ from it in this word only. No classifier was trained for this.
    """
    from dataclasses import replace

    from coursekit.datasets.teddy.captions import caption
    from coursekit.datasets.teddy.sample import teddies
    from coursekit.datasets.teddy.scene import VOCABULARY

    images, scenes = teddies(count, size, seed=4_000_000, split="test")
    seen, accuracy = image_vectors(model, images), {}
    for name, words in VOCABULARY.items():
        right = 0
        others = []
        for scene in scenes:
            bear = scene.bears[0]
            for word in words:
                change: dict[str, Any] = {name: word}
                if name != "place":
                    change = {"bears": (replace(bear, **change),)}
                others.append(caption(replace(scene, **change)))
        texts = text_vectors(model, others, "teddy").reshape(count, len(words), -1)
        chosen = torch.einsum("nd,nwd->nw", seen, texts).argmax(dim=1).tolist()
        for scene, best in zip(scenes, chosen, strict=True):
            true = scene.place if name == "place" else getattr(scene.bears[0], name)
            right += words[best] == true
        accuracy[name] = right / count
    return accuracy
