"""Right versions of lecture 2's exercises in other styles: each must pass."""

import math
from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor, distributions

from coursekit.theory.dpm_solver import dpm1_step, time_of_log_snr
from coursekit.theory.langevin import NoisyScore, Score
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import Path
from coursekit.theory.prediction import Predict, convert
from coursekit.theory.score import Field, NoisyField
from coursekit.theory.sde import drift_diffusion, probability_flow
from coursekit.theory.solvers import ddim_path, spread_time


def mixture_by_components(
    x: Tensor, weights: Tensor, means: Tensor, stds: Tensor
) -> Tensor:
    """Component by component, with the largest logarithm taken out first."""
    logs = [
        w.log() - x.shape[1] * s.log() - ((x - m) / s).square().sum(1) / 2
        for w, m, s in zip(weights, means, stds, strict=True)
    ]
    top = torch.stack(logs).amax(0)
    total, score = torch.zeros_like(top), torch.zeros_like(x)
    for log, mean, std in zip(logs, means, stds, strict=True):
        vote = torch.exp(log - top)
        total = total + vote
        score = score + vote[:, None] * (mean - x) / std**2
    return score / total[:, None]


def mixture_by_torch(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """torch's own mixture, and the slope of its log density."""
    balls = distributions.Normal(means, stds[:, None].expand_as(means))
    parts = distributions.Independent(balls, 1)
    mixture = distributions.MixtureSameFamily(distributions.Categorical(weights), parts)
    y = x.clone().requires_grad_()
    log_p = mixture.log_prob(y)  # type: ignore[no-untyped-call]
    found: Tensor = torch.autograd.grad(log_p.sum(), y)[0]
    return found


def divergence_by_jacrev(field: Field, x: Tensor) -> Tensor:
    """torch.func, sample by sample."""
    rows = []
    for point in x:
        jacobian = torch.func.jacrev(lambda y: field(y[None])[0])(point)
        rows.append(jacobian.reshape(point.numel(), -1).trace())
    return torch.stack(rows)


def divergence_forward(field: Field, x: Tensor) -> Tensor:
    """Along each axis, forwards: no backward pass at all."""
    total = x.new_zeros(len(x))
    for i in range(x[0].numel()):
        axis = torch.zeros_like(x).flatten(1)
        axis[:, i] = 1
        slope = torch.func.jvp(field, (x,), (axis.reshape(x.shape),))[1]
        total = total + slope.flatten(1)[:, i]
    return total


def divergence_unused(field: Field, x: Tensor) -> Tensor:
    """Backwards, and inputs that are not used by hand."""
    record = torch.is_grad_enabled()
    with torch.enable_grad():
        y = x.clone().detach().requires_grad_(True)
        total = y.new_zeros(len(x))
        for i, value in enumerate(field(y).flatten(1).unbind(1)):
            if not value.requires_grad:
                continue
            row = torch.autograd.grad(
                value.sum(), y, create_graph=True, allow_unused=True
            )[0]
            if row is not None:
                total = total + row.flatten(1)[:, i]
    return total if record else total.detach()


def implicit_by_jacrev(score: Field, x: Tensor) -> Tensor:
    """Its own trace, by torch.func, and norms; each term is averaged on its own."""
    traces, sizes = [], []
    for point in x:
        jacobian = torch.func.jacrev(lambda y: score(y[None])[0])(point)
        traces.append(jacobian.reshape(point.numel(), -1).trace())
        sizes.append(score(point[None]).norm() ** 2)
    return torch.stack(traces).mean() + 0.5 * torch.stack(sizes).mean()


def sliced_forward(score: Field, x: Tensor, v: Tensor) -> Tensor:
    """J v itself, forwards: one pass for the score and its slope along v."""
    value, slope = torch.func.jvp(score, (x,), (v,))[:2]
    flow: Tensor = torch.linalg.vecdot(v.flatten(1), slope.flatten(1))
    size: Tensor = value.flatten(1).square().sum(1)
    return (flow + size / 2).mean()


def sliced_by_samples(score: Field, x: Tensor, v: Tensor) -> Tensor:
    total = x.new_zeros(())
    for point, line in zip(x, v, strict=True):
        y = point[None].clone().requires_grad_(True)
        answer = score(y)[0].flatten()
        slope = torch.autograd.grad(answer @ line.flatten(), y, create_graph=True)[0]
        total = total + slope.flatten() @ line.flatten() + answer @ answer / 2
    return total / len(x)


def denoising_by_samples(score: Field, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
    """The target as the slope of a Gaussian: (x0 - x) / sigma^2."""
    losses = []
    for point, noise in zip(x0, eps, strict=True):
        x = torch.add(point, noise, alpha=sigma)
        losses.append((score(x[None])[0] - (point - x) / sigma**2).norm() ** 2)
    return torch.stack(losses).mean()


def levels_by_samples(
    score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    losses = []
    for row, level, noise in zip(x0, sigma, eps, strict=True):
        x = row + level * noise
        off = score(x[None], level[None])[0] - (row - x) / level**2
        losses.append(level**2 * (off**2).sum())
    return torch.stack(losses).mean()


def levels_as_noise(
    score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    """Lecture 1's loss for the noise prediction -sigma * score."""
    spread = sigma.view(-1, *[1] * (x0.ndim - 1))
    guess = -spread * score(x0 + spread * eps, sigma)
    return torch.nn.functional.mse_loss(guess, eps) * x0[0].numel()


def langevin_accumulated(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """The noise as a stream, folded into the walk."""

    def move(state: Tensor, noise: Tensor) -> Tensor:
        root = math.sqrt(step / 2)
        return state + root * (root * score(state) + math.sqrt(2) * noise)

    stream = (fresh_noise(x, generator) for _ in range(num_steps))
    return accumulate(stream, move, initial=x)


def langevin_copies(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    """In place, but never on a tensor that somebody else holds."""
    state, states = x.clone(), [x]
    for _ in range(num_steps):
        noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
        state += step / 2 * score(state) + step**0.5 * noise
        states.append(state.clone())
    return states


def annealed_one_loop(
    score: NoisyScore,
    x: Tensor,
    sigmas: Tensor,
    step: float = 0.002,
    num_steps: int = 100,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    """One loop over all steps; a state is kept when its level is over."""
    states = [x]
    for i, sigma in enumerate(sigmas.repeat_interleave(num_steps)):
        share = float((step / sigmas.min() ** 2).sqrt()) * float(sigma)
        x = x + share**2 / 2 * score(x, sigma) + share * fresh_noise(x, generator)
        if (i + 1) % num_steps == 0:
            states.append(x)
    return states


def drift_by_jvp(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    """g^2 = alpha^2 times the slope of (sigma / alpha)^2, forward mode."""
    one = torch.ones_like(t)
    shrinks = torch.func.jvp(lambda u: path.alpha(u).log(), (t,), (one,))
    rises = torch.func.jvp(lambda u: (path.sigma(u) / path.alpha(u)) ** 2, (t,), (one,))
    return shrinks[1], path.alpha(t) * rises[1].sqrt()


def drift_in_alpha(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    a, s, (da, ds) = path.alpha(t), path.sigma(t), path.derivatives(t)
    return da / a, (2 * s * (ds * a - da * s) / a).sqrt()


def maruyama_loop(
    x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor
) -> Tensor:
    rows = zip(x, drift, g.tolist(), dt.tolist(), noise, strict=True)
    return torch.stack([a + h * b + (h * h) ** 0.25 * s * z for a, b, s, h, z in rows])


def reverse_flow_and_langevin(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    """The probability flow, and a Langevin step of the size g^2 (t - s) on top."""
    flow, rows = probability_flow(x, score, t, path), []
    for i, h in enumerate(t - s):
        size = drift_diffusion(path, t[i])[1] ** 2 * h
        rows.append(x[i] - h * flow[i] + size / 2 * score[i] + size.sqrt() * noise[i])
    return torch.stack(rows)


def flow_converted(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    return convert(score, x, t, path, "score").velocity


def flow_loop(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    rows = []
    for point, pull, time in zip(x, score, t, strict=True):
        f, g = drift_diffusion(path, time)
        rows.append(f * point - 0.5 * g.square() * pull)
    return torch.stack(rows)


def dpm1_ddim(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """It is DDIM with eta = 0."""
    *_, moved = ddim_path(predict, x, torch.stack([t, s]), path)
    return moved


def dpm1_of_data(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """The same step written for x0, with alpha and sigma in each other's place."""
    x0 = predict(x, t.to(x.dtype).repeat(len(x))).x0
    h = (path.log_snr(s) - path.log_snr(t)) / 2
    return path.sigma(s) / path.sigma(t) * x + path.alpha(s) * (1 - (-h).exp()) * x0


def dpm2_frozen(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """A whole dpm1_step with a network whose answer is that of the middle."""
    m = time_of_log_snr(path, (path.log_snr(t) + path.log_snr(s)) / 2, t, s)
    belief = predict(dpm1_step(predict, x, t, m, path), spread_time(m, x))
    return dpm1_step(lambda y, time: belief, x, t, s, path)


def dpm2_own_search(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """Its own bisection for the middle, and DDIM's form of both steps."""
    late, early = float(t), float(s)
    wanted = float(path.log_snr(t) + path.log_snr(s)) / 2
    for _ in range(60):
        half = (late + early) / 2
        if float(path.log_snr(t.new_tensor(half))) < wanted:
            late = half
        else:
            early = half
    state, when = x, t
    for new in (t.new_tensor(early), s):
        eps = predict(state, when.to(x.dtype).repeat(len(x))).eps
        x0 = (x - path.sigma(t) * eps) / path.alpha(t)
        state, when = path.alpha(new) * x0 + path.sigma(new) * eps, new
    return state


RIGHT = {
    "02.1": (mixture_by_components, mixture_by_torch),
    "02.2": (divergence_by_jacrev, divergence_forward, divergence_unused),
    "02.3": (implicit_by_jacrev,),
    "02.4": (sliced_forward, sliced_by_samples),
    "02.5": (denoising_by_samples,),
    "02.6": (levels_by_samples, levels_as_noise),
    "02.7": (langevin_accumulated, langevin_copies),
    "02.8": (annealed_one_loop,),
    "02.9": (drift_by_jvp, drift_in_alpha),
    "02.10": (maruyama_loop,),
    "02.11": (reverse_flow_and_langevin,),
    "02.12": (flow_converted, flow_loop),
    "02.13": (dpm1_ddim, dpm1_of_data),
    "02.14": (dpm2_frozen, dpm2_own_search),
}
