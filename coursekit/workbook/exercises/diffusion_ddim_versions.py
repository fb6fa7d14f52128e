"""Wrong and right versions of 01.12 ddim_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Mutant,
    Variant,
)
from coursekit.theory.ddpm import at, predict_x0, q_posterior, q_sample
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.workbook.exercises.diffusion_messages import UNSHAPED


def _step(
    signal: Function | None = None,
    direction: Function | None = None,
    fresh: Function | None = None,
    sigma: Function | None = None,
    guess: Function = predict_x0,
) -> Function:
    """A version of ddim_step; each choice is a function of (now, next, sigma).

    now and next are alpha_bar at k and k_next, shaped like x.
    """

    def ddim_step(
        xk: Tensor,
        eps_hat: Tensor,
        k: Tensor,
        k_next: Tensor,
        noise: Tensor,
        schedule: Schedule,
        eta: float,
    ) -> Tensor:
        now, nxt = (at(schedule.alpha_bar, j, xk.double()) for j in (k, k_next))
        width = (sigma or _sigma)(now, nxt, eta)
        parts = (
            (signal or _signal)(now, nxt, width),
            (direction or _direction)(now, nxt, width),
            (fresh or _fresh)(now, nxt, width),
        )
        a, b, c = (part.to(xk) for part in parts)
        x0_hat: Tensor = guess(xk, eps_hat, k, schedule)
        return a * x0_hat + b * eps_hat + c * noise

    return ddim_step


def _sigma(now: Tensor, nxt: Tensor, eta: float) -> Tensor:
    return eta * ((1 - nxt) / (1 - now) * (1 - now / nxt)).sqrt()


def _signal(now: Tensor, nxt: Tensor, sigma: Tensor) -> Tensor:
    return nxt.sqrt()


def _direction(now: Tensor, nxt: Tensor, sigma: Tensor) -> Tensor:
    return (1 - nxt - sigma**2).clamp(min=0).sqrt()


def _fresh(now: Tensor, nxt: Tensor, sigma: Tensor) -> Tensor:
    return sigma


def _not_a_guess(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    return xk


def _only_fresh(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    return q_sample(predict_x0(xk, eps_hat, k, schedule), k_next, noise, schedule)


def _unshaped(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    now, nxt = schedule.alpha_bar[k].to(xk), schedule.alpha_bar[k_next].to(xk)
    sigma = _sigma(now, nxt, eta)
    x0_hat = predict_x0(xk, eps_hat, k, schedule)
    return nxt.sqrt() * x0_hat + _direction(now, nxt, sigma) * eps_hat + sigma * noise


def _loop(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    share, rows = schedule.alpha_bar.tolist(), []
    for i, (j, n) in enumerate(zip(k.tolist(), k_next.tolist(), strict=True)):
        var = eta**2 * (1 - share[n]) / (1 - share[j]) * (1 - share[j] / share[n])
        x0_hat = (xk[i] - (1 - share[j]) ** 0.5 * eps_hat[i]) / share[j] ** 0.5
        onward = max(1 - share[n] - var, 0.0) ** 0.5 * eps_hat[i]
        rows.append(share[n] ** 0.5 * x0_hat + onward + var**0.5 * noise[i])
    return torch.stack(rows)


def _rescaled(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    """x0_hat is never formed: x_k is rescaled and its noise exchanged.

    The variance of eta = 1 is that of q_posterior in the chain with two levels only.
    """
    now, nxt = schedule.alpha_bar[k], schedule.alpha_bar[k_next]
    two = Schedule(
        torch.stack([now * 0, 1 - nxt, 1 - now / nxt]), torch.stack([now**0, nxt, now])
    )
    var = (
        torch.stack(
            [
                q_posterior(xk[:1], xk[:1], torch.tensor([2]), Schedule(b, s))[
                    1
                ].flatten()[0]
                for b, s in zip(two.beta.T, two.alpha_bar.T, strict=True)
            ]
        ).double()
        * eta**2
    )
    c = [v.reshape(-1, *[1] * (xk.ndim - 1)) for v in (now, nxt, var)]
    scale = (c[1] / c[0]).sqrt()
    onward = (1 - c[1] - c[2]).clamp(min=0).sqrt() - scale * (1 - c[0]).sqrt()
    return (scale * xk + onward * eps_hat + c[2].sqrt() * noise).to(xk.dtype)


MUTANTS = (
    Mutant(
        "eta ignored",
        _step(sigma=lambda now, nxt, eta: _sigma(now, nxt, 0.0)),
        "eta changes nothing, the step is always deterministic: sigma grows with eta",
    ),
    Mutant(
        "eta always 1",
        _step(sigma=lambda now, nxt, eta: _sigma(now, nxt, 1.0)),
        "eta changes nothing, the noise is always that of DDPM: multiply sigma by eta",
    ),
    Mutant(
        "eta squared",
        _step(sigma=lambda now, nxt, eta: _sigma(now, nxt, eta**2)),
        "eta is squared: it scales the standard deviation sigma, not the variance",
    ),
    Mutant(
        "sigma not made room for",
        _step(direction=lambda now, nxt, sigma: (1 - nxt).sqrt()),
        "sigma^2 is not taken out of the root of eps_hat: old and fresh noise together "
        "must have the variance 1 - alpha_bar_next",
    ),
    Mutant(
        "sigma subtracted unsquared",
        _step(direction=lambda now, nxt, sigma: (1 - nxt - sigma).clamp(min=0).sqrt()),
        "under the root of eps_hat, variances are subtracted: take out sigma^2, not "
        "sigma",
    ),
    Mutant(
        "variance for std",
        _step(fresh=lambda now, nxt, sigma: sigma**2),
        "the fresh noise is scaled with sigma^2: use sigma",
    ),
    Mutant(
        "alpha_bar_k on x0_hat",
        _step(signal=lambda now, nxt, sigma: now.sqrt()),
        "x0_hat is noised to level k again: scale it with alpha_bar_next",
    ),
    Mutant(
        "no root on x0_hat",
        _step(signal=lambda now, nxt, sigma: nxt),
        "x0_hat is scaled with alpha_bar_next: take its square root",
    ),
    Mutant(
        "level k on eps_hat",
        _step(
            direction=lambda now, nxt, sigma: (1 - now - sigma**2).clamp(min=0).sqrt()
        ),
        "the coefficient of eps_hat has alpha_bar_k: it is that of the level you "
        "arrive at",
    ),
    Mutant(
        "only fresh noise",
        _only_fresh,
        "x0_hat is noised with fresh noise only: DDIM reuses eps_hat for most of it",
    ),
    Mutant(
        "x_k for x0_hat",
        _step(guess=_not_a_guess),
        "x_k stands where x0_hat belongs: use predict_x0 first",
    ),
    Mutant(
        "one step's beta in sigma",
        _step(
            sigma=lambda now, nxt, eta: eta * ((1 - nxt) / (1 - now) * (1 - now)).sqrt()
        ),
        "sigma has 1 - alpha_bar_k where 1 - alpha_bar_k / alpha_bar_next belongs: the "
        "noise between the two levels",
    ),
    Mutant("not reshaped", _unshaped, UNSHAPED),
)

VARIANTS = (
    Variant("a loop", _loop),
    Variant("rescale x_k, exchange its noise", _rescaled),
)
