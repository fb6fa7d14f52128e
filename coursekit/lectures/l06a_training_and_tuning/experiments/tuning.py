"""Figures 06a.F and 06a.G: one new bear, by all weights and by a few beside them.

All runs go on from teddy-prompts, for equally many steps, with eight rows of the [V]
bear in each batch, and eight of what teddy-prompts drew itself where there is a prior.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from coursekit.evaluation.identity import identity_figures
from coursekit.experiments.cache import run_folder
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.experiments.train_images import trained
from coursekit.models.lora import LoRAConfig, learnt_share
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipe_dreambooth import DreamBoothRecipe
from coursekit.training.recipes_tuning import TEDDY_V, TUNED

STEPS, ROWS, PRIORS, DRAWN, GUIDANCE = 200, 8, 64, 40, 3.0
SHOTS, RANKS, ALPHA = (1, 3, 10), (1, 4, 16), 2.0  # alpha is ALPHA times the rank
RATE = {"full": 3e-4, "lora": 3e-3}
SHOWN = ("identity", "strength", "obeys", "ordinary", "striped")


@cache
def data(recipe: DreamBoothRecipe, limit: int) -> Data:
    """What a recipe loads, loaded once."""
    return recipe.load(limit)


def tuned(
    seed: int,
    shots: int = 3,
    prior: float = 1.0,
    word: str = "[V]",
    rank: int = 0,
    quick: bool = False,
) -> dict[str, float]:
    """The figures of one tuning; rank 0: all weights."""
    model: Any = LoRAConfig(TUNED.model, rank, ALPHA * rank) if rank else TUNED.model
    profile: Profile = replace(
        TUNED,
        model=model,
        steps=2 if quick else STEPS,
        batch=ROWS * (2 if prior else 1),
        lr=RATE["lora" if rank else "full"],
    )
    recipe = replace(TEDDY_V, seed=seed, shots=shots, prior=prior, word=word)
    name = f"tuning/{word.strip('[]')}-{shots}-{prior:g}-{rank}-{seed}"
    found = data(recipe, 4 if quick else PRIORS)
    net = recipe.published(
        trained(run_folder(name, quick), recipe, profile, found), found
    )
    count = 4 if quick else DRAWN
    figures = identity_figures(partial(recipe.draw, net), word, count, GUIDANCE)
    return {key: figures[key] for key in SHOWN}


def before(quick: bool = False) -> dict[str, Any]:
    """The same figures of teddy-prompts as it ships, and of real pictures."""
    base = load_model(TEDDY_V.start, clip=False)
    count = 4 if quick else DRAWN
    found = identity_figures(partial(TEDDY_V.draw, base), "[V]", count, GUIDANCE)
    real = ("real_identity", "real_strength", "real_obeys")
    return {k: found[k] for k in (*SHOWN, *real)}


def subject(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.F.

    Keys: `{word}_{shots}_{prior}_{share}` with _std and _all, word "rare" ([V]) or
    "common" (brown), prior "with" or "without"; shares as in `identity_figures`;
    `before_{share}`: of teddy-prompts as it ships.
    """
    seeds = seeds[:1] if quick else seeds
    result: Result = {"steps": STEPS, "drawn": DRAWN, "shots": list(SHOTS)}
    result |= prefixed("before", before(quick))
    runs = [("rare", "[V]", shots) for shots in SHOTS] + [("common", "brown", 3)]
    for kind, word, shots in runs[-2:] if quick else runs:
        for name, prior in (("with", 1.0), ("without", 0.0)):
            one = partial(tuned, shots=shots, prior=prior, word=word, quick=quick)
            result |= prefixed(f"{kind}_{shots}_{name}", for_seeds(one, seeds))
    return result


def ranks(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.G.

    Keys: `{kind}_{share}` with _std and _all, kind "full", "r1", "r4" or "r16";
    `{kind}_learnt`, how many numbers learn, and `{kind}_kb`, the size of its file in
    thousands of bytes, two bytes a number.
    """
    seeds = seeds[:1] if quick else seeds
    total = int(card(TEDDY_V.start)["parameters"])
    result: Result = {"steps": STEPS, "drawn": DRAWN, "ranks": list(RANKS)}
    for rank in (0, *RANKS):
        kind = f"r{rank}" if rank else "full"
        result |= prefixed(
            kind, for_seeds(partial(tuned, rank=rank, quick=quick), seeds)
        )
        config = LoRAConfig(TUNED.model, rank, ALPHA * rank)
        learnt = learnt_share(config.injected())[0] if rank else total
        result |= {f"{kind}_learnt": learnt, f"{kind}_kb": 2 * learnt / 1000}
    return result
