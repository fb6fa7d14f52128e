"""Bits a character of held-out text, and pages of what a model writes."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.library_text import Corpus
from coursekit.datasets.token_windows import stream, tile
from coursekit.evaluation.token_sampling import (
    autoregressive_bits,
    write_blocks,
    write_left_to_right,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.masked_diffusion import held_out_bits
from coursekit.theory.unmasking import ByConfidence

WINDOW = 128  # tokens of a held-out row, after its start
NEXT = ("left-to-right", "infilling")  # kinds of models that say the next token


def started(rows: Tensor, pairs: BytePairs) -> Tensor:
    """Rows (B, L) with the mark between two documents before them, (B, L + 1)."""
    return torch.cat([torch.full_like(rows[:, :1], pairs.end), rows], dim=1)


def held_out_rows(
    corpus: Corpus, pairs: BytePairs, count: int, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """`count` windows of held-out text, started, and which of their places count."""
    ids = stream(corpus.split(held_out=True), pairs)
    rows, counted = tile(ids, WINDOW, pairs.end)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    rows, counted = rows[order[:count]], counted[order[:count]]
    never = torch.zeros_like(counted[:, :1])
    return started(rows, pairs), torch.cat([never, counted], dim=1)


@torch.no_grad()
def text_bits(
    model: TokenTransformer,
    kind: str,
    rows: Tensor,
    counted: Tensor,
    draws: int = 8,
    batch: int = 32,
) -> Tensor:
    """Bits of each row: (1, B) exact where the next token is said, else (draws, B).

    Equal arguments, equal holes.
    """
    generator = torch.Generator().manual_seed(0)
    parts = []
    for i in range(0, len(rows), batch):
        x0, own = rows[i : i + batch], counted[i : i + batch]
        if kind in NEXT:
            parts.append(autoregressive_bits(model, x0, 1, own)[None])
        else:
            mask = model.config.mask_id
            parts.append(held_out_bits(model, x0, own, mask, draws, generator))
    return torch.cat(parts, dim=1)


def text_figures(
    model: TokenTransformer,
    kind: str,
    corpus: Corpus,
    pairs: BytePairs,
    quick: bool = False,
) -> dict[str, Any]:
    """The figures of a card: bits a character, and the spread of rows."""
    rows, counted = held_out_rows(corpus, pairs, 16 if quick else 512)
    bits = text_bits(model, kind, rows, counted).mean(0)
    characters = (pairs.characters[rows] * counted).sum(1).double()
    rate = float(bits.sum() / characters.sum())
    error = float((bits - rate * characters).std() * len(rows) ** 0.5)
    return {
        "bits_a_character": {"mean": rate, "error": error / float(characters.sum())},
        "characters": int(characters.sum()),
    }


def text_sheet(
    model: TokenTransformer, kind: str, pairs: BytePairs, count: int
) -> NDArray[np.uint8]:
    """Pages of text, written from nothing, 96 tokens each."""
    generator = torch.Generator().manual_seed(2)
    start = torch.full((count, 1), pairs.end)
    if kind in NEXT:
        ids = write_left_to_right(model, start, 96, 0.8, generator).ids
    else:
        ids = write_blocks(model, start, 96, 96, ByConfidence(48), 0.8, generator).ids
    return page([pairs.decode(row) for row in ids])


def page(texts: list[str], width: int = 60, lines: int = 12) -> NDArray[np.uint8]:
    """Texts below each other as a grey picture (H, W, 3), each pixel twice each way."""
    from PIL import Image, ImageDraw

    rows = []
    for text in texts:
        cut = [line[:width] for line in text.splitlines()[:lines]]
        rows += [line.encode("ascii", "replace").decode() for line in cut] + [""]
    picture = Image.new("L", (width * 6 + 8, len(rows) * 12 + 8), 255)
    ImageDraw.Draw(picture).multiline_text((4, 4), "\n".join(rows), fill=0)
    grey = np.asarray(picture)[..., None].repeat(3, axis=2)
    return np.ascontiguousarray(grey.repeat(2, 0).repeat(2, 1))
