"""DiffusionNFT (Zheng et al. 2025): reinforcement by flow matching alone.

No SDE and no probabilities. Samples and their rewards are enough: good samples pull the
network towards themselves, bad ones pull its mirror image.
"""

from typing import NamedTuple

from torch import Tensor

from coursekit.theory.paths import expand_as


class ImplicitPolicies(NamedTuple):
    """Two velocities, each like the network's."""

    positive: Tensor
    negative: Tensor


def implicit_policies(velocity: Tensor, old: Tensor, beta: float) -> ImplicitPolicies:
    """The network's step away from the old policy, and the same step backwards.

        positive = old + beta * (velocity - old)
        negative = old - beta * (velocity - old)

    (Zheng et al. 2025; train_nft_sd3.py of DiffusionNFT.) velocity: (B, ...), the
    network's answer; old: that of the policy that drew the samples, at the same places;
    no gradients reach it. beta: above 0.
    """
    old = old.detach()
    step = beta * (velocity - old)
    return ImplicitPolicies(old + step, old - step)


def optimality(advantages: Tensor, limit: float) -> Tensor:
    """Advantages as probabilities of being good: 0 at -limit, 1/2 at 0, 1 at limit.

        clamp(advantages / limit, -1, 1) / 2 + 1/2

    (Zheng et al. 2025; train_nft_sd3.py of DiffusionNFT.) Any shape, no gradients.
    """
    return (advantages.detach() / limit).clamp(-1, 1) / 2 + 0.5


def nft_loss(
    velocity: Tensor, old: Tensor, target: Tensor, good: Tensor, beta: float
) -> Tensor:
    """The loss of DiffusionNFT (Zheng et al. 2025).

        mean( good * |positive - target|^2 + (1 - good) * |negative - target|^2 ) / beta

    with both `implicit_policies`. Its minimum lies in the direction in which the good
    samples differ from all samples, at a distance of 1 / beta of it:

        old + E[ (2 good - 1) (target - old) ] / beta

    With good = 1 and beta = 1 it is flow matching on the samples. (The authors' code
    writes the errors for x0 and divides each sample's by its mean absolute value. The
    division by beta makes the first gradient the same for all beta.)

    velocity, old: (B, ...), see there; target: eps - x0 of a sample and fresh noise;
    good: (B,) in [0, 1], of `optimality`. Returns a scalar: the mean over the batch and
    all other dimensions.
    """
    positive, negative = implicit_policies(velocity, old, beta)
    weight = expand_as(good, target)
    praise = weight * (positive - target) ** 2
    blame = (1 - weight) * (negative - target) ** 2
    return (praise + blame).mean() / beta
