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
from support.peers import no_further, worst
from support.theory import normal

from coursekit.theory import ddpm
from coursekit.theory.ddpm_schedule import make_schedule

diffusers = pytest.importorskip(
    "diffusers", reason="needs diffusers: pip install -e '.[parity]'"
)
pytestmark = pytest.mark.parity

T = 1000
KINDS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
STEPS = (1, 2, 100, 500, 900, 999, 1000)
SHAPE = (4, 3, 8, 8)
TOLERANCE = 1e-6
DDPM = pytest.mark.parametrize(("kind", "step"), list(product(KINDS, STEPS)))
DDIM = pytest.mark.parametrize(
    ("kind", "step", "eta"), list(product(KINDS, (100, 500, 900, 1000), (0.0, 1.0)))
)
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


def ddpm_both(kind, step, dtype):
    """One ancestral step with the posterior variance: ours, theirs."""
    scheduler = peer("DDPMScheduler", kind, dtype, variance_type="fixed_small")
    xk, eps_hat = noise(0, dtype), noise(1, dtype)
    generator = torch.Generator().manual_seed(2)
    theirs = scheduler.step(eps_hat, step - 1, xk, generator=generator).prev_sample
    k, schedule = torch.full((4,), step), make_schedule(kind, T)
    z = noise(2, dtype)
    return ddpm.ancestral_step(xk, eps_hat, k, z, schedule, "posterior"), theirs


def ddim_both(kind, step, dtype, eta):
    """One DDIM step over 100 steps of the chain: ours, theirs."""
    options = {"set_alpha_to_one": True, "timestep_spacing": "trailing"}
    scheduler = peer("DDIMScheduler", kind, dtype, **options)
    scheduler.set_timesteps(10)
    xk, eps_hat, z = noise(0, dtype), noise(1, dtype), noise(2, dtype)
    theirs = scheduler.step(eps_hat, step - 1, xk, eta=eta, variance_noise=z)
    k, schedule = torch.full((4,), step), make_schedule(kind, T)
    ours = ddpm.ddim_step(xk, eps_hat, k, k - 100, z, schedule, eta)
    return ours, theirs.prev_sample


@pytest.mark.parametrize("kind", KINDS)
def test_schedules_agree(kind):
    theirs = peer("DDPMScheduler", kind, torch.float32).alphas_cumprod
    ours = make_schedule(kind, T).alpha_bar[1:].float()
    assert worst(f"alpha_bar {kind}", ours, theirs) <= TOLERANCE


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@DDPM
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


@DDPM
def test_ancestral_step_in_float64(kind, step):
    ours, theirs = ddpm_both(kind, step, torch.float64)
    assert worst(f"DDPM float64 {kind} k={step}", ours, theirs) <= 1e-9


@DDIM
def test_ddim_step_in_float64(kind, step, eta):
    ours, theirs = ddim_both(kind, step, torch.float64, eta)
    assert worst(f"DDIM float64 {kind} k={step} eta={eta}", ours, theirs) <= 1e-9


@DDPM
def test_ancestral_step_as_installed(kind, step):
    ours, theirs = ddpm_both(kind, step, torch.float32)
    value = worst(f"DDPM {kind} k={step}", ours, theirs)
    if (kind, step) not in FLOAT32_FAILS:
        assert value <= TOLERANCE
    k, schedule = torch.full((4,), step), make_schedule(kind, T)
    inputs = [noise(seed, torch.float32).double() for seed in (0, 1, 2)]
    truth = ddpm.ancestral_step(*inputs[:2], k, inputs[2], schedule, "posterior")
    assert no_further(ours, theirs, truth)


@DDIM
def test_ddim_step_as_installed(kind, step, eta):
    ours, theirs = ddim_both(kind, step, torch.float32, eta)
    value = worst(f"DDIM {kind} k={step} eta={eta}", ours, theirs)
    assert (kind, step) in FLOAT32_FAILS or value <= TOLERANCE
