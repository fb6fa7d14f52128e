"""What networks cost: FLOPs that are counted, and seconds that are measured."""

import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@torch.no_grad()
def flops(net: nn.Module, *inputs: Tensor) -> float:
    """Floating-point operations of one forward pass, for each sample of the batch.

    Torch's fused attention is not counted: `sdpa_kernel(SDPBackend.MATH)` avoids it.
    """
    with FlopCounterMode(display=False) as counter:
        net(*inputs)
    return float(counter.get_total_flops() / len(inputs[0]))


def seconds(
    runs: Mapping[str, Callable[[], None]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """How long each of `runs` takes, `rounds` times in turns, after one to warm up."""
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for i in range(rounds + 1):
        for name, run in runs.items():
            start = clock()
            run()
            if i:
                spent[name].append(clock() - start)
    return spent


def product(side: int) -> tuple[int, Callable[[], None]]:
    """A product of two float32 squares: its FLOPs, and how to do it.

    Measured by `seconds` beside networks, it says what the machine reaches just then.
    """
    a = torch.ones(side, side)

    def run() -> None:
        a @ a

    return 2 * side**3, run
