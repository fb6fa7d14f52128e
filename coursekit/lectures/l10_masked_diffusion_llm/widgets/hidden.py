"""A program with holes, and what a network thinks of what is hidden."""

import math
from functools import partial

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    PROMPT,
    program_bits,
    program_rows,
    program_tokens,
)
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene
from coursekit.lectures.l10_masked_diffusion_llm.widgets.words import Word, word_sheet
from coursekit.models.token_transformer import TokenTransformer, prompt_mask
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene as View

COUNT = 6  # programs to choose from


def chances(model: TokenTransformer, row: Tensor, hidden: Tensor) -> Tensor:
    """The probability of each true token of one row (L,), with holes in it: (L,)."""
    xt = row.masked_fill(hidden, model.config.mask_id)
    with torch.no_grad():
        logits = model(xt[None], mask=prompt_mask(PROMPT, len(row)))[0]
    found: Tensor = logits.double().softmax(-1).gather(1, row[:, None])[:, 0]
    return found


def draw(
    model: TokenTransformer,
    rows: Tensor,
    luck: Tensor,
    scenes: list[Scene],
    t: float,
    which: float,
) -> View:
    """The scene for one program and one share."""
    row, scene = rows[int(which) - 1], scenes[int(which) - 1]
    hidden = luck[int(which) - 1] < t
    found, words = chances(model, row, hidden), program_tokens().words
    shown = []
    for i in range(PROMPT, len(row)):
        said, chance = words[int(row[i])], float(found[i])
        if hidden[i]:
            tone = "green" if chance >= 0.5 else "orange"
            shown.append(Word(said, f"{chance:.0%}", tone, abs(2 * chance - 1)))
        else:
            shown.append(Word(said))
    holes = int(hidden.sum())
    text = "Nothing is hidden."
    if holes:
        bits = -float(found[hidden].log2().sum())
        bound = bits / t if t > 0 else math.inf
        text = (
            f"{holes} of {len(row) - PROMPT} hidden, {bits:.1f} bits; over t: "
            f"{bound:.1f}, one draw of the bound. The law: {program_bits(scene):.1f}."
        )
    told = program_tokens().decode(rows[int(which) - 1 : int(which), :PROMPT])[0]
    sheet = word_sheet(shown, f"{told}, {holes} tokens hidden", told)
    return View((sheet,), render([scene], 32), text=text)


def hide_and_guess(model: TokenTransformer) -> Live:
    """Hide a share of a program; boxes tell the network's chance of the hidden words.

    Green: above a half, orange: below. With a larger t the same tokens stay hidden.
    """
    rows, scenes = program_rows(COUNT, 3, "test")
    luck = torch.rand(rows.shape, generator=torch.Generator().manual_seed(0))
    luck[:, :PROMPT] = 1
    controls = {
        "t": number("t", 0.3, 0.0, 1.0, 0.05, ".2f"),
        "which": level("program", range(1, COUNT + 1), 1),
    }
    return Live(controls, partial(draw, model, rows, luck, scenes), "hide_and_guess")
