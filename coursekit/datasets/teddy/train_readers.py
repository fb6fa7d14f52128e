"""Train a reader: python -m coursekit.datasets.teddy.train_readers --which first

Pictures are drawn fresh all the time; each batch mixes scenes (clean, noisy, blurred)
with pictures that are not scenes. The two readers differ in network, seed, corruption
ranges and mixture. Writes weights and card of data/readers/<which> at the end, by
renaming a finished file, so a stopped run leaves the old reader untouched.
"""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from coursekit.datasets.teddy.reader_batches import ReaderRecipe, batches
from coursekit.datasets.teddy.reader_data import Batch
from coursekit.datasets.teddy.reader_loop import (
    answers_loss,
    fit,
    known_error,
    last,
    run_facts,
)
from coursekit.datasets.teddy.reader_nets import (
    READERS,
    make_reader,
    reader_folder,
    split_outputs,
)

# How much each question counts, by stage; poses of small bears are learnt last.
WEIGHTS = (
    {"valid": 2.0, "hat": 2.0, "glasses": 2.0, "pose": 2.0, "action": 2.0},
    {"valid": 2.0, "glasses": 3.0, "pose": 4.0},
    {"valid": 3.0, "glasses": 3.0, "pose": 6.0},
    {"valid": 3.0, "glasses": 3.0, "pose": 8.0},
)
READER_RECIPES = {
    "first": ReaderRecipe(seed=11),
    "second": ReaderRecipe(
        seed=2207,
        samples=(130_000, 120_000, 64_000, 96_000),
        pace=(1, 1 / 2, 1 / 3, 1 / 2),
        learning_rate=1.5e-3,
        clean=0.4,
        noise=0.6,
        blur=2.0,
        spoiled=0.30,
        kinds=(0.76, 0.12, 0.12),
        left_out=("turned", "blobs"),
    ),
}


def reader_loss(outputs: Tensor, batch: Batch, weights: dict[str, float]) -> Tensor:
    """Mean cross-entropy of the asked questions plus squared error of the measures."""
    logits, measures = split_outputs(outputs)
    answers = answers_loss(logits, batch.answers, weights)
    return answers + 2 * known_error(measures, batch.measures)


def run_stage(
    net: torch.nn.Module,
    recipe: ReaderRecipe,
    weights: dict[str, float],
    quiet: bool = False,
) -> tuple[list[float], float]:
    """One stage of `recipe.samples[0]` pictures: the loss curve and the seconds."""
    steps = max(1, recipe.samples[0] // recipe.batch)
    return fit(
        net,
        lambda batch: reader_loss(net(last(batch.x)), batch, weights),
        batches(recipe),
        steps,
        recipe.learning_rate,
        recipe.weight_decay,
        quiet,
    )


def train_reader(
    which: str, recipe: ReaderRecipe, quiet: bool = False
) -> tuple[torch.nn.Module, dict[str, object]]:
    """Train from scratch; returns the network in eval mode and facts for its card."""
    torch.manual_seed(recipe.seed)
    net = make_reader(which).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    curve: list[float] = []
    seconds = 0.0
    for number in range(1, len(recipe.samples) + 1):
        torch.manual_seed(recipe.seed + 500 * (number - 1))
        losses, took = run_stage(net, recipe.stage(number), WEIGHTS[number - 1], quiet)
        curve += losses
        seconds += took
    facts: dict[str, object] = {
        "reader": which,
        "recipe": asdict(recipe),
        **run_facts(net, sum(recipe.samples), seconds, curve),
    }
    return net.eval(), facts


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, save. Returns 0, or 2 for bad input."""
    from coursekit.datasets.teddy.reader_card import finish

    parser = argparse.ArgumentParser(prog="train_readers", description=__doc__)
    parser.add_argument("--which", choices=READERS, required=True)
    parser.add_argument("--samples", type=int, help="pictures in each stage")
    parser.add_argument("--threads", type=int, default=1, help="of torch, default 1")
    parser.add_argument("--out", type=Path, help="default: data/readers/<which>")
    args = parser.parse_args(argv)
    torch.set_num_threads(max(1, args.threads))
    recipe = READER_RECIPES[args.which]
    if args.samples is not None:
        if args.samples < 1:
            print("train_readers: --samples must be at least 1", file=sys.stderr)
            return 2
        recipe = replace(recipe, samples=(args.samples,) * len(recipe.samples))
    net, facts = train_reader(args.which, recipe)
    folder = args.out or reader_folder() / args.which
    finish(net, facts, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
