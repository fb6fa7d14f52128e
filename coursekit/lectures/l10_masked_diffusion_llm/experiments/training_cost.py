"""Figure 10.D: what it costs to learn programs, left to right and masked.

One small network, one optimiser, equal steps; first on programs that hardly repeat,
then on a few hundred that come again and again.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import cast

import torch

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    program_bits,
    program_rows,
    up_to_end,
)
from coursekit.evaluation.learning_cost import cost_at
from coursekit.evaluation.written_programs import program_excess
from coursekit.experiments.summary import Result, columns, prefixed
from coursekit.models.flops import token_pass
from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)
from coursekit.models.unet import count_parameters
from coursekit.theory.masked_diffusion import mask_tokens, masked_bound
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import card
from coursekit.training.recipe_text import TextRecipe
from coursekit.training.recipes_text import LEFT_TO_RIGHT, MASKED, PROGRAM, QUICK

WAYS = {"next": LEFT_TO_RIGHT, "masked": MASKED}
NETWORK = replace(PROGRAM, width=96, depth=4)
STOPS = (100, 200, 300, 450, 700, 1000)
MANY, FEW = 20_000, 400  # programs to learn from
LEVELS = (4.0, 6.0, 10.0, 20.0, 1000.0)  # bits beyond the law, a program


def step_flops(config: TokenConfig, columns: int, batch: int) -> float:
    """Of one update: forward, and twice as much back."""
    return 3.0 * batch * token_pass(config, columns).flops


def learnt(recipe: TextRecipe, stops: Sequence[int], programs: int, quick: bool) -> Run:
    """A run that notes its held-out excess at each stop, in `run.notes`."""
    count, draws = (32, 1) if quick else (256, 4)
    profile = replace(
        QUICK, model=NETWORK, steps=stops[-1], ema=0.98, pictures=programs
    )
    run = Run(recipe, profile, recipe.load(programs), precision="bf16")
    turns, notes = train(run), []
    for stop in stops:
        for _ in islice(turns, stop - run.step):
            pass
        network = cast(TokenTransformer, run.averaged())
        excess = program_excess(network, recipe.kind, count, draws).mean(axis=0)
        error = float(excess.std() / math.sqrt(count))
        notes.append({"excess": float(excess.mean()), "error": error})
    vars(run)["notes"] = notes
    return run


@torch.no_grad()
def noise(network: TokenTransformer, count: int, draws: int) -> float:
    """How far one draw of a program's bound is from its mean, in bits."""
    rows, _ = program_rows(count, 1, "test")
    editable = torch.arange(rows.shape[1]).ge(PROMPT).expand(rows.shape)
    stir, mask = torch.Generator().manual_seed(0), prompt_mask(PROMPT, rows.shape[1])
    found = []
    for _ in range(draws):
        t = torch.rand(count, generator=stir)
        xt, hidden = mask_tokens(rows, t, editable, network.config.mask_id, stir)
        found.append(masked_bound(network(xt, mask=mask), rows, hidden, t))
    return float((torch.stack(found) / math.log(2)).std(0).mean())


def shipped(floor: float) -> Result:
    """The models that ship, from their cards."""
    found: Result = {}
    for way, recipe in WAYS.items():
        told = card(recipe.name)
        config = cast(TokenConfig, recipe.cpu.model)
        spent = told["training"]["steps"] * step_flops(
            config, config.length - (way == "next"), told["training"]["batch"]
        )
        excess = told["evaluation"]["excess_bits"]
        found[f"{way}_flops"] = spent
        found[f"{way}_excess"], found[f"{way}_error"] = excess["mean"], excess["error"]
    found["ratio"] = (floor + found["masked_excess"]) / (floor + found["next_excess"])
    found["flops_ratio"] = found["masked_flops"] / found["next_flops"]
    return prefixed("shipped", found)


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 10.D, one run each.

    Keys: `stops` in steps, `weights`, `batch`, `floor` (bits of a program); for way in
    WAYS `{way}_excess` in bits with `_error`, `{way}_flops` at each stop, and
    `{way}_taught`, tokens that have a loss in a row of one update; the same
    `{way}_few_excess` of a run on `few` programs with `epochs` at each stop, its lowest
    (`_few_best`), last (`_few_last`) and the epoch of the lowest (`_few_epoch`);
    `{way}_last` and `last_epoch`, the ends of both curves;
    `level`, the lowest of LEVELS that both reach, and `{way}_cost`, FLOPs when the
    excess comes down to it; `cost_ratio`;
    `ratio` of the bits at the last stop; `noise`, bits, of one draw of the bound;
    `shipped_...`, the same from the cards of the models that ship.
    """
    stops = (4, 8) if quick else STOPS
    rows, scenes = program_rows(512, 1, "test")
    floor = sum(map(program_bits, scenes)) / len(scenes)
    result: Result = {"stops": list(stops), "floor": floor}
    result |= {"few": FEW, "many": MANY, "batch": QUICK.batch}
    result["epochs"] = [stop * QUICK.batch / FEW for stop in stops]
    for way, recipe in WAYS.items():
        seen = NETWORK.length - (way == "next")
        one = step_flops(NETWORK, seen, QUICK.batch)
        run = learnt(recipe, stops, 500 if quick else MANY, quick)
        few = learnt(recipe, stops, FEW, quick)
        found = columns(vars(run)["notes"])
        result |= prefixed(way, found | {"flops": [one * stop for stop in stops]})
        again = columns(vars(few)["notes"])
        best = min(again["excess"])
        again_at = result["epochs"][again["excess"].index(best)]
        result |= prefixed(f"{way}_few", again)
        result |= {f"{way}_few_best": best, f"{way}_few_epoch": again_at}
        result[f"{way}_few_last"] = again["excess"][-1]
        result[f"{way}_last"] = found["excess"][-1]
        result["weights"] = count_parameters(run.model)
        if way == "masked":
            network = cast(TokenTransformer, run.averaged())
            result["noise"] = noise(network, *((16, 2) if quick else (128, 16)))
    result["next_taught"] = float(up_to_end(rows).double().sum(1).mean())
    result["masked_taught"] = CANVAS / 2  # t is uniform
    result["last_epoch"] = result["epochs"][-1]
    result["ratio"] = (floor + result["masked_last"]) / (floor + result["next_last"])
    lowest = max(min(result[f"{way}_excess"]) for way in WAYS)
    result["level"] = level = next(each for each in LEVELS if each >= lowest)
    for way in WAYS:
        spent, excess = result[f"{way}_flops"], result[f"{way}_excess"]
        result[f"{way}_cost"] = cost_at(spent, excess, level)
    result["cost_ratio"] = result["masked_cost"] / result["next_cost"]
    return result | shipped(floor)
