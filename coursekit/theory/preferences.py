"""Which of two is better: votes, and the loss that learns a reward from them.

The model of Bradley & Terry 1952 gives every candidate a score, its reward. Only the
difference of two rewards counts: it is the log odds that the first one wins.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def vote(
    first: Tensor, second: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Votes of people who follow the model of Bradley & Terry 1952.

    The first of a pair wins with probability sigmoid(first - second). Rewards that are
    multiplied by a number above 1 give votes that are more of one mind.

    first, second: (B,), the rewards of both sides. The generator lives on the CPU.
    Returns (B,), bool, on the rewards' device: True where the first one won.
    """
    chance = torch.sigmoid(first - second)
    draw = torch.rand(chance.shape, generator=generator, dtype=chance.dtype)
    return draw.to(chance.device) < chance


def order_pairs(first: Tensor, second: Tensor, wins: Tensor) -> tuple[Tensor, Tensor]:
    """Turn pairs and votes into the tuple (better, worse).

    first, second: (B, ...), two candidates for each row; wins: (B,), bool, True where
    the first one won. Row i of both results is made of row i of both candidates.
    """
    rows = wins.reshape(-1, *[1] * (first.ndim - 1))
    return torch.where(rows, first, second), torch.where(rows, second, first)


def bradley_terry_loss(better: Tensor, worse: Tensor) -> Tensor:
    """How badly rewards predict the votes (Bradley & Terry 1952), in nats a pair.

        mean( -log sigmoid(better - worse) )

    It is log 2 for rewards that know nothing. The mean is over the losses of the pairs:
    the loss of a mean difference would let one sure pair hide a wrong one. Large
    differences must neither overflow nor lose their gradient: use `logsigmoid`.

    better, worse: (B,), the rewards of the winner and the loser of each pair. Returns a
    scalar that gradients can flow from.
    """
    return -logsigmoid(better - worse).mean()


def agreement(better: Tensor, worse: Tensor) -> Tensor:
    """The share of the pairs whose winner has the higher reward; a tie counts half.

    better, worse: (B,). Returns a scalar without gradient, between 0 and 1.
    """
    difference = (better - worse).detach()
    return (difference.sign() + 1).mean() / 2
