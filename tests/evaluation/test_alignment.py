"""Retrieval and zero-shot words. Authority: a CLIP that knows everything, whose only
mistakes are captions that fit two pictures equally well; and one blind for hats."""

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
    """Pictures are recognised by their bytes, captions are read."""

    def __init__(self, known: dict[bytes, Any], read: Any, tokenizer: Any) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.known, self.read, self.tokenizer = known, read, tokenizer

    def encode_image(self, x: Tensor) -> Tensor:
        rows = [self.known[image.tobytes()] for image in to_uint8(x)]
        return nn.functional.normalize(torch.tensor(rows), dim=1)

    def encode_text(self, ids: Tensor) -> Tensor:
        rows = [self.read(text) for text in self.tokenizer.decode(ids)]
        return nn.functional.normalize(torch.tensor(rows), dim=1)


Pictures = tuple[np.ndarray, list[Any]]


def knowing(*sets: Pictures) -> Any:
    known = {
        image.tobytes(): vector(facts(scene))
        for images, scenes in sets
        for image, scene in zip(images, scenes, strict=True)
    }
    return Knowing(known, lambda text: vector(parse_caption(text)), teddy_tokenizer())


@pytest.fixture(scope="module")
def candidates() -> Pictures:
    return teddies(CANDIDATES, seed=3_000_000, split="test")


@pytest.fixture(scope="module")
def others() -> Pictures:
    return teddies(500, seed=4_000_000, split="test")


def test_who_knows_everything_errs_only_where_captions_agree(candidates, others):
    told = [facts(scene) for scene in candidates[1]]
    # Of pictures with equal facts only the first is found: argmax takes the first.
    expected = sum(told.index(each) == i for i, each in enumerate(told)) / CANDIDATES
    model = knowing(candidates, others)
    found = alignment(model, "teddy")
    assert found["image_to_text"] == found["text_to_image"] == expected > 0.9
    assert found["candidates"] == CANDIDATES
    assert found["zero_shot"] == dict.fromkeys(VOCABULARY, 1.0)
    # More than one batch of vectors, in the order of the pictures.
    rows = torch.tensor([vector(each) for each in told])
    torch.testing.assert_close(
        image_vectors(model, candidates[0]), nn.functional.normalize(rows, dim=1)
    )


def test_one_word_unknown_costs_that_word(others):
    """Blind for hats: the first of the four hats is always taken."""
    blind = knowing(others)
    hats = [i for i, (name, _) in enumerate(WORDS) if name == "hat"]
    for row in blind.known.values():
        for i in hats:
            row[i] = 0.0
    found = zero_shot(blind)
    plain = np.mean([scene.bears[0].hat == "none" for scene in others[1]])
    assert found["hat"] == pytest.approx(plain)
    assert all(share == 1.0 for name, share in found.items() if name != "hat")


def test_emoji_are_found_among_the_held_out_pairs():
    pairs = emoji.load("pairs")
    eye = torch.eye(len(pairs)).tolist()
    known = {image.tobytes(): row for image, row in zip(pairs.images, eye, strict=True)}
    read = dict(zip(pairs.captions, eye, strict=True))
    model: Any = Knowing(known, read.__getitem__, emoji_tokenizer())
    assert alignment(model, "emoji") == {
        "candidates": min(len(pairs), CANDIDATES),
        "image_to_text": 1.0,
        "text_to_image": 1.0,
    }
    rows = text_vectors(model, list(pairs.captions[:3]), "emoji")
    assert torch.equal(rows, torch.tensor(eye[:3]))
