"""Figure 04.E: what the guidance scale buys, and what it costs, on Fashion-MNIST.

One network (fashion-classes) is asked for ten classes, guided by itself (classifier-
free), by a classifier that knows noise, and by one that does not. A third classifier,
which guided nothing, judges: does it see the class (adherence), how far apart are the
pictures of one class (diversity), how far is the crowd from real pictures (Fréchet)?
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets import fashion
from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.features import fashion_classes
from coursekit.experiments.cache import kept
from coursekit.experiments.films import last
from coursekit.experiments.image_ruler import Ruler, make_ruler
from coursekit.experiments.summary import (
    Result,
    columns,
    entries,
    for_seeds,
    mean,
    over_seeds,
    prefixed,
)
from coursekit.theory.guidance import classifier_free, classifier_guided
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import Predict, denoiser
from coursekit.theory.solvers import euler, time_grid

SCALES = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
SLOPES = (1.0, 3.0, 8.0)  # of the two classifiers
STEPS, CLASSES, BATCH = 20, 10, 50
NULL = torch.tensor(CLASSES)
NETWORK = "fashion-classes"
GUIDES = {"noisy": "fashion-classifier", "clean": "fashion-clean-classifier"}


def labels_for(count: int) -> Tensor:
    """0, 1, ..., 9, 0, 1, ...: every class equally often, (count,)."""
    return torch.arange(count) % CLASSES


def starts(count: int, seed: int) -> Tensor:
    """Starting noise; that of picture i does not depend on how many there are."""
    generator = torch.Generator().manual_seed(seed)
    return torch.stack(
        [torch.randn(1, 28, 28, generator=generator) for _ in range(count)]
    )


def free(model: nn.Module, labels: Tensor, scale: float) -> Predict:
    """The network guided by itself."""
    asked = classifier_free(model, labels, NULL, scale)
    return denoiser(asked, LinearPath(), "velocity")


def by_classifier(
    model: nn.Module, classifier: nn.Module, labels: Tensor, scale: float
) -> Predict:
    """The network without a condition, guided by the slope of a classifier."""
    nothing = denoiser(model, LinearPath(), "velocity", NULL.expand(len(labels)))
    return classifier_guided(nothing, classifier, labels, scale, LinearPath())


@torch.no_grad()
def drawn(predict: Predict, start: Tensor, steps: int = STEPS) -> Tensor:
    """The last state of an Euler walk."""
    return last(euler(predict, start, time_grid(steps)))


def pictures(
    model: nn.Module,
    guide: nn.Module | None,
    scale: float,
    count: int,
    seed: int,
    steps: int = STEPS,
) -> Tensor:
    """`count` pictures (count, 1, 28, 28), unclipped, of the classes in turn."""
    labels, noise, done = labels_for(count), starts(count, seed), []
    for own, start in zip(labels.split(BATCH), noise.split(BATCH), strict=True):  # type: ignore[no-untyped-call]
        predict = free(model, own, scale)
        if guide is not None:
            predict = by_classifier(model, guide, own, scale)
        done.append(drawn(predict, start, steps))
    return torch.cat(done)


def spread_within(features: Tensor, labels: Tensor) -> float:
    """Mean variance (summed over features) of the pictures of one class.

    features: (N, D); labels: (N,) long, each class at least twice.
    """
    each = [features[labels == c].var(0).sum() for c in set(labels.tolist())]
    return float(torch.stack(each).mean())


def scores(x: Tensor, ruler: Ruler) -> dict[str, float]:
    """adherence, diversity (1 for real pictures), frechet, beyond (see `measure`)."""
    images, labels = to_uint8(x), labels_for(len(x))
    features = ruler.features(images)
    right = fashion_classes(images) == labels.numpy()
    return {
        "adherence": float(right.mean()),
        "spread": spread_within(features, labels),
        "frechet": ruler.scores(images)["frechet"],
        "beyond": float((x.abs() > 1.05).double().mean()),
    }


def real_scores(ruler: Ruler, count: int, seed: int) -> dict[str, float]:
    """The same figures of real held-out pictures, every class equally often."""
    images, told = fashion.load("test")
    rng = np.random.default_rng(seed)
    places = [np.flatnonzero(told == c) for c in range(CLASSES)]
    chosen = [rng.permutation(place)[: count // CLASSES] for place in places]
    order = np.stack(chosen, axis=1).reshape(-1)  # 0, 1, ..., 9, 0, 1, ...
    return scores(to_model(images[order]), ruler)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.E on Fashion-MNIST; needs the checkpoints of NETWORK and GUIDES.

    For guide free (lists over `scales`), noisy and clean (over `slopes`): `{guide}_
    adherence`, `_diversity` (variance within a class over that of real pictures),
    `_frechet`, `_beyond` (share of pixels that had to be clipped), with _std, and each
    single value as `{guide}_{scale}_{figure}`, with _std and _all. `real_adherence`,
    `real_frechet`; `steps`, `pictures`; `best_scale`, that of the least distance.
    """
    from coursekit.training.pretrained import card, load_model

    count, steps = (20, 3) if quick else (100, STEPS)
    model = load_model(NETWORK, clip=False)
    ruler = make_ruler("fashion", quick)
    real = columns(real_scores(ruler, count, seed) for seed in seeds)
    prints = {name: card(name)["sha256"] for name in (NETWORK, *GUIDES.values())}

    def compute(net: nn.Module | None, scale: float, seed: int) -> dict[str, Any]:
        drawn = pictures(model, net, scale, count, seed, steps)
        return dict(scores(drawn, ruler))

    def one(guide: str, net: nn.Module | None, seed: int) -> Result:
        shas = (prints[NETWORK], prints.get(GUIDES.get(guide, ""), ""))
        listed, rows = SCALES if net is None else SLOPES, []
        for scale in listed:
            name = f"guidance_scale/{guide}-{scale:g}-{seed}"
            settings = (shas, guide, scale, seed, count, steps)
            row = kept(name, settings, partial(compute, net, scale, seed))
            rows.append({"diversity": row.pop("spread") / mean(real["spread"]), **row})
        lists = columns(rows)
        return {**lists, **entries((f"{scale:g}" for scale in listed), lists)}

    result: Result = {
        "scales": list(SCALES),
        "slopes": list(SLOPES),
        "steps": steps,
        "pictures": count,
        "features": ruler.description,
        **over_seeds("real_adherence", real["adherence"]),
        **over_seeds("real_frechet", real["frechet"]),
        **prefixed("free", for_seeds(one, seeds, "free", None)),
    }
    for guide, name in GUIDES.items():
        net = load_model(name)
        result |= prefixed(guide, for_seeds(one, seeds, guide, net))
    best = int(np.argmin(result["free_frechet"]))
    return result | {"best_scale": SCALES[best]}
