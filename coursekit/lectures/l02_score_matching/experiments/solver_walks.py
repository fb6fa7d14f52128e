"""One way to call every solver of lecture 2: by name, and by evaluations to spend."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.dpm_solver import dpm1_step, dpm2_step, dpm2m, time_of_log_snr
from coursekit.theory.paths import Path
from coursekit.theory.prediction import Predict
from coursekit.theory.sde import reverse_sde
from coursekit.theory.solvers import euler, heun, rk4, time_grid

NAMES = {
    "em": "reverse SDE, Euler-Maruyama",
    "euler": "flow, Euler",
    "heun": "flow, Heun",
    "rk4": "flow, Runge-Kutta 4",
    "dpm1": "flow, DPM-Solver-1",
    "dpm2": "flow, DPM-Solver-2",
    "dpm2m": "flow, DPM-Solver 2M",
}
COST = {"heun": 2, "rk4": 4, "dpm2": 2}  # evaluations a step; 1 for all others
GRIDS = {"time": "even in t", "root": "even in √t", "snr": "even in log SNR"}
USUAL = {"dpm1": "snr", "dpm2": "snr", "dpm2m": "snr"}  # as the authors; others: time


def grid(kind: str, path: Path, num_steps: int, start: float, end: float) -> Tensor:
    """N + 1 decreasing times; kind: one of GRIDS, else ValueError."""
    if kind == "root":
        return time_grid(num_steps, start**0.5, end**0.5) ** 2
    if kind == "time":
        return time_grid(num_steps, start, end)
    if kind != "snr":
        raise ValueError(f"unknown grid {kind!r}: use one of {', '.join(GRIDS)}")
    ends = torch.tensor([start, end], dtype=torch.float64)
    low, high = path.log_snr(ends)
    share = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
    ts = time_of_log_snr(path, low + share * (high - low), *ends)
    ts[0], ts[-1] = start, end
    return ts


def steps_of(solver: str, nfe: int) -> int:
    """How many steps a solver can afford with `nfe` evaluations, at least one."""
    return max(nfe // COST.get(solver, 1), 1)


def single_steps(
    step: Callable[..., Tensor], predict: Predict, x: Tensor, ts: Tensor, path: Path
) -> Iterator[Tensor]:
    """One DPM-Solver step after the other."""
    yield x
    for t, s in pairwise(ts):
        x = step(predict, x, t, s, path)
        yield x


def walk(
    solver: str,
    predict: Predict,
    x: Tensor,
    nfe: int,
    path: Path,
    generator: torch.Generator | None = None,
    start: float = 1.0,
    end: float = 0.002,
    times: str = "",
) -> Iterator[Tensor]:
    """The states of one solver that may ask `nfe` times. ValueError for another name.

    times: the kind of grid; by default the DPM-Solvers step evenly in log
    signal-to-noise, as their authors propose, and all others evenly in t.
    """
    kind = times or USUAL.get(solver, "time")
    ts = grid(kind, path, steps_of(solver, nfe), start, end)
    if solver == "em":
        return reverse_sde(predict, x, ts, path, 1.0, generator)
    if solver == "dpm2m":
        return dpm2m(predict, x, ts, path)
    single = {"dpm1": dpm1_step, "dpm2": dpm2_step}
    if solver in single:
        return single_steps(single[solver], predict, x, ts, path)
    plain = {"euler": euler, "heun": heun, "rk4": rk4}
    if solver not in plain:
        raise ValueError(f"unknown solver {solver!r}: use one of {', '.join(NAMES)}")
    return plain[solver](predict, x, ts)
