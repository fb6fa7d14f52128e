"""What the tests of networks share.

A plain module: pytest puts the folder of tests/conftest.py on the path.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from coursekit.models.text_encoder import TextConfig

EXACT = {"rtol": 0, "atol": 1e-12}  # float64, rounding only
# A small transformer over patches, and the encoder of its prompts.
SHAPE = {"size": 8, "patch": 2, "width": 16, "heads": 2}
TEXT = TextConfig(vocabulary=11, length=5, width=16, depth=1, heads=2)
IDS = torch.tensor([[1, 5, 6, 2, 0], [1, 7, 2, 0, 0], [1, 9, 9, 9, 2]])
T = torch.tensor([0.2, 0.5, 0.9])


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Normal numbers, the same at every call; float32 is float64 rounded."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def awake(network: nn.Module, std: float = 0.3) -> nn.Module:
    """Random numbers in every parameter: none hides behind a zero or a one."""
    torch.manual_seed(0)
    for p in network.parameters():
        nn.init.normal_(p, std=std)
    return network.eval()


def learn(
    network: nn.Module, loss: Callable[[int], Tensor], steps: int, lr: float
) -> list[float]:
    """Adam on loss(step). Returns the losses."""
    optimiser, losses = torch.optim.Adam(network.parameters(), lr), []
    for step in range(steps):
        optimiser.zero_grad()
        value = loss(step)
        value.backward()
        optimiser.step()
        losses.append(float(value.detach()))
    return losses


def gap(a: Tensor, b: Tensor) -> float:
    """The largest difference."""
    return float((a - b).detach().abs().max())


X = normal(3, 3, 8, 8).float()


def taught(network: nn.Module) -> set[str]:
    """The names of the parameters that the last `backward` gave a gradient."""
    found = set()
    for name, p in network.named_parameters():
        if p.grad is not None and p.grad.any():
            assert p.grad.isfinite().all(), name
            found.add(name)
    return found


def without_group_norms(network: nn.Module) -> nn.Module:
    """The network without what sees the whole picture: the means of its norms."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.GroupNorm):
            network.set_submodule(name, nn.Identity())
    return network


def worst(name: str, ours: Tensor, theirs: Tensor) -> float:
    """The largest difference from a peer library, printed."""
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, name
    value, size = gap(ours, theirs), float(theirs.detach().abs().max())
    print(f"{name}: {value:.1e} (largest value {size:.2g})")
    return value


@torch.no_grad()
def copy(layer: nn.Module, *sources: nn.Module, rows=slice(None)) -> None:
    """Weights and biases of one or more linear maps (or norms), one below the other."""
    both = [dict(source.named_parameters()) for source in sources]
    there = dict(layer.named_parameters())
    assert all(there.keys() == here.keys() for here in both)
    for name, parameter in there.items():
        put(parameter, torch.cat([here[name] for here in both])[rows])


@torch.no_grad()
def put(there: Tensor, here: Tensor) -> None:
    """The numbers of one parameter into another of the same shape."""
    assert there.shape == here.shape
    there.copy_(here)
