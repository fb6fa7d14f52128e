"""The solvers of the boxes by name: from noise and a belief to data, state by state."""

from collections.abc import Iterator

import torch
from torch import Tensor

from coursekit.theory.dpm_solver import dpm2m
from coursekit.theory.few_steps import consistency_sampler
from coursekit.theory.paths import DDPMPath, Path
from coursekit.theory.prediction import Predict
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.sde import reverse_sde
from coursekit.theory.solvers import ddim_path, euler, heun, rk4, time_grid

# An SDE's pull has no bound at t = 1, and log SNR has none at either end.
LATEST_SDE, LATEST, EARLIEST = 0.98, 0.999, 0.001


def times(path: Path, solver: str, steps: int, shift: float = 1.0) -> Tensor:
    """The times of a walk: N + 1 falling float64 numbers, shifted where one says so.

    A chain only knows its own steps, so its times are rounded to them.
    """
    start = {"sde": LATEST_SDE, "dpm2m": LATEST}.get(solver, 1.0)
    end = EARLIEST if solver in ("sde", "dpm2m") else 0.0
    ts = shift_time(time_grid(steps, start, end), shift)
    if isinstance(path, DDPMPath):
        chain = len(path.log_alpha_bar) - 1
        ts = (ts * chain).round() / chain
    return ts


def walk(
    predict: Predict,
    start: Tensor,
    path: Path,
    solver: str,
    steps: int,
    fresh: torch.Generator,
    shift: float = 1.0,
) -> Iterator[Tensor]:
    """All states from noise to data, N + 1 of them, the first is `start`.

    solver: a word of `boxes.SOLVERS` (ValueError for another); fresh: whence noise
    comes where a solver wants some; shift: of the times.
    """
    ts = times(path, solver, steps, shift)
    if solver == "ancestral":
        return ddim_path(predict, start, ts, path, 1.0, fresh)
    if solver == "ddim":
        return ddim_path(predict, start, ts, path, 0.0)
    if solver == "sde":
        return reverse_sde(predict, start, ts, path, 1.0, fresh)
    if solver == "dpm2m":
        return dpm2m(predict, start, ts, path)
    if solver == "consistency":  # guess the end, add fresh noise, guess again

        def end(x: Tensor, t: Tensor) -> Tensor:
            return predict(x, t).x0

        return consistency_sampler(end, start, ts, path, fresh)
    plain = {"euler": euler, "heun": heun, "rk4": rk4}
    if solver not in plain:
        raise ValueError(f"no solver {solver!r}: use one of {', '.join(plain)}, ...")
    return plain[solver](predict, start, ts)
