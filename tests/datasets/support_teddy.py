"""What the tests of the teddy data share: seeded generators and fresh scenes."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.scene import Scene, random_scene
from coursekit.weights import PACKED


def luck(seed: int) -> np.random.Generator:
    """PCG64: the same numbers on every machine."""
    return np.random.Generator(np.random.PCG64(seed))


def some(n: int, kind: str = "solo", seed: int = 0) -> list[Scene]:
    """Scenes of one kind."""
    rng = luck(seed)
    return [random_scene(rng, kind) for _ in range(n)]


def assert_refused(call, cases: dict[str, str]) -> None:
    """Each text is refused with a ValueError of one line that says what is wrong."""
    for given, complaint in cases.items():
        try:
            call(given)
        except ValueError as error:
            assert re.search(complaint, str(error)), given
            assert "\n" not in str(error), given
        else:
            pytest.fail(f"{given!r} is not refused")


def assert_same_batches(a, b) -> None:
    """Two streams of (pictures, answers) are one."""
    for one, other in zip(a, b, strict=True):
        assert torch.equal(one.x, other.x) and torch.equal(one.answers, other.answers)


def assert_same_weights(train) -> None:
    """train(): a network, a card. Twice the same."""
    first, again = (train()[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def assert_holds_a_reader(folder: Path) -> None:
    """What a training command leaves behind."""
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["card.json", PACKED]


def assert_command_saves(
    command: ModuleType, load, report: Callable, folder: Path, capsys
) -> None:
    """Bad input is refused; else a reader that loads, with what its report says."""
    assert command.main(["--steps", "0"]) == 2
    assert "at least 1 step" in capsys.readouterr().err
    wanted = ["--steps", "2", "--pictures", "24", "--out", str(folder)]
    assert command.main(wanted) == 0
    net, card = load(folder)
    assert not net.training and len(card["loss_curve"]) == 2
    assert card["report"] == report(24, folder)
    assert_holds_a_reader(folder)
    (folder / PACKED).write_bytes(b"broken")
    load.cache_clear()
    name = command.__name__.rpartition(".")[2]
    with pytest.raises(ValueError, match=rf"damaged.*{name}"):
        load(folder)
    with pytest.raises(FileNotFoundError, match=name):
        load(folder / "nowhere")
