"""How the exercises of lecture 6, first half, are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, generator

PROBES = Tries()
tried = PROBES.tried

# 6.1 and 6.2: times and shift

# 6.3 to 6.5: teachers, mixtures, stages

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
