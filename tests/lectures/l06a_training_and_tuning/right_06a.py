"""Right versions of lecture 06a's exercises in other styles: each must pass."""

import math
import re
from statistics import NormalDist

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from coursekit.checks.spec import Function
from coursekit.models.lora import LoRAConv2d, LoRALinear, delta_weight
from coursekit.theory.dreambooth import Rows
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath

# 6.1 and 6.2: times and shift


class FromUniform:
    """Normal numbers by the inverse of their law; the density by logarithms."""

    def __init__(self, mean: float = 0.0, std: float = 1.0) -> None:
        self.bell = torch.distributions.Normal(mean, std)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        u = torch.rand(count, generator=generator, dtype=torch.float64)
        z = self.bell.icdf(u.clamp(1e-12, 1 - 1e-12))
        return (1 / (1 + torch.exp(-z))).float()

    def density(self, t: Tensor) -> Tensor:
        log = self.bell.log_prob(torch.log(t / (1 - t)))
        return torch.exp(log - torch.log(t) - torch.log(1 - t))


class TimeByTime:
    """One time after the other, with the standard library."""

    def __init__(self, mean: float = 0.0, std: float = 1.0) -> None:
        self.bell = NormalDist(mean, std)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        z = torch.empty(count).normal_(
            self.bell.mean, self.bell.stdev, generator=generator
        )
        return z.sigmoid()

    def density(self, t: Tensor) -> Tensor:
        found = [
            self.bell.pdf(math.log(each / (1 - each))) / (each - each**2)
            for each in t.tolist()
        ]
        return torch.tensor(found, dtype=t.dtype)


def dotted(losses: Tensor, t: Tensor, law: object) -> Tensor:
    return torch.dot(law.density(t), losses) / len(losses)  # type: ignore[attr-defined]


def pixel_by_pixel(xt: Tensor, t: Tensor) -> Tensor:
    x0 = xt / (1 - t).view(-1, *[1] * (xt.ndim - 1))
    return x0.mean(dim=tuple(range(1, xt.ndim)))


def by_odds(t: Tensor, factor: float) -> Tensor:
    odds = factor * t
    return odds / (odds + (1 - t))


def from_the_end(t: Tensor, factor: float) -> Tensor:
    return 1 - (1 - t) / (1 - t + factor * t)


# 6.3 to 6.5: teachers, mixtures, stages


# 6.3 to 6.5: teachers, mixtures, stages


def unit_vectors(projected: Tensor, features: Tensor) -> Tensor:
    with torch.no_grad():
        wanted = normalize(features, dim=-1)
    agreed = torch.einsum("btd,btd->bt", normalize(projected, dim=-1), wanted)
    return agreed.mean(dim=1).mean().neg()


def nearest_direction(projected: Tensor, features: Tensor) -> Tensor:
    """Half the squared distance of unit vectors is 1 minus their cosine."""
    wanted = (features / features.norm(dim=2, keepdim=True)).data
    apart = projected / projected.norm(dim=2, keepdim=True) - wanted
    return (apart**2).sum(2).mean() / 2 - 1


def row_by_row(shares: Tensor, size: int, luck: float) -> Tensor:
    chosen = []
    for row in range(size):
        point, source = (row + luck) / size * float(shares.sum()), 0
        while source < len(shares) - 1 and point >= float(shares[: source + 1].sum()):
            source += 1
        chosen.append(source)
    return torch.tensor(chosen)


def ends_below(shares: Tensor, size: int, luck: float) -> Tensor:
    ends = torch.cumsum(shares, 0)[:-1] / shares.sum()
    points = torch.linspace(luck, luck + size - 1, size, dtype=torch.float64) / size
    return (points[:, None] >= ends).sum(1)


def between(
    first: Tensor, last: Tensor, progress: float, kind: str = "linear"
) -> Tensor:
    ends = [mixture / mixture.sum() for mixture in (first, last)]
    way = max(0.0, min(progress, 1.0))
    if kind == "cosine":
        way = math.sin(math.pi * way / 2) ** 2
    return torch.lerp(*ends, way)


def clone_in_eval(
    model: nn.Module, x0: Tensor, eps: Tensor, t: Tensor, cond: Tensor | None = None
) -> Tensor:
    was_training = model.training
    told = () if cond is None else (cond,)
    now = t.reshape(-1, *[1] * (x0.dim() - 1))
    with torch.inference_mode():
        velocity = model.eval()(x0 + now * (eps - x0), t, *told)
        error = torch.nn.functional.mse_loss(velocity, eps - x0)
    if was_training:
        model.train()
    return error


def two_passes(model, subject: Rows, prior: Rows, weight: float) -> Tensor:
    """Each half by itself, the prior's only where it counts."""
    total = 0.0
    for rows, factor in ((subject, 1.0), (prior, weight)):
        if factor:
            x0, t, eps, cond = rows
            each = prediction_loss(model, LinearPath(), "velocity", x0, t, eps, cond)
            total = total + factor * each.mean()
    return total


class Written(LoRALinear):
    """The same sums as matrix products, the scale on A x."""

    def forward(self, x: Tensor) -> Tensor:
        low = x @ self.down.T * (self.alpha / self.rank * self.strength)
        y = self.base(x) + low @ self.up.T
        if self.shift is not None:
            y = y + self.alpha / self.rank * self.strength * self.shift
        return y


def by_einsum(down: Tensor, up: Tensor) -> Tensor:
    r = up.shape[1]
    a = down.unflatten(0, (-1, r)).flatten(2)
    b = up.flatten(1).unflatten(0, (len(a), -1))
    return torch.einsum("gor,gri->goi", b, a).flatten(0, 1).view(-1, *down.shape[1:])


def child_by_child(model: nn.Module, rank: int, alpha: float, pattern: str = "."):
    names = []

    def walk(parent: nn.Module, prefix: str) -> None:
        for name, part in list(parent.named_children()):
            full = prefix + name
            kinds = {nn.Linear: LoRALinear, nn.Conv2d: LoRAConv2d}
            if type(part) in kinds and re.search(pattern, full):
                parent._modules[name] = kinds[type(part)](part, rank, alpha)
                names.append(full)
            else:
                walk(part, f"{full}.")

    before = set(map(id, model.parameters()))
    walk(model, "")
    if not names:
        raise ValueError("nothing is called so")
    for p in model.parameters():
        p.requires_grad_(id(p) not in before)
    return model


def by_the_ups(weights, adapter, strength=1.0):
    result = {k: v.clone() for k, v in weights.items()}
    ups = [key for key in adapter if key.endswith(".up") and strength]
    for name in (key.removesuffix(".up") for key in ups):
        if name + ".weight" not in result:
            raise ValueError(name)
        down, up = adapter[name + ".down"], adapter[name + ".up"]
        scale = adapter[name + ".alpha"].item() / down.shape[0] * strength
        result[name + ".weight"] += scale * delta_weight(down, up)
        if name + ".shift" in adapter:
            result[name + ".bias"] += scale * adapter[name + ".shift"]
    return result


def assembled(model, weights):
    """A whole new state, loaded at once."""
    state, fresh = {}, []
    for name, own in model.state_dict().items():
        old = weights.get(name, own)
        rows = len(own) - len(old) if own.ndim == old.ndim > 0 else 0
        if name in weights and own.shape == old.shape:
            state[name] = old
        elif rows > 0 and old.shape == (len(old), *own.shape[1:]):
            state[name] = torch.cat([old, own[len(old) :]])
        else:
            state[name] = own
            fresh += [name]
    model.load_state_dict(state)
    return fresh


RIGHT: dict[str, tuple[Function, ...]] = {
    "06a.1": (FromUniform, TimeByTime),
    "06a.2": (dotted,),
    "06a.6": (pixel_by_pixel,),
    "06a.7": (by_odds, from_the_end),
    "06a.15": (unit_vectors, nearest_direction),
    "06a.18": (row_by_row, ends_below),
    "06a.19": (between,),
    "06a.22": (clone_in_eval,),
    "06a.25": (two_passes,),
    "06a.26": (Written,),
    "06a.27": (by_einsum,),
    "06a.28": (child_by_child,),
    "06a.29": (by_the_ups,),
    "06a.36": (assembled,),
}
