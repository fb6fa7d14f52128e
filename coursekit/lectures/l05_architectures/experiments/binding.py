"""Figure 05.C: whose hat is on whose head?

Eight transformers of one depth and equally many numbers draw two bears as a prompt
says, "brown bear with red hat and white bear with blue hat". They differ in how they
are told: by knobs that one vector turns, by cross-attention, by words among the
patches, or in two streams or one. The streams know places by RoPE, the others by sines.
So that the one is not taken for the other, cross-attention is there with RoPE, too, and
the streams with sines added. A reader of two bears says who wears what.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from coursekit.datasets.teddy.render import render
from coursekit.evaluation.prompt_alignment import binding
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l05_architectures.experiments.runs import kept, weights
from coursekit.models.dit import DiTConfig
from coursekit.models.flops import (
    Cost,
    cross_block,
    dit_block,
    double_block,
    knobs,
    single_block,
)
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_pairs import WORDS, PairRecipe, pairs

DEPTH, HEADS, SIDE, PATCH = 4, 4, 16, 4
EFFORT: dict[str, Any] = {
    "steps": 900,
    "batch": 32,
    "lr": 3e-3,
    "warmup": 50,
    "ema": 0.98,
    "pictures": 8000,
}


def networks() -> dict[str, Any]:
    """The eight configs; widths are chosen for equal numbers of parameters."""
    text = TextConfig(vocabulary=62, length=WORDS, width=48, depth=2, heads=HEADS)
    dit = DiTConfig(
        size=SIDE, patch=PATCH, depth=DEPTH, heads=HEADS, width=64, text=text
    )
    joint = MMDiTConfig(
        text, channels=3, size=SIDE, patch=PATCH, width=48, heads=HEADS, double=DEPTH
    )
    return {
        "adaln": dit,
        "cross": replace(dit, width=56, told="cross"),
        "cross-rope": replace(dit, width=56, told="cross", positions="rope"),
        "context": replace(dit, width=76, told="context"),
        "double": joint,
        "double-sines": replace(joint, sines=True),
        "single": replace(joint, width=72, double=0, single=DEPTH),
        "single-sines": replace(joint, width=72, double=0, single=DEPTH, sines=True),
    }


def cost(net: str, width: int) -> Cost:
    """The blocks of one of the networks, for one picture and its prompt."""
    patches = (SIDE // PATCH) ** 2
    if net == "adaln":
        block = dit_block(patches, width)
    elif net.startswith("cross"):
        block = cross_block(patches, WORDS, width)
    elif net == "context":  # no knobs, but one token more, for the time
        whole = dit_block(patches + WORDS + 1, width)
        own = knobs(6, width)
        block = Cost(whole.parameters - own.parameters, whole.flops - own.flops)
    elif net.startswith("double"):
        block = double_block(WORDS, patches, width, HEADS)
    else:
        block = single_block(patches + WORDS, width, HEADS)
    return block.times(DEPTH)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.C.

    Keys: `nets`; `{net}_{share}` with _std and _all, share: "bound" (each fur wears its
    own hat), "swapped" (the two hats asked for, exchanged) or "other"; `{net}_error`,
    the loss at the end of training; `{net}_parameters`; `{net}_mflops`, of the blocks
    for one picture; `real_bound`: real pictures of the same scenes, for the reader.
    """
    seeds, count = (seeds[:1], 12) if quick else (seeds, 400)
    small = {"steps": 2, "pictures": 64, "batch": 4} if quick else {}
    base = Profile(None, **EFFORT | small)
    recipe = PairRecipe("pairs", "two bears in a room", "pairs", base, base, base)
    chosen = pairs(count, 12, "test")
    ids, data = recipe.encode(chosen), recipe.load(base.pictures)

    def one(net: str, config: Any, seed: int) -> Result:
        mine, profile = replace(recipe, seed=seed), replace(base, model=config)
        learnt = kept(f"pairs-{net}-{seed}", mine, profile, data, quick)
        found = binding(mine.draw(learnt.model, ids, seed), chosen)
        return {**found, "error": learnt.loss}

    result: Result = {"nets": list(networks()), "steps": base.steps, "drawn": count}
    result["real_bound"] = binding(render(chosen, SIDE), chosen)["bound"]
    for net, config in networks().items():
        result[f"{net}_parameters"] = weights(config)
        result[f"{net}_mflops"] = cost(net, config.width).flops / 1e6
        result |= prefixed(net, for_seeds(one, seeds, net, config))
    return result
