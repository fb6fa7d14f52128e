"""Work that is not done twice: results, pictures and weights kept under runs/.

An experiment with many small trainings can be stopped and started again; what was
finished is read back, what was not is done. What is kept carries a stamp of its
settings and of the code behind it: changed code starts afresh, and loses nothing.
"""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor, nn

from coursekit.course_folder import COURSE
from coursekit.experiments.depends import code_mark
from coursekit.files import write_atomic

RUNS = COURSE / "runs"
Images = NDArray[np.uint8]
Net = TypeVar("Net", bound=nn.Module)


def run_folder(name: str, quick: bool = False) -> Path:
    """Where the runs of an experiment are kept; quick ones have a folder of their own.

    name: a path below runs/.
    """
    first, *rest = name.split("/")
    return RUNS.joinpath(f"{first}_quick" if quick else first, *rest)


def stamp(settings: Any, made_by: Callable[..., Any]) -> str:
    """A short name of settings and code: equal ones, equal names.

    settings: plain data, or what has a telling repr, such as frozen dataclasses.
    """
    return hashlib.sha256(repr((settings, code_mark(made_by))).encode()).hexdigest()[
        :16
    ]


def fingerprint(network: nn.Module) -> str:
    """A short name of a network: its class and its weights."""
    whole = hashlib.sha256(type(network).__qualname__.encode())
    whole.update(save(_state(network)))
    return whole.hexdigest()[:16]


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.contiguous() for key, value in network.state_dict().items()}


def kept(
    name: str, settings: Any, compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The plain numbers of `compute()`, read back if they were computed before.

    name: "folder/which", below runs/; settings: all that the numbers depend on, besides
    the code of `compute` and the checkpoints it names.
    """
    path = RUNS / f"{name}-{stamp(settings, compute)}.json"
    if path.is_file():
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return values
    values = compute()
    write_atomic(path, json.dumps(values, indent=1) + "\n")
    return values


def kept_images(name: str, settings: Any, make: Callable[[], Images]) -> Images:
    """The pictures of `make()`, read back if they are there; see `kept`."""
    path = RUNS / f"{name}-{stamp(settings, make)}.npy"
    if not path.is_file():
        buffer = io.BytesIO()
        np.save(buffer, make())
        write_atomic(path, buffer.getvalue())
    images: Images = np.load(path)
    return images


def kept_network(
    name: str, settings: Any, network: Net, train: Callable[[Net], None]
) -> Net:
    """`network` after `train(network)`, in eval mode, its weights read back if kept.

    settings: all that the weights depend on, the seed of the fresh ones included.
    """
    path = RUNS / f"{name}-{stamp(settings, train)}.safetensors"
    if path.is_file():
        network.load_state_dict(load_file(path))
    else:
        train(network)
        write_atomic(path, save(_state(network)))
    return network.eval().requires_grad_(False)
