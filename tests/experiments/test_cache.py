"""Work that is kept. Authority: a counter of how often it is done."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from coursekit.experiments import cache
from coursekit.experiments.cache import kept, kept_images, kept_network, stamp
from coursekit.experiments.train_toy import fresh


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    return tmp_path


def test_numbers_are_computed_once_for_each_setting():
    calls = count(1)

    def compute() -> dict[str, float]:
        return {"value": 0.1 + next(calls)}

    first = kept("some/run", ("a", 1), compute)
    assert kept("some/run", ("a", 1), compute) == first == {"value": 1.1}
    assert kept("some/run", ("a", 2), compute) == {"value": 2.1}
    assert stamp(("a", 1), compute) != stamp(("a", 2), compute)


def test_numbers_of_other_code_are_computed_again(monkeypatch):
    calls, code = count(), iter(["old", "old", "new"])
    monkeypatch.setattr(cache, "code_mark", lambda made_by: next(code))
    found = [kept("run", 1, lambda: {"x": next(calls)})["x"] for _ in range(3)]
    assert found == [0, 0, 1]


def test_weights_are_read_back():
    values = iter([3.5])  # training twice would raise

    def build() -> nn.Linear:
        return fresh(1, lambda: nn.Linear(2, 2))

    first, second = (
        kept_network("n", 0, build(), lambda net: net.weight.data.fill_(next(values)))
        for _ in range(2)
    )
    assert (first.weight == 3.5).all() and not second.training
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, build().bias)
    assert not any(p.requires_grad for p in second.parameters())


def test_pictures_are_read_back(runs):
    calls = count(1)

    def make() -> cache.Images:
        return np.full((3, 8, 8, 1), next(calls), np.uint8)

    first = kept_images("a/x", 1, make)
    assert np.array_equal(kept_images("a/x", 1, make), first)
    assert kept_images("a/x", 2, make).max() == kept_images("a/y", 1, make).max() - 1
    assert not list(runs.rglob("*.part"))


def test_quick_runs_are_kept_apart(runs):
    assert cache.run_folder("some/run") == runs / "some" / "run"
    assert cache.run_folder("some/run", quick=True) == runs / "some_quick" / "run"
