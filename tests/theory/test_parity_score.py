"""Our DPM-Solvers against diffusers, an independent implementation.

Authority: peer library. Optional: pip install -e '.[parity]' -c constraints.txt.

diffusers counts steps from 0: its timestep is k - 1, so our t is (timestep + 1) / T.
With final_sigmas_type="sigma_min" the grid ends at its timestep 0, our t = 1 / T. Its
"dpmsolver" of order 1 is our dpm1_step, of order 2 dpm2m with kind="eps"; "dpmsolver++"
of order 2 is kind="x0". Order 1 has one answer to freeze, and no matter which of the
two it is, the step is the same: "dpmsolver++" of order 1 is dpm1_step as well.

diffusers rounds its tables and the state of every step to float32, whatever it is
given. Two comparisons keep formulas and rounding apart: with float64 in float32's place
in its module, whole walks must agree to rounding; as it is installed, ours has to be no
further from the float64 truth where both do the same arithmetic. "dpmsolver++" of order
1 is left out of that: it equals dpm1_step on paper, but it guesses x0 first, and where
the cosine schedule starts, with alpha = 5e-5, float32 loses other digits that way.
`pytest -s` prints the differences.
"""

from itertools import product

import pytest
import torch
from support.peers import AsFloat64, no_further, peer_module, worst
from support.theory import MIXTURE, normal, walk

from coursekit.datasets.toys import exact_predict
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.dpm_solver import dpm1_step, dpm2m
from coursekit.theory.paths import DDPMPath
from coursekit.theory.solvers import spread_time

multistep = peer_module("diffusers.schedulers.scheduling_dpmsolver_multistep")
pytestmark = [
    pytest.mark.parity,
    # of diffusers: it means to drop "dpmsolver" in its version 1
    pytest.mark.filterwarnings("ignore:.*dpmsolver:FutureWarning"),
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),
]

T = 1000
KINDS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
ANSWERS = {"dpmsolver": "eps", "dpmsolver++": "x0"}
SIZES = (5, 20, 50)
ROUNDING = {"linear": 1e-12, "cosine": 1e-9}  # cosine: alpha starts at 5e-5
CASES = list(product(KINDS, ANSWERS, (1, 2), SIZES))


def peer(kind, answer, order, steps):
    scheduler = multistep.DPMSolverMultistepScheduler(
        num_train_timesteps=T,
        beta_schedule=KINDS[kind],
        algorithm_type=answer,
        solver_order=order,
        solver_type="midpoint",
        lower_order_final=False,
        final_sigmas_type="sigma_min",
    )
    scheduler.set_timesteps(steps)
    return scheduler


def grid(scheduler):
    """Its timesteps on our clock, and the end that it does not list."""
    return torch.cat([scheduler.timesteps + 1, torch.ones(1)]).double() / T


def start(dtype):
    return normal(256, 2).to(dtype)


def belief(kind):
    path = DDPMPath(make_schedule(kind, T))
    return exact_predict(MIXTURE, path), path


def our_walk(kind, answer, order, ts, x):
    predict, path = belief(kind)
    if order == 2:
        return torch.stack(list(dpm2m(predict, x, ts, path, ANSWERS[answer])))
    return torch.stack(list(walk(dpm1_step)(predict, x, ts, path)))


def their_walk(kind, scheduler, x):
    predict, _ = belief(kind)
    film = [x]
    for timestep in scheduler.timesteps:
        t = (timestep.double() + 1) / T
        eps_hat = predict(film[-1], spread_time(t, film[-1].double())).eps
        film.append(scheduler.step(eps_hat, timestep, film[-1]).prev_sample)
    return torch.stack(film)


@pytest.mark.parametrize("kind", KINDS)
def test_their_tables_are_our_path(monkeypatch, kind):
    """alpha, sigma and lambda, half of our log_snr, at every step."""
    monkeypatch.setattr(multistep, "torch", AsFloat64(torch))
    theirs, (_, path) = peer(kind, "dpmsolver++", 2, 20), belief(kind)
    t = torch.arange(1, T + 1).double() / T
    assert worst(f"alpha {kind}", path.alpha(t), theirs.alpha_t) <= 1e-12
    assert worst(f"sigma {kind}", path.sigma(t), theirs.sigma_t) <= 1e-12
    assert worst(f"lambda {kind}", path.log_snr(t) / 2, theirs.lambda_t) <= 1e-12


@pytest.mark.parametrize(("kind", "answer", "order", "steps"), CASES)
def test_walk_in_float64(monkeypatch, kind, answer, order, steps):
    monkeypatch.setattr(multistep, "torch", AsFloat64(torch))
    monkeypatch.setattr(multistep, "np", AsFloat64(multistep.np))
    scheduler = peer(kind, answer, order, steps)
    theirs = their_walk(kind, scheduler, start(torch.float64))
    ours = our_walk(kind, answer, order, grid(scheduler), start(torch.float64))
    assert theirs.dtype == scheduler.sigmas.dtype == torch.float64
    name = f"{answer} order {order} float64 {kind} {steps} steps"
    assert worst(name, ours, theirs) <= ROUNDING[kind]


@pytest.mark.parametrize(("kind", "answer", "order", "steps"), CASES)
def test_walk_as_installed(kind, answer, order, steps):
    scheduler = peer(kind, answer, order, steps)
    theirs = their_walk(kind, scheduler, start(torch.float32))
    assert theirs.dtype == torch.float32
    ts = grid(scheduler)
    ours = our_walk(kind, answer, order, ts, start(torch.float32))
    # the same numbers start the walk that float64 takes
    truth = our_walk(kind, answer, order, ts, start(torch.float32).double())
    value = worst(f"{answer} order {order} {kind} {steps} steps", ours, theirs)
    assert kind == "cosine" or value <= 1e-4
    assert no_further(ours, theirs, truth) or (answer, order) == ("dpmsolver++", 1)


def test_the_comparison_tells_the_kinds_apart():
    scheduler = peer("linear", "dpmsolver++", 2, 20)
    theirs = their_walk("linear", scheduler, start(torch.float32))
    x, ts = start(torch.float32), grid(scheduler)
    for answer, order in (("dpmsolver", 2), ("dpmsolver", 1)):
        ours = our_walk("linear", answer, order, ts, x)
        name = f"dpmsolver++ order 2 against our {ANSWERS[answer]}, order {order}"
        assert worst(name, ours, theirs) > 1e-3
