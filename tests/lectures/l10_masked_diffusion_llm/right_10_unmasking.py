"""Right versions of the exercises of 10.3 to 10.5 in other styles: each must pass."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.checks.spec import Function


def by_ceiling(masked: Tensor, steps: int, step: int) -> Tensor:
    left = steps - step if step < steps else 1
    return torch.tensor([math.ceil(int(row.sum()) / left) for row in masked])


def largest_share(masked: Tensor, steps: int, step: int) -> Tensor:
    left = max(1, steps - step)
    return (masked.long().sum(-1) + left - 1).div(left, rounding_mode="floor")


@dataclass
class RowByRow:
    steps: int

    def reveal(self, guess, masked, step, generator=None):
        shown = torch.zeros_like(masked)
        for row in range(len(masked)):
            holes = masked[row].nonzero().flatten().tolist()
            count = math.ceil(len(holes) / max(1, self.steps - step))
            best = sorted(holes, key=lambda i: -float(guess.confidence[row, i]))
            shown[row, best[:count]] = True
        return shown


@dataclass
class Greedy:
    nats: float

    def reveal(self, guess, masked, step, generator=None):
        shown = torch.zeros_like(masked)
        for row in range(len(masked)):
            holes = masked[row].nonzero().flatten().tolist()
            total = torch.zeros((), dtype=torch.float64)
            for i in sorted(holes, key=lambda i: float(guess.entropy[row, i])):
                if float(total) > self.nats:
                    break
                shown[row, i], total = True, total + guess.entropy[row, i]
        return shown


def by_kept_shares(t: float, s: float, sigma: float) -> tuple[float, float]:
    """In alphas, as the paper has it."""
    at, then = 1 - t, 1 - s
    most = 1.0 if at == 0 else min(1.0, (1 - then) / at)
    if sigma < 0 or sigma > most:
        raise ValueError("sigma")
    return sigma, (then - (1 - sigma) * at) / (1 - at)


def by_balance(t: float, s: float, sigma: float) -> list[float]:
    """What must appear so that s is hidden afterwards."""
    if not 0 <= sigma * (1 - t) <= s or sigma > 1:
        raise ValueError("too much is hidden")
    return [sigma, 1 - (s - sigma * (1 - t)) / t]


def token_by_token(law: Tensor, xt: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Bayes' rule with the matrices of both steps."""
    size = law.shape[-1]
    found = torch.empty_like(law)
    for b in range(len(law)):
        keep = float((1 - t[b]) / (1 - s[b]))
        step = keep * torch.eye(size) + (1 - keep) / size
        for i in range(law.shape[1]):
            at_s = float(1 - s[b]) * law[b, i] + float(s[b]) / size
            joint = at_s * step[:, xt[b, i]].to(law)
            found[b, i] = joint / joint.sum()
    return found


RIGHT: dict[str, tuple[Function, ...]] = {
    "10.10": (by_ceiling, largest_share),
    "10.11": (RowByRow,),
    "10.12": (Greedy,),
    "10.15": (by_kept_shares, by_balance),
    "10.16": (token_by_token,),
}
