"""A masked-diffusion model after its prompt, and what is hidden on its canvas."""

import itertools

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import CANVAS, program_tokens
from coursekit.datasets.tokens import END
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.masked_diffusion import Predict

NUMBER = "a number"


@torch.no_grad()
def after(model: TokenTransformer, prompt: Tensor) -> Predict:
    """Logits of a canvas after a prompt (B, P), which is read once."""
    cache = model.new_cache(len(prompt))
    model(prompt, cache=cache)
    cache.keep = False  # the canvas changes with every pass
    return lambda ids: model(ids, cache=cache)


def empty(rows: int, mask_id: int, length: int = CANVAS) -> tuple[Tensor, Tensor]:
    """A canvas (rows, length) with all of it hidden, and which places are to fill."""
    ids = torch.full((rows, length), mask_id)
    return ids, torch.ones_like(ids, dtype=torch.bool)


def words(row: Tensor) -> list[str]:
    """The tokens of a canvas (L,) up to its first <end>, it included."""
    known, found = program_tokens().words, list[str]()
    for token in row.tolist():
        found.append(known[token] if token < len(known) else "<?>")
        if token == END:
            break
    return found


def plain(word: str) -> str:
    """All numbers as one kind of word."""
    return NUMBER if word.lstrip("-").replace(".", "").isdigit() else word


def pairs(row: Tensor) -> list[tuple[str, str]]:
    """The neighbours on a canvas (L,) up to its end; before the first is ""."""
    kinds = ["", *map(plain, words(row))]
    return list(itertools.pairwise(kinds))


def clashes(row: Tensor, known: set[tuple[str, str]]) -> int:
    """How many neighbours of a canvas (L,) are not `known`: never met in the data."""
    return sum(pair not in known for pair in pairs(row))
