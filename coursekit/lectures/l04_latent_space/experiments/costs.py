"""Figure 04.R: what a picture of 16, 32 and 64 pixels, or a latent, costs a network.

The same two bodies everywhere, a U-Net and a transformer; only the input grows. FLOPs
are counted, not estimated; seconds are the shortest of a few repeats on this machine.
"""

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from coursekit.experiments.compute import flops, seconds
from coursekit.experiments.train_toy import fresh
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.unet import UNet, UNetConfig
from coursekit.training.recipes_latent import TEDDY_VAE

SIZES = (16, 32, 64)
LATENT = (TEDDY_VAE.cpu.model.latent, 8, 8)  # for a picture of 32 x 32
Shape = tuple[int, int, int]


def networks() -> dict[str, tuple[nn.Module, Shape]]:
    """Name -> network and the shape of its input, pictures first, then latents."""
    table: dict[str, tuple[nn.Module, Shape]] = {}
    for shape in (*((3, size, size) for size in SIZES), LATENT):
        channels, size, _ = shape
        unet = UNetConfig(channels=channels, widths=(32, 64), heads=0)
        dit = DiTConfig(channels=channels, size=size, patch=2, width=96, depth=4)
        of = f"{size} x {size} {'pixels' if channels == 3 else 'latents'}"
        table[f"U-Net, {of}"] = fresh(0, partial(UNet, unet)), shape
        table[f"DiT, {of}"] = fresh(0, partial(DiT, dit)), shape
    return table


def counted(net: nn.Module, shape: Shape) -> float:
    """FLOPs of one forward pass for one picture, attention included."""
    x, t = torch.zeros(2, *shape), torch.full((2,), 0.5)
    with sdpa_kernel(SDPBackend.MATH):
        return flops(net, x, t)


def milliseconds(net: nn.Module, shape: Shape, batch: int, repeats: int) -> float:
    """Shortest time of a training step (forward and back), for each picture."""
    x, t = torch.randn(batch, *shape), torch.full((batch,), 0.5)

    def step() -> None:
        net(x, t).square().mean().backward()

    return 1e3 * min(seconds({"step": step}, repeats)["step"]) / batch


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
        ms = milliseconds(net, shape, batch, repeats)
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
