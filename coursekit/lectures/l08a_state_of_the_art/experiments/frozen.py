"""Figure 08a.F: a text encoder that learns with the rest, or one that was borrowed.

Two networks of one plan, one set of captions, one effort. One learns its text encoder
with everything else, the other reads that of `teddy-clip`, frozen. Which obeys more
sentences that no training has seen, and what of them?
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.prompt_alignment import (
    prompt_alignment,
    prompt_alignment_real,
)
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES

WAYS = {"joint": "mini-qwen", "frozen": "mini-qwen-frozen"}
ASKED = ("place", "fur", "hat", "glasses", "pose", "action", "all", "valid")
SEED, COUNT = 7_000_000, 100  # of the sentences; no training has seen them


def recipe_of(way: str) -> PromptRecipe:
    """The recipe behind one of WAYS."""
    return cast(PromptRecipe, RECIPES[WAYS[way]])


def parameters(way: str) -> dict[str, int]:
    """How many numbers the network has, and how many of them its training moves."""
    recipe = recipe_of(way)
    model = recipe.begin(recipe.build(recipe.cpu.model))
    each = [(p.numel(), p.requires_grad) for p in model.parameters()]
    learns = sum(count for count, free in each if free)
    return {"parameters": sum(count for count, _ in each), "learns": learns}


def obeyed(way: str, texts: list[str], wanted: list[Scene], seed: int) -> Result:
    """Of one noise: the share of sentences whose pictures show what they say."""
    recipe = recipe_of(way)
    images = recipe.draw(load_model(WAYS[way]), texts, recipe.scale, seed)
    found = prompt_alignment(images, wanted)
    return {name: found[name] for name in ASKED}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08a.F.

    Keys: `prompts`, how many sentences of each kind; for each of WAYS `{way}_steps`,
    `{way}_parameters`, `{way}_learns`, and over seeds of the noise, by the second
    reader, for name in ASKED `{way}_{name}` (new scenes of known combinations) and
    `{way}_heldout_{name}` (pairs of fur and hat that no training saw); `real_{name}`
    and `real_heldout_{name}`: the same of real pictures. One training each.
    """
    count = 4 if quick else COUNT
    result: Result = {"prompts": count}
    for way, name in WAYS.items():
        result |= prefixed(way, {"steps": card(name)["steps"], **parameters(way)})
    for split, mark in (("test", ""), ("heldout", "heldout_")):
        texts, wanted = prompts(count, split, SEED)
        real = prompt_alignment_real(wanted)
        result |= prefixed(f"real_{mark}"[:-1], {name: real[name] for name in ASKED})
        for way in WAYS:
            found = for_seeds(partial(obeyed, way, texts, wanted), seeds)
            result |= prefixed(f"{way}_{mark}"[:-1], found)
    return result
