"""Figure 10.L: one network size, two ways to write scene programs; and spoilt words."""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    program_rows,
    program_tokens,
    up_to_end,
)
from coursekit.datasets.tokens import END, MARKS
from coursekit.evaluation.token_sampling import (
    Written,
    write_blocks,
    write_left_to_right,
)
from coursekit.evaluation.written_programs import (
    Quality,
    program_excess,
    quality,
    scene_of,
)
from coursekit.experiments.summary import Result, for_seeds
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import ByConfidence
from coursekit.training.pretrained import load_model

WAYS = ("gauss", "random", "mask")


def left_to_right(
    model: TokenTransformer,
    temperature: float,
    prompt: Tensor,
    generator: torch.Generator | None = None,
) -> Written:
    """Programs after captions, token after token."""
    return write_left_to_right(model, prompt, CANVAS, temperature, generator, END)


def in_passes(
    model: TokenTransformer,
    passes: int,
    prompt: Tensor,
    generator: torch.Generator | None = None,
) -> Written:
    """Programs after captions, from a canvas of masks, in so many passes."""
    rule = ByConfidence(passes)
    return write_blocks(model, prompt, CANVAS, CANVAS, rule, 1.0, generator, END)


def spoilt(way: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Ids of programs (count, CANVAS), before and after one token was replaced.

    way: "gauss", the number of the word plus Gaussian noise of deviation 3, rounded;
    "random", another word; "mask".
    """
    rows, _ = program_rows(count, seed, "test")
    ids, generator = rows[:, PROMPT:], torch.Generator().manual_seed(seed)
    own = (up_to_end(rows)[:, PROMPT:] & (ids != END)).double()
    place = torch.multinomial(own, 1, generator=generator)
    word, words = ids.gather(1, place), len(program_tokens())
    if way == "gauss":
        far = 3 * torch.randn(word.shape, generator=generator)
        far = far.sign() * far.abs().round().clamp(min=1)
        new = word + far.long()
        outside = (new < len(MARKS)) | (new >= words)
        new = torch.where(outside, word - far.long(), new)
    elif way == "random":
        least = len(MARKS)
        step = torch.randint(1, words - least, word.shape, generator=generator)
        new = (word - least + step) % (words - least) + least
    else:
        new = torch.full_like(word, words)
    return ids, ids.scatter(1, place, new)


def unnoticed(way: str, count: int, seed: int) -> float:
    """The share of spoilt programs that run, and so say something else."""
    texts = program_tokens().read(spoilt(way, count, seed)[1])
    return sum(scene_of(text) is not None for text in texts) / count


def _kept(name: str, found: Quality) -> Result:
    keys = ("right", "error", "entropy", "full", "length", "passes")
    return {f"{name}_{key}": getattr(found, key) for key in keys}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.L.

    Keys: `count` of programs; `t1_...` and `t0_...` of programs written left to right
    at temperature 1 and 0, `all_...` and `once_...` of programs unmasked in 16 passes
    and in one: `right` with `error`, `entropy` and `full`, `length`, `passes` (of 64
    rows together); `single_tokens` and `single_passes`, means when each program is
    written alone; `next_excess` and `masked_excess` in bits with `_error` over
    programs; `draws_low`, the lowest mean of a single draw; `{way}_runs` for way in
    WAYS with _std and _all over seeds.
    """
    count, draws = (32, 2) if quick else (512, 8)
    causal, masked = map(load_model, ("programs-left-to-right", "programs-masked"))
    assert isinstance(causal, TokenTransformer)
    assert isinstance(masked, TokenTransformer)
    writers = {
        "t1": partial(left_to_right, causal, 1.0),
        "t0": partial(left_to_right, causal, 0.0),
        "all": partial(in_passes, masked, 16),
        "once": partial(in_passes, masked, 1),
    }
    result: Result = {"count": count}
    for name, writer in writers.items():
        result |= _kept(name, quality(writer, count))
    prompts = program_rows(count // 8, 0, "test")[0][:, :PROMPT]
    alone = [left_to_right(causal, 0.0, row[None]) for row in prompts]
    tokens = [int((each.ids != END).sum()) + 1 for each in alone]
    result["single_tokens"] = sum(tokens) / len(alone)
    result["single_passes"] = sum(each.passes for each in alone) / len(alone)
    exact = program_excess(causal, "left-to-right", count, 1)[0]
    bound = program_excess(masked, "masked", count, draws)
    result["draws_low"] = float(bound.mean(axis=1).min())
    for name, excess in (("next", exact), ("masked", bound.mean(axis=0))):
        result[f"{name}_excess"] = float(excess.mean())
        result[f"{name}_excess_error"] = float(excess.std() / math.sqrt(count))

    def one(seed: int) -> Result:
        return {f"{way}_runs": unnoticed(way, count, seed) for way in WAYS}

    return result | for_seeds(one, seeds[:1] if quick else seeds)
