"""Figure 04.B: what the KL term does to a latent space, on the teddy world.

A plain autoencoder and VAEs with more and more beta squeeze a whole picture into 32
numbers (`latent_dense`). Then each decodes what it never saw: latents drawn at random,
and points halfway between two pictures. A reader says whether a scene came out. More
beta costs fidelity: the rate-distortion curve, and at its end posterior collapse.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.evaluation.rebuilding import held_out_pictures, psnr
from coursekit.experiments.kept import fresh, kept, kept_network
from coursekit.experiments.latent_dense import Dense, DenseConfig, lesson
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.theory.vae import bits_of

BETAS = (0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
NOISE = 0.2  # of the decoder: about the error that is left, so beta = 1 is the ELBO
STEPS, PICTURES = 1500, 12_000
DEAD = 0.01  # nats: a latent number that tells less is not used
FIGURES = (
    "psnr",
    "mse",
    "bits",
    "dead",
    "valid_rebuilt",
    "valid_between",
    "valid_normal",
    "valid_scaled",
    "valid_fitted",
    "void",
)


def trained(beta: float | None, seed: int, pictures: Tensor, quick: bool) -> Dense:
    """One network, trained once (runs/latent_dense/); beta None: no bells at all."""
    config = DenseConfig(variational=beta is not None, width=64 if quick else 256)
    steps = 10 if quick else STEPS
    net = fresh(seed, lambda: Dense(config))
    assert isinstance(net, Dense)

    def learn(module: torch.nn.Module) -> None:
        assert isinstance(module, Dense)
        for _ in lesson(module, pictures, steps, beta or 0.0, NOISE, seed=seed):
            pass

    name = f"latent_dense/{'ae' if beta is None else f'beta-{beta:g}'}-{seed}"
    settings = (config, steps, beta, NOISE, seed, len(pictures))
    found = kept_network(name, settings, net, learn)
    assert isinstance(found, Dense)
    return found


def draws(net: Dense, codes: Tensor, count: int, seed: int) -> dict[str, Tensor]:
    """Random latents (count, L): "normal", what the prior of a VAE promises; "scaled"
    and "fitted", a normal with the spread, or the whole covariance, of the codes.
    """
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(count, codes.shape[1], generator=generator)
    root = torch.linalg.cholesky(torch.cov(codes.T) + 1e-6 * torch.eye(codes.shape[1]))
    return {
        "normal": z,
        "scaled": z * codes.std(0) + codes.mean(0),
        "fitted": z @ root.T + codes.mean(0),
    }


def emptiness(codes: Tensor, held_out: Tensor, random: Tensor) -> float:
    """Share of random latents that lie farther from all codes than 99 of 100 codes of
    unseen pictures do: how much of the space is void.
    """
    usual = torch.cdist(held_out, codes).amin(1).quantile(0.99)
    return float((torch.cdist(random, codes).amin(1) > usual).double().mean())


@torch.no_grad()
def looked_at(
    net: Dense, train: Tensor, images: np.ndarray, seed: int
) -> dict[str, float]:
    """All FIGURES of one network; images: held-out ones, uint8."""
    x = to_model(images)
    bells, codes = net.bells(x), net.bells(train).mean
    back = net.rebuild(bells.mean)
    each = (bells.mean**2 + bells.log_var.exp() - 1 - bells.log_var).mean(0) / 2
    middle = (bells.mean + bells.mean.roll(1, 0)) / 2
    # A VAE promises something about draws from its bells, not about their middles.
    noise = torch.randn(codes.shape, generator=torch.Generator().manual_seed(seed))
    spread = (net.bells(train).log_var / 2).exp() if net.config.variational else 0.0
    found = {
        "psnr": psnr(images, to_uint8(back)),
        "mse": float((back - x).square().mean()),
        "bits": float(bits_of(each.sum())) if net.config.variational else 0.0,
        "dead": float((each < DEAD).sum()) if net.config.variational else 0.0,
        "valid_rebuilt": valid_rate(to_uint8(back), "second"),
        "valid_between": valid_rate(to_uint8(net.rebuild(middle)), "second"),
    }
    for name, z in draws(net, codes, len(images), seed).items():
        found[f"valid_{name}"] = valid_rate(to_uint8(net.rebuild(z)), "second")
    prior = "normal" if net.config.variational else "scaled"
    random = draws(net, codes, len(images), seed)[prior]
    places = codes + noise * spread
    own = bells.mean + noise[: len(x)] * (
        (bells.log_var / 2).exp() if net.config.variational else 0.0
    )
    return {**found, "void": emptiness(places, own, random)}


def on_a_grid(images: np.ndarray, seed: int) -> dict[str, Any]:
    """The VAE that ships, asked the same; its latent is a grid of 8 x 8 cells."""
    from coursekit.experiments.latent_redundancy import shipped_vae

    net = shipped_vae()
    if net is None:
        return {}
    x = to_model(images)
    with torch.no_grad():
        z = net.encode(x)  # type: ignore[operator]
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(z.shape, generator=generator)
        order = torch.rand(len(z), 64, generator=generator).argsort(1)[:, None]
        cells = z.flatten(2).gather(2, order.expand(-1, z.shape[1], -1))
        latents = {
            "rebuilt": z,
            "between": (z + z.roll(1, 0)) / 2,
            "normal": noise,
            "shuffled": cells.reshape(z.shape),
        }
        return {
            f"grid_{name}": valid_rate(to_uint8(net.decode(each)), "second")  # type: ignore[operator]
            for name, each in latents.items()
        }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.B.

    `ae_{figure}` for the plain autoencoder and `beta_{beta}_{figure}` for each of
    `betas`, with _std and _all; lists over `betas` as `vae_{figure}`, with _std. The
    figures: psnr, mse and bits (KL) a picture; dead, unused latent numbers of `latent`;
    shares of valid scenes, rebuilt, between two pictures, and from random latents
    (see `draws`); void (see `emptiness`). `pixels_between`: halfway in pixels;
    `real_valid`. `grid_rebuilt`, `_between`, `_normal`, `_shuffled`: the same shares
    for the VAE that ships, with its cells shuffled at last. `best_beta`, the most valid
    from the prior, `best_valid`, and `gain` over the best that the autoencoder does.
    """
    from coursekit.datasets.teddy.sample import teddies

    betas = (1.0, 100.0) if quick else BETAS
    count, many = (40, 200) if quick else (500, PICTURES)
    train = to_model(teddies(many, 32, seed=0)[0])
    images = held_out_pictures("teddy", count)
    x = to_model(images)
    halfway = to_uint8((x + x.roll(1, 0)) / 2)
    result: Result = {
        "betas": list(betas),
        "latent": DenseConfig().latent,
        "noise": NOISE,
        "pixels_between": valid_rate(halfway, "second"),
        "real_valid": valid_rate(images, "second"),
    }
    rows: dict[str, list[list[float]]] = {}
    for beta in (None, *betas):
        found = []
        for seed in seeds:
            name = f"latent_dense/figures-{beta}-{seed}"
            settings = (beta, seed, count, many, STEPS, NOISE, quick, FIGURES)
            found.append(
                kept(
                    name,
                    settings,
                    lambda beta=beta, seed=seed: looked_at(  # type: ignore[misc]
                        trained(beta, seed, train, quick), train[:4000], images, seed
                    ),
                )
            )
        prefix = "ae" if beta is None else f"beta_{beta:g}"
        for figure in FIGURES:
            values = [row[figure] for row in found]
            result |= over_seeds(f"{prefix}_{figure}", values)
            if beta is not None:
                rows.setdefault(figure, []).append(values)
    for figure, columns in rows.items():
        table = [list(row) for row in zip(*columns, strict=True)]
        result |= curves(f"vae_{figure}", table)
    best = int(np.argmax(result["vae_valid_normal"]))
    result |= {"best_beta": betas[best], "best_valid": result["vae_valid_normal"][best]}
    known = ("normal", "scaled", "fitted")
    result["gain"] = result["best_valid"] - max(result[f"ae_valid_{k}"] for k in known)
    grid = [on_a_grid(images, seed) for seed in seeds]
    for name in grid[0]:
        result |= over_seeds(name, [row[name] for row in grid])
    return result
