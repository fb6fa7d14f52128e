"""Predicted against measured FLOPs and seconds for a picture of our own models.

    python benchmarks/picture_cost.py [--threads 1] [--rounds 5] [--side 256]
        [--watts 30 --per-kwh 0.3]

FLOPs: predicted from the configurations, and counted by torch while a picture is drawn.
Seconds are the least of the rounds for each picture, alone and in a batch of sixteen,
all taking turns; with one thread they are CPU seconds. A busy machine disturbs both
less, and still too much to judge by. Two predictions: by the rate of one measured
product of float32 squares alone, and by a machine calibrated on teddy-prompts, both its
rows, which are therefore right by themselves. --watts and --per-kwh say what a
megapixel costs in electricity. Nothing is asserted.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.evaluation.picture_prices import (
    Machine,
    calibrated,
    electricity,
)
from coursekit.experiments.compute import product, seconds
from coursekit.models.picture_cost import PictureCost, picture_cost
from coursekit.models.strided import Strides
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.pipeline.students import student
from coursekit.training.recipes import RECIPES

PROMPT = "a brown teddy bear with a red hat is reading in the park"
BATCHES = (1, 16)


def pipelines() -> dict[str, Pipeline]:
    """Each model at its usual steps and guidance."""
    found = {n: from_checkpoint(n) for n in ("teddy-prompts", "teddy-64-prompts")}
    return {**found, "teddy-64-progressive": student("teddy-64-progressive")}


def predicted(pipe: Pipeline) -> PictureCost:
    """What one picture of the pipeline costs, from configurations only."""
    recipe, model, boxes = RECIPES[pipe.parts.name], pipe.parts.model, pipe.boxes
    strided = isinstance(model, Strides)
    config = model.network.config if strided else model.config
    vae = RECIPES[recipe.latents].cpu.model
    return picture_cost(
        config, recipe.size, vae, boxes.steps, boxes.scale != 1, strided
    )


def counted(pipe: Pipeline) -> int:
    """What torch counts while one picture is drawn."""
    plain = sdpa_kernel(SDPBackend.MATH)  # the fused kernel is not counted
    with plain, FlopCounterMode(display=False) as counter:
        pipe.draw([PROMPT])
    return counter.get_total_flops()


def main(argv: list[str]) -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--watts", type=float)
    parser.add_argument("--per-kwh", type=float)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    pipes = pipelines()
    costs = {name: predicted(pipe) for name, pipe in pipes.items()}
    for name, cost in costs.items():
        found = counted(pipes[name])
        print(
            f"{name:<22} {cost.passes:3d} passes  {cost.total / 1e9:7.3f} GFLOP "
            f"predicted, {found / 1e9:7.3f} counted ({cost.total / found - 1:+.2%}), "
            f"{cost.per_megapixel(cost.total) / 1e12:.2f} TFLOP a megapixel"
        )
    flops, run = product(args.side)
    runs: dict[str, Callable[[], object]] = {"product": run}
    for name, pipe in pipes.items():
        for batch in BATCHES:
            runs[f"{name} {batch}"] = partial(pipe.draw, [PROMPT] * batch)
    clock = time.process_time if args.threads == 1 else time.perf_counter
    spent = seconds(runs, args.rounds, clock)
    took = {name: min(each) for name, each in spent.items()}
    bare, first = Machine(flops / took["product"], 1.0), next(iter(costs))
    used = calibrated(
        bare.peak,
        costs[first].total,
        pipes[first].boxes.steps,
        *(took[f"{first} {batch}"] for batch in BATCHES),
        batch=BATCHES[-1],
    )
    print(
        f"\nproduct of {args.side}: {bare.peak / 1e9:.1f} GFLOP/s; calibrated: "
        f"{used.utilisation:.0%} of it and {used.per_call * 1e3:.1f} ms a call"
    )
    hour = electricity(args.watts or 0, args.per_kwh or 0)
    for name, cost in costs.items():
        for batch in BATCHES:
            each = took[f"{name} {batch}"] / batch
            one = bare.seconds(cost.total)
            # guided or not, one call a step: both questions go in one batch
            two = used.seconds(batch * cost.total, pipes[name].boxes.steps) / batch
            spent = cost.per_megapixel(each)
            money = f", {spent * hour / 3600:.2g} for electricity" if hour else ""
            print(
                f"{name:<22} x {batch:2d}  {each:.4f} s each; by the product {one:.4f} "
                f"({one / each - 1:+.0%}), calibrated {two:.4f} "
                f"({two / each - 1:+.0%}); {spent:.1f} s a megapixel{money}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
