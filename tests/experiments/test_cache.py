"""Work that is kept. Authority: a counter of how often it is done."""

from pathlib import Path

import torch
from torch import nn

from coursekit.experiments.cache import fresh, kept, kept_network, stamp


def test_numbers_are_computed_once_for_each_setting(tmp_path: Path) -> None:
    calls: list[int] = []

    def compute() -> dict[str, float]:
        calls.append(1)
        return {"value": 0.1 + len(calls)}

    first = kept("some/run", ("a", 1), compute, tmp_path)
    assert kept("some/run", ("a", 1), compute, tmp_path) == first == {"value": 1.1}
    assert kept("some/run", ("a", 2), compute, tmp_path) == {"value": 2.1}
    assert stamp(("a", 1)) != stamp(("a", 2))


def test_weights_are_read_back(tmp_path: Path) -> None:
    calls: list[int] = []

    def train(net: nn.Module) -> None:
        calls.append(1)
        nn.init.constant_(net.weight, 3.5)  # type: ignore[arg-type]

    def make() -> nn.Module:
        return kept_network("n", 0, fresh(1, lambda: nn.Linear(2, 2)), train, tmp_path)

    first, second = make(), make()
    assert len(calls) == 1 and not second.training
    assert torch.equal(first.weight, second.weight)  # type: ignore[arg-type]
    assert torch.equal(first.bias, fresh(1, lambda: nn.Linear(2, 2)).bias)  # type: ignore[arg-type]
    assert not any(p.requires_grad for p in second.parameters())
