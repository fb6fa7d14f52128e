"""Figure 05.B: what a zero does at the start (adaLN-Zero, Peebles & Xie 2023).

First, exactly: how far is each kind of block from the identity when it is new? Then in
training: the same DiT with knobs that start at zero, and with knobs that start at
random, on the same batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from coursekit.experiments.summary import Result, for_seeds, mean, prefixed, ratios
from coursekit.lectures.l05_architectures.experiments.runs import error, learn, weights
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock

WIDTH, HEADS, TOKENS, WORDS = 64, 4, 16, 5
NETWORK = DiTConfig(size=16, patch=4, width=WIDTH, depth=8, heads=HEADS)
Change = Callable[[Tensor, Tensor, Tensor], Tensor]  # x, c, context -> after - before


def changes(zero: bool) -> dict[str, tuple[nn.Module, Change]]:
    """New blocks, and what each adds to its tokens."""
    dit = DiTBlock(WIDTH, WIDTH, HEADS, 4.0, zero)
    found: dict[str, tuple[nn.Module, Change]] = {
        "dit": (dit, lambda x, c, _: dit(x, c) - x)
    }
    if not zero:
        return found
    cross = CrossBlock(WIDTH, WIDTH, WIDTH, HEADS, 4.0)
    double, single = DoubleBlock(WIDTH, HEADS), SingleBlock(WIDTH, HEADS)

    def both(x: Tensor, c: Tensor, context: Tensor) -> Tensor:
        text, image = double(context, x, c)
        return torch.cat([text - context, image - x], dim=1)

    found["cross"] = cross, lambda x, c, context: cross(x, c, context) - x
    found["double"] = double, both
    found["single"] = single, lambda x, c, _: single(x, c) - x
    return found


@torch.no_grad()
def distance_from_identity(seeds: Sequence[int]) -> Result:
    """The largest change that a new block makes to tokens of size 1, over all seeds."""
    worst: dict[str, float] = {}
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            x, c = torch.randn(8, TOKENS, WIDTH), torch.randn(8, WIDTH)
            context = torch.randn(8, WORDS, WIDTH)
            for zero, prefix in ((True, "new"), (False, "random")):
                for name, (_, change) in changes(zero).items():
                    found = float(change(x, c, context).abs().max())
                    key = f"{prefix}_{name}"
                    worst[key] = max(worst.get(key, 0.0), found)
            # The network's own constructor must not undo it.
            for block in DiT(NETWORK).blocks:
                found = float((block(x, c) - x).abs().max())
                worst["new_in_network"] = max(worst.get("new_in_network", 0.0), found)
    return dict(worst)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.B.

    Keys: `new_{block}` and `random_dit`, the largest change by a new block (block: dit,
    cross, double, single, in_network); `steps_seen` and `{start}_loss` with _std, the
    training loss, start: "zero" or "random"; `{start}_error` with _std and _all, the
    held-out error at the end; `{start}_early` likewise, the training loss of the first
    tenth; `gain_all`, error of random over that of zero, seed by seed.
    """
    steps, count = (4, 16) if quick else (800, 256)
    seeds = seeds[:1] if quick else seeds
    result: Result = {"steps": steps, "depth": NETWORK.depth, "width": WIDTH}
    result |= {"parameters": weights(NETWORK), **distance_from_identity(seeds)}

    def one(start: str, seed: int) -> Result:
        config = replace(NETWORK, zero=start == "zero")
        name = f"start-{start}-{seed}"
        model, curve = learn(name, config, steps, seed, quick, size=16)
        points = curve[:: max(1, len(curve) // 20)]
        result["steps_seen"] = [step for step, _ in points]
        return {
            "loss": [loss for _, loss in points],
            "early": mean([loss for n, loss in curve if n <= max(1, steps // 10)]),
            "error": error(model, count, 16),
        }

    for start in ("zero", "random"):
        result |= prefixed(start, for_seeds(one, seeds, start))
    gain = ratios(result["random_error_all"], result["zero_error_all"])
    return result | {"gain_all": gain, "gain": mean(gain)}
