"""Figure 10.F: what the weight 1/t and the random share of hidden tokens are good for.

One small network learns scene programs in three ways: with the bound, with the same
sum without its weight, and with 15 % of the tokens hidden in every text, as BERT was
trained (Devlin et al. 2019). Weights at the start, rows and steps are the same.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch

from coursekit.datasets.teddy.program_tokens import (
    PROMPT,
    is_right,
    program_rows,
    program_tokens,
)
from coursekit.evaluation.written_programs import (
    program_excess,
    scene_of,
    usual_writer,
)
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.token_transformer import TokenTransformer
from coursekit.models.unet import count_parameters
from coursekit.training.loop import Run, train
from coursekit.training.recipes_text import MASKED, QUICK

BERT = 0.15
WAYS = {
    "bound": MASKED,
    "plain": replace(MASKED, weighted=False),
    "fixed": replace(MASKED, rate=BERT),
}


def written(network: TokenTransformer, count: int) -> Result:
    """Programs after held-out captions, in 16 passes by confidence: shares of them."""
    rows, wanted = program_rows(count, 0, "test")
    writer = usual_writer(network, "masked")
    ids = writer(rows[:, :PROMPT], torch.Generator().manual_seed(0)).ids
    texts = program_tokens().read(ids)
    right = [is_right(text, scene) for text, scene in zip(texts, wanted, strict=True)]
    runs = [scene_of(text) is not None for text in texts]
    return {"right": sum(right) / count, "runs": sum(runs) / count}


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
    """Everything of 10.F.

    Keys: `steps`, `batch`, `weights`, `programs` that are judged; for way in WAYS
    `{way}_excess`, held-out bits of a program beyond those of its law (the same holes
    for all), `{way}_runs` and `{way}_right`, the shares of `written`, each with _std
    and _all; `{way}_excess_error`, one standard error over programs.
    """
    steps, count, draws = (20, 32, 1) if quick else (500, 256, 4)
    model = replace(QUICK.model, width=96, depth=4)
    profile = replace(QUICK, model=model, steps=steps, ema=0.99, pictures=20_000)
    if quick:
        profile = replace(profile, pictures=500)
    data = MASKED.load(profile.pictures)

    def one(way: str, seed: int) -> Result:
        run = Run(replace(WAYS[way], seed=seed), profile, data, precision="bf16")
        for _ in train(run):
            pass
        network = cast(TokenTransformer, run.averaged())
        excess = program_excess(network, "masked", count, draws).mean(axis=0)
        return {
            "excess": float(excess.mean()),
            "excess_error": float(excess.std() / math.sqrt(count)),
            **written(network, count),
        }

    result: Result = {"steps": steps, "batch": profile.batch, "programs": count}
    result["weights"] = count_parameters(MASKED.build(model))
    for way in WAYS:
        found = for_seeds(one, seeds[:1] if quick else seeds, way)
        result |= prefixed(way, found)
    return result
