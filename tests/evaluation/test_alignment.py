"""Retrieval and zero-shot words. Authority: a CLIP that knows everything, whose only
mistakes are captions that fit two pictures equally well; and one that knows nothing."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets import emoji
from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.captions import Facts, facts, parse_caption
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.datasets.tokens import emoji_tokenizer, teddy_tokenizer
from coursekit.evaluation.alignment import (
    CANDIDATES,
    alignment,
    image_vectors,
    text_vectors,
    zero_shot,
)

WORDS = [(name, word) for name, words in VOCABULARY.items() for word in words]


def vector(told: Facts) -> list[float]:
    """One number for each word of the vocabulary; equal facts, equal vectors."""
    bear = told.clauses[0][1]
    have = {("place", told.place), *bear._asdict().items()}
    return [float(pair in have) for pair in WORDS]


class Knowing(nn.Module):
    """Pictures are recognised by their bytes, captions are parsed."""

    def __init__(self, *sets: tuple[np.ndarray, list[Any]]) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.known = {
            image.tobytes(): vector(facts(scene))
            for images, scenes in sets
            for image, scene in zip(images, scenes, strict=True)
        }

    def encode_image(self, x: Tensor) -> Tensor:
        rows = [self.known[image.tobytes()] for image in to_uint8(x)]
        return nn.functional.normalize(torch.tensor(rows), dim=1)

    def encode_text(self, ids: Tensor) -> Tensor:
        texts = teddy_tokenizer().decode(ids)
        rows = [vector(parse_caption(text)) for text in texts]
        return nn.functional.normalize(torch.tensor(rows), dim=1)


@pytest.fixture(scope="module")
def knowing() -> Knowing:
    return Knowing(
        teddies(CANDIDATES, seed=3_000_000, split="test"),
        teddies(500, seed=4_000_000, split="test"),
    )


def test_who_knows_everything_errs_only_where_captions_agree(knowing: Knowing) -> None:
    scenes = teddies(CANDIDATES, 16, seed=3_000_000, split="test")[1]
    told = [facts(scene) for scene in scenes]
    # Of pictures with equal facts only the first is found: argmax takes the first.
    expected = sum(told.index(each) == i for i, each in enumerate(told)) / CANDIDATES
    found = alignment(knowing, "teddy")  # type: ignore[arg-type]
    assert found["image_to_text"] == found["text_to_image"] == expected > 0.9
    assert found["candidates"] == CANDIDATES
    assert found["zero_shot"] == dict.fromkeys(VOCABULARY, 1.0)


def test_one_word_unknown_costs_that_word(knowing: Knowing) -> None:
    """Blind for hats: the first of the four hats is always taken."""
    images, scenes = teddies(500, seed=4_000_000, split="test")
    blind = Knowing((images, scenes))
    hats = [i for i, (name, _) in enumerate(WORDS) if name == "hat"]
    for row in blind.known.values():
        for i in hats:
            row[i] = 0.0
    found = zero_shot(blind)  # type: ignore[arg-type]
    plain = np.mean([scene.bears[0].hat == "none" for scene in scenes])
    assert found["hat"] == pytest.approx(plain)
    assert all(share == 1.0 for name, share in found.items() if name != "hat")


def test_vectors_come_in_order_and_batches(knowing: Knowing) -> None:
    images, scenes = teddies(CANDIDATES, seed=3_000_000, split="test")
    rows = image_vectors(knowing, images)  # type: ignore[arg-type]
    expected = torch.tensor([vector(facts(scene)) for scene in scenes])
    torch.testing.assert_close(rows, nn.functional.normalize(expected, dim=1))


class KnowingEmoji(nn.Module):
    """As `Knowing`, for the held-out pairs of emoji."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))
        found = emoji.load("pairs")
        self.place = {caption: i for i, caption in enumerate(found.captions)}
        self.known = {image.tobytes(): i for i, image in enumerate(found.images)}
        self.eye = torch.eye(len(found))

    def encode_image(self, x: Tensor) -> Tensor:
        return self.eye[[self.known[image.tobytes()] for image in to_uint8(x)]]

    def encode_text(self, ids: Tensor) -> Tensor:
        return self.eye[[self.place[text] for text in emoji_tokenizer().decode(ids)]]


def test_emoji_are_found_among_the_pairs() -> None:
    model, count = KnowingEmoji(), len(emoji.load("pairs"))
    found = alignment(model, "emoji")  # type: ignore[arg-type]
    assert found == {
        "candidates": min(count, CANDIDATES),
        "image_to_text": 1.0,
        "text_to_image": 1.0,
    }
    captions = list(emoji.load("pairs").captions[:3])
    rows = text_vectors(model, captions, "emoji")  # type: ignore[arg-type]
    assert torch.equal(rows, model.eye[:3])
