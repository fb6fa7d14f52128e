"""Right versions of lecture 06b's exercises in other styles: each must pass."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor
from torch.distributions import Normal
from torch.nn.functional import cross_entropy, mse_loss, softplus

from coursekit.checks.spec import Function
from coursekit.theory.paths import LinearPath
from coursekit.theory.policy_steps import Transition
from coursekit.theory.robust_losses import squared_l2

# 6.11 to 6.13: votes and rewards


def two_classes(better: Tensor, worse: Tensor) -> Tensor:
    """The winner is the first of two classes."""
    first = torch.zeros(len(better), dtype=torch.long)
    return cross_entropy(torch.stack([better, worse], dim=1), first)


def soft_difference(better: Tensor, worse: Tensor) -> Tensor:
    return softplus(worse - better).sum() / better.numel()


def walk_by_hand(
    velocity, reward, eps, ts, stop, mean=0.0, std=1.0, margin=2.0
) -> Tensor:
    x = eps
    for step in range(stop):
        now = ts[step].to(x.dtype).repeat(len(x))
        x = (x + (ts[step + 1] - ts[step]) * velocity(x, now)).detach()
    t = ts[stop].to(x.dtype).repeat(len(x))
    guess = x - t[:, None] * velocity(x, t)
    lack = margin - (reward(guess) - mean) / std
    return torch.where(lack > 0, lack, torch.zeros_like(lack)).mean()


def watched_walk(
    velocity, reward, eps, ts, stop, mean=0.0, std=1.0, margin=2.0
) -> Tensor:
    """Gradients are cut where the walk ends."""
    x, early = eps.clone(), torch.no_grad()
    with early:
        for t, s in pairwise(ts[: stop + 1]):
            x += (s - t) * velocity(x, t.to(x).expand(len(x)))
    t = ts[stop].to(x).expand(len(x))
    x0 = x - velocity(x, t) * ts[stop].to(x)
    return (mean + margin * std - reward(x0)).clamp(min=0).mean() / std


def by_hand(model, reference, x0, t, eps, beta, cond=None) -> Tensor:
    if model is reference:
        raise ValueError("a frozen copy, please")
    late = t.view(-1, *[1] * (x0.ndim - 1))
    xt, told = (1 - late) * x0 + late * eps, () if cond is None else (cond,)
    gain = 0.0
    for network, sign in ((reference, 1), (model, -1)):
        off = network(xt, t, *told) - eps + x0
        gain = gain + sign * (off if sign < 0 else off.detach()).square()
    return beta / 2 * gain.flatten(1).mean(1)


def one_batch(model, reference, better, worse, t, eps, beta, cond=None):
    """Winners and losers in one batch of twice the size."""
    x0, late, noise = (
        torch.cat([better, worse]),
        torch.cat([t, t]),
        eps.repeat(2, *[1] * (eps.ndim - 1)),
    )
    told = None if cond is None else torch.cat([cond, cond])
    won, lost = by_hand(model, reference, x0, late, noise, beta, told).chunk(2)
    return softplus(lost - won).mean(), won.detach() - lost.detach()


def from_errors(model, reference, better, worse, t, eps, beta, cond=None):
    def error(network, x0):
        late = t.view(-1, *[1] * (x0.ndim - 1))
        xt = torch.lerp(x0, eps, late)
        seen = network(xt, t) if cond is None else network(xt, t, cond)
        return mse_loss(seen, eps - x0, reduction="none").flatten(1).mean(1)

    with torch.no_grad():
        known = error(reference, better) - error(reference, worse)
    inside = beta / 2 * (known - error(model, better) + error(model, worse))
    return -torch.nn.functional.logsigmoid(inside).mean(), inside.data


# 6.14 and 6.15: a flow that rolls dice


def by_coefficients(
    velocity: Tensor, xt: Tensor, t: Tensor, s: Tensor, noise_level: float
) -> Transition:
    """As flow_grpo writes it: what stands before x, and what before the velocity."""
    velocity, xt, t, s = (
        each.to(torch.promote_types(each.dtype, torch.float32))
        for each in (velocity, xt, t, s)
    )
    dt = s - t
    safe = torch.where(t == 1, s, t)
    sigma = noise_level * torch.sqrt(t / (1 - safe))
    of_x = 1 + sigma**2 / (2 * t) * dt
    of_v = (1 + sigma**2 * (1 - t) / (2 * t)) * dt
    wide = (-1, *[1] * (xt.ndim - 1))
    mean = of_x.view(wide) * xt + of_v.view(wide) * velocity
    return Transition(mean, sigma * torch.sqrt(-dt))


def peer(law: Transition, x: Tensor, over: str) -> Tensor:
    """By torch's own normal law."""
    if bool((law.std <= 0).any()):
        raise ValueError("no density")
    std = law.std.view(-1, *[1] * (law.mean.ndim - 1))
    each = Normal(law.mean, std).log_prob(x.detach()).flatten(1)
    return each.sum(1) if over == "sum" else each.mean(1)


def prompt_by_prompt(
    rewards: Tensor,
    prompts: Tensor,
    size: int,
    spread: str = "group",
    limit: float = 5.0,
) -> Tensor:
    rewards, found = rewards.detach(), torch.zeros_like(rewards)
    for prompt in prompts.unique():
        mine = prompts == prompt
        if int(mine.sum()) != size:
            raise ValueError("not a group")
        group = rewards[mine]
        std = (group if spread == "group" else rewards).std(unbiased=False)
        if bool((group != group[0]).any()):
            found[mine] = (group - group.mean()) / (std + 1e-4)
    return found.clip(-limit, limit)


def case_by_case(
    log_prob: Tensor, old_log_prob: Tensor, advantages: Tensor, clip: float
) -> Tensor:
    """The good are cut off above 1 + clip, the bad below 1 - clip."""
    ratio = torch.exp(log_prob - old_log_prob.detach())
    good = advantages > 0
    capped = torch.where(good, ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip))
    return -torch.mean(capped * advantages)


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

Field = Callable[..., Tensor]


def picture_by_picture(x: Tensor, x0_real: Tensor, x0_fake: Tensor) -> Tensor:
    found = []
    for own, real, fake in zip(x, x0_real, x0_fake, strict=True):
        unit = (real - own).abs().mean()
        found.append((fake - real) / unit if unit > 0 else torch.zeros_like(own))
    return torch.stack(found)


def by_scores(real: Field, fake: Field, x: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """The same by what the judges disagree about: t times their velocities."""
    late = t.view(-1, *[1] * (x.ndim - 1))
    still = x.detach()
    xt = LinearPath().corrupt(still, eps, t)
    with torch.no_grad():
        velocity = real(xt, t)
        unit = (still - xt + late * velocity).abs().flatten(1).mean(1)
        apart = late * (velocity - fake(xt, t)) / unit.view_as(late)
    goal = (still - apart).detach()
    return 0.5 * ((x - goal) ** 2).reshape(len(x), -1).sum(-1)


def two_displacements(u: Field, xt: Tensor, r: Tensor, t: Tensor) -> Tensor:
    """The whole way over the whole time."""
    gap = (t - r).view(-1, *[1] * (xt.ndim - 1))
    x, m = xt.detach(), r + (t - r) / 2
    one = u(x, m, t).detach()
    two = u(x - gap / 2 * one, r, m).detach()
    return 0.5 * one + 0.5 * two


def by_dual_numbers(
    u: Field, xt: Tensor, r: Tensor, t: Tensor, velocity: Tensor
) -> tuple[Tensor, Tensor]:
    """One moving number: how long the traveller has been on its way."""

    def after(h: Tensor) -> Tensor:
        return u(xt + h * velocity, r, t + h)

    zero = torch.zeros((), dtype=xt.dtype)
    said, slope = torch.func.jvp(after, (zero,), (torch.ones_like(zero),))
    gap = (t - r).reshape(-1, *[1] * (xt.ndim - 1))
    return said, (velocity - gap * slope).detach()


def weights_apart(error: Tensor, power: float, c: float = 0.01) -> Tensor:
    square = error.reshape(len(error), -1).pow(2).sum(1)
    with torch.no_grad():
        weight = torch.exp(-power * torch.log(square + c))
    return weight * square


RIGHT: dict[str, tuple[Function, ...]] = {
    "06b.1": (two_classes, soft_difference),
    "06b.4": (walk_by_hand, watched_walk),
    "06b.6": (by_hand,),
    "06b.7": (one_batch, from_errors),
    "06b.10": (by_coefficients,),
    "06b.11": (peer,),
    "06b.14": (prompt_by_prompt,),
    "06b.15": (case_by_case,),
    "06b.19": (mean_of_two,),
    "06b.22": (by_ratios,),
    "06b.23": (stopped,),
    "06b.24": (by_index, written_out),
    "06b.27": (picture_by_picture,),
    "06b.29": (by_scores,),
    "06b.31": (two_displacements,),
    "06b.33": (by_dual_numbers,),
    "06b.35": (weights_apart,),
}
