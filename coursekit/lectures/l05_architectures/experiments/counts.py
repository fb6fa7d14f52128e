"""Figure 05.G: what two streams cost, and what one stream costs.

Blocks of equal width over the same words and patches. Weights and FLOPs follow from
formulas (`models.flops`, which tests hold against torch's own counter). Time is the
processor's, for a pass forwards and back; only ratios are kept, since seconds belong to
one machine.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.experiments.compute import seconds
from coursekit.experiments.summary import Result, over_seeds
from coursekit.experiments.train_toy import fresh
from coursekit.models.flops import dit_flops, double_block, single_block
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock

WORDS, PATCHES, WIDTH, HEADS = 28, 64, 128, 4  # as in the shipped text-to-image model
SIDE, SIZES = 256, (16, 8, 4, 2)  # a picture, and patches it may be cut into
LARGE, DEPTH = 384, 12  # a DiT-S (Peebles & Xie 2023)


def steps(batch: int, seed: int) -> dict[str, Callable[[], None]]:
    """One pass forwards and back, for each kind of block."""
    double = fresh(seed, lambda: DoubleBlock(WIDTH, HEADS))
    single = fresh(seed, lambda: SingleBlock(WIDTH, HEADS))
    noise = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, WIDTH, generator=noise).requires_grad_()

    text, image, c = normal(WORDS), normal(PATCHES), normal()

    def two() -> None:
        words, patches = double(text, image, c)
        (words.sum() + patches.sum()).backward()

    def one() -> None:
        single(torch.cat([text, image], dim=1), c).sum().backward()

    return {"double": two, "single": one}


def measure(quick: bool = False) -> Result:
    """Everything of 05.G.

    `double_parameters`, `double_flops`, `single_parameters`, `single_flops`: of one
    block, for one sample. `parameters_ratio`, `flops_ratio`, `time_ratio`: single over
    double (`time_ratio` over three repeats, with _std and _all). For a picture of
    `side` pixels and a DiT of `width` and `depth`, cut into patches of `sizes`: lists
    `tokens`, `gflops`, and `attention_share`, of the FLOPs.
    """
    double = double_block(WORDS, PATCHES, WIDTH, HEADS)
    single = single_block(WORDS + PATCHES, WIDTH, HEADS)
    batch, rounds = (2, 1) if quick else (16, 15)
    ratios = []
    for seed in range(1 if quick else 3):
        spent = seconds(steps(batch, seed), rounds, time.process_time)
        ratios.append(min(spent["single"]) / min(spent["double"]))
    costs = [dit_flops(SIDE, patch, LARGE, DEPTH) for patch in SIZES]
    shares = [4 * t**2 * LARGE * DEPTH / flops for t, flops in costs]
    return {
        "words": WORDS,
        "patches": PATCHES,
        "double_parameters": double.parameters,
        "double_flops": double.flops,
        "single_parameters": single.parameters,
        "single_flops": single.flops,
        "parameters_ratio": single.parameters / double.parameters,
        "flops_ratio": single.flops / double.flops,
        **over_seeds("time_ratio", ratios),
        "side": SIDE,
        "width": LARGE,
        "depth": DEPTH,
        "sizes": list(SIZES),
        "tokens": [t for t, _ in costs],
        "gflops": [flops / 1e9 for _, flops in costs],
        "attention_share": shares,
    }
