"""Pictures from prompts: noise, a guided flow, and a decoder at the end."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.theory.guidance import classifier_free
from coursekit.theory.noise import pixel_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.solvers import euler, heun, rk4, time_grid

Decode = Callable[[Tensor], Tensor]  # what was learnt -> pictures in [-1, 1]
SOLVERS = {"euler": euler, "heun": heun, "rk4": rk4}
BATCH = 50  # prompts sampled at once


def pixels(x0: Tensor) -> Tensor:
    """The decoder of a model that learnt pixels."""
    return x0


def walk_prompts(
    model: nn.Module,
    ids: Tensor,
    null: Tensor,
    start: Tensor,
    num_steps: int = 24,
    scale: float = 1.0,
    solver: str = "euler",
    shift: float = 1.0,
) -> Iterator[Tensor]:
    """All states from noise to what was learnt, guided to the prompts.

    ids: (B, L); null: (L,), the empty prompt; start: (B, C, H, W) noise; scale 1: no
    guidance; solver: a name of SOLVERS (ValueError for another); shift: of the times
    (theory.resolution_shift), as the model was trained.
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver={solver!r}: use one of {', '.join(SOLVERS)}")
    asked = classifier_free(model, ids, null, scale)
    predict = denoiser(asked, LinearPath(), "velocity")
    ts = shift_time(time_grid(num_steps), shift)
    yield from SOLVERS[solver](predict, start, ts)


def starts(count: int, shape: tuple[int, ...], seed: int) -> Tensor:
    """Starting noise (count, *shape), drawn on the CPU: equal on every device.

    shape: (C, H, W) of pictures, or that of anything else. The noise of picture i does
    not depend on how many there are.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([pixel_noise(shape, generator) for _ in range(count)])


@torch.no_grad()
def sample_prompts(
    model: nn.Module,
    decode: Decode,
    ids: Tensor,
    null: Tensor,
    shape: tuple[int, int, int],
    num_steps: int = 24,
    scale: float = 1.0,
    seed: int = 0,
    solver: str = "euler",
    shift: float = 1.0,
) -> NDArray[np.uint8]:
    """One picture for each row of `ids`, uint8 (B, H, W, C).

    shape: (C, H, W) of what the model learnt; the rest as in `walk_prompts`.
    """
    device = next(model.parameters()).device
    noise, done = starts(len(ids), shape, seed), []
    for i in range(0, len(ids), BATCH):
        told, start = ids[i : i + BATCH].to(device), noise[i : i + BATCH].to(device)
        *_, x0 = walk_prompts(
            model, told, null.to(device), start, num_steps, scale, solver, shift
        )
        done.append(decode(x0.cpu()))
    return to_uint8(torch.cat(done))
