"""Figure 04.C: the same flow on pixels and on latents, at equal training FLOPs.

One U-Net body, four spaces to work in: pixels and the latents of small VAEs with f = 2,
4 and 8. A step on a smaller grid is cheaper, so equal FLOPs buy more steps. Quality is
measured on the way, and the VAE's own training is stated beside it. What a VAE loses
comes back in no sample: the ceiling (`latent_small_vaes`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.experiments.cache import Images, kept
from coursekit.experiments.compute import flops
from coursekit.experiments.films import last
from coursekit.experiments.image_ruler import Ruler, make_ruler
from coursekit.experiments.summary import Result, for_seeds, prefixed, sum_up
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    SPACES,
    TRAINING,
    judged,
    small_vae,
)
from coursekit.models.unet import UNetConfig
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler, time_grid
from coursekit.training.loop import Run, train
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipes_latent import TEDDY_VAE
from coursekit.training.recipes_pixels import TEDDY_FLOW

MARKS = (0.25, 0.5, 1.0)  # of the budget: when quality is measured
PIXEL_STEPS = 300  # the budget: so many steps of the flow on pixels
BATCH, EVALS = 32, 20
Decode = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Space:
    """Where a flow works: its data there, the way back, and what a step costs."""

    name: str
    data: Data  # float, (N, C, H, W)
    decode: Decode
    network: UNetConfig
    cost: float  # FLOPs of one training step

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        c, h, w = self.data.x.shape[1:]
        return c, h, w


def make_space(name: str, seed: int, data: Data, quick: bool) -> Space:
    """ "pixels", or the latents of a small VAE by its name in SPACES."""
    widths = (8, 16) if quick else (24, 48)
    x = to_model(data.x)
    decode: Decode = nn.Identity()
    if name != "pixels":
        net = small_vae(name, seed, data, quick)
        with torch.no_grad():
            x = torch.cat([net.encode(part) for part in torch.split(x, 250)])
        decode = net.decode
    patch = 2 if name == "pixels" else 1
    config = UNetConfig(channels=x.shape[1], widths=widths, patch=patch)
    body = TEDDY_FLOW.build(config)
    cost = TRAINING * BATCH * flops(body, x[:4], torch.full((4,), 0.5))
    text = f"{data.text}, in {name} of seed {seed}"
    return Space(name, Data(x, text), decode, config, cost)


@torch.no_grad()
def samples(model: nn.Module, space: Space, count: int, seed: int) -> Images:
    """`count` pictures, by EVALS Euler steps and the decoder."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn((count, *space.shape), generator=generator)
    predict, done = denoiser(model, LinearPath(), "velocity"), []
    for part in torch.split(start, 50):
        x0 = last(euler(predict, part, time_grid(EVALS)))
        done.append(space.decode(x0))
    return to_uint8(torch.cat(done))


def lesson(
    space: Space, seed: int, budget: float, ruler: Ruler, count: int
) -> dict[str, Any]:
    """Train until the budget (FLOPs) is spent; scores at each of MARKS.

    Lists: frechet, valid; numbers: steps, seconds (of training alone).
    """
    steps = max(1, round(budget / space.cost))
    profile = Profile(
        space.network,
        steps=steps,
        batch=BATCH,
        lr=1e-3,
        warmup=max(1, min(100, steps // 10)),
        ema=0.99,
    )
    run = Run(replace(RECIPE, seed=seed), profile, space.data)
    marks = {max(1, round(mark * steps)) for mark in MARKS}
    found: dict[str, Any] = {"frechet": [], "valid": [], "steps": steps}
    for step in train(run):
        if step.number in marks:
            model = run.ema.copy_of()
            scores = ruler.scores(samples(model, space, count, seed))
            found["frechet"].append(scores["frechet"])
            found["valid"].append(scores["valid"])
    return {**found, "seconds": run.seconds}


RECIPE = replace(
    TEDDY_FLOW, name="latent-flow", title="Flow matching on whatever it is given"
)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.C.

    For each space (pixels, f2, f4, f8, f8wide): lists over `marks` (shares of the
    `budget`, in FLOPs) `{space}_frechet`, `{space}_valid`, with _std; the last values
    as `{space}_end_frechet`, `_end_valid`, with _std and _all; `{space}_steps`,
    `_seconds`, `_step_flops`. For each VAE what is kept of held-out pictures:
    `{space}_kept_{name}` for psnr, hat, glasses, ..., with _std and _all;
    `{space}_numbers`, and `_vae_share`, FLOPs of its training over the budget.
    `real_valid`, `floor_frechet`.
    """
    count, many = (16, 64) if quick else (200, 6000)
    data, ruler = TEDDY_VAE.load(many), make_ruler("teddy", quick)
    pixels = make_space("pixels", 0, data, quick)
    budget = (4 if quick else PIXEL_STEPS) * pixels.cost

    def real(seed: int) -> dict[str, float]:
        scores = ruler.floor(count, seed)
        return {"floor_frechet": scores["frechet"], "real_valid": scores["valid"]}

    def compute(name: str, seed: int) -> dict[str, Any]:
        space = make_space(name, seed, data, quick)
        found = lesson(space, seed, budget, ruler, count)
        return {**found, "step_flops": space.cost}

    def one(name: str, seed: int) -> dict[str, Any]:
        settings = (RECIPE, name, seed, budget, data.text, count, MARKS, EVALS)
        found = kept(
            f"latent_flows/{name}-{seed}", settings, partial(compute, name, seed)
        )
        ends = {f"end_{key}": found[key][-1] for key in ("frechet", "valid")}
        once = {key: found.pop(key) for key in ("steps", "step_flops")}
        result.update(prefixed(name, once))
        return found | ends

    result: Result = {"marks": list(MARKS), "pictures": count, "evaluations": EVALS}
    result |= {"budget": budget, **for_seeds(real, seeds)}
    for name in ("pixels", *SPACES):
        if name != "pixels":
            losses = [judged(name, seed, data, quick) for seed in seeds]
            result |= prefixed(f"{name}_kept", sum_up(losses))
            result[f"{name}_numbers"] = int(losses[0]["numbers"])
            result[f"{name}_vae_share"] = losses[0]["flops"] / budget
        result |= prefixed(name, for_seeds(one, seeds, name))
    return result
