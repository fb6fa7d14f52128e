"""Train a reader: python -m coursekit.datasets.teddy.train_readers --which first

Pictures are drawn fresh all the time; each batch mixes scenes (clean, noisy, blurred)
with pictures that are not scenes. The two readers differ in network, seed, corruption
ranges and mixture. Writes data/readers/<which>/{weights.safetensors, card.json} at the
end, by renaming a finished file, so a stopped run leaves the old reader untouched.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from coursekit.datasets.teddy.reader_data import (
    IGNORE,
    SPOILERS,
    Batch,
    blur,
    empty_places,
    noisy,
    scene_batch,
)
from coursekit.datasets.teddy.reader_nets import (
    CHOICES,
    READERS,
    make_reader,
    reader_folder,
    split_outputs,
)

VALID = list(CHOICES).index("valid")
COUNT = list(CHOICES).index("count")
HARD = ("valid", "hat", "glasses", "pose", "action")  # weighted twice


@dataclass(frozen=True)
class ReaderRecipe:
    """How one reader is trained. Noise is in units of pixels that run from -1 to 1."""

    seed: int
    samples: int = 130_000
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    clean: float = 0.5  # part of the scenes that stay as drawn
    noise: float = 0.7  # the strongest noise a scene gets
    blur: float = 1.8
    spoiled: float = 0.25  # part of a batch that is not a scene
    kinds: tuple[float, float, float] = (0.80, 0.10, 0.10)
    left_out: tuple[str, ...] = ()  # non-scenes this reader never sees


RECIPES = {
    "first": ReaderRecipe(seed=11),
    "second": ReaderRecipe(
        seed=2207,
        learning_rate=1.5e-3,
        clean=0.4,
        noise=0.6,
        blur=2.0,
        spoiled=0.30,
        kinds=(0.76, 0.12, 0.12),
        left_out=("turned", "blobs"),
    ),
}


def corrupt(batch: Batch, recipe: ReaderRecipe, g: torch.Generator) -> Batch:
    """Noise and blur on a part of the scenes.

    Mildly corrupted scenes stay valid; between mild and hopeless `valid` is not asked.
    """
    n = len(batch.x)
    x = batch.x.clone()
    answers = batch.answers.clone()
    luck = torch.rand(n, generator=g)
    hit = luck >= recipe.clean
    parts = hit.nonzero()[:, 0].chunk(4)
    for index in parts:
        # One blur for each quarter of the corrupted scenes, none for about half.
        sigma = recipe.blur * float(torch.rand((), generator=g) * 2 - 1)
        x[index] = blur(x[index], sigma)
        if sigma > 1.0:
            answers[index, VALID] = IGNORE
    level = torch.rand(n, 1, 1, 1, generator=g) * 1.3 - 0.3
    level = recipe.noise * level.clamp(min=0) * hit[:, None, None, None]
    answers[level[:, 0, 0, 0] > 0.30, VALID] = IGNORE
    return Batch(noisy(x, level, g), answers, batch.measures)


def spoil(x: Tensor, recipe: ReaderRecipe, rng: np.random.Generator) -> Batch:
    """Turn scenes x into non-scenes; only `valid` (and `count` for empty places)."""
    g = torch.Generator().manual_seed(int(rng.integers(2**31)))
    names = [*(n for n in SPOILERS if n not in recipe.left_out), "empty"]
    result = x.clone()
    answers = torch.full((len(x), len(CHOICES)), IGNORE)
    answers[:, VALID] = 0
    for name, index in zip(
        names, torch.randperm(len(x), generator=g).chunk(len(names)), strict=False
    ):
        if name == "empty":
            result[index] = empty_places(len(index), rng)
            answers[index, COUNT] = 0
        else:
            result[index] = SPOILERS[name](x[index], g)
    return Batch(result, answers, torch.full((len(x), 6), float("nan")))


def batches(recipe: ReaderRecipe) -> Iterator[Batch]:
    """An endless stream of training batches."""
    rng = np.random.Generator(np.random.PCG64(recipe.seed))
    g = torch.Generator().manual_seed(recipe.seed)
    while True:
        pool = scene_batch(2048, rng, recipe.kinds)
        good = round(recipe.batch * (1 - recipe.spoiled))
        for part in torch.split(torch.randperm(2048, generator=g), good)[
            : 2048 // good
        ]:
            scenes = Batch(pool.x[part], pool.answers[part], pool.measures[part])
            seen = corrupt(scenes, recipe, g)
            other = torch.randint(2048, (recipe.batch - good,), generator=g)
            bad = spoil(pool.x[other], recipe, rng)
            yield Batch(
                torch.cat([seen.x, bad.x]),
                torch.cat([seen.answers, bad.answers]),
                torch.cat([seen.measures, bad.measures]),
            )


def reader_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy of the asked questions plus squared error of the measures."""
    logits, measures = split_outputs(outputs)
    total = torch.zeros(())
    for column, (name, values) in enumerate(logits.items()):
        target = batch.answers[:, column]
        asked = (target != IGNORE).sum().clamp(min=1)
        weight = 2.0 if name in HARD else 1.0
        total = total + weight * (
            F.cross_entropy(values, target, ignore_index=IGNORE, reduction="sum")
            / asked
        )
    known = ~batch.measures.isnan()
    error = (measures - batch.measures.nan_to_num()).square() * known
    return total + 2 * error.sum() / known.sum().clamp(min=1)


def train_reader(
    which: str, recipe: ReaderRecipe, quiet: bool = False
) -> tuple[torch.nn.Module, dict[str, object]]:
    """Train from scratch; returns the network in eval mode and facts for its card."""
    torch.manual_seed(recipe.seed)
    net = make_reader(which).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = max(1, recipe.samples // recipe.batch)
    optimizer = torch.optim.AdamW(
        net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, steps + 1, pct_start=0.15
    )
    start = time.perf_counter()
    curve: list[float] = []
    recent: list[float] = []
    bar = tqdm(
        zip(range(steps), batches(recipe), strict=False),
        total=steps,
        disable=quiet,
        mininterval=2,
    )
    for step, batch in bar:
        x = batch.x.contiguous(memory_format=torch.channels_last)
        loss = reader_loss(net(x), batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if (step + 1) % max(1, steps // 40) == 0:
            curve.append(round(float(np.mean(recent)), 4))
            recent.clear()
            bar.set_postfix(loss=curve[-1])
    facts: dict[str, object] = {
        "reader": which,
        "recipe": asdict(recipe),
        "steps": steps,
        "samples": steps * recipe.batch,
        "seconds": round(time.perf_counter() - start, 1),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss_curve": curve,
    }
    return net.eval(), facts


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, save. Returns 0, or 2 for bad input."""
    from coursekit.datasets.teddy.reader_card import finish

    parser = argparse.ArgumentParser(prog="train_readers", description=__doc__)
    parser.add_argument("--which", choices=READERS, required=True)
    parser.add_argument("--samples", type=int, help="pictures to train on")
    parser.add_argument("--out", type=Path, help="default: data/readers/<which>")
    args = parser.parse_args(argv)
    recipe = RECIPES[args.which]
    if args.samples is not None:
        if args.samples < 1:
            print("train_readers: --samples must be at least 1", file=sys.stderr)
            return 2
        recipe = ReaderRecipe(**{**asdict(recipe), "samples": args.samples})
    net, facts = train_reader(args.which, recipe)
    folder = args.out or reader_folder() / args.which
    finish(net, facts, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
