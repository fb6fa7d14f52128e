"""Couplings: which noise belongs to which data point when a straight path is drawn.

Any pairing with the right noise and the right data gives a flow with the right end.
Pairs that are close give paths that are straight and short (Tong et al. 2024;
Pooladian et al. 2023).
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def ot_coupling(x0: Tensor, eps: Tensor) -> Tensor:
    """Deal the noise of a batch out again, so that the squared distances are smallest.

    Over all permutations pi, take the one with the least sum_i ||x0_i - eps_pi(i)||^2:
    the optimal transport between two sets of B points (Tong et al. 2024; Pooladian et
    al. 2023). `scipy.optimize.linear_sum_assignment(cost)` solves it: for a (B, B)
    array of costs it returns the row numbers 0..B-1 and the columns they are given.

    x0, eps: (B, ...). Returns the rows of `eps` in the new order, like `eps`: entry i
    belongs to x0_i. Neither input changes. The cost grows like B^3 at worst.
    """
    a, b = x0.flatten(1).double(), eps.flatten(1).double()
    cost = torch.cdist(b, a) ** 2  # a row for each noise: solved in half the time
    _, partner = linear_sum_assignment(cost.detach().cpu().numpy())
    order = torch.from_numpy(partner).argsort()  # whose partner is x0_0, x0_1, ...?
    return eps[order.to(eps.device)]


def transport_cost(x0: Tensor, eps: Tensor) -> Tensor:
    """The mean squared distance of the pairs, summed over dimensions: a scalar."""
    return ((x0 - eps) ** 2).flatten(1).sum(1).mean()
