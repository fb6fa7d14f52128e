"""Seconds for a picture from a prompt, on the CPU: `coursekit sample` once it runs.

    python benchmarks/sample_speed.py [--threads 2] [--rounds 5] [--models NAME ...]

For each shipped text-to-image model: one picture and a batch of sixteen, without
guidance and with it, with Euler and with Heun. A figure is the median over the rounds,
with the fastest in brackets; decoding is included, loading is not (it has a line of
its own). Nothing is asserted: machines differ.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch

from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint

PROMPTS = {
    "teddy-prompts": "a brown teddy bear with a red hat is reading in the park",
    "emoji-prompts": "tomato in noto style",
}
SETTINGS = (
    ("no guidance, Euler 24", {"guidance": "none"}),
    ("guided, Euler 24", {}),
    ("guided, Heun 12", {"solver": "heun", "steps": 12}),
)


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and least seconds of `rounds` calls, after one that does not count."""
    work()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found), min(found)


def report(pipe: Pipeline, prompt: str, rounds: int) -> None:
    """A line for each setting."""
    for name, changes in SETTINGS:
        told = pipe.swap(**changes)
        cells = []
        for count in (1, 16):
            asked = [prompt] * count
            median, least = timed(lambda a=asked, p=told: p.draw(a), rounds)
            cells.append(f"{median / count:7.3f} s ({least / count:.3f})")
        calls = told.boxes.evaluations()
        print(f"  {name:<24} {calls:3d} evaluations   {cells[0]}   {cells[1]}")


def main(argv: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="*", default=list(PROMPTS))
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    for model in args.models:
        start = time.perf_counter()
        try:
            pipe = from_checkpoint(model)
        except PipelineError as error:
            print(f"{model}: left out ({error})")
            continue
        loading = time.perf_counter() - start
        print(f"{model}, {args.threads} threads, loaded in {loading:.2f} s")
        print(f"{'':50}one picture, and each of 16 (least)")
        report(pipe, PROMPTS[model], args.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
