"""Right versions of lecture 06b's exercises in other styles: each must pass."""

import torch

from coursekit.checks.spec import Function
from coursekit.theory.paths import LinearPath
from coursekit.theory.robust_losses import squared_l2

# 6.11 to 6.13: votes and rewards

# 6.14 and 6.15: a flow that rolls dice

# 6.16 and 6.17: fewer steps


def mean_of_two(teacher, xt, t, s):
    """Two equal steps: their velocity is the mean of the two velocities."""
    h = ((t - s) / 2).view(-1, *[1] * (xt.ndim - 1))
    first = teacher(xt, t).detach()
    second = teacher(xt - h * first, t - (t - s) / 2).detach()
    return (first + second) / 2


def by_ratios(sigma, sigma_data=0.5, sigma_min=0.002):
    ratio = (sigma - sigma_min) / sigma_data
    return 1 / (1 + ratio**2), ratio * sigma_data / (
        1 + (sigma / sigma_data) ** 2
    ) ** 0.5


def stopped(student, target, pair, t, s, distance=squared_l2):
    goal = target(pair[1], s).detach()
    return distance(goal - student(pair[0], t))


def by_index(f, x, ts, path=None, generator=None):
    path = path or LinearPath()
    yield x
    for i in range(len(ts) - 1):
        x = f(x, ts[i].expand(len(x)))
        if i + 2 < len(ts):
            noise = torch.randn(
                x.shape, generator=generator, dtype=x.dtype, device=x.device
            )
            x = path.alpha(ts[i + 1]) * x + path.sigma(ts[i + 1]) * noise
        yield x


def written_out(f, x, ts, path=None, generator=None):
    path, later = path or LinearPath(), ts[1:-1]
    yield x
    x0 = f(x, ts[0].repeat(len(x)))
    for s in later:
        noise = torch.empty_like(x0).normal_(generator=generator)
        x = path.alpha(s) * x0 + path.sigma(s) * noise
        yield x
        x0 = f(x, s.repeat(len(x)))
    yield x0


# 6.18 and 6.19: judges and average velocities

RIGHT: dict[str, tuple[Function, ...]] = {
    "06b.40": (mean_of_two,),
    "06b.43": (by_ratios,),
    "06b.44": (stopped,),
    "06b.45": (by_index, written_out),
}
