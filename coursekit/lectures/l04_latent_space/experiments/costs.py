"""Figure 04.R: what a picture of 16, 32 and 64 pixels, or a latent, costs a network.

The same two bodies everywhere, a U-Net and a transformer; only the input grows. FLOPs
are counted, not estimated; seconds are the shortest of a few repeats on this machine.
"""

import time
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from coursekit.experiments.cache import fresh
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    flops,
)
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.unet import UNet, UNetConfig
from coursekit.training.recipes_latent import TEDDY_VAE

SIZES = (16, 32, 64)
LATENT = (TEDDY_VAE.cpu.model.latent, 8, 8)  # for a picture of 32 x 32
Shape = tuple[int, int, int]


def unet(channels: int) -> nn.Module:
    """A U-Net that takes pixels as they are."""
    config = UNetConfig(channels=channels, widths=(32, 64), heads=0)
    return fresh(0, lambda: UNet(config))


def transformer(channels: int, size: int) -> nn.Module:
    """A DiT with patches of 2 x 2."""
    config = DiTConfig(channels=channels, size=size, patch=2, width=96, depth=4)
    return fresh(0, lambda: DiT(config))


def networks() -> dict[str, tuple[nn.Module, Shape]]:
    """Name -> network and the shape of its input, pictures first, then latents."""
    table: dict[str, tuple[nn.Module, Shape]] = {}
    for kind in ("U-Net", "DiT"):
        for shape in (*((3, size, size) for size in SIZES), LATENT):
            net = unet(shape[0]) if kind == "U-Net" else transformer(*shape[:2])
            of = "pixels" if shape[0] == 3 else "latents"
            table[f"{kind}, {shape[1]} x {shape[2]} {of}"] = (net, shape)
    return table


def counted(net: nn.Module, shape: Shape) -> float:
    """FLOPs of one forward pass for one picture, attention included."""
    x, t = torch.zeros(2, *shape), torch.full((2,), 0.5)
    with sdpa_kernel(SDPBackend.MATH):  # the counter does not know the fused kernel
        return flops(net, x, t)


def seconds(net: nn.Module, shape: Shape, batch: int, repeats: int) -> float:
    """Shortest time of a training step (forward and back), for each picture."""
    x, t, times = torch.randn(batch, *shape), torch.full((batch,), 0.5), []
    for _ in range(repeats):
        start = time.perf_counter()
        net(x, t).square().mean().backward()
        times.append(time.perf_counter() - start)
    return min(times) / batch


def measure(quick: bool = False) -> dict[str, Any]:
    """Everything of 04.R.

    For unet and dit: lists over `sizes`, `{kind}_mflop` and `{kind}_ms` (a training
    step, for each picture), the same for latents as `{kind}_latent_mflop`, `_ms`;
    `{kind}_growth`, the factor from 32 to 64 pixels; `{kind}_saving`, 32 pixels over
    latents. Times depend on the machine, counts do not.
    """
    result: dict[str, Any] = {"sizes": list(SIZES), "latent": list(LATENT)}
    batch, repeats = (2, 1) if quick else (8, 5)
    for name, (net, shape) in networks().items():
        kind = "unet" if name.startswith("U-Net") else "dit"
        mflop = counted(net, shape) / 1e6
        ms = 1e3 * seconds(net, shape, batch, repeats)
        if shape == LATENT:
            result |= {f"{kind}_latent_mflop": mflop, f"{kind}_latent_ms": ms}
        else:
            result.setdefault(f"{kind}_mflop", []).append(mflop)
            result.setdefault(f"{kind}_ms", []).append(ms)
    for kind in ("unet", "dit"):
        for unit in ("mflop", "ms"):
            each = result[f"{kind}_{unit}"]
            result[f"{kind}_growth_{unit}"] = each[2] / each[1]
            result[f"{kind}_saving_{unit}"] = each[1] / result[f"{kind}_latent_{unit}"]
    return result
