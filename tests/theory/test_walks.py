"""What every walk promises. Authority: measured orders of convergence on a mixture's
exact flow; the start, which comes first and stays as it was; the generator, which alone
decides what chance does."""

import functools

import pytest
import torch
from support import theory
from support.theory import PATHS, SHAPES, convergence, last, normal, seeded, walk

from coursekit.datasets.toys import exact_predict
from coursekit.theory import solvers
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.dpm_solver import dpm1_step, dpm2_step, dpm2m, time_of_log_snr
from coursekit.theory.langevin import annealed_langevin, langevin
from coursekit.theory.prediction import denoiser
from coursekit.theory.sde import reverse_sde
from coursekit.theory.solvers import ancestral_path, ddim_path, time_grid


def pathless(solver):
    return lambda predict, x, ts, path: solver(predict, x, ts)


# name -> a solver, its order, and two numbers of steps between which it shows
SOLVERS = {
    "euler": (pathless(solvers.euler), 1, (60, 120)),
    "heun": (pathless(solvers.heun), 2, (30, 60)),
    "rk4": (pathless(solvers.rk4), 4, (24, 48)),
    "ddim": (ddim_path, 1, (60, 120)),
    "dpm1": (walk(dpm1_step), 1, (60, 120)),
    "dpm2": (walk(dpm2_step), 2, (40, 80)),
    "dpm2m of x0": (functools.partial(dpm2m, kind="x0"), 2, (80, 160)),
    "dpm2m of eps": (functools.partial(dpm2m, kind="eps"), 2, (80, 160)),
}


@functools.cache
def flow(name, *ends):
    """The mixture's flow: a belief, a start, and where rk4 ends on a fine grid."""
    predict, x = exact_predict(theory.MIXTURE, PATHS[name]), normal(8, 2)
    return predict, x, last(solvers.rk4(predict, x, time_grid(240, *ends)))


def assert_order(name, solver, grid=time_grid, ends=(0.95, 0.2), sizes=None):
    solve, order, usual = SOLVERS[solver]
    predict, x, truth = flow(name, *ends)

    def error(n):
        return (last(solve(predict, x, grid(n, *ends), PATHS[name])) - truth).norm()

    assert abs(convergence(error, sizes or usual) - order) < 0.25


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", ["linear", "cosine", "vp"])
def test_order_of_convergence(name, solver):
    assert_order(name, solver)


def test_heun_keeps_its_order_when_the_last_step_is_euler():
    assert_order("linear", "heun", ends=(1.0, 0.0), sizes=(40, 80))


@pytest.mark.parametrize("solver", [name for name in SOLVERS if "dpm" in name])
@pytest.mark.parametrize("name", ["linear", "cosine", "vp"])
def test_order_of_convergence_in_even_steps_of_lambda(name, solver):
    path = PATHS[name]

    def even_in_lambda(n, *ends):
        t, s = map(theory.time, ends)
        wanted = path.log_snr(t).lerp(path.log_snr(s), time_grid(n, 0.0, 1.0))
        return time_of_log_snr(path, wanted, t, s)

    assert_order(name, solver, even_in_lambda)


def model(xt, t):
    """Told one time for each sample."""
    assert t.shape == (len(xt),) and t.dtype == xt.dtype
    return xt / 2


def bowl(x, sigma=1.0):
    return -x / sigma**2


PATH, TS, KS = PATHS["cosine"], time_grid(4, 0.9, 0.1), [9, 6, 4, 1, 0]
SCHEDULE, SHORT = make_schedule("cosine", 9), make_schedule("linear-short", 4)
SIGMAS = torch.tensor([2.0, 0.9, 0.5, 0.1], dtype=torch.float64)
predict = denoiser(model, PATH, "v")
STEADY = {
    name: lambda x, g, name=name: SOLVERS[name][0](
        predict, x, TS if "dpm" in name else time_grid(4), PATH
    )
    for name in SOLVERS
} | {
    "ddim of the chain": lambda x, g: ddim(model, x, KS, SCHEDULE, 0.0, g),
    "the probability flow": lambda x, g: reverse_sde(predict, x, TS, PATH, 0.0, g),
}
CHANCE = {
    "ddim with noise": lambda x, g: ddim_path(predict, x, time_grid(4), PATH, 0.5, g),
    "ancestral": lambda x, g: ancestral_path(predict, x, time_grid(4), PATH, g),
    "ancestral of the chain": lambda x, g: ancestral(model, x, SHORT, generator=g),
    "ancestral, skipping": lambda x, g: ancestral_skipped(
        model, x, KS, SCHEDULE, generator=g
    ),
    "ddim of the chain, eta 1": lambda x, g: ddim(model, x, KS, SCHEDULE, 1.0, g),
    "reverse SDE": lambda x, g: reverse_sde(predict, x, TS, PATH, 0.7, g),
    "langevin": lambda x, g: langevin(bowl, x, 0.1, 4, g),
    "annealed": lambda x, g: annealed_langevin(bowl, x, SIGMAS, 0.001, 2, generator=g),
}
WALKS = STEADY | CHANCE


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", WALKS)
def test_a_film_begins_with_the_start_and_leaves_it_alone(name, shape, dtype):
    x = normal(*shape).to(dtype)
    before, film = x.clone(), list(WALKS[name](x, seeded()))
    assert len(film) == 5 and film[0] is x and torch.equal(x, before)
    assert all(state.shape == shape and state.dtype == dtype for state in film)
    assert all(state.isfinite().all() for state in film)
    assert len({state.data_ptr() for state in film}) == 5


@pytest.mark.parametrize("name", WALKS)
def test_the_generator_decides_and_nothing_else_does(name):
    x, ends = normal(7, 2), []
    for seed in (3, 3, 4):
        torch.manual_seed(len(ends))
        ends.append(last(WALKS[name](x, seeded(seed))))
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2]) == (name in STEADY)
    assert last(WALKS[name](x, None)).isfinite().all()
