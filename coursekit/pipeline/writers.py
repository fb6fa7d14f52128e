"""Let a language model write, and keep every pass: what `coursekit write` shows."""

from itertools import groupby
from typing import NamedTuple, cast

import torch
from torch import Tensor

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.infilling import Gap, arrange
from coursekit.datasets.library_text import byte_pairs
from coursekit.datasets.teddy.program_tokens import CANVAS, PROMPT, program_tokens
from coursekit.datasets.tokens import END
from coursekit.evaluation.infilling import hidden_row
from coursekit.evaluation.token_sampling import write_left_to_right
from coursekit.models.token_transformer import TokenTransformer, prompt_mask
from coursekit.pipeline.boxes import PipelineError
from coursekit.theory.masked_diffusion import Predict
from coursekit.theory.unmasking import ByConfidence, Unmasked, unmask

HIDDEN = "░"  # a token that is not shown yet


class Film(NamedTuple):
    """The whole text after each pass, the last one being the result."""

    texts: list[str]
    passes: int  # calls of the network


def write_program(
    model: TokenTransformer,
    kind: str,
    caption: str,
    steps: int,
    temperature: float,
    generator: torch.Generator,
) -> Film:
    """The scene program of a caption, in the words of the captions.

    Left to right, or hidden tokens by confidence in `steps` passes.
    """
    words = program_tokens()
    prompt = words.encode([caption], PROMPT)
    if kind == "left-to-right":
        found = write_left_to_right(model, prompt, CANVAS, temperature, generator, END)
        seen = [found.ids[:, : k + 1] for k in range(found.passes)]
        return Film([words.read(ids)[0] for ids in seen], found.passes)
    mask = prompt_mask(PROMPT, PROMPT + CANVAS)
    row = torch.cat([prompt, prompt.new_full((1, CANVAS), model.config.mask_id)], dim=1)
    masked = torch.arange(row.shape[1]).ge(PROMPT)[None]
    done = passes_of(
        lambda ids: cast(Tensor, model(ids, mask=mask)),
        row,
        masked,
        steps,
        temperature,
        generator,
    )
    texts = [words.read(ids[:, PROMPT:])[0] for ids in after_each(done)]
    return Film([text.replace("<?>", HIDDEN) for text in texts], done.passes)


def write_code(
    model: TokenTransformer,
    kind: str,
    before: str,
    after: str,
    length: int,
    steps: int,
    temperature: float,
    generator: torch.Generator,
) -> Film:
    """`length` tokens of code between two texts; those after may be empty.

    A masked model fills all of them, one told the end first stops when it likes, and
    one that writes left to right reads no more than `before`. Raises PipelineError
    where the texts are too long for the network.
    """
    pairs = byte_pairs("code")
    prefix, start = pairs.encode(before), torch.tensor([pairs.end])
    gap = Gap(torch.cat([prefix, pairs.encode(after)]), len(prefix), len(prefix))
    total = model.config.length
    if kind == "masked":
        row = gap.filled(torch.empty(1 + length))
    else:
        told = arrange(gap, pairs, "spm")[0][:-1] if after else gap.prefix
        row, total = torch.cat([start, told]), total - length
    if (over := len(row) - total) > 0:
        raise PipelineError(f"{over} tokens too many: give a shorter text, or --length")
    if kind == "masked":
        row, masked = hidden_row(gap, length, total, model.config.mask_id, pairs.end)
        never = (pairs.end, pairs.prefix, pairs.suffix, pairs.middle)
        done = passes_of(
            model, row[None], masked[None], steps, temperature, generator, never
        )
        end = 1 + len(gap.window) + length
        seen = [ids[0, 1:end] for ids in after_each(done)]
        return Film([readable(ids, pairs) for ids in seen], done.passes)
    found = write_left_to_right(
        model, row[None], length, temperature, generator, pairs.end
    )
    answers = [found.ids[0, : k + 1] for k in range(found.passes)]
    answers = [ids[(ids == pairs.end).cumsum(0) == 0] for ids in answers]
    return Film([pairs.decode(gap.filled(ids)) for ids in answers], found.passes)


def passes_of(
    predict: Predict,
    row: Tensor,
    masked: Tensor,
    steps: int,
    temperature: float,
    generator: torch.Generator,
    never: tuple[int, ...] = (),
) -> Unmasked:
    """A row unmasked by confidence, with its history."""
    return unmask(
        predict,
        row,
        masked,
        ByConfidence(steps),
        temperature,
        generator,
        forbidden=never,
        history=True,
    )


def after_each(done: Unmasked) -> list[Tensor]:
    """The ids after each pass."""
    return [torch.where(f.shown, f.guess.ids, f.before) for f in done.history]


def readable(ids: Tensor, pairs: BytePairs) -> str:
    """A text with holes: each hidden token is one `HIDDEN`."""
    parts = groupby(ids.tolist(), lambda i: i >= len(pairs))
    return "".join(
        HIDDEN * len(list(run)) if hidden else pairs.decode(torch.tensor(list(run)))
        for hidden, run in parts
    )
