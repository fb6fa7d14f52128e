"""Right versions of lecture 06b's exercises in other styles: each must pass."""

import torch
from torch import Tensor
from torch.distributions import Normal

from coursekit.checks.spec import Function
from coursekit.theory.policy_steps import Transition

# 6.11 to 6.13: votes and rewards

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

# 6.18 and 6.19: judges and average velocities

RIGHT: dict[str, tuple[Function, ...]] = {
    "06b.20": (by_coefficients,),
    "06b.21": (peer,),
    "06b.24": (prompt_by_prompt,),
    "06b.25": (case_by_case,),
}
