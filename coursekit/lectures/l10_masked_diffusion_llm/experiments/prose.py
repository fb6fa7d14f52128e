"""Figure 10.K: what it costs to learn English, left to right and masked.

One network, one optimiser, equal windows; the text is small and comes again and again.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import cast

from torch import Tensor

from coursekit.datasets.library_text import byte_pairs, english
from coursekit.evaluation.written_text import held_out_rows, text_bits
from coursekit.experiments.summary import Result, columns, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.training_cost import (
    step_flops,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.models.unet import count_parameters
from coursekit.training.loop import Run, train
from coursekit.training.recipe_text import TextRecipe
from coursekit.training.recipes_text import (
    CODE,
    CODE_EFFORT,
    CODE_LEFT_TO_RIGHT,
    CODE_MASKED,
)
from coursekit.training.text_data import WINDOW

# name -> who learns, steps, of the average: a longer run, since masks teach slowly
RUNS = {
    "next": (CODE_LEFT_TO_RIGHT, 2000, 0.99),
    "masked": (CODE_MASKED, 2000, 0.99),
    "long": (CODE_MASKED, 8000, 0.998),
}
PARTS = 4  # looks at each run, evenly spaced
NETWORK = replace(CODE, dropout=0.1)  # the text is short: it would be known by heart


def learnt(
    recipe: TextRecipe, steps: int, ema: float, rows: tuple[Tensor, Tensor], draws: int
) -> Result:
    """Held-out bits a character at each look: `bits`, `error`, `spread` over draws."""
    profile = replace(CODE_EFFORT, model=NETWORK, steps=steps, ema=ema)
    recipe = replace(recipe, data="english", name=f"english-{recipe.kind}")
    data = recipe.load(0)
    run = Run(recipe, profile, data, precision="bf16")
    ids, counted = rows
    characters = (byte_pairs("english").characters[ids] * counted).sum(1).double()
    turns, notes = train(run), []
    for part in range(PARTS):
        for _ in islice(turns, steps * (part + 1) // PARTS - run.step):
            pass
        network = cast(TokenTransformer, run.averaged())
        draw = text_bits(network, recipe.kind, ids, counted, draws)
        bits, whole = draw.mean(0), float(characters.sum())
        rate = float(bits.sum()) / whole
        error = float((bits - rate * characters).std()) * math.sqrt(len(ids)) / whole
        spread = float(draw.sum(1).std()) / whole if len(draw) > 1 else 0.0
        note = {"step": run.step, "bits": rate, "error": error, "spread": spread}
        seen = run.step * profile.batch * WINDOW / data.x.numel()
        notes.append(note | {"epoch": seen})
    return columns(notes) | {"weights": count_parameters(run.model)}


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 10.K, one run each.

    Keys: `source`, the text; `windows` and `draws` that judge; `weights`; for each of
    RUNS at PARTS steps (`{run}_step`) held-out `{run}_bits` a character, `{run}_error`
    (from window to window), `{run}_spread` (from one draw of the holes to the next, of
    the mean over windows), `{run}_flops`, `{run}_epoch` (times the text was seen);
    `{run}_best`, the lowest; `equal_ratio`, masked beside left to right after equal
    steps, and `ratio`, the long run's beside the best of left to right; `cost`, FLOPs
    of the long run over those of the other.
    """
    count, draws = (8, 2) if quick else (384, 16)
    corpus, pairs = english(), byte_pairs("english")
    rows = held_out_rows(corpus, pairs, count)
    result: Result = {"source": corpus.description, "windows": count, "draws": draws}
    for name, (recipe, steps, ema) in RUNS.items():
        found = learnt(recipe, PARTS if quick else steps, ema, rows, draws)
        result["weights"] = found.pop("weights")
        seen = WINDOW + (recipe.kind == "masked")
        one = step_flops(NETWORK, seen, CODE_EFFORT.batch)
        found["flops"] = [one * step for step in found["step"]]
        found["best"] = min(found["bits"])
        result |= prefixed(name, found)
    result["equal_ratio"] = result["masked_best"] / result["next_best"]
    result["ratio"] = result["long_best"] / result["next_best"]
    result["cost"] = result["long_flops"][-1] / result["next_flops"][-1]
    return result
