"""Figure 05.D: what the U-Net's skips carry, by spatial frequency.

The same U-Net is trained twice on the same batches: as it is, and with nothing on its
skips. It names the clean picture, so nobody can blame the noise that a velocity has to
give back. What is lost, and at which frequencies?
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from coursekit.experiments.summary import Result, for_seeds, mean, prefixed
from coursekit.lectures.l05_architectures.experiments.runs import (
    NAMES_X0,
    guesses,
    held_out,
    learn,
    weights,
)
from coursekit.models.unet import UNet, UNetConfig
from coursekit.training.recipe_pictures import PictureRecipe

NETWORK = UNetConfig(channels=3, widths=(24, 36, 44), patch=2, groups=4, heads=0)
TIME = 0.3  # little noise: the details are there to be seen
BANDS = 8  # of spatial frequency, from 0 to 0.5 cycles a pixel


def close_skips(net: UNet, levels: Iterable[int]) -> list[RemovableHandle]:
    """Put zeros on the skips of some levels (0: the finest) until handles are removed.

    A level going up reads its own channels first, then those of the skip.
    """

    def closed(_: nn.Module, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h, emb = inputs
        own = h[:, : h.shape[1] // 2]
        return torch.cat([own, torch.zeros_like(own)], dim=1), emb

    levels_up = list(reversed(list(net.up)))
    return [levels_up[i].register_forward_pre_hook(closed) for i in levels]


@dataclass(frozen=True)
class WithoutSkips(PictureRecipe):
    """A recipe whose U-Net never hears its skips."""

    def build(self, config: Any) -> nn.Module:
        """The network with zeros on all skips, for good."""
        net = cast(UNet, super().build(config))
        close_skips(net, range(len(net.up)))
        return net


RECIPES = {"with": NAMES_X0, "without": WithoutSkips(**vars(NAMES_X0))}


def power(x: Tensor) -> Tensor:
    """The mean power of pictures (N, C, H, W) in each band of frequency: (BANDS,).

    Summed over a band: the powers add up to the mean square of a picture, but for the
    corners beyond 0.5 cycles a pixel, which count to the last band.
    """
    height, width = x.shape[-2:]
    spectrum = torch.fft.fft2(x.double(), norm="forward").abs().square().mean((0, 1))
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width))
    radius = (rows[:, None] ** 2 + columns[None] ** 2).sqrt()
    band = (radius / 0.5 * BANDS).long().clamp(max=BANDS - 1)
    sums = torch.zeros(BANDS, dtype=torch.float64)
    return sums.index_add(0, band.flatten(), spectrum.flatten())


def lost(model: nn.Module, count: int, t: float = TIME) -> list[float]:
    """The error of the guessed picture in each band, as a share of what is there."""
    x0, _ = held_out(count)
    shares: list[float] = (power(guesses(model, t, count) - x0) / power(x0)).tolist()
    return shares


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.D.

    Keys: `frequencies`, the middles of the bands in cycles a pixel; `{net}_lost` with
    _std, lists over the bands, net: "with" or "without" skips; `{net}_{band}` with _std
    and _all, band: "coarse" (the lowest two bands) or "fine" (the highest two);
    `closed_{level}_{band}`: the net with skips after one of them is closed;
    `ratio_coarse`, `ratio_fine`: lost without over lost with, with _std and _all.
    """
    steps, count = (2, 16) if quick else (500, 128)

    def by_band(name: str, model: nn.Module) -> Result:
        shares = lost(model, count)
        coarse, fine = mean(shares[:2]), mean(shares[-2:])
        found = {"lost": shares, "coarse": coarse, "fine": fine}
        return prefixed(name, found)

    def one(seed: int) -> Result:
        found: Result = {}
        for name, recipe in RECIPES.items():
            run = f"skips-{name}-{seed}"
            model, _ = learn(run, NETWORK, steps, seed, quick, recipe=recipe)
            found |= by_band(name, model)
            for level in range(len(NETWORK.widths)) if name == "with" else ():
                handles = close_skips(cast(UNet, model), [level])
                found |= by_band(f"closed_{level}", model)
                for handle in handles:
                    handle.remove()
        for band in ("coarse", "fine"):
            found[f"ratio_{band}"] = found[f"without_{band}"] / found[f"with_{band}"]
        return found

    return {
        "frequencies": [(i + 0.5) / BANDS / 2 for i in range(BANDS)],
        "steps": steps,
        "time": TIME,
        "parameters": weights(NETWORK),
        **for_seeds(one, seeds[:1] if quick else seeds),
    }
