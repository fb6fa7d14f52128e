"""Calibrate a freshly trained reader and save it with its card."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.reader import READ, UNREADABLE, raw_outputs
from coursekit.datasets.teddy.reader_data import IGNORE, Batch, blur, noisy, scene_batch
from coursekit.datasets.teddy.reader_nets import CHOICES
from coursekit.files import write_atomic
from coursekit.weights import write_weights

N = TypeVar("N", bound=nn.Module)
CARD = "card.json"
SEED = 77_001  # scenes that no training stream contains
PICTURES = 6000
WANTED = 0.95  # accuracy of the answers a reader does not call unreadable


def tough_batch(n: int, seed: int) -> Batch:
    """One-bear scenes from clean to hopeless: noise up to 0.8, blur up to 2 pixels."""
    batch = scene_batch(n, np.random.Generator(np.random.PCG64(seed)), (1, 0, 0))
    g = torch.Generator().manual_seed(seed)
    quarters = []
    for index, part in enumerate(batch.x.chunk(4)):
        level = 0.8 * torch.rand(len(part), 1, 1, 1, generator=g)
        quarters.append(noisy(blur(part, index * 0.65), level * (index < 3), g))
    return Batch(torch.cat(quarters).clamp(-1, 1), batch.answers, batch.measures)


def best_temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature with the smallest cross-entropy (grid of 2 % steps)."""
    grid = [0.5 * 1.02**step for step in range(120)]
    losses = [float(F.cross_entropy(logits / t, target)) for t in grid]
    return round(grid[int(np.argmin(losses))], 4)


def least_confidence(chances: Tensor, target: Tensor) -> float:
    """The smallest threshold above which WANTED of the answers are right."""
    sure, answer = chances.max(1)
    order = sure.argsort(descending=True)
    right = (answer == target)[order].double().cumsum(0)
    accuracy = right / torch.arange(1, len(order) + 1)
    accepted = int((accuracy >= WANTED).nonzero().max()) if accuracy[0] else 0
    return round(min(0.8, max(0.4, float(sure[order[accepted]]))), 4)


def trust(logits: Tensor, target: Tensor) -> tuple[float, float]:
    """The temperature of a question, and its threshold at that temperature."""
    warm = best_temperature(logits, target)
    return warm, least_confidence(torch.softmax(logits / warm, 1), target)


def least_yes(logits: Tensor, most: float) -> float:
    """A threshold that keeps 99.7 % of clean pictures (N, 2), never above `most`."""
    chance = torch.softmax(logits, 1)[:, 1]
    return round(min(most, max(0.05, float(chance.quantile(0.003)))), 4)


def calibrate(net: nn.Module) -> dict[str, dict[str, float]]:
    """Temperatures and thresholds of all questions."""
    tough = tough_batch(PICTURES, SEED)
    logits, _ = raw_outputs(net, tough.x)
    temperature, threshold = {}, {}
    for column, name in enumerate(CHOICES):
        target = tough.answers[:, column]
        if name not in READ:
            temperature[name] = 1.0
            continue
        asked = target != IGNORE
        temperature[name], threshold[name] = trust(logits[name][asked], target[asked])
    clean = scene_batch(PICTURES, np.random.Generator(np.random.PCG64(SEED + 1)))
    logits, _ = raw_outputs(net, clean.x)
    threshold["valid"] = least_yes(logits["valid"], 0.9)
    return {"temperature": temperature, "threshold": threshold}


def clean_accuracy(net: nn.Module, seed: int = SEED + 2) -> dict[str, float]:
    """Accuracy on fresh clean one-bear scenes."""
    rng = np.random.Generator(np.random.PCG64(seed))
    batch = scene_batch(PICTURES, rng, (1, 0, 0))
    logits, _ = raw_outputs(net, to_uint8(batch.x))
    return {
        name: round(
            float((logits[name].argmax(1) == batch.answers[:, c]).double().mean()), 5
        )
        for c, name in enumerate(CHOICES)
    }


def save_weights(net: nn.Module, folder: Path, dtype: torch.dtype) -> dict[str, Any]:
    """Round the weights of `net` to `dtype`, in eval mode, and save them.

    Returns what the card says of the file: torch, bytes, sha256.
    """
    rounded = {k: v.to(dtype).contiguous() for k, v in net.state_dict().items()}
    net.load_state_dict({k: v.float() for k, v in rounded.items()})
    net.eval()
    return {"torch": torch.__version__, **write_weights(folder, save(rounded))}


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Save a card, rows of a table on one line each, or it has thousands of lines."""
    rows = re.sub(
        r"\[\s+([^][{}]*?)\s+\]",
        lambda m: f"[{' '.join(m[1].split())}]",
        json.dumps(card, indent=1),
    )
    write_atomic(folder / CARD, rows + "\n")


def answer_table(
    pairs: Iterable[tuple[str, str]], options: tuple[str, ...]
) -> dict[str, Any]:
    """Pairs of a true word and what was read: share right, read, right of those read.

    counts: [true word][read word], both in the order of options; the last column is
    "unreadable".
    """
    columns = [*options, UNREADABLE]
    counts = np.zeros((len(options), len(columns)), dtype=np.int64)
    for true, seen in pairs:
        counts[options.index(true), columns.index(seen)] += 1
    hit, read, total = np.trace(counts), counts[:, :-1].sum(), max(1, counts.sum())
    return {
        "right": round(float(hit / total), 5),
        "read": round(float(read / total), 5),
        "right_when_read": round(float(hit / max(1, read)), 5),
        "counts": counts.tolist(),
    }


def finish_measured(
    net: N,
    facts: dict[str, object],
    folder: Path,
    calibrated: Callable[[N], dict[str, dict[str, float]]],
    report: Callable[[], dict[str, Any]],
    forget: Callable[[], None],
) -> dict[str, Any]:
    """Round the weights to bfloat16, calibrate, save weights and card, then measure.

    report: reads with what was saved, a part of it called "clean"; forget: says that
    the folder has changed.
    """
    stored = save_weights(net, folder, torch.bfloat16)
    card: dict[str, Any] = {**facts, **calibrated(net), **stored}
    write_card(card, folder)
    forget()
    card["report"] = report()
    write_card(card, folder)
    forget()
    print(f"saved {folder} ({card['bytes'] / 1e6:.2f} MB)")
    for name, told in card["report"]["clean"].items():
        if isinstance(told, dict):
            share = told["all"] if "all" in told else told["right"]
            print(f"  {name:<8} {100 * share:.2f} % right when clean")
    return card


def finish(net: nn.Module, facts: dict[str, object], folder: Path) -> dict[str, Any]:
    """Round the weights to half precision, calibrate, save weights and card."""
    stored = save_weights(net, folder, torch.float16)
    card: dict[str, Any] = {
        **facts,
        "reads": READ,
        "accuracy_clean": clean_accuracy(net),
        **calibrate(net),
        **stored,
    }
    write_atomic(folder / CARD, json.dumps(card, indent=1) + "\n")
    print(f"saved {folder} ({card['bytes'] / 1e6:.2f} MB)")
    for name in READ:
        print(
            f"  {name:<8} {100 * card['accuracy_clean'][name]:.2f} % on clean pictures"
        )
    return card
