"""Our DDPM and DDIM steps against diffusers, an independent implementation.

Authority: peer library. Optional: pip install -e '.[parity]'. diffusers counts steps
from 0, so its timestep is k - 1.

diffusers keeps its tables in float32. Two comparisons keep formulas and rounding apart:
with its tables promoted to float64 all steps must agree; as it is installed, it must
agree to 1e-6 except where float32 loses 1 - alpha_bar (the first two steps) or
alpha_bar itself (the last cosine step). Everywhere, ours has to be no further from the
float64 truth. `pytest -s` prints the differences.
"""

from itertools import product

import pytest
import torch
from support.peers import no_further, peer_module, worst
from support.theory import normal, seeded

from coursekit.theory import ddpm
from coursekit.theory.ddpm_schedule import make_schedule

diffusers = peer_module("diffusers")
pytestmark = pytest.mark.parity

T = 1000
KINDS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
STEPS = (1, 2, 100, 500, 900, 999, 1000)
SHAPE = (4, 3, 8, 8)
TOLERANCE = 1e-6
DDPM = list(product(KINDS, STEPS))
# the kind of schedule, the step, and the eta of DDIM, or None for an ancestral step
CASES = [(*case, None) for case in DDPM]
CASES += product(KINDS, (100, 500, 900, 1000), (0.0, 1.0))
FLOAT32_FAILS = {(kind, k) for kind in KINDS for k in (1, 2)} | {("cosine", T)}


def noise(seed, dtype):
    return normal(*SHAPE, seed=seed, dtype=dtype)


def peer(name, kind, dtype, **options):
    scheduler = getattr(diffusers, name)(
        num_train_timesteps=T,
        beta_schedule=KINDS[kind],
        clip_sample=False,
        **options,
    )
    if dtype == torch.float64:
        scheduler.betas = make_schedule(kind, T).beta[1:]
        scheduler.alphas = 1 - scheduler.betas
        scheduler.alphas_cumprod = scheduler.alphas.cumprod(0)
    return scheduler


def our_step(kind, step, eta, xk, eps_hat, z):
    k, schedule = torch.full((4,), step), make_schedule(kind, T)
    if eta is None:
        return ddpm.ancestral_step(xk, eps_hat, k, z, schedule, "posterior")
    return ddpm.ddim_step(xk, eps_hat, k, k - 100, z, schedule, eta)


def both(kind, step, eta, dtype):
    """One ancestral step with the posterior variance, or one DDIM step over 100 steps
    of the chain: ours, theirs, and ours in float64 from the same numbers."""
    xk, eps_hat, z = draws = [noise(seed, dtype) for seed in (0, 1, 2)]
    if eta is None:
        scheduler = peer("DDPMScheduler", kind, dtype, variance_type="fixed_small")
        chance = {"generator": seeded(2)}  # draws z
    else:
        options = {"set_alpha_to_one": True, "timestep_spacing": "trailing"}
        scheduler = peer("DDIMScheduler", kind, dtype, **options)
        scheduler.set_timesteps(10)
        chance = {"eta": eta, "variance_noise": z}
    theirs = scheduler.step(eps_hat, step - 1, xk, **chance).prev_sample
    truth = our_step(kind, step, eta, *(draw.double() for draw in draws))
    return our_step(kind, step, eta, *draws), theirs, truth


@pytest.mark.parametrize("kind", KINDS)
def test_schedules_agree(kind):
    theirs = peer("DDPMScheduler", kind, torch.float32).alphas_cumprod
    ours = make_schedule(kind, T).alpha_bar[1:].float()
    assert worst(f"alpha_bar {kind}", ours, theirs) <= TOLERANCE


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("kind", "step"), DDPM)
def test_add_noise(kind, step, dtype):
    scheduler, schedule = peer("DDPMScheduler", kind, dtype), make_schedule(kind, T)
    k, x0, eps = torch.full((4,), step), noise(0, dtype), noise(1, dtype)
    ours = ddpm.q_sample(x0, k, eps, schedule)
    theirs = scheduler.add_noise(x0, eps, k - 1)
    value = worst(f"add_noise {kind} k={step} {dtype}", ours, theirs)
    if dtype == torch.float64 or (kind, step) not in FLOAT32_FAILS:
        assert value <= TOLERANCE
    truth = ddpm.q_sample(x0.double(), k, eps.double(), schedule)
    assert no_further(ours, theirs, truth)


@pytest.mark.parametrize(("kind", "step", "eta"), CASES)
def test_step_in_float64(kind, step, eta):
    ours, theirs, _ = both(kind, step, eta, torch.float64)
    assert worst(f"float64 {kind} k={step} eta={eta}", ours, theirs) <= 1e-9


@pytest.mark.parametrize(("kind", "step", "eta"), CASES)
def test_step_as_installed(kind, step, eta):
    ours, theirs, truth = both(kind, step, eta, torch.float32)
    value = worst(f"{kind} k={step} eta={eta}", ours, theirs)
    assert (kind, step) in FLOAT32_FAILS or value <= TOLERANCE
    assert no_further(ours, theirs, truth)
