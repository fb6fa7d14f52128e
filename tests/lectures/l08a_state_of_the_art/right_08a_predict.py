"""Right versions of the exercises of 8a.4 and 8a.5, in other styles."""

import torch

from coursekit.models.patches import BottleneckEmbedding
from coursekit.theory.paths import expand_as


def by_singular_values(rows):
    off = rows.to(torch.float64)
    off = off - off.sum(0, keepdim=True) / off.shape[0]
    _, s, vt = torch.linalg.svd(off, full_matrices=True)
    variances = off.new_zeros(off.shape[1])
    variances[: len(s)] = s**2 / off.shape[0]
    return variances, vt.T


KINDS = {
    "x0": lambda v, t: (1 - t) * v,
    "eps": lambda v, t: t + 0 * v,
    "velocity": lambda v, t: t - (1 - t) * v,
}


def kind_by_kind(variances, t, says):
    return KINDS[says](variances, t) / (
        variances - 2 * t * variances + t * t * (1 + variances)
    )


def one_rank_at_a_time(variances, t, says, least=0.05):
    """What is left with all open, and then what each closed direction adds."""
    seen = (1 - t) ** 2 * variances + t**2
    scale = {"x0": 1 / t, "eps": 1 / (1 - t), "velocity": 1.0}[says]
    closed = sorted((scale * KINDS[says](variances, t)).square() / seen)
    floor, d = float((variances / seen).sum()), len(variances)
    slower = t / least if t < least else 1.0
    errors = [slower**2 * (floor + sum(closed[: d - k])) / d for k in range(d + 1)]
    return torch.tensor([float(each) for each in errors], dtype=variances.dtype)


class AsOneMatrix(BottleneckEmbedding):
    """The two maps multiplied, and the patches cut in a loop."""

    def forward(self, x):
        p, rows = self.patch, []
        for top in range(0, x.shape[2], p):
            for left in range(0, x.shape[3], p):
                rows.append(x[:, :, top : top + p, left : left + p].flatten(1))
        matrix = self.wide.weight @ self.narrow.weight
        return torch.stack(rows, 1) @ matrix.T + self.wide.bias


def with_where(xt, x0, t, least=0.05):
    late = torch.where(t < least, torch.full_like(t, least), t)
    return (xt - x0) / late.reshape(-1, *[1] * (xt.ndim - 1))


def guess_by_guess(model, x0, t, eps, cond=None, least=0.05):
    late = expand_as(t, x0)
    xt = x0 + late * (eps - x0)
    y = model(xt, t, cond) if cond is not None else model(xt, t)
    wanted = (eps - x0) * expand_as((t / least).clamp(max=1), x0)
    return torch.stack(
        [(a - b).square().mean() for a, b in zip(y, wanted, strict=True)]
    )


def both_shares(xt, t, scale):
    whole = (1 - t) + scale * t
    divided = xt / whole.reshape(-1, *[1] * (xt.ndim - 1))
    return divided, 1 - (1 - t) / whole


RIGHT = {
    "08a.9": (by_singular_values,),
    "08a.10": (kind_by_kind,),
    "08a.11": (one_rank_at_a_time,),
    "08a.14": (AsOneMatrix,),
    "08a.15": (with_where,),
    "08a.17": (guess_by_guess,),
    "08a.20": (both_shares,),
}
