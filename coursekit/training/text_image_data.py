"""Pictures with captions, as tensors: what text-to-image models and CLIP learn from."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.curation import KINDS, curator, golden
from coursekit.datasets.tokens import (
    EMOJI_LENGTH,
    EMOJI_WORDS,
    TEDDY_LENGTH,
    TEDDY_WORDS,
    Tokenizer,
    emoji_tokenizer,
    teddy_tokenizer,
)
from coursekit.models.text_encoder import TextConfig
from coursekit.training.recipe import Data

WORDINGS = 4  # of each scene; a batch takes one of them at random
EMOJI = {"emoji": "train", "emoji-all": "all"}  # data set -> split


def tokenizer_of(data: str) -> Tokenizer:
    """The words of a captioned data set: one of KINDS or EMOJI.

    Raises ValueError for another name.
    """
    if data in KINDS:
        return teddy_tokenizer()
    if data in EMOJI:
        return emoji_tokenizer()
    raise ValueError(f"no captions for {data!r}: use one of {(*KINDS, *EMOJI)}")


def length_of(data: str) -> int:
    """Tokens of a prompt of a captioned data set."""
    return EMOJI_LENGTH if data in EMOJI else TEDDY_LENGTH[KINDS[data]]


def text_config(data: str, width: int, depth: int, heads: int) -> TextConfig:
    """A text encoder for the captions of a data set."""
    words = EMOJI_WORDS if data in EMOJI else TEDDY_WORDS
    return TextConfig(words, length_of(data), width, depth, heads)


def captioned_images(data: str, limit: int = 0, size: int = 32) -> Data:
    """Training pictures uint8 (N, size, size, 3) and ids (N, wordings, L).

    data: "teddy" (one bear), "pairs" (two), "bears" (one to three), "teddy-golden" or
    "bears-golden" (those in the best light), "emoji", or "emoji-all" (held-out ones
    too, for a judge); limit: at most so many (0: all emoji, 20,000 scenes, 2,000
    golden ones, which are among those 20,000); size: of teddy pictures, emoji are
    always 32 wide. Raises ValueError for another name.
    """
    tokenizer, length = tokenizer_of(data), length_of(data)
    if data in EMOJI:
        from coursekit.datasets import emoji

        found = emoji.load(EMOJI[data])
        images = found.images[: limit or None]
        lines = [list(found.captions[: limit or None])]
        text = f"{len(images)} {EMOJI[data]} emoji with captions"
    else:
        from coursekit.datasets.teddy.prompts import captions_of
        from coursekit.datasets.teddy.sample import teddies

        kind, only = KINDS[data], curator(data)
        count = limit or (20_000 if only is None else 2_000)
        images, scenes = teddies(count, size, seed=0, kind=kind, only=only)
        lines = [captions_of(scenes, seed) for seed in range(WORDINGS)]
        text = f"{len(images)} train scenes ({kind}) of the teddy world with captions"
        text += ", golden ones only" if only is golden else ""
    ids = torch.stack([tokenizer.encode(each, length) for each in lines], dim=1)
    digest = hashlib.sha256(images.tobytes() + ids.numpy().tobytes()).hexdigest()[:16]
    return Data(
        torch.from_numpy(np.ascontiguousarray(images)), f"{text}, sha256 {digest}", ids
    )


def one_wording(cond: Tensor, generator: torch.Generator) -> Tensor:
    """One of the wordings of each picture: (B, wordings, L) to (B, L)."""
    chosen = torch.randint(cond.shape[1], (len(cond),), generator=generator)
    return cond[torch.arange(len(cond)), chosen]
