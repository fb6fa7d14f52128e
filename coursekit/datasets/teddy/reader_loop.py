"""Loop and losses for whoever trains a reader on an endless stream of pictures."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from coursekit.datasets.teddy.reader_data import IGNORE

T = TypeVar("T")


def fit(
    net: nn.Module,
    loss_of: Callable[[T], Tensor],
    stream: Iterator[T],
    steps: int,
    rate: float,
    decay: float = 0.02,
    quiet: bool = False,
) -> tuple[list[float], float]:
    """AdamW with one rise and fall of the rate: the loss curve, and the seconds."""
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, steps + 1, pct_start=0.15
    )
    start = time.perf_counter()
    curve: list[float] = []
    recent: list[float] = []
    work = zip(range(steps), stream, strict=False)
    bar = tqdm(work, total=steps, disable=quiet, mininterval=2)
    net.train()
    for step, batch in bar:
        loss = loss_of(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if (step + 1) % max(1, steps // 40) == 0:
            curve.append(round(float(np.mean(recent)), 4))
            recent.clear()
            bar.set_postfix(loss=curve[-1])
    return curve, time.perf_counter() - start


def answers_loss(
    logits: dict[str, Tensor], answers: Tensor, weights: dict[str, float]
) -> Tensor:
    """Mean cross-entropy of the asked questions, weighted.

    answers: (B, questions), a column for each entry of logits, in that order.
    """
    total = torch.zeros(())
    for column, (name, values) in enumerate(logits.items()):
        target = answers[:, column]
        asked = (target != IGNORE).sum().clamp(min=1)
        loss = F.cross_entropy(values, target, ignore_index=IGNORE, reduction="sum")
        total = total + weights.get(name, 1.0) * loss / asked
    return total


def known_error(found: Tensor, true: Tensor) -> Tensor:
    """Mean squared error where the truth is known, that is, not NaN."""
    known = ~true.isnan()
    error = (found - true.nan_to_num()).square() * known
    return error.sum() / known.sum().clamp(min=1)


def run_facts(
    net: nn.Module, samples: int, seconds: float, curve: list[float]
) -> dict[str, object]:
    """What every card says of a training run."""
    return {
        "samples": samples,
        "seconds": round(seconds, 1),
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss_curve": curve,
    }


def last(x: Tensor) -> Tensor:
    """The same numbers with the channels last in memory: faster convolutions."""
    return x.contiguous(memory_format=torch.channels_last)
