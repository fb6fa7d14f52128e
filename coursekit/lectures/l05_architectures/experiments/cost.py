"""Figure 05.E: patch size, width and what they cost.

DiTs of one depth on teddies of 16 pixels. Halving the patch leaves the number of
weights nearly alone and quadruples the tokens. So: equal weights and equal steps, then
equal FLOPs, where the cheaper network may take four times as many steps.
"""

from collections.abc import Sequence

from coursekit.experiments.summary import Result, over_seeds
from coursekit.lectures.l05_architectures.experiments.runs import errors, learn, mean
from coursekit.models.dit import DiTConfig
from coursekit.models.flops import dit_flops, linear

SIDE, DEPTH, BATCH = 16, 4, 16
PATCHES, WIDTHS = (8, 4, 2), (32, 64)
LONGER = 4  # times the steps, for the comparison at equal FLOPs


def flops(patch: int, width: int) -> int:
    """One pass of one picture: blocks, embedding and head."""
    tokens, blocks = dit_flops(SIDE, patch, width, DEPTH)
    return blocks + 2 * linear(tokens, 3 * patch**2, width).flops


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
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
    widest = WIDTHS[-1]
    result: Result = {
        "patches": list(PATCHES),
        "widths": list(WIDTHS),
        "steps": steps,
        "longer": LONGER,
    }

    def run(patch: int, width: int, times: int) -> list[float]:
        config = DiTConfig(
            size=SIDE, patch=patch, width=width, depth=DEPTH, heads=width // 16
        )
        tag = f"p{patch}_w{width}" + ("_longer" if times > 1 else "")
        found = []
        for seed in seeds:
            name = f"cost-{tag}-{seed}"
            model, _ = learn(name, config, times * steps, seed, quick, size=SIDE)
            found.append(mean(errors(model, count, SIDE)))
            weights = sum(p.numel() for p in model.parameters())
            result[f"{tag}_parameters"] = weights
        result[f"{tag}_tokens"] = (SIDE // patch) ** 2
        result[f"{tag}_flops"] = flops(patch, width)
        result[f"{tag}_training"] = 3 * flops(patch, width) * BATCH * times * steps
        result.update(over_seeds(f"{tag}_error", found))
        return found

    plain = {(p, w): run(p, w, 1) for w in WIDTHS for p in PATCHES}
    for patch in PATCHES[:-1]:
        longer = run(patch, widest, LONGER)
        fine = plain[patch // 2, widest]
        for key, coarse in {"": plain[patch, widest], "_flops": longer}.items():
            ratios = [a / b for a, b in zip(coarse, fine, strict=True)]
            result |= over_seeds(f"finer_{patch}{key}", ratios)
    return result
