"""What the tests of the lectures' experiments share.

A plain module: pytest puts the folder of tests/conftest.py on the path.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from coursekit.models.autoencoder import AutoencoderConfig


def table(text: str) -> dict[str, list[str]]:
    """Lines "name: claim" as name -> claims; lines that start with # are skipped."""
    found: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        if not line.startswith("#"):
            name, _, claim = line.partition(": ")
            found.setdefault(name, []).append(claim)
    return found


def hold(values: Mapping[str, Any], *claims: str) -> None:
    """Fail at the first claim that is not true of `values`.

    A claim is a Python expression over the keys ("-" is written "_") and `approx`.
    """
    names = {key.replace("-", "_"): value for key, value in values.items()}
    for claim in claims:
        code = compile(claim, "claim", "eval")
        used = {name: names[name] for name in code.co_names if name in names}
        true = eval(code, {"approx": pytest.approx, **names})
        assert true, f"not true: {claim}, with {used}"


class Identity(nn.Module):
    """An autoencoder without a bottleneck; `lost` paints its pictures black."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__()
        self.config = AutoencoderConfig()
        self.register_buffer("shift", torch.zeros(1))
        self.lost = lost

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, z: Tensor) -> Tensor:
        return torch.full_like(z, -1.0) if self.lost else z

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        return 3, height, width
