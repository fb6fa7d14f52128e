"""Figure 05.B: what a zero does at the start (adaLN-Zero, Peebles & Xie 2023).

First, exactly: how far is each kind of block from the identity when it is new? Then in
training: the same DiT with knobs that start at zero, and with knobs that start at
random, on the same batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.lectures.l05_architectures.experiments.runs import errors, learn, mean
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
    result |= distance_from_identity(seeds)
    ends: dict[str, list[float]] = {}
    for start in ("zero", "random"):
        config = replace(NETWORK, zero=start == "zero")
        rows, early = [], []
        for seed in seeds:
            name = f"start-{start}-{seed}"
            model, curve = learn(name, config, steps, seed, quick, size=16)
            result["parameters"] = sum(p.numel() for p in model.parameters())
            points = curve[:: max(1, len(curve) // 20)]
            rows.append([value for _, value in points])
            result["steps_seen"] = [step for step, _ in points]
            early.append(mean([v for n, v in curve if n <= max(1, steps // 10)]))
            ends.setdefault(start, []).append(mean(errors(model, count, 16)))
        result |= curves(f"{start}_loss", rows)
        result |= over_seeds(f"{start}_early", early)
        result |= over_seeds(f"{start}_error", ends[start])
    pairs = zip(ends["random"], ends["zero"], strict=True)
    result["gain_all"] = [a / b for a, b in pairs]
    result["gain"] = mean(result["gain_all"])
    return result
