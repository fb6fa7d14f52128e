"""Train the reader of two bears: python -m coursekit.datasets.teddy.train_pair_reader

Writes data/readers/pairs/{weights.safetensors, card.json} at the end, by renaming
finished files, so a stopped run leaves the old reader untouched.
"""

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.datasets.teddy.pair_card import finish
from coursekit.datasets.teddy.pair_data import Halves, batches
from coursekit.datasets.teddy.pair_reader import QUESTIONS, HalfReader
from coursekit.datasets.teddy.reader_data import IGNORE
from coursekit.datasets.teddy.reader_loop import fit, last
from coursekit.datasets.teddy.reader_nets import reader_folder

SEED = 4101
STEPS = 2400
BATCH = 128
LEARNING_RATE = 3e-3
# How much each question counts; the place of a bear is the easiest thing to see.
WEIGHTS = {"fur": 1.0, "hat": 2.0, "seen": 1.0}


def pair_loss(outputs: tuple[dict[str, Tensor], Tensor], batch: Halves) -> Tensor:
    """Mean cross-entropy of the asked questions plus squared error of the places."""
    logits, place = outputs
    total = torch.zeros(())
    for column, (name, values) in enumerate(logits.items()):
        target = batch.answers[:, column]
        asked = (target != IGNORE).sum().clamp(min=1)
        loss = F.cross_entropy(values, target, ignore_index=IGNORE, reduction="sum")
        total = total + WEIGHTS[name] * loss / asked
    known = ~batch.place.isnan()
    error = (4 * (place - batch.place.nan_to_num())).square() * known
    return total + 2 * error.sum() / known.sum().clamp(min=1)


def train(steps: int, quiet: bool = False) -> tuple[HalfReader, dict[str, object]]:
    """Train from scratch; returns the network in eval mode and facts for its card."""
    torch.manual_seed(SEED)
    net = HalfReader().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    samples = 0

    def loss_of(batch: Halves) -> Tensor:
        nonlocal samples
        samples += len(batch.x)
        return pair_loss(net(last(batch.x)), batch)

    curve, seconds = fit(
        net, loss_of, batches(SEED, BATCH), steps, LEARNING_RATE, quiet=quiet
    )
    facts: dict[str, object] = {
        "reader": "pairs",
        "questions": QUESTIONS,
        "recipe": {
            **{"seed": SEED, "steps": steps, "batch": BATCH},
            **{"learning_rate": LEARNING_RATE, "weights": WEIGHTS},
        },
        "samples": samples,
        "seconds": round(seconds, 1),
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss_curve": curve,
    }
    return net.eval(), facts


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, measure, save. Returns 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(prog="train_pair_reader", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--pictures", type=int, default=4000, help="for its figures")
    parser.add_argument("--threads", type=int, default=1, help="of torch, default 1")
    parser.add_argument("--out", type=Path, help="default: data/readers/pairs")
    args = parser.parse_args(argv)
    if args.steps < 1 or args.pictures < 8:
        print("train_pair_reader: use at least 1 step and 8 pictures", file=sys.stderr)
        return 2
    torch.set_num_threads(max(1, args.threads))
    net, facts = train(args.steps)
    finish(net, facts, args.out or reader_folder() / "pairs", args.pictures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
