"""Fashion-MNIST, quality against training time, beside smalldiffusion's own code.

    python benchmarks/fashion_quality.py [--minutes 8] [--samples 500] [--out FILE]

Equal for all: the 8,000 pictures that ship, batches of 32, one thread, the minutes of
processor time spent on training (sampling is not counted), 20 network evaluations for
a picture, and the judge: the Frechet distance to held-out pictures in the features of
our small classifier, over two seeds of sampling. It is looked at after a quarter, a
half and all of the time.

Everything else is each side's own. Ours: the recipe fashion-flow in float32, with as
many steps as the time holds, and its own walk; and "brisk", the same network made for a
short training: bf16 where the processor has it, twice the rate, logit-normal times, and
a walk with fresh noise.
Theirs: `training_loop`, `samples` (gam 1.6), the schedules, networks and learning rates
of the examples fashion_mnist_dit.py and fashion_mnist_unet.py. Three things of the
examples are changed. Batches are 32, not 1,024, which minutes of a laptop would not
fill. Pictures are not mirrored, since a mirrored shoe is not in the data. The average
of the weights has our decay, 0.998: theirs, 0.99 and 0.999 a batch of 1,024, would be
0.9997 and more a batch of 32, and remember the beginning. Their networks are made for a
GPU, so there is a smaller DiT of theirs too, with patches of 4 and a width of 128.

Needs smalldiffusion, accelerate and einops:

    pip install --no-deps smalldiffusion accelerate && pip install einops psutil
"""

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from throughput import smalldiffusion_module
from torch import Tensor, nn
from torch.utils.data import DataLoader

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.quality import held_out_images, vectors
from coursekit.evaluation.sampling import sample_images
from coursekit.models.unet import count_parameters
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import ddim_path, time_grid
from coursekit.theory.training_times import LogitNormal, TimeLaw, Uniform
from coursekit.training.loop import Run, train
from coursekit.training.objectives import Flow, Objective, clip_denoised
from coursekit.training.precision import native_bf16
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipes_pixels import FASHION_FLOW

SHARES = (0.25, 0.5, 1.0)
EVALS, BATCH, SEEDS, DECAY = 20, 32, (0, 1), 0.998
Draw = Callable[[nn.Module, int, int], NDArray[np.uint8]]  # network, count, seed
Lesson = Iterator[Callable[[], nn.Module]]  # after each update: what would be shown


class Average:
    """A running average of a network's weights."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """It starts as a copy."""
        self.model, self.decay = copy.deepcopy(model).eval(), decay
        self.seen = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """One update more; the first ones count more, as in torch_ema."""
        self.seen += 1
        decay = min(self.decay, (1 + self.seen) / (10 + self.seen))
        mine, new = list(self.model.parameters()), list(model.parameters())
        torch._foreach_lerp_(mine, new, 1 - decay)


class Brisk(Flow):
    """`Flow` for a short training: middle times count more, walks make fresh noise.

    The times are logit-normal (Esser et al. 2024); a walk with eta = 1 repairs errors
    that a network makes early, as `Chain` does.
    """

    def __init__(self, logit_normal: bool = True) -> None:
        """It predicts the velocity."""
        super().__init__("velocity")
        self.times: TimeLaw = LogitNormal() if logit_normal else Uniform()

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Times from 0 to 1, most of them in the middle."""
        return self.times.sample(count, generator)

    @torch.no_grad()
    def walk(
        self, model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
    ) -> Tensor:
        """DDIM with eta = 1 on even times."""
        predict = clip_denoised(denoiser(model, self.path, "velocity"), self.path)
        ts = time_grid(num_evals, self.LATEST)
        *_, x0 = ddim_path(predict, start, ts, self.path, 1.0, fresh)
        return x0


@dataclass(frozen=True)
class BriskRecipe(PictureRecipe):
    """fashion-flow with the objective above."""

    logit_normal: bool = True

    def objective(self) -> Objective:
        """What it learns."""
        return Brisk(self.logit_normal)


def brisk(lr: float = 2e-3, logit_normal: bool = True) -> PictureRecipe:
    """fashion-flow for a few minutes: a larger rate, other times, another walk."""
    names = [field.name for field in fields(PictureRecipe)]
    values = {name: getattr(FASHION_FLOW, name) for name in names}
    values["cpu"] = replace(FASHION_FLOW.cpu, lr=lr, warmup=200)
    return BriskRecipe(**values, logit_normal=logit_normal)


def ours(
    minutes: float, recipe: PictureRecipe, precision: str
) -> tuple[nn.Module, Lesson, Draw]:
    """A recipe of ours; a few updates of a copy say how many steps fit."""
    objective, data = recipe.objective(), recipe.load(0)
    trial = Run(recipe, replace(recipe.cpu, steps=40), data, precision=precision)
    for step in train(trial):
        if step.number == 10:
            start = time.process_time()
    pace = (time.process_time() - start) / 30
    steps = int(60 * minutes / pace)
    profile = replace(recipe.cpu, steps=steps)
    run = Run(recipe, profile, data, precision=precision)

    def lesson() -> Lesson:
        for _ in train(run):
            yield run.averaged

    def draw(model: nn.Module, count: int, seed: int) -> NDArray[np.uint8]:
        sampler = objective.estimator(model).eval()
        return sample_images(sampler, objective.walk, recipe.shape, count, EVALS, seed)

    return run.model, lesson(), draw


def theirs(kind: str) -> tuple[nn.Module, Lesson, Draw]:
    """One of smalldiffusion's two examples, "DiT" or "U-Net", or a "small DiT"."""
    code = smalldiffusion_module("diffusion")
    rate = 1e-3
    if kind.endswith("DiT"):
        build = smalldiffusion_module("model_dit").DiT
        schedule = code.ScheduleDDPM(beta_start=0.0001, beta_end=0.02, N=1000)
        patch, heads = (2, 6) if kind == "DiT" else (4, 4)
        model = build(28, 1, patch, depth=6, head_dim=32, num_heads=heads)
    else:
        scaled = smalldiffusion_module("model").Scaled
        build = scaled(smalldiffusion_module("model_unet").Unet)
        schedule = code.ScheduleLogLinear(sigma_min=0.01, sigma_max=20, N=800)
        model = build(28, 1, 1, ch=64, ch_mult=(1, 1, 2), attn_resolutions=(14,))
        rate = 7e-4
    pictures = to_model(FASHION_FLOW.load(0).x)
    loader = DataLoader(pictures, batch_size=BATCH, shuffle=True)  # type: ignore[arg-type]
    average = Average(model, DECAY)

    def lesson() -> Lesson:
        for step, _ in enumerate(code.training_loop(loader, model, schedule, lr=rate)):
            if step:  # the loop yields before it updates
                average.update(model)
            yield lambda: average.model

    def draw(model: nn.Module, count: int, seed: int) -> NDArray[np.uint8]:
        torch.manual_seed(seed)
        sigmas, done = schedule.sample_sigmas(EVALS), []
        for begin in range(0, count, 100):
            size = min(100, count - begin)
            *_, x0 = code.samples(model, sigmas, gam=1.6, batchsize=size)
            done.append(x0)
        return to_uint8(torch.cat(done))

    return model, lesson(), draw


def score(draw: Draw, model: nn.Module, count: int) -> list[float]:
    """The Frechet distance to held-out pictures, a number for each seed."""
    found = []
    for seed in SEEDS:
        real, _ = held_out_images("fashion", count, seed)
        images = draw(model, count, seed)
        found.append(frechet(vectors("fashion", images), vectors("fashion", real)))
    return found


def with_last(lesson: Lesson) -> Iterator[tuple[Callable[[], nn.Module], bool]]:
    """Each update, and whether it is the last one of a lesson that ends by itself."""
    before = next(lesson)
    for shown in lesson:
        yield before, False
        before = shown
    yield before, True


def compete(
    name: str, entry: tuple[nn.Module, Lesson, Draw], minutes: float, count: int
) -> dict[str, Any]:
    """Train for so many minutes of the processor; look at it on the way."""
    model, lesson, draw = entry
    marks = [60 * minutes * share for share in SHARES]
    spent, steps = 0.0, 0
    result: dict[str, Any] = {"parameters": count_parameters(model), "looks": []}
    start = time.process_time()
    for shown, last in with_last(lesson):
        steps += 1
        now = spent + time.process_time() - start
        if now < marks[len(result["looks"])] and not last:
            continue
        spent = now
        found = score(draw, shown(), count)
        look = {"minutes": spent / 60, "steps": steps, "frechet": found}
        result["looks"].append(look)
        print(
            f"{name:24} {spent / 60:5.2f} min {steps:6d} steps  "
            f"Frechet {np.mean(found):7.1f} +- {np.std(found, ddof=1):.1f}",
            flush=True,
        )
        if len(result["looks"]) == len(SHARES):
            break
        start = time.process_time()
    return result


def main() -> int:
    """Run the contest and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=8.0, help="of training, each")
    parser.add_argument("--samples", type=int, default=250)
    parser.add_argument("--out", type=Path, help="keep the numbers as JSON")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="of the contestants")
    args = parser.parse_args()
    torch.set_num_threads(1)
    real = []
    for seed in SEEDS:
        pair = held_out_images("fashion", args.samples, seed)
        real.append(frechet(*(vectors("fashion", images) for images in pair)))
    print(f"real against real: {np.mean(real):.1f}", flush=True)
    low = "bf16" if native_bf16() else "float32"
    entries: dict[str, Callable[[], tuple[nn.Module, Lesson, Draw]]] = {
        "coursekit fashion-flow": lambda: ours(args.minutes, FASHION_FLOW, "float32"),
        "coursekit brisk": lambda: ours(args.minutes, brisk(), low),
        "smalldiffusion small DiT": lambda: theirs("small DiT"),
        "smalldiffusion DiT": lambda: theirs("DiT"),
        "smalldiffusion U-Net": lambda: theirs("U-Net"),
    }
    results: dict[str, Any] = {"real": real}
    for name, enter in entries.items():
        if args.only and not any(part in name for part in args.only):
            continue
        torch.manual_seed(0)
        results[name] = compete(name, enter(), args.minutes, args.samples)
        print(f"{name}: {results[name]['parameters']:,} parameters", flush=True)
        if args.out:
            args.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
