"""LoRA. Authorities: W + s B A formed outside, exact zeros, the bits of the original.

alpha is never r here, and B is never zero where an answer is compared: with either,
wrong scales would pass.
"""

import pytest
import torch
from support_models import gap, normal
from torch import nn
from torch.nn.functional import conv2d, linear

from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.lora import (
    Adapter,
    LoRAConv2d,
    LoRALinear,
    Wardrobe,
    adapted,
    delta_weight,
    inject,
    learnt_share,
    merged,
)
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.unet import UNet, UNetConfig

ROUNDING = 1e-6
CONVOLUTIONS = {
    "plain": {"kernel_size": 3, "padding": 1},
    "two groups": {"kernel_size": 3, "groups": 2},
    "stride": {"kernel_size": (3, 2), "groups": 2, "stride": 2},
    "depthwise, r = g": {"kernel_size": 3, "groups": 4, "padding": 1},
    "dilated": {"kernel_size": 3, "dilation": 2, "padding": 2},
}
TEXT = TextConfig(vocabulary=20, length=6, width=16, depth=1, heads=2)


def filled(module: nn.Module, seed: int = 0) -> nn.Module:
    """Random numbers in every factor and shift."""
    for i, part in enumerate(adapted(module).values()):
        for p in (part.down, part.up, part.shift):
            if p is not None:
                p.data = 0.2 * normal(*p.shape, seed=seed + i, dtype=p.dtype)
    return module


def merged_in(part: LoRALinear | LoRAConv2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias with the correction, from `merged`."""
    own = {"m.weight": part.base.weight, "m.bias": part.base.bias}
    adapter = Adapter({"m": part}).state_dict()
    new = merged(own, adapter, part.strength)
    return new["m.weight"], new["m.bias"]


@pytest.mark.parametrize("bias", [False, True])
def test_a_merged_linear_map_is_the_injected_one(bias):
    part = LoRALinear(nn.Linear(5, 7).double(), 4, 32.0, bias)
    filled(part)
    part.strength, x = 0.7, normal(3, 5)
    outside = part.base.weight + 0.7 * 8 * part.up @ part.down
    shift = part.base.bias + (0.7 * 8 * part.shift if bias else 0)
    assert gap(part(x), linear(x, outside, shift)) < ROUNDING
    assert gap(part(x), linear(x, *merged_in(part))) < ROUNDING


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_a_merged_convolution_is_the_injected_one(kind, bias):
    base = nn.Conv2d(4, 8, **CONVOLUTIONS[kind]).double()
    part = LoRAConv2d(base, 4, 32.0, bias)
    filled(part)
    x = normal(2, 4, 8, 9)
    weight, shift = merged_in(part)
    way = (base.stride, base.padding, base.dilation, base.groups)
    assert gap(part(x), conv2d(x, weight, shift, *way)) < ROUNDING
    g, r = base.groups, 4 // base.groups
    for k in range(g):  # group by group, outside
        rows = slice(k * 8 // g, (k + 1) * 8 // g)
        b, a = part.up[rows].flatten(1), part.down[k * r : (k + 1) * r]
        change = 8 * torch.tensordot(b, a, 1)
        assert gap(weight[rows], base.weight[rows] + change) < ROUNDING


def test_what_cannot_be_adapted_is_refused_in_one_line():
    with pytest.raises(ValueError, match="multiple of 2 groups"):
        LoRAConv2d(nn.Conv2d(4, 6, 3, groups=2), 3, 8.0)
    with pytest.raises(ValueError, match="'circular'"):
        LoRAConv2d(nn.Conv2d(4, 6, 3, padding_mode="circular"), 2, 8.0)
    with pytest.raises(ValueError, match="rank=0"):
        LoRALinear(nn.Linear(4, 6), 0, 8.0)


FAMILY = {
    "mmdit": lambda: MMDiT(MMDiTConfig(TEXT, 4, 4, width=16, heads=2, single=1)),
    "dit": lambda: DiT(DiTConfig(size=8, patch=4, width=16, depth=2, heads=2)),
    "unet": lambda: UNet(UNetConfig(3, (8, 16), groups=4, time_width=8)),
}


@pytest.mark.parametrize("name", FAMILY)
def test_every_network_starts_as_it_was_and_learns_nothing_else(name):
    model = FAMILY[name]()
    for p in model.parameters():
        p.data = 0.1 * normal(*p.shape, seed=p.numel(), dtype=p.dtype)
    channels = 4 if name == "mmdit" else 3
    x, t = torch.randn(2, channels, 8, 8), torch.tensor([0.2, 0.8])
    before = model(x, t)
    inject(model, 2, 16.0)
    assert torch.equal(model(x, t), before)
    own = {n for n, p in model.named_parameters() if p.requires_grad}
    assert own == {f"{n}.{f}" for n in adapted(model) for f in ("down", "up")}
    assert all(
        n.split(".")[-1] in ("qkv", "out", "wide", "narrow") for n in adapted(model)
    )
    assert learnt_share(model)[0] < learnt_share(model)[1] / 2
    model(x, t).square().sum().backward()
    assert all(p.grad is None for n, p in model.named_parameters() if n not in own)


def test_up_learns_in_the_first_step_and_down_from_the_second_on():
    part, x = LoRALinear(nn.Linear(5, 7), 2, 6.0), torch.randn(9, 5)
    steps = torch.optim.SGD([part.down, part.up], lr=0.1)
    for first in (True, False):
        steps.zero_grad()
        part(x).square().sum().backward()
        assert bool((part.down.grad == 0).all()) is first
        assert bool((part.up.grad != 0).any())
        steps.step()


def test_an_initialiser_that_runs_later_does_not_reach_the_factors():
    model = inject(nn.Sequential(nn.Linear(4, 4), nn.Conv2d(2, 2, 1)), 2, 4.0, ".")

    def zeros(part: nn.Module) -> None:
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.zeros_(part.weight)

    model.apply(zeros)
    assert all(part.down.abs().max() > 0 for part in adapted(model).values())


def two_ranks() -> nn.Sequential:
    """Two maps with ranks 4 and 16, both with alpha 8."""
    model = nn.Sequential(nn.Linear(20, 18), nn.Linear(18, 20)).double()
    inject(model, 4, 8.0, "^0$")
    first = model[0]
    inject(model, 16, 8.0, "^1$")
    assert model[0] is first
    return filled(model)


def test_rank_and_alpha_travel_with_each_map():
    model, x = two_ranks(), normal(3, 20)
    plain = {n.replace(".base.", "."): v for n, v in model.state_dict().items()}
    weights = {n: v for n, v in plain.items() if n.endswith(("weight", "bias"))}
    adapter = Adapter(adapted(model)).state_dict()
    shuffled = dict(sorted(adapter.items(), key=lambda item: item[0][::-1]))
    assert float(adapter["0.alpha"]) / len(adapter["0.down"]) == 2.0
    assert float(adapter["1.alpha"]) / len(adapter["1.down"]) == 0.5
    clean = nn.Sequential(nn.Linear(20, 18), nn.Linear(18, 20)).double()
    for order in (adapter, shuffled):
        clean.load_state_dict(merged(weights, order))
        assert gap(clean(x), model(x)) < ROUNDING
    for part in adapted(model).values():
        part.strength = 0.0
    clean.load_state_dict(weights)
    assert torch.equal(model(x), clean(x))
    for part in adapted(model).values():
        part.strength = 1.0
    clean.load_state_dict(merged(weights, adapter))
    assert gap(clean(x), model(x)) < ROUNDING


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_taken_off_leaves_nothing(dtype):
    """Twenty times, two adapters in either order, one of them with NaN."""
    model = nn.Sequential(nn.Linear(20, 18), nn.Linear(18, 20)).to(dtype)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    a, b = (Adapter(adapted(filled(two_ranks(), s))).state_dict() for s in (1, 2))
    a, b = ({k: v.to(dtype) for k, v in each.items()} for each in (a, b))
    b["1.up"] = b["1.up"] * float("nan")
    closet = Wardrobe(model)
    for turn in range(20):
        names = ["a", "b"] if turn % 2 else ["b", "a"]
        for name in names:
            closet.wear(name, a if name == "a" else b, 0.5)
        assert not all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
        for name in names if turn % 3 else names[::-1]:
            closet.take_off(name)
        for k, v in model.state_dict().items():
            assert torch.equal(v, before[k]), (turn, k)
    w, d = before["0.weight"], 0.5 * 2 * delta_weight(a["0.down"], a["0.up"])
    assert bool((w + d - d != w).any())  # what subtraction would have left


def test_two_adapters_do_not_care_who_came_first():
    model = nn.Sequential(nn.Linear(20, 18), nn.Linear(18, 20))
    a, b = (Adapter(adapted(filled(two_ranks(), s))).state_dict() for s in (1, 2))
    closet, found = Wardrobe(model), []
    for names in (("a", "b"), ("b", "a")):
        for name in names:
            closet.wear(name, a if name == "a" else b)
        found.append({k: v.clone() for k, v in model.state_dict().items()})
        for name in names:
            closet.take_off(name)
    assert all(torch.equal(v, found[1][k]) for k, v in found[0].items())
