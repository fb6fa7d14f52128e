"""Work that is not done twice: results and weights kept under runs/, by their settings.

An experiment with many small trainings can be stopped and started again; what was
finished is read back, what was not is done.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from coursekit.experiments.train_images import RUNS
from coursekit.files import write_atomic


def stamp(settings: Any) -> str:
    """A short name of settings: equal settings, equal names. They must be plain data
    or have a telling repr, such as frozen dataclasses.
    """
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def kept(
    name: str,
    settings: Any,
    compute: Callable[[], dict[str, Any]],
    root: Path | None = None,
) -> dict[str, Any]:
    """The plain numbers of `compute()`, read back if they were computed before.

    name: "folder/which", below runs/; settings: all that the numbers depend on.
    """
    path = (root or RUNS) / f"{name}-{stamp(settings)}.json"
    if path.is_file():
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return values
    values = compute()
    write_atomic(path, (json.dumps(values, indent=1) + "\n").encode())
    return values


def kept_network(
    name: str,
    settings: Any,
    network: nn.Module,
    train: Callable[[nn.Module], None],
    root: Path | None = None,
) -> nn.Module:
    """`network` after `train(network)`, in eval mode, its weights read back if kept.

    settings: all that the weights depend on, the seed of the fresh ones included.
    """
    path = (root or RUNS) / f"{name}-{stamp(settings)}.safetensors"
    if path.is_file():
        network.load_state_dict(load_file(path))
    else:
        train(network)
        state = {key: value.contiguous() for key, value in network.state_dict().items()}
        write_atomic(path, save(state))
    return network.eval().requires_grad_(False)


def fresh(seed: int, build: Callable[[], nn.Module]) -> nn.Module:
    """A network whose first weights follow from the seed, whatever came before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()
