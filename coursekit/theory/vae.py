"""The variational autoencoder (Kingma & Welling 2014): a latent space with a shape.

The encoder answers with a bell for each picture, q(z | x) = N(mean, exp(log_var)). The
decoder rebuilds the picture from a draw. The KL term keeps the bells near N(0, 1), so
that a draw from N(0, 1) is something the decoder has seen.
"""

import math

import torch
from torch import Tensor


def reparameterize(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    """A draw from N(mean, exp(log_var)) that gradients can pass: mean + std * eps.

    log_var is the logarithm of the variance, std^2 (Kingma & Welling 2014, section
    2.4). mean, log_var, eps: all of one shape; eps is standard normal.
    """
    return mean + (log_var / 2).exp() * eps


def kl_to_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of each sample, in nats.

    Half the sum of mean^2 + exp(log_var) - 1 - log_var over all latent numbers of the
    sample (Kingma & Welling 2014, appendix B). mean, log_var: (B, ...). Returns (B,).
    """
    each = mean**2 + log_var.exp() - 1 - log_var
    return each.flatten(start_dim=1).sum(dim=1) / 2


def vae_loss(
    x: Tensor,
    rebuilt: Tensor,
    mean: Tensor,
    log_var: Tensor,
    beta: float = 1.0,
    noise: float = 1.0,
) -> Tensor:
    """The negative ELBO, up to a constant, in nats for each number of x.

    The decoder says N(rebuilt, noise^2) of every number, so a sample costs

        ||x - rebuilt||^2 / (2 noise^2) + beta KL,

    both summed over the whole sample. The cost is averaged over the batch and divided
    by how many numbers a sample of x has. With beta = 1 this is the ELBO of Kingma &
    Welling 2014; other values are those of Higgins et al. 2017.

    x, rebuilt: (B, ...); mean, log_var: (B, ...), of the latent. Returns ().
    """
    distance = ((x - rebuilt) ** 2).flatten(start_dim=1).sum(dim=1)
    each = distance / (2 * noise**2) + beta * kl_to_normal(mean, log_var)
    return each.mean() / x[0].numel()


def bits_of(nats: Tensor) -> Tensor:
    """The same information in bits."""
    return nats / math.log(2)


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """What a critic minimises: say more than 1 to real pictures, less than -1 to fakes.

    Half of mean(max(0, 1 - real)) + mean(max(0, 1 + fake)): the hinge loss of Lim & Ye
    2017, halved as in the code of Esser et al. 2021. real, fake: the critic's scores,
    of any shape each, (B,) or one for each patch. Returns ().
    """
    return (torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()) / 2


def adaptive_weight(by_rebuilding: Tensor, by_critic: Tensor) -> Tensor:
    """How much the critic may say: as much as the rebuilding does, at the last layer.

    The ratio of the norms of the two gradients, |g_rebuilding| / (|g_critic| + 1e-4),
    at most 1e4 (Esser et al. 2021, eq. 7; both numbers are those of their code). Any
    shapes. Returns (), without a gradient.
    """
    ratio: Tensor = by_rebuilding.norm() / (by_critic.norm() + 1e-4)
    return ratio.clamp(max=1e4).detach()
