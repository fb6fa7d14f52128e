"""Figure 04.A: how much of a picture its neighbours, and a few directions, tell.

Three measures, each on pictures that the fit has not seen: the correlation of two
pixels a distance apart; how well four neighbours predict the one between them; and how
many principal directions hold most of the variance. The same is asked of the latents of
the shipped VAE, and of noise.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets import emoji, fashion
from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.autoencoder import Autoencoder
from coursekit.pipeline.catalogue import is_there
from coursekit.training.pretrained import load_model

LAGS = tuple(range(9))
SHARES = (0.9, 0.95, 0.99)  # of the variance
PARTS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # of the directions


def centred(x: Tensor, mean: Tensor | None = None) -> Tensor:
    """Pictures minus the mean picture: what all have in common tells nothing."""
    return x - (x.mean(0) if mean is None else mean)


def autocorrelation(x: Tensor, lags: Sequence[int] = LAGS) -> list[float]:
    """Correlation of two numbers of one channel `lag` rows or columns apart.

    x: (N, C, H, W), taken over all pictures, channels and places.
    """
    x = centred(x)
    found = []
    for lag in lags:
        size = x.shape[-1] - lag
        pairs = (
            (x[..., :size], x[..., lag:]),
            (x[..., :size, :], x[..., lag:, :]),
        )
        each = [
            float((a * b).mean() / (a.square().mean() * b.square().mean()).sqrt())
            for a, b in pairs
        ]
        found.append(sum(each) / len(each))
    return found


def around(x: Tensor) -> tuple[Tensor, Tensor]:
    """Inner numbers (M,) and their four neighbours (M, 4). x: (N, C, H, W)."""
    four = (x[..., :-2, 1:-1], x[..., 2:, 1:-1], x[..., 1:-1, :-2], x[..., 1:-1, 2:])
    return x[..., 1:-1, 1:-1].flatten(), torch.stack([n.flatten() for n in four], 1)


def told_by_neighbours(train: Tensor, test: Tensor) -> float:
    """Share of the variance of a number that its four neighbours predict, linearly."""
    mean = train.mean(0)
    inner, four = around(centred(train))
    weights = torch.linalg.lstsq(four, inner[:, None]).solution
    inner, four = around(centred(test, mean))
    left = (inner - (four @ weights)[:, 0]).square().mean()
    return float(1 - left / inner.square().mean())


def energy(train: Tensor, test: Tensor) -> Tensor:
    """Share of the variance of `test` in the first k directions of `train`, (D + 1,).

    The directions are those of most variance (principal components). Entry 0 is 0.
    """
    mean = train.mean(0)
    flat = centred(train).flatten(1)
    _, vectors = torch.linalg.eigh(flat.T @ flat)
    along = (centred(test, mean).flatten(1) @ vectors.flip(1)).square().sum(0)
    share = along.cumsum(0) / along.sum()
    return torch.cat([share.new_zeros(1), share])


def looked_at(train: Tensor, test: Tensor) -> Result:
    """All figures of one data set, for one split of its pictures."""
    share = energy(train, test)
    dims = len(share) - 1
    lags = [lag for lag in LAGS if lag <= train.shape[-1] // 2]
    return {
        "corr": autocorrelation(train, lags),
        "neighbours": told_by_neighbours(train, test),
        "energy": [float(share[max(1, round(part * dims))]) for part in PARTS],
        **{f"k{100 * s:.0f}": int((share < s).sum()) for s in SHARES},
    }


def data_sets(count: int) -> dict[str, Tensor]:
    """Pictures, latents where the VAE is there, and noise, each (N, C, H, W)."""
    bears = to_model(teddies(count, 32, seed=0)[0])
    sets = {
        "teddy": bears,
        "fashion": to_model(fashion.load("train")[0][:count]),
        "emoji": to_model(emoji.load("all").images[:count]),
    }
    net = shipped_vae()
    if net is not None:
        with torch.no_grad():
            parts = [net.encode(part) for part in torch.split(bears, 250)]
        sets["latent"] = torch.cat(parts)
    generator = torch.Generator().manual_seed(0)
    shape = sets["latent"].shape if "latent" in sets else (count, 4, 8, 8)
    sets["noise"] = torch.randn(shape, generator=generator)
    return sets


def shipped_vae() -> Autoencoder | None:
    """The VAE that ships, or None where it does not."""
    return cast(Autoencoder, load_model("teddy-vae")) if is_there("teddy-vae") else None


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.A. The seeds split the pictures into two halves.

    For each of teddy, fashion, emoji, latent (of teddy-vae) and noise (in its shape):
    `{name}_dims`; `{name}_corr`, a list over `lags`; `{name}_neighbours`, with _std and
    _all; `{name}_k90`, `_k95`, `_k99`: directions that hold that share of the variance
    (each with _std and _all), and `{name}_k95_share` of all directions;
    `{name}_energy`, a list over `parts`. Lists have _std.
    """
    count = 400 if quick else 6000

    def one(pictures: Tensor, seed: int) -> Result:
        order = np.random.default_rng(seed).permutation(len(pictures))
        half = len(pictures) // 2
        return looked_at(pictures[order[:half]], pictures[order[half:]])

    result: Result = {"pictures": count, "lags": list(LAGS), "parts": list(PARTS)}
    for name, pictures in data_sets(count).items():
        if quick and pictures.shape[-1] > 8:  # many directions take a while
            pictures = pictures[..., ::4, ::4]
        dims, found = pictures[0].numel(), for_seeds(one, seeds, pictures)
        found |= {"dims": dims, "k95_share": found["k95"] / dims}
        result |= prefixed(name, found)
    return result
