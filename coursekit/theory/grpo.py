"""GRPO (Shao et al. 2024): a sample is good if it beats its siblings.

No network predicts how much reward to expect of a prompt: the mean over a group of
samples of that prompt says it.
"""

from collections import Counter
from typing import Literal

import torch
from torch import Tensor

Spread = Literal["group", "batch"]  # whose std divides


def group_advantages(
    rewards: Tensor,
    prompts: Tensor,
    size: int,
    spread: Spread = "group",
    limit: float = 5.0,
) -> Tensor:
    """How much better than the other samples of its prompt each sample is.

        ( reward - mean of the group ) / ( std + 1e-4 ),   clipped to [-limit, limit]

    (Shao et al. 2024; Liu et al. 2025; stat_tracking.py of flow_grpo.) A group is all
    samples of one prompt, wherever in the batch they stand. The std (divided by n, not
    n - 1) is that of the group, or with spread="batch" that of all rewards. A group of
    equal rewards says nothing: its advantages are exactly 0 (`worth_learning` drops
    it). No gradients.

    rewards: (B,); prompts: (B,), whole numbers, one for each prompt; size: how many
    samples each prompt must have, else a ValueError. Returns (B,), like `rewards`.
    """
    rewards = rewards.detach()
    counts = Counter(prompts.tolist())
    if set(counts.values()) != {size}:
        raise ValueError(f"each prompt needs {size} samples, not {dict(counts)}")
    order = prompts.argsort(stable=True)
    groups = rewards[order].reshape(-1, size)
    offset = groups - groups.mean(1, keepdim=True)
    # Rounding can leave a mean a little beside rewards that are all the same.
    offset[groups.amax(1) == groups.amin(1)] = 0
    std = rewards.std(correction=0)
    if spread == "group":
        std = groups.std(1, correction=0, keepdim=True)
    advantages = torch.empty_like(rewards)
    advantages[order] = (offset / (std + 1e-4)).flatten()
    return advantages.clamp(-limit, limit)


def worth_learning(advantages: Tensor, prompts: Tensor) -> Tensor:
    """Which samples to keep: those of groups that are not all 0.

    advantages, prompts: (B,), as in `group_advantages`. Returns (B,), bool.
    """
    siblings = prompts[:, None] == prompts
    return (siblings & (advantages != 0)).any(1)


def clipped_loss(
    log_prob: Tensor, old_log_prob: Tensor, advantages: Tensor, clip: float
) -> Tensor:
    """The clipped loss of a policy (PPO, Schulman et al. 2017).

        ratio = exp(log_prob - old_log_prob)
        -mean( min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A) )

    The ratio says how much more probable the policy makes a step than the policy that
    took it; on the first update it is 1. The minimum takes the worse of the two, so a
    ratio that has gone too far where A wants it has no gradient, and one that has gone
    too far the wrong way keeps its own.

    All (B,): log_prob with gradient; old_log_prob as stored when the step was taken;
    advantages A. clip: above 0, of the size of the changes that log_prob makes (sum or
    mean over the dimensions). Returns a scalar.
    """
    ratio = (log_prob - old_log_prob.detach()).exp()
    kept = ratio.clamp(1 - clip, 1 + clip)
    return -torch.minimum(ratio * advantages, kept * advantages).mean()
