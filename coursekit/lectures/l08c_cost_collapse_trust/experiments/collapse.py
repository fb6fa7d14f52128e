"""Models that learn from models: normal laws (08c.A), and a flow of bears (08c.L).

The world is small, so that a small network can learn it: a bear stands in the snow with
its arms down. It has one rare thing, a yellow hat. All three ways to feed the next
generation begin with one model of real pictures, take the same steps, and start each
training from the weights of the generation before. Networks, pictures and numbers are
kept, so a stopped measurement goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.teddy.reader import attributes, valid_rate
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import HATS, Scene
from coursekit.evaluation.frechet_samples import sample_frechet
from coursekit.evaluation.neighbours import precision_recall
from coursekit.evaluation.quality import vectors
from coursekit.evaluation.sampling import sample_images
from coursekit.evaluation.two_samples import told_apart
from coursekit.experiments.cache import kept, kept_images, run_folder
from coursekit.experiments.film_store import save_film
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed, sum_up
from coursekit.experiments.train_images import trained
from coursekit.models.unet import UNetConfig
from coursekit.theory.collapse import (
    FEEDS,
    chance_lost,
    feed,
    generations,
    pooled_variance,
    settled_variance,
    variance_after,
)
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipes_pixels import TEDDY_FLOW

Images = NDArray[np.uint8]
N, CHAINS, GENERATIONS = 50, 1000, 100  # of the normal laws
WEIGHT, DRAWN = 0.03, 100  # of the rare kind

RARE, SIDE, EVALS, SHOWN = "yellow", 16, 20, 16  # of the bears
ALL = ("snow", "none", "both-down", "none")  # place, glasses, pose, action
NETWORK = UNetConfig(channels=3, widths=(32, 64), patch=2)
FILM = "08c-generations"


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 08c.A: `chains` families of normal laws, `n` points a generation.

    Keys: `generations`; for WAY in replace, unbiased, accumulate, fresh_10, fresh_50
    the list `{WAY}_median` over generations and the ends `{WAY}_median_last`,
    `{WAY}_mean_last`; theory: lists `replace_typical` and `unbiased_typical`, ends
    `replace_typical_last`, `accumulate_theory`, `fresh_10_theory`, `fresh_50_theory`.
    `replace_gone`: the share of families below a hundredth in the end. Of one kind of
    `weight`, DRAWN examples a generation: the lists `lost` (share of the families
    without it) and `lost_theory`, `lost_once`, `lost_last`.
    """
    chains, last = (40, 5) if quick else (CHAINS, GENERATIONS)
    luck = torch.Generator().manual_seed(seeds[0])
    shape = (last, 2, N, chains)
    noise = torch.randn(shape, dtype=torch.float64, generator=luck)
    ways = {
        "replace": generations("replace", noise),
        "unbiased": generations("replace", noise, unbiased=True),
        "accumulate": generations("accumulate", noise),
        "fresh_10": generations("fresh", noise, 0.1),
        "fresh_50": generations("fresh", noise, 0.5),
    }
    counts, share, lost = range(1, last + 1), torch.full((chains,), WEIGHT), []
    for _ in counts:
        tries = torch.full((chains,), float(DRAWN))
        share = torch.binomial(tries, share, generator=luck) / DRAWN
        lost.append(float((share == 0).double().mean()))
    result: Result = {
        "n": N,
        "chains": chains,
        "generations": last,
        "replace_typical": [variance_after(N, g)[1] for g in counts],
        "unbiased_typical": [variance_after(N, g, True)[1] for g in counts],
        "replace_typical_last": variance_after(N, last)[1],
        "replace_gone": float((ways["replace"][-1] < 0.01).double().mean()),
        "accumulate_theory": pooled_variance(N, last),
        "fresh_10_theory": settled_variance(N, 0.1),
        "fresh_50_theory": settled_variance(N, 0.5),
        "weight": WEIGHT,
        "lost": lost,
        "lost_theory": [chance_lost(WEIGHT, DRAWN, g) for g in counts],
        "lost_once": chance_lost(WEIGHT, DRAWN, 1),
        "lost_last": lost[-1],
    }
    for way, found in ways.items():
        median = found.median(dim=1).values.tolist()
        ends = {"median_last": median[-1], "mean_last": float(found[-1].mean())}
        result |= prefixed(way, {"median": median, **ends})
    return result


@cache
def real(count: int, seed: int) -> Images:
    """Pictures of a world of snow in which WEIGHT of the bears wear the rare hat."""
    usual = 1 / len(HATS)
    keep = WEIGHT * (1 - usual) / (usual * (1 - WEIGHT))
    luck = np.random.default_rng(seed)

    def wanted(scene: Scene) -> bool:
        bear = scene.bears[0]
        if (scene.place, bear.glasses, bear.pose, bear.action) != ALL:
            return False
        return bear.hat != RARE or luck.random() < keep

    def draw() -> Images:
        return teddies(count, SIDE, seed, only=wanted)[0]

    return kept_images(f"collapse/real-{seed}", (count, SIDE, ALL, WEIGHT), draw)


def judged(images: Images, seed: int, steps: int) -> Result:
    """Against as many other real ones: see `flow`. seed: of the family."""
    truth = real(len(images), 6_000_000 + seed)
    a, b = vectors("teddy", truth), vectors("teddy", images)
    probes = told_apart(truth, images, folds=2, seed=seed, steps=steps)
    return {
        "rare": float((attributes(images)["hat"] == RARE).mean()),
        "valid": valid_rate(images),
        "frechet": sample_frechet(a, b),
        "recall": precision_recall(a, b)[1],
        "auc": sum(probes) / len(probes),
    }


@dataclass(frozen=True)
class Effort:
    """Pictures of a generation; steps of the first, of the others, of each probe."""

    count: int = 1000
    first: int = 4000
    steps: int = 400
    probe: int = 200
    rounds: int = 5


QUICK = Effort(64, 2, 2, 2, 1)


def lineage(how: str, quick: bool, seed: int) -> tuple[Result, Images]:
    """One family from generation 0 on: numbers, and SHOWN pictures of each (G, ...)."""
    effort = QUICK if quick else Effort()
    pool, net, rows, shown = torch.from_numpy(real(effort.count, seed)), None, [], []
    for g in range(effort.rounds + 1):
        name = f"collapse/{how if g else 'start'}-{seed}-{g}"
        data = Data(pool, f"{len(pool)} pictures for generation {g}: {name}")
        recipe = replace(TEDDY_FLOW, seed=100 * seed + g)
        steps = effort.steps if g else effort.first
        profile = Profile(NETWORK, steps, 32, 2e-3, warmup=50, ema=0.99)
        net = trained(run_folder(name, quick), recipe, profile, data, net)
        images, row = _drawn(net, name, effort, seed, g)
        rows.append(row)
        shown.append(images[:SHOWN])
        fresh = torch.from_numpy(real(effort.count, 1000 * (g + 1) + seed))
        pool = feed(how, pool, torch.from_numpy(images), fresh)
    lists = columns(rows)
    ends = {f"last_{key}": values[-1] for key, values in lists.items()}
    return lists | ends, np.stack(shown)


def _drawn(
    net: nn.Module, name: str, effort: Effort, seed: int, g: int
) -> tuple[Images, Result]:
    """The pictures of one model, and what is found in them."""

    def draw() -> Images:
        walk, shape = TEDDY_FLOW.objective().walk, (3, SIDE, SIDE)
        return sample_images(net, walk, shape, effort.count, EVALS, 100 * seed + g)

    settings = (effort, EVALS, seed, g)
    images = kept_images(name, settings, draw)
    return images, kept(name, settings, lambda: judged(images, seed, effort.probe))


def flow(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08c.L; it also stores pictures of the first seed as a film.

    Keys: `pictures`; `first` and `steps`, of generation 0 and of the others; `rounds`;
    for HOW in replace, accumulate and fresh lists over generations 0 to `rounds`, with
    _std, and ends `{HOW}_last_...`: `{HOW}_rare`, the share with the rare hat; `valid`;
    `frechet` and `recall` in the features of the second reader; `auc` of a probe, mean
    of its folds. `real_rare`, ...: of as many real pictures.
    """
    effort, seeds = (QUICK, seeds[:1]) if quick else (Effort(), seeds)

    def floor(seed: int) -> Result:
        truth = real(effort.count, 5_000_000 + seed)
        return judged(truth, seed, effort.probe)

    result: Result = {
        "pictures": effort.count,
        "first": effort.first,
        "steps": effort.steps,
        "rounds": effort.rounds,
        **prefixed("real", for_seeds(floor, seeds)),
    }
    films = []
    for how in FEEDS:
        found = {seed: lineage(how, quick, seed) for seed in seeds}
        films.append(found[seeds[0]][1])
        rows = sum_up([row for row, _ in found.values()])
        result |= prefixed(how, rows)
    if not quick:
        save_film(FILM, np.concatenate(films))
    return result
