"""Figure 04.B: what the KL term does to a latent space.

A plain autoencoder and VAEs with more and more beta squeeze a whole picture into a few
numbers (`latent_dense`). Then each decodes what it never saw: latents drawn at random,
and points halfway between two pictures. A judge says whether something came out. More
beta costs fidelity: the rate-distortion curve, and at its end posterior collapse.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.reconstruction import psnr
from coursekit.experiments.cache import Images, kept, kept_network
from coursekit.experiments.summary import Result, columns, entries, for_seeds, prefixed
from coursekit.experiments.train_toy import fresh
from coursekit.lectures.l04_latent_space.experiments.dense import Dense, lesson
from coursekit.lectures.l04_latent_space.experiments.redundancy import shipped_vae
from coursekit.lectures.l04_latent_space.experiments.worlds import (
    TEDDY,
    WORLDS,
    World,
    ruler_of,
)
from coursekit.theory.vae import bits_of, reparameterize

PICTURES, CODES, BATCH = 6000, 4000, 128
DEAD = 0.01  # nats: a latent number that tells less is not used
FIGURES = (
    *("psnr", "mse", "bits", "dead", "void"),
    *("ok_rebuilt", "ok_between", "ok_normal", "ok_scaled", "ok_fitted"),
    *("frechet_normal", "frechet_scaled", "frechet_fitted"),
)


def trained(
    world: World, beta: float | None, seed: int, pictures: Tensor, quick: bool = False
) -> Dense:
    """One network, trained once (runs/latent_dense/); beta None: no bells at all."""
    config = replace(world.network, variational=beta is not None)
    steps, config = (10, replace(config, width=64)) if quick else (world.steps, config)

    def learn(net: Dense) -> None:
        for _ in lesson(net, pictures, steps, beta or 0.0, world.noise, seed=seed):
            pass

    name = f"latent_dense/{world.name}-{'ae' if beta is None else f'{beta:g}'}-{seed}"
    settings = (config, steps, BATCH, beta, world.noise, seed, len(pictures))
    return kept_network(name, settings, fresh(seed, lambda: Dense(config)), learn)


def draws(codes: Tensor, count: int, seed: int) -> dict[str, Tensor]:
    """Random latents (count, L): "normal", what the prior of a VAE promises; "scaled"
    and "fitted", a normal with the spread, or the whole covariance, of codes (N, L).
    """
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(count, codes.shape[1], generator=generator)
    covariance = torch.cov(codes.T) + 1e-6 * torch.eye(codes.shape[1])
    return {
        "normal": z,
        "scaled": z * codes.std(0) + codes.mean(0),
        "fitted": z @ torch.linalg.cholesky(covariance).T + codes.mean(0),
    }


def emptiness(codes: Tensor, held_out: Tensor, random: Tensor) -> float:
    """Share of random latents that lie farther from all codes than 99 of 100 codes of
    unseen pictures do: how much of the space is void. All (.., L).
    """
    usual = torch.cdist(held_out, codes).amin(1).quantile(0.99)
    return float((torch.cdist(random, codes).amin(1) > usual).double().mean())


@torch.no_grad()
def looked_at(
    net: Dense, world: World, train: Tensor, images: Images, seed: int
) -> dict[str, float]:
    """All FIGURES of one network; images: held-out ones, uint8."""
    x, ruler = to_model(images), ruler_of(world.name)
    bells, known = net.bells(x), net.bells(train)
    back = net.rebuild(bells.mean)
    each = (bells.mean**2 + bells.log_var.exp() - 1 - bells.log_var).mean(0) / 2
    shaped = net.config.variational
    middle = (bells.mean + bells.mean.roll(1, 0)) / 2
    random = draws(known.mean, len(images), seed)
    # The codes that a decoder has met are draws from the bells, not their middles.
    generator = torch.Generator().manual_seed(seed)
    met, own = (
        reparameterize(*b, torch.randn(b.mean.shape, generator=generator))
        for b in (known, bells)
    )
    found = {
        "psnr": psnr(images.reshape(to_uint8(x).shape), to_uint8(back)),
        "mse": float((back - x).square().mean()),
        "bits": float(bits_of(each.sum())) if shaped else 0.0,
        "dead": float((each < DEAD).sum()) if shaped else 0.0,
        "void": emptiness(met, own, random["normal" if shaped else "scaled"]),
        "ok_rebuilt": world.accepted(to_uint8(back)),
        "ok_between": world.accepted(to_uint8(net.rebuild(middle))),
    }
    for name, z in random.items():
        made = to_uint8(net.rebuild(z))
        found[f"ok_{name}"] = world.accepted(made)
        found[f"frechet_{name}"] = ruler.scores(made)["frechet"]
    return found


@torch.no_grad()
def on_a_grid(images: Images, seed: int) -> Result:
    """The VAE that ships, asked the same; its latent is a grid of 8 x 8 cells."""
    net = shipped_vae()
    if net is None:
        return {}
    z = net.encode(to_model(images))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(z.shape, generator=generator)
    order = torch.rand(len(z), 1, z[0, 0].numel(), generator=generator).argsort(2)
    cells = z.flatten(2).gather(2, order.expand(-1, z.shape[1], -1))
    latents = {
        "rebuilt": z,
        "between": (z + z.roll(1, 0)) / 2,
        "normal": noise,
        "shuffled": cells.reshape(z.shape),
    }
    return {k: TEDDY.accepted(to_uint8(net.decode(z))) for k, z in latents.items()}


def of_world(world: World, seeds: Sequence[int], quick: bool) -> Result:
    """The figures of one world, without its prefix; see `measure`."""
    count, many = (40, 200) if quick else (500, PICTURES)
    betas = world.betas[::2] if quick else world.betas
    train, images = world.pictures(many), world.held_out(count)

    def compute(beta: float | None, seed: int) -> dict[str, Any]:
        net = trained(world, beta, seed, train, quick)
        return dict(looked_at(net, world, train[:CODES], images, seed))

    def one(beta: float | None, seed: int) -> dict[str, Any]:
        what = (world.network, world.noise, world.steps, FIGURES, BATCH)
        settings = (what, beta, seed, count, many, quick)
        name = f"latent_dense/figures-{world.name}-{beta}-{seed}"
        return kept(name, settings, partial(compute, beta, seed))

    def of_betas(seed: int) -> Result:
        lists = columns(one(beta, seed) for beta in betas)
        shaped = entries((f"beta_{beta:g}" for beta in betas), lists)
        return shaped | prefixed("vae", lists) | prefixed("ae", one(None, seed))

    x, result = to_model(images), for_seeds(of_betas, seeds)
    best = int(np.argmax(result["vae_ok_normal"]))
    nearest = int(np.argmin(result["vae_frechet_normal"]))
    return result | {
        "betas": list(betas),
        "latent": world.network.latent,
        "noise": world.noise,
        "real": world.accepted(images),
        "pixels_between": world.accepted(to_uint8((x + x.roll(1, 0)) / 2)),
        "floor": ruler_of(world.name).scores(images)["frechet"],
        "best_beta": betas[best],
        "best_ok": result["vae_ok_normal"][best],
        "nearest_beta": betas[nearest],
        "nearest": result["vae_frechet_normal"][nearest],
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.B, for the worlds teddy and fashion.

    `{world}_ae_{figure}` for the plain autoencoder and `{world}_beta_{beta}_{figure}`
    for each of `{world}_betas`, with _std and _all; lists over the betas as
    `{world}_vae_{figure}`, with _std. The figures: psnr, mse and bits (KL) a picture;
    dead, unused latent numbers of `{world}_latent`; shares that the judge accepts (ok),
    rebuilt, between two pictures, and from random latents (see `draws`), with the
    Fréchet distance of the last; void (see `emptiness`). `{world}_real`: the judge on
    real pictures, `{world}_pixels_between`: halfway in pixels, `{world}_floor`: real
    against real. `best_ok` at `best_beta` and `nearest` at `nearest_beta`: the best
    from the prior. `grid_rebuilt`, `_between`, `_normal`, `_shuffled`: shares of valid
    scenes for the VAE that ships, with its cells shuffled at last.
    """
    images = TEDDY.held_out(40 if quick else 500)
    result = prefixed("grid", for_seeds(on_a_grid, seeds, images))
    for name, world in WORLDS.items():
        result |= prefixed(name, of_world(world, seeds, quick))
    return result
