"""Work that is not done twice: results, pictures and weights kept under runs/.

An experiment with many small trainings can be stopped and started again; what was
finished is read back, what was not is done.
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
from torch import nn

from coursekit.course_folder import COURSE
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


def stamp(settings: Any) -> str:
    """A short name of settings: equal settings, equal names. They must be plain data
    or have a telling repr, such as frozen dataclasses.
    """
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def kept(
    name: str, settings: Any, compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The plain numbers of `compute()`, read back if they were computed before.

    name: "folder/which", below runs/; settings: all that the numbers depend on.
    """
    path = RUNS / f"{name}-{stamp(settings)}.json"
    if path.is_file():
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return values
    values = compute()
    write_atomic(path, json.dumps(values, indent=1) + "\n")
    return values


def kept_images(path: Path, make: Callable[[], Images]) -> Images:
    """The pictures of `make()`, read back from `path` (.npy) if they are there."""
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
    path = RUNS / f"{name}-{stamp(settings)}.safetensors"
    if path.is_file():
        network.load_state_dict(load_file(path))
    else:
        train(network)
        state = {key: value.contiguous() for key, value in network.state_dict().items()}
        write_atomic(path, save(state))
    return network.eval().requires_grad_(False)
