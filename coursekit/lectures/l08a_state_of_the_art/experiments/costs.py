"""Figure 08a.D: what a picture of our own models costs, predicted and measured.

FLOPs are predicted from configurations, and counted by torch while a picture is drawn.
Seconds are predicted by a machine with two numbers, its rate and how long a call waits;
both come from the default model, alone and in a batch. All else is a prediction: the
same network without guidance, its student, and a network of another size.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.evaluation.picture_prices import (
    calibrated,
    electricity,
)
from coursekit.experiments.compute import product, seconds
from coursekit.experiments.summary import Result
from coursekit.models.picture_cost import PictureCost, picture_cost
from coursekit.models.strided import Strides
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.pipeline.students import student
from coursekit.training.recipes import RECIPES

PROMPT = "a brown teddy bear with a red hat is reading in the park"
BATCH = 16
SQUARE = 256  # side of the product that says what the machine does at best
WATTS, PER_KWH = 30.0, 0.30  # of a laptop, and a price: settings, not measured


def pipelines() -> dict[str, Pipeline]:
    """What `coursekit sample` draws with, guided and not; its student; another one."""
    default = from_checkpoint("teddy-64-prompts")
    return {
        "default": default,
        "unguided": default.swap(guidance="none"),
        "student": student("teddy-64-progressive"),
        "other": from_checkpoint("teddy-prompts"),  # pictures of 32 x 32
    }


def predicted(pipe: Pipeline) -> PictureCost:
    """What one picture of a pipeline costs, from configurations only."""
    recipe: Any = RECIPES[pipe.parts.name]
    model: Any = pipe.parts.model
    strided, boxes = isinstance(model, Strides), pipe.boxes
    config = (model.network if strided else model).config
    vae: Any = RECIPES[recipe.latents].cpu.model
    return picture_cost(
        config, recipe.size, vae, boxes.steps, boxes.scale != 1, strided
    )


def counted(pipe: Pipeline) -> int:
    """What torch counts while one picture is drawn."""
    plain = sdpa_kernel(SDPBackend.MATH)  # the fused kernel is not counted
    with plain, FlopCounterMode(display=False) as counter:
        pipe.draw([PROMPT])
    return int(counter.get_total_flops())


def timed(pipes: dict[str, Pipeline], rounds: int, batch: int) -> dict[str, float]:
    """CPU seconds at best: of the product, of a picture alone, and of a batch.

    All take turns, on one thread.
    """

    def draw(pipe: Pipeline, count: int) -> None:
        pipe.draw([PROMPT] * count)

    runs: dict[str, Callable[[], None]] = {"product": product(SQUARE)[1]}
    for name, pipe in pipes.items():
        runs[f"{name}_alone"] = partial(draw, pipe, 1)
        runs[f"{name}_batch"] = partial(draw, pipe, batch)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        spent = seconds(runs, rounds, time.process_time)
    finally:
        torch.set_num_threads(threads)
    return {name: min(each) for name, each in spent.items()}


def measure(quick: bool = False) -> Result:
    """Everything of 08a.D. Nothing else may run meanwhile; the rounds take no seeds.

    Keys: `batch`, `watts`, `per_kwh`; `peak_gflops` a second, of one product;
    `utilisation` and `call_ms` of the machine. For each of `pipelines`, `{name}_`:
    `passes`; `gflops` of a picture as predicted, `counted_gflops`; for "alone" and
    "batch" the CPU seconds of a picture, `{way}_seconds`, `{way}_predicted` and
    `{way}_off`, the second by the first less 1; of a megapixel, in batches, `tflops`,
    `seconds`, `price` (electricity), each after `megapixel_`.
    """
    pipes = pipelines()
    costs = {name: predicted(pipe) for name, pipe in pipes.items()}
    batch = 2 if quick else BATCH
    took = timed(pipes, 1 if quick else 9, batch)
    calls = {name: pipe.boxes.steps for name, pipe in pipes.items()}
    machine = calibrated(
        product(SQUARE)[0] / took["product"],
        costs["default"].total,
        calls["default"],
        took["default_alone"],
        took["default_batch"],
        batch,
    )
    result: Result = {
        "batch": batch,
        "watts": WATTS,
        "per_kwh": PER_KWH,
        "peak_gflops": machine.peak / 1e9,
        "utilisation": machine.utilisation,
        "call_ms": 1e3 * machine.per_call,
    }
    hour = electricity(WATTS, PER_KWH)
    for name, cost in costs.items():
        result |= {
            f"{name}_passes": cost.passes,
            f"{name}_gflops": cost.total / 1e9,
            f"{name}_counted_gflops": counted(pipes[name]) / 1e9,
        }
        for way, many in {"alone": 1, "batch": batch}.items():
            found = took[f"{name}_{way}"] / many
            # Guided or not, a step is one call: both questions go in one batch.
            told = machine.seconds(many * cost.total, calls[name]) / many
            result |= {
                f"{name}_{way}_seconds": found,
                f"{name}_{way}_predicted": told,
                f"{name}_{way}_off": told / found - 1,
            }
        spent = cost.per_megapixel(took[f"{name}_batch"] / batch)
        result |= {
            f"{name}_megapixel_tflops": cost.per_megapixel(cost.total) / 1e12,
            f"{name}_megapixel_seconds": spent,
            f"{name}_megapixel_price": spent * hour / 3600,
        }
    return result
