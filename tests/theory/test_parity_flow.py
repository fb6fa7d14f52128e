"""Our solvers, couplings and likelihood against torchdiffeq, diffusers, POT, torchcfm.

Authority: peer library. Optional: pip install -e '.[parity]' brings all but torchcfm,
whose list of requirements is long (lightning, torchvision) and not needed here:
pip install --no-deps torchcfm -c constraints.txt. A peer that is missing skips its own
tests. `pytest -s` prints the differences.

Where both sides do the same arithmetic, they must agree to rounding in float64. Where
they do not, the test says what differs and compares the limits.
"""

import pytest
import torch
from support.peers import ROUNDING, AsFloat64, no_further, peer_module, worst
from support.theory import MIXTURE, exact, normal, seeded, times, walk

from coursekit.datasets.toys import exact_predict
from coursekit.theory import solvers
from coursekit.theory.couplings import ot_coupling, transport_cost
from coursekit.theory.flow import (
    cfm_loss,
    conditional_path,
    conditional_velocity,
    euler_step,
    follow,
    heun_step,
    reverse_clock,
)
from coursekit.theory.likelihood import log_likelihood
from coursekit.theory.paths import LinearPath
from coursekit.theory.score import divergence

pytestmark = pytest.mark.parity

PREDICT = exact_predict(MIXTURE, LinearPath())
GRIDS = {
    "even": solvers.time_grid(20),
    "uneven": solvers.time_grid(20) ** 2,  # small steps near the data
    "inside": solvers.time_grid(20, 0.98, 0.02),
}


@pytest.fixture
def torchdiffeq():
    return peer_module("torchdiffeq")


@pytest.fixture
def ot():
    return peer_module("ot")


@pytest.fixture
def torchcfm(ot):
    return peer_module("torchcfm")


# Solvers. torchdiffeq hands its function one time, and then the state.


def field(t, x):
    return exact(x, solvers.spread_time(t, x))


def film(walk):
    return torch.stack(list(walk))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("which", ["euler", "follow euler_step", "follow heun_step"])
def test_one_and_two_stages(torchdiffeq, which, grid):
    x, ts = normal(256, 2), GRIDS[grid]
    ours = {
        "euler": lambda: solvers.euler(PREDICT, x, ts),
        "follow euler_step": lambda: follow(exact, x, ts, euler_step),
        "follow heun_step": lambda: follow(exact, x, ts, heun_step),
    }[which]
    method = "heun2" if "heun" in which else "euler"
    theirs = torchdiffeq.odeint(field, x, ts, method=method)
    assert worst(f"{which}, {grid} grid", film(ours()), theirs) <= ROUNDING


def test_our_heun_ends_with_an_euler_step_at_the_data(torchdiffeq):
    """Equal up to the last step into t = 0, equal to Euler there, equal on a grid that
    stops before."""
    x, ts = normal(256, 2), GRIDS["even"]
    ours = film(solvers.heun(PREDICT, x, ts))
    theirs = torchdiffeq.odeint(field, x, ts, method="heun2")
    assert worst("heun before the last step", ours[:-1], theirs[:-1]) <= ROUNDING
    last = torchdiffeq.odeint(field, theirs[-2], ts[-2:], method="euler")[-1]
    assert worst("heun, last step, against Euler", ours[-1], last) <= ROUNDING
    assert worst("heun, last step, against heun2", ours[-1], theirs[-1]) > ROUNDING

    ours = film(solvers.heun(PREDICT, x, GRIDS["inside"]))
    theirs = torchdiffeq.odeint(field, x, GRIDS["inside"], method="heun2")
    assert worst("heun, inside grid", ours, theirs) <= ROUNDING


@pytest.mark.parametrize("grid", GRIDS)
def test_classical_rk4(torchdiffeq, grid):
    """torchdiffeq has the classical method, but odeint does not offer it by name."""
    common = pytest.importorskip("torchdiffeq._impl.rk_common")
    x, ts = normal(256, 2), GRIDS[grid]

    def step(patient, x, t, s, path):
        return x + common.rk4_step_func(patient, t, s - t, s, x)

    theirs = film(walk(step)(lambda t, x, perturb=None: field(t, x), x, ts, None))
    ours = film(solvers.rk4(PREDICT, x, ts))
    assert worst(f"rk4, {grid} grid", ours, theirs) <= ROUNDING


def test_odeint_rk4_is_the_three_eighths_rule(torchdiffeq):
    """Another method of order 4: a grid of twice the steps brings both 16 times closer
    to each other. Half of that is asked for."""
    x, gaps = normal(256, 2), []
    for num_steps in (40, 80):
        ts = solvers.time_grid(num_steps)
        *_, ours = solvers.rk4(PREDICT, x, ts)
        theirs = torchdiffeq.odeint(field, x, ts, method="rk4")[-1]
        gaps.append(worst(f"rk4 against the 3/8 rule, {num_steps} steps", ours, theirs))
    assert gaps[0] > ROUNDING
    assert gaps[1] < gaps[0] / 8


# Likelihood. The state and its log density walk together, from data to noise.


def both_fields(t, state):
    x, _ = state
    time = solvers.spread_time(t, x)
    return exact(x, time), divergence(lambda y: exact(y, time), x)


def their_likelihood(torchdiffeq, x0, ts, **options):
    start = x0, x0.new_zeros(len(x0))
    x, total = torchdiffeq.odeint(both_fields, start, ts, **options)
    noise = torch.distributions.Normal(0, 1).log_prob(x[-1].double()).sum(1)
    return noise + total[-1]


def test_likelihood_on_the_same_grid(torchdiffeq):
    x0 = MIXTURE.sample(128, seeded())
    ts = solvers.time_grid(50)
    theirs = their_likelihood(torchdiffeq, x0, ts.flip(0), method="heun2")
    ours = log_likelihood(exact, x0, ts)
    assert worst("log-likelihood, same Heun steps", ours, theirs) <= ROUNDING


def test_likelihood_converges_to_the_adaptive_one(torchdiffeq):
    """dopri5 with tight tolerances stands for the exact solution; the density that the
    mixture knows says that it may. Ours must approach both with order 2."""
    x0 = MIXTURE.sample(128, seeded())
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    theirs = their_likelihood(
        torchdiffeq, x0, ends, method="dopri5", rtol=1e-10, atol=1e-12
    )
    truth = MIXTURE.log_prob(x0)
    assert worst("log-likelihood, dopri5 against the density", theirs, truth) <= 1e-8
    gaps = []
    for num_steps in (100, 200, 400):
        ours = log_likelihood(exact, x0, solvers.time_grid(num_steps))
        gaps.append(worst(f"log-likelihood, {num_steps} steps, dopri5", ours, theirs))
    assert gaps[2] < gaps[1] / 3 < gaps[0] / 9
    assert gaps[2] <= 1e-3


# Euler on the grid of diffusers' flow matching. Its sigma is our t: 1 is noise, 0 is
# data, x_t = (1 - sigma) x0 + sigma eps, and the network answers eps - x0. The network
# is told timestep = 1000 sigma. Without a shift, N steps go from 1 down to 1/1000 in
# N - 1 even steps, and then to 0 in one that is shorter.


def flow_scheduler(shift):
    scheduler = peer_module("diffusers").FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(12)
    return scheduler


def shifted(t, shift):
    """Spend more steps at much noise: shift t / (1 + (shift - 1) t)."""
    return shift * t / (1 + (shift - 1) * t)


def their_walk(scheduler, x):
    yield x
    for timestep in scheduler.timesteps:
        # what a pipeline does: the network's time is the timestep over 1000
        answer = exact(x, solvers.spread_time(timestep / 1000, x))
        x = scheduler.step(answer, timestep, x).prev_sample
        yield x


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_their_sigma_is_our_time(shift):
    """With a shift diffusers shifts its end twice: the smallest sigma it was built with
    is shifted already, and ends the grid that set_timesteps shifts again."""
    smallest = shifted(1 / 1000, shift)
    even = solvers.time_grid(11, 1.0, smallest)
    ours = torch.cat([shifted(even, shift), torch.zeros(1).double()])
    theirs = flow_scheduler(shift)
    assert worst(f"grid, shift {shift}", ours, theirs.sigmas) <= 1e-7
    assert worst(f"times, shift {shift}", 1000 * ours[:-1], theirs.timesteps) <= 1e-7


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_euler_in_float64(monkeypatch, shift):
    name = "diffusers.schedulers.scheduling_flow_match_euler_discrete"
    module = peer_module(name)
    monkeypatch.setattr(module, "torch", AsFloat64(torch))
    monkeypatch.setattr(module, "np", AsFloat64(module.np))
    scheduler = flow_scheduler(shift)
    ours = film(follow(exact, normal(256, 2), scheduler.sigmas.double()))
    theirs = film(their_walk(scheduler, normal(256, 2)))
    assert theirs.dtype == scheduler.sigmas.dtype == torch.float64
    assert worst(f"flow Euler float64, shift {shift}", ours, theirs) <= ROUNDING


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_euler_as_installed(shift):
    scheduler = flow_scheduler(shift)
    x, ts = normal(256, 2, dtype=torch.float32), scheduler.sigmas.double()
    ours = film(follow(exact, x, ts))
    theirs = film(their_walk(scheduler, x))
    assert worst(f"flow Euler, shift {shift}", ours, theirs) <= 2e-6
    truth = film(follow(exact, x.double(), ts))
    assert no_further(ours, theirs, truth)


# Couplings. The peers start at noise, x0 in their names, and end at data, x1.


@pytest.mark.parametrize("shape", [(2,), (1, 4, 4)], ids=str)
def test_coupling_is_the_optimal_plan(ot, shape):
    """Between points in general position the optimal pairing is unique."""
    x0, eps = normal(64, *shape, seed=1) + 0.5, normal(64, *shape, seed=2)
    ours = ot_coupling(x0, eps)
    cost = ot.dist(x0.flatten(1).numpy(), eps.flatten(1).numpy())  # squared distances
    weights = ot.unif(64)
    plan = torch.from_numpy(ot.emd(weights, weights, cost))
    assert torch.equal(ours, eps[plan.argmax(1)])
    total = torch.tensor(ot.emd2(weights, weights, cost), dtype=torch.float64)
    assert worst(f"cost, {shape}", transport_cost(x0, ours), total) <= ROUNDING


def test_tied_pairings_cost_the_same(ot):
    """On a lattice many pairings are optimal: only the cost has to agree."""
    x0 = torch.cartesian_prod(torch.arange(6.0), torch.arange(6.0)).double()
    eps = x0.flip(1) + torch.tensor([0.5, 0.5])
    weights = ot.unif(36)
    cost = ot.dist(x0.numpy(), eps.numpy())
    total = torch.tensor(ot.emd2(weights, weights, cost), dtype=torch.float64)
    mine = transport_cost(x0, ot_coupling(x0, eps))
    assert worst("cost with ties", mine, total) <= ROUNDING


def all_pairs(plan, batch_size, replace=True):
    """Every pair of a plan once, in the order of the noise, in place of a draw."""
    return plan.nonzero()


def test_sampled_pairs_are_our_pairs(torchcfm):
    """torchcfm draws a batch from its plan, by default with replacement: some pairs
    come twice and about 1/e of them not at all. Ours takes each exactly once."""
    sampler = torchcfm.conditional_flow_matching.OTPlanSampler("exact")
    x0, eps = normal(128, 2, seed=1) + 0.5, normal(128, 2, seed=2)
    place = {tuple(row): i for i, row in enumerate(x0.tolist())}
    ours = ot_coupling(x0, eps)
    for replace in (True, False):
        noise, data = sampler.sample_plan(eps, x0, replace=replace)
        rows = [place[tuple(row)] for row in data.tolist()]
        assert torch.equal(ours[rows], noise)
        print(f"distinct pairs, replace={replace}: {len(set(rows))} of 128")
        assert (len(set(rows)) == 128) is not replace


@pytest.mark.parametrize("optimal", [False, True], ids=["plain", "optimal transport"])
@pytest.mark.parametrize("shape", [(2,), (1, 4, 4)], ids=str)
def test_matchers(torchcfm, monkeypatch, shape, optimal):
    """Their x_t is ours at 1 - t; their target is minus ours; the losses are equal."""
    if optimal:
        matcher = torchcfm.ExactOptimalTransportConditionalFlowMatcher(sigma=0.0)
        monkeypatch.setattr(matcher.ot_sampler, "sample_map", all_pairs)
    else:
        matcher = torchcfm.ConditionalFlowMatcher(sigma=0.0)
    x0, eps, t = normal(64, *shape, seed=1), normal(64, *shape, seed=2), times(64)
    their_t, xt, ut = matcher.sample_location_and_conditional_flow(eps, x0, 1 - t)
    assert torch.equal(their_t, 1 - t)
    if optimal:
        x0 = ot_coupling(eps, x0)  # in the order of the noise, as they return it
    name = f"{type(matcher).__name__} {shape}"
    assert worst(f"{name} x_t", conditional_path(x0, eps, t), xt) <= ROUNDING
    assert worst(f"{name} target", -(eps - x0), ut) <= ROUNDING

    def model(x, time):
        return torch.sin(x) + time.reshape(-1, *[1] * (x.ndim - 1))

    theirs = ((model(xt, their_t) - ut) ** 2).mean()
    ours = cfm_loss(reverse_clock(model), x0, t, eps)
    assert worst(f"{name} loss", ours, theirs) <= ROUNDING


def test_matcher_of_lipman(torchcfm):
    """The path that keeps a little noise at the data, sigma_min = 0.1."""
    matcher = torchcfm.TargetConditionalFlowMatcher(sigma=0.1)
    x0, eps, t = normal(64, 2, seed=1), normal(64, 2, seed=2), times(64)
    xt = matcher.sample_xt(eps, x0, 1 - t, eps)
    ut = matcher.compute_conditional_flow(None, x0, 1 - t, xt)
    assert worst("sigma_min x_t", conditional_path(x0, eps, t, 0.1), xt) <= ROUNDING
    ours = -conditional_velocity(xt, x0, t, 0.1)
    assert worst("sigma_min velocity", ours, ut) <= ROUNDING
