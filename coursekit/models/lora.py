"""LoRA (Hu et al. 2021): a frozen network, and a low-rank correction of its maps.

W x becomes W x + (alpha / r) B A x. A takes the input down to r numbers, B takes them
up again. Only A and B learn, and they are all that has to be kept: an `Adapter`. To
draw, the correction is added to W, and the network is as fast as before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from coursekit.models.mmdit import MMDiT, MMDiTConfig

# The maps around attention, by their names in our networks: queries, keys and values,
# the way out, and the two wide maps of a single-stream block.
ATTENTION = r"(^|\.)(qkv|q|kv)$|\.out$|one_stream\.\d+\.(wide|narrow)$"
Weights = dict[str, Tensor]


class LoRALinear(nn.Module):
    """A frozen linear map W x + b, plus (alpha / r) B A x (Hu et al. 2021, eq. 3).

    `down` is A, (rank, in), random as a new linear map is; `up` is B, (out, rank), all
    zeros, so that nothing changes before the first step. `strength` is the user's own
    factor on the whole correction, 1 at first. Both parameters have the dtype and the
    device of the base's weight, and the base learns no more: requires_grad_(False).
    With `bias`, `shift` (out,), zeros, is learnt as well and scaled like the rest.
    """

    def __init__(
        self, base: nn.Linear, rank: int, alpha: float, bias: bool = False
    ) -> None:
        """Keep base, rank and alpha by these names. ValueError for a rank below 1."""
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank={rank}: use 1 or more")
        self.base = base.requires_grad_(False)
        self.rank, self.alpha, self.strength = rank, alpha, 1.0
        like, (out, inputs) = base.weight, base.weight.shape
        self.down = nn.Parameter(like.new_empty(rank, inputs))
        self.up = nn.Parameter(like.new_zeros(out, rank))
        self.shift = nn.Parameter(like.new_zeros(out)) if bias else None
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in). Returns (..., out)."""
        change = linear(linear(x, self.down), self.up, self.shift)
        scale = self.strength * self.alpha / self.rank
        return torch.add(self.base(x), change, alpha=scale)


class LoRAConv2d(nn.Module):
    """The same around a convolution: A has its kernel, B is 1 x 1.

    Of a grouped convolution A and B are grouped as well: `down` (rank, in / g, kh, kw),
    `up` (out, rank / g, 1, 1). A dense A would mix groups that W keeps apart, and could
    never be added to W.
    """

    def __init__(
        self, base: nn.Conv2d, rank: int, alpha: float, bias: bool = False
    ) -> None:
        """Raises ValueError when rank is no multiple of the groups, or for padding
        with anything but zeros.
        """
        super().__init__()
        if rank < 1 or rank % base.groups:
            raise ValueError(f"rank={rank}: use a multiple of {base.groups} groups")
        if base.padding_mode != "zeros":
            raise ValueError(
                f"padding {base.padding_mode!r}: only zeros can be adapted"
            )
        self.base = base.requires_grad_(False)
        self.rank, self.alpha, self.strength = rank, alpha, 1.0
        like, (out, inputs, *kernel) = base.weight, base.weight.shape
        self.down = nn.Parameter(like.new_empty(rank, inputs, *kernel))
        self.up = nn.Parameter(like.new_zeros(out, rank // base.groups, 1, 1))
        self.shift = nn.Parameter(like.new_zeros(out)) if bias else None
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, in, H, W). Returns what the convolution returns."""
        base = self.base
        way = (base.stride, base.padding, base.dilation, base.groups)
        low = conv2d(x, self.down, None, *way)  # type: ignore[arg-type]
        change = conv2d(low, self.up, self.shift, groups=base.groups)
        scale = self.strength * self.alpha / self.rank
        return torch.add(base(x), change, alpha=scale)


LoRA = LoRALinear | LoRAConv2d


def inject(
    model: nn.Module, rank: int, alpha: float, pattern: str = ATTENTION
) -> nn.Module:
    """Freeze `model`, and put LoRA around some of its maps, in place.

    Every nn.Linear or nn.Conv2d whose full name, such as "blocks.0.out", the regular
    expression `pattern` finds (re.search) becomes a LoRALinear or LoRAConv2d of this
    rank and alpha. Nothing but their corrections learns afterwards. Returns the model.
    Raises ValueError when no map has such a name; the model is then as it was.
    """
    found = {
        name: part
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear | nn.Conv2d) and re.search(pattern, name)
    }
    if not found:
        raise ValueError(f"no linear map or convolution is called {pattern!r}")
    model.requires_grad_(False)
    for name, part in found.items():
        parent, _, own = name.rpartition(".")
        kind = LoRALinear if isinstance(part, nn.Linear) else LoRAConv2d
        setattr(model.get_submodule(parent), own, kind(part, rank, alpha))  # type: ignore[arg-type]
    return model


def delta_weight(down: Tensor, up: Tensor) -> Tensor:
    """The change of a weight without its scale: B A, for each group by itself.

    Of a linear map: down (r, in), up (out, r), returns (out, in). Of a convolution with
    g groups: down (r, in / g, kh, kw), up (out, r / g, 1, 1), returns (out, in / g, kh,
    kw); the first out / g rows of `up` belong to the first r / g rows of `down`, and so
    on. How many groups there are follows from the shapes.
    """
    groups = len(down) // up.shape[1]
    a = down.reshape(groups, up.shape[1], -1)
    b = up.reshape(groups, -1, up.shape[1])
    return (b @ a).reshape(len(up), *down.shape[1:])


def merged(weights: Weights, adapter: Weights, strength: float = 1.0) -> Weights:
    """The weights of a network with an adapter worked in; nothing changes in place.

    weights: of the network, by name. adapter: in any order, for each adapted map NAME
    its "NAME.down", "NAME.up" and "NAME.alpha", perhaps "NAME.shift". To "NAME.weight"
    is added strength alpha / r times `delta_weight`, where r is the map's own rank, the
    length of down; to "NAME.bias" as many times the shift. Of strength 0 nothing is
    left, whatever the adapter holds, even NaN. Raises ValueError for a map that the
    network does not have.
    """
    result = dict(weights)
    if strength == 0:
        return result
    for key, down in adapter.items():
        name, _, part = key.rpartition(".")
        if part != "down":
            continue
        if f"{name}.weight" not in weights:
            raise ValueError(f"this network has no {name}: take the adapter's own base")
        scale = strength * float(adapter[f"{name}.alpha"]) / len(down)
        change = delta_weight(down, adapter[f"{name}.up"])
        result[f"{name}.weight"] = weights[f"{name}.weight"] + scale * change
        if (shift := adapter.get(f"{name}.shift")) is not None:
            result[f"{name}.bias"] = weights[f"{name}.bias"] + scale * shift
    return result


class Wardrobe:
    """A network that puts adapters on and takes them off, and is then what it was.

    W + dW - dW is not W: rounding stays. So the original is kept, and every change
    starts from it. Several adapters are added in the order of their names.
    """

    def __init__(self, model: nn.Module) -> None:
        """Keep a copy of the weights of `model` as they are now."""
        self.model = model
        self.original = {k: v.clone() for k, v in model.state_dict().items()}
        self.worn: dict[str, tuple[Weights, float]] = {}

    def wear(self, name: str, adapter: Weights, strength: float = 1.0) -> None:
        """Put an adapter on, or change its strength."""
        self._show(self.worn | {name: (adapter, strength)})

    def take_off(self, name: str) -> None:
        """Take it off. Raises KeyError when it is not worn."""
        del self.worn[name]
        self._show(self.worn)

    def _show(self, worn: dict[str, tuple[Weights, float]]) -> None:
        weights = self.original
        for name in sorted(worn):
            weights = merged(weights, *worn[name])
        self.model.load_state_dict(weights)
        self.worn = worn


def adapted(model: nn.Module) -> dict[str, LoRA]:
    """The adapted maps of an injected model, by name."""
    parts = model.named_modules()
    return {n: p for n, p in parts if isinstance(p, LoRALinear | LoRAConv2d)}


def learnt_share(model: nn.Module) -> tuple[int, int]:
    """How many numbers of a model learn, and how many it has."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, learns in sizes if learns), sum(n for n, _ in sizes)


class Adapter(nn.Module):
    """The corrections of an injected model alone, under the names of its maps."""

    def __init__(self, parts: Mapping[str, LoRA]) -> None:
        """Share the numbers of `parts`, from `adapted`."""
        super().__init__()
        for name, part in parts.items():
            holder: nn.Module = self
            for step in name.split("."):
                if step not in holder._modules:
                    holder.add_module(step, nn.Module())
                holder = cast(nn.Module, holder._modules[step])
            holder.register_parameter("down", part.down)
            holder.register_parameter("up", part.up)
            if part.shift is not None:
                holder.register_parameter("shift", part.shift)
            holder.register_buffer("alpha", torch.tensor(float(part.alpha)))


@dataclass(frozen=True)
class LoRAConfig:
    """The shape of an adapter: of which network, which maps, and how large."""

    base: MMDiTConfig
    rank: int = 4
    alpha: float = 8.0
    pattern: str = ATTENTION

    def injected(self) -> MMDiT:
        """The network with fresh weights, frozen, and corrections that do nothing."""
        model = MMDiT(self.base)
        inject(model, self.rank, self.alpha, self.pattern)
        return model


def fresh_adapter(config: LoRAConfig) -> Adapter:
    """An adapter of that shape that does nothing yet."""
    return Adapter(adapted(config.injected()))
