"""Figure 05.E: patch size, width and what they cost.

DiTs of one depth on teddies of 16 pixels. Halving the patch leaves the number of
weights nearly alone and quadruples the tokens. So: equal weights and equal steps, then
equal FLOPs, where the cheaper network may take four times as many steps.
"""

import itertools
from collections.abc import Sequence

from coursekit.experiments.summary import (
    Result,
    for_seeds,
    over_seeds,
    prefixed,
    ratios,
)
from coursekit.lectures.l05_architectures.experiments.runs import error, learn, weights
from coursekit.models.dit import DiTConfig
from coursekit.models.flops import dit_flops, linear

SIDE, DEPTH, BATCH = 16, 4, 16
PATCHES, WIDTHS = (8, 4, 2), (32, 64)
LONGER = 4  # times the steps, for the comparison at equal FLOPs


def flops(patch: int, width: int) -> int:
    """One pass of one picture: blocks, embedding and head."""
    tokens, blocks = dit_flops(SIDE, patch, width, DEPTH)
    return blocks + 2 * linear(tokens, 3 * patch**2, width).flops


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.E.

    Keys: `p{patch}_w{width}_{what}`: "error" (held out, with _std and _all),
    "parameters", "tokens", "flops" (one pass of one picture), "training" (FLOPs of the
    whole training, a step counted as three passes); `p{patch}_w64_longer_error` and
    `..._longer_training` for patches 8 and 4, after `longer` times the steps.
    `finer_{patch}`: the error with that patch over that with half of it, at equal
    steps and width 64, `finer_{patch}_flops`: the same at about equal FLOPs; both with
    _std and _all.
    """
    steps, count = (2, 8) if quick else (400, 256)
    seeds = seeds[:1] if quick else seeds

    def one(tag: str, config: DiTConfig, length: int, seed: int) -> dict[str, float]:
        learnt = learn(f"cost-{tag}-{seed}", config, length, seed, quick, size=SIDE)
        return {"error": error(learnt.model, count, SIDE)}

    def run(tag: str, patch: int, width: int, times: int = 1) -> Result:
        config = DiTConfig(
            size=SIDE, patch=patch, width=width, depth=DEPTH, heads=width // 16
        )
        found = for_seeds(one, seeds, tag, config, times * steps)
        found |= {
            "parameters": weights(config),
            "tokens": (SIDE // patch) ** 2,
            "flops": flops(patch, width),
            "training": 3 * flops(patch, width) * BATCH * times * steps,
        }
        return prefixed(tag, found)

    result: Result = {
        "patches": list(PATCHES),
        "widths": list(WIDTHS),
        "steps": steps,
        "longer": LONGER,
    }
    for width, patch in itertools.product(WIDTHS, PATCHES):
        result |= run(f"p{patch}_w{width}", patch, width)
    for patch in PATCHES[:-1]:
        tag = f"p{patch}_w64"
        result |= run(f"{tag}_longer", patch, 64, LONGER)
        fine = result[f"p{patch // 2}_w64_error_all"]
        for key, coarse in {"": tag, "_flops": f"{tag}_longer"}.items():
            finer = ratios(result[f"{coarse}_error_all"], fine)
            result |= over_seeds(f"finer_{patch}{key}", finer)
    return result
