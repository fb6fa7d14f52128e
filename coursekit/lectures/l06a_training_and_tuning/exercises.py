"""How the exercises of lecture 6, first half, are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, generator
from torch import Tensor, nn

from coursekit.checks.spec import Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    column,
    count,
    draws,
    generator,
    slopes,
)

PROBES = Tries()
tried = PROBES.tried

# 6.1 and 6.2: times and shift

# 6.3 to 6.5: teachers, mixtures, stages


def _two_views(seed: int) -> Inputs:
    rng, dtype = generator(seed), np.float32 if seed % 2 else np.float64
    shape = (5, 6, 3) if seed % 2 else (4, 3, 7)
    long = rng.uniform(0.3, 3.0, (2, *shape[:2], 1))  # no two tokens of one length
    projected, features = (long * rng.standard_normal((2, *shape)) + 0.4).astype(dtype)
    return {"projected": projected, "features": features}


@tried("06a.5", _two_views, cases=("tokens (B, T, D)", "another shape, float32"))
def alignment_loss(fn: Function, i: Any) -> Results:
    projected, features = i.projected.requires_grad_(), i.features.requires_grad_()
    loss = fn(projected, features)
    return {"loss": loss, **slopes(loss, projected=projected, features=features)}


def _plates(seed: int) -> Inputs:
    rng = generator(seed)
    sources = (2, 5, 3)[seed % 3]
    shares = rng.uniform(0.2, 3.0, sources)
    if seed % 3 == 1:
        shares[0] = shares[3] = 0.0  # nothing from these
    if seed % 3 == 2:
        shares = np.sort(shares) / shares.sum()
        shares[0] *= 0.02  # so rare that most batches have none of it
    return {"shares": shares, "size": (7, 16, 12)[seed % 3], "luck": rng.random()}


@tried(
    "06a.6",
    _plates,
    cases=("two sources", "five sources, two of them empty", "a rare source"),
)
def sources(fn: Function, i: Any) -> Results:
    found = {
        "source of each row": fn(i.shares, i.size, i.luck),
        "source of each row at luck 0": fn(i.shares, i.size, 0.0),
    }
    batches = [array(fn(i.shares, i.size, (n + 0.5) / 97)) for n in range(97)]
    kinds = range(len(i.shares))
    rows = [[float((batch == kind).sum()) for kind in kinds] for batch in batches]
    average = torch.tensor(rows).double().mean(0)
    return {**found, "rows of each source, on average over luck": average}


def _menus(seed: int) -> Inputs:
    rng = generator(seed)
    first, last = rng.uniform(0.2, 4.0, (2, 2 + seed % 3))
    return {"first": first, "last": 3 * last, "progress": rng.uniform(0.1, 0.4)}


@tried("06a.7", _menus, cases=("two sources", "three sources", "four sources"))
def curriculum(fn: Function, i: Any) -> Results:
    found = {
        f"shares, {kind}": fn(i.first, i.last, i.progress, kind)
        for kind in ("linear", "cosine")
    }
    found["shares, linear, late"] = fn(i.first, i.last, 1 - i.progress / 2, "linear")
    found["shares before the start"] = fn(i.first, i.last, -i.progress, "linear")
    found["shares after the end"] = fn(i.first, i.last, 1 + i.progress, "cosine")
    return found


class _Moody(nn.Module):
    """A network that answers otherwise in training, and remembers how it was asked."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        self.training_when_asked = self.gradient_when_asked = False

    def forward(self, x: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        self.training_when_asked |= self.training
        self.gradient_when_asked |= torch.is_grad_enabled()
        told: Any = 0.0 if cond is None else column(cond, x)
        answer: Tensor = self.weight * torch.tanh(x) * (1 + column(t, x)) + told
        return answer * (1.5 if self.training else 1.0)


@tried("06a.8", draws("x0", "eps", t=(0, 1), weight=(0.5, 1.5)))
def velocity_error(fn: Function, i: Any) -> Results:
    model = _Moody(i.weight)
    busy = fn(model.train(), i.x0, i.eps, i.t)
    found = {
        "error": busy,
        "model in training mode when asked": count(model.training_when_asked),
        "gradients on when asked": count(model.gradient_when_asked),
        "model in training mode afterwards": count(model.training),
    }
    idle = fn(model.eval(), i.x0, i.eps, i.t, 3 * i.t)
    return {
        **found,
        "error with a condition": idle,
        "training mode afterwards, of a model in eval mode": count(model.training),
    }


# 6.6 and 6.7: one subject, few numbers


# 6.8: one life


class _Stage(nn.Module):
    """A few tensors of every kind: tables, maps, a bias, a buffer, a single number."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], i: Any) -> None:
        super().__init__()
        for name, shape in shapes.items():
            value = i[f"now {name}"].clone().reshape(shape)
            if name in ("average", "count"):
                self.register_buffer(name, value)
            else:
                self.register_parameter(name, nn.Parameter(value))


# The name of a tensor -> its shape in the stage before, and now (None: not there).
_SHAPES: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]] = {
    "embed": ((4, 3), (4, 6)),
    "place": ((5, 4), (7, 4)),
    "body": ((4, 4), (4, 4)),
    "average": ((4,), (4,)),
    "count": ((), ()),
    "shorter": ((6, 2), (3, 2)),
    "flat": ((4, 1), (4,)),
    "new": (None, (2, 3)),
    "old": ((3, 2), None),
    "head": ((3, 4), (6, 4)),
}


def _two_stages(seed: int) -> Inputs:
    rng, found = generator(seed), Inputs()
    for name, (before, now) in _SHAPES.items():
        if before is not None:
            found[f"known {name}"] = np.asarray(rng.standard_normal(before))
        if now is not None:
            found[f"now {name}"] = np.asarray(rng.standard_normal(now))
    return found


@tried("06a.14", _two_stages)
def warm_start(fn: Function, i: Any) -> Results:
    now = {name: shape for name, (_, shape) in _SHAPES.items() if shape is not None}
    model = _Stage(now, i)
    known = {
        name: i[f"known {name}"].reshape(shape)
        for name, (shape, _) in _SHAPES.items()
        if shape is not None
    }
    fresh = fn(model, {name: value.clone() for name, value in known.items()})
    if not isinstance(fresh, list) or not all(isinstance(n, str) for n in fresh):
        raise BadResult("it must return a list of names: those that stay fresh")
    order = list(model.state_dict())
    places = [order.index(name) if name in order else -1 for name in fresh]
    own = {f"tensor {name}": value for name, value in model.state_dict().items()}
    return {**own, "places of the fresh names": torch.tensor(places).double()}
