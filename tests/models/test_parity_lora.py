"""Our LoRA against that of peft, with copied factors. `pytest -s` prints the times.

Authority: peer library. Optional: pip install -e '.[parity]'; without it all skip.
"""

import time

import pytest
import torch
from support_models import normal, worst
from torch import nn

from coursekit.models.lora import LoRAConv2d, LoRALinear

pytestmark = pytest.mark.parity
peft = pytest.importorskip(
    "peft", reason="needs peft: pip install -e '.[parity]' -c constraints.txt"
)


def theirs(base: nn.Module, rank: int, alpha: float) -> nn.Module:
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=["0"])
    return peft.get_peft_model(nn.Sequential(base), config)


def share_factors(ours, peer) -> None:
    layer = peer.base_model.model[0]
    for part, factor in ((layer.lora_A, ours.down), (layer.lora_B, ours.up)):
        weight = part["default"].weight
        weight.data = 0.3 * normal(*weight.shape, seed=weight.numel())
        factor.data = weight.data.clone()


@pytest.mark.parametrize("groups", [0, 1])
def test_outputs(groups):
    """groups 0: a linear map. With two, peft keeps A dense, and cannot merge."""

    def base() -> nn.Module:
        torch.manual_seed(0)
        made = nn.Conv2d(4, 8, 3, groups=groups) if groups else nn.Linear(6, 8)
        return made.double()

    ours = (LoRAConv2d if groups else LoRALinear)(base(), 4, 32.0)
    peer = theirs(base(), 4, 32.0).double()
    share_factors(ours, peer)
    x = normal(3, 4, 6, 6)
    assert worst("output", ours(x), peer(x)) < 1e-9


def test_time_of_a_step():
    """Forward and backward, the best of many, on tokens of teddy-prompts' size."""
    base = nn.Linear(128, 384)
    ours = LoRALinear(nn.Linear(128, 384), 4, 8.0)
    peer = theirs(base, 4, 8.0)
    x = torch.randn(16, 92, 128)
    best = {}
    for _ in range(40):
        for name, layer in (("ours", ours), ("peft", peer)):
            start = time.perf_counter()
            layer(x).square().mean().backward()
            best[name] = min(best.get(name, 9.0), time.perf_counter() - start)
    print({name: f"{1e3 * seconds:.2f} ms" for name, seconds in best.items()})
    assert best["ours"] < 1.15 * best["peft"]
