"""Right versions of exercises of notebook 8a, section 8a.10, in other styles."""

import numpy as np
import torch


def by_ranks(above, below):
    both = torch.cat([above, below]).double()
    low = (both[None] < both[:, None]).sum(1)
    same = (both[None] == both[:, None]).sum(1)
    rank = low + (same + 1) / 2
    n, m = len(above), len(below)
    return float((rank[:n].sum() - n * (n + 1) / 2) / (n * m))


def by_signs(above, below):
    off = np.subtract.outer(above.numpy(), below.numpy())
    return (np.sign(off).mean() + 1) / 2


RIGHT = {"08a.37": (by_ranks, by_signs)}
