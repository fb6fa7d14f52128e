"""Train the reader of two bears: python -m coursekit.datasets.teddy.train_pair_reader

Writes weights and card of data/readers/pairs at the end, by renaming finished files,
so a stopped run leaves the old reader untouched.
"""

import sys

import torch
from torch import Tensor

from coursekit.datasets.teddy.pair_card import finish
from coursekit.datasets.teddy.pair_data import Halves, batches
from coursekit.datasets.teddy.pair_reader import QUESTIONS, HalfReader
from coursekit.datasets.teddy.reader_command import reader_parser, run_command
from coursekit.datasets.teddy.reader_loop import (
    answers_loss,
    fit,
    known_error,
    last,
    run_facts,
)

SEED = 4101
STEPS = 2400
BATCH = 128
LEARNING_RATE = 3e-3
# How much each question counts; the place of a bear is the easiest thing to see.
WEIGHTS = {"fur": 1.0, "hat": 2.0, "seen": 1.0}


def pair_loss(outputs: tuple[dict[str, Tensor], Tensor], batch: Halves) -> Tensor:
    """Mean cross-entropy of the asked questions plus squared error of the places."""
    logits, place = outputs
    answers = answers_loss(logits, batch.answers, WEIGHTS)
    return answers + 2 * known_error(4 * place, 4 * batch.place)


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
        **run_facts(net, samples, seconds, curve),
    }
    return net.eval(), facts


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, measure, save. Returns 0, or 2 for bad input."""
    parser = reader_parser("train_pair_reader", __doc__, "pairs", STEPS, 4000)
    return run_command(parser, argv, lambda args: train(args.steps), finish)


if __name__ == "__main__":
    sys.exit(main())
