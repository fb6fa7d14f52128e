"""Read the attributes of a teddy picture back: the oracle of the image experiments.

`read` answers with the first reader, `read_second` with an independent one for
reporting when the first one was a reward. An answer whose calibrated confidence is too
low is "unreadable"; a picture that does not look like a scene is not `valid`. How far
to trust them: data/readers/report.json (confusion matrices, noise, blur).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.reader_nets import (
    CHOICES,
    MEASURES,
    SIDE,
    make_reader,
    reader_folder,
    split_outputs,
)
from coursekit.weights import DamagedWeights, read_weights

UNREADABLE = "unreadable"
ABOUT_THE_BEAR = ("fur", "hat", "glasses", "pose", "action")
READ = ("place", *ABOUT_THE_BEAR)
Pictures = NDArray[np.uint8] | Tensor


@dataclass(frozen=True)
class Reading:
    """What a reader sees. A word of the vocabulary, or "unreadable".

    The words about the bear are read in pictures with exactly one bear. The fur of the
    striped bear is "[V]". `confidence` holds the probability of each best answer.
    """

    place: str
    fur: str
    hat: str
    glasses: str
    pose: str
    action: str
    count: int
    mirror: bool
    valid: bool
    confidence: Mapping[str, float] = field(compare=False, repr=False)


def as_pixels(images: Pictures, side: int = SIDE) -> Tensor:
    """Pictures as float32 (N, 3, side, side) in [-1, 1].

    Takes uint8 (N, H, W, 3), or model space (N, 3, H, W) floats; other sizes are
    averaged down or interpolated up.
    """
    # A flipped array has negative strides, which torch does not take.
    x = torch.as_tensor(
        images if isinstance(images, Tensor) else np.ascontiguousarray(images)
    )
    x = to_model(x) if x.dtype == torch.uint8 else x.detach().float().cpu().clamp(-1, 1)
    if x.ndim != 4 or x.shape[1] != 3:
        raise ValueError(
            "a reader takes colour pictures: uint8 (N, H, W, 3) or float (N, 3, H, W) "
            f"in [-1, 1], got {tuple(images.shape)}"
        )
    if x.shape[-1] > side:
        return F.interpolate(x, (side, side), mode="area")
    if x.shape[-1] < side:
        return F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
    return x


@lru_cache(maxsize=4)
def load_reader(
    which: str, folder: Path | None = None
) -> tuple[nn.Module, dict[str, Any]]:
    """A trained reader in eval mode and its card.

    Raises FileNotFoundError when it was never trained, ValueError when the weights are
    not those of the card.
    """
    net: nn.Module = make_reader(which)
    retrain = f"python -m coursekit.datasets.teddy.train_readers --which {which}"
    return net, load_into(net, folder or reader_folder() / which, retrain)


def load_into(net: nn.Module, folder: Path, retrain: str) -> dict[str, Any]:
    """Give a fresh network the trained weights of a folder; returns their card.

    Leaves it in eval mode. Errors as those of `load_reader`; they say to run `retrain`.
    """
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text())
        content = read_weights(folder, card)
    except FileNotFoundError:
        text = f"no {folder.name} reader in {folder}: run {retrain}"
        raise FileNotFoundError(text) from None
    except DamagedWeights as error:
        text = f"{folder} is damaged: {error}: restore it, or run {retrain}"
        raise ValueError(text) from None
    net.float()  # whatever torch's default is: pictures are float32
    net.load_state_dict({k: v.float() for k, v in load(content).items()})
    net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return card


def best_words(chances: Tensor, options: tuple[str, ...], least: float) -> list[str]:
    """The best word of each row of chances (N, words), or "unreadable" below least."""
    sure, best = chances.max(1)
    rows = zip((sure >= least).tolist(), best.tolist(), strict=True)
    return [options[word] if readable else UNREADABLE for readable, word in rows]


def _pieces(images: Pictures, size: int = 256) -> Iterator[Tensor]:
    for start in range(0, len(images), size):
        yield as_pixels(images[start : start + size])


@torch.inference_mode()
def raw_outputs(net: nn.Module, images: Pictures) -> tuple[dict[str, Tensor], Tensor]:
    """Logits by question (N, choices) and measures (N, M), before calibration."""
    outputs = torch.cat([net(x) for x in _pieces(images)])
    return split_outputs(outputs)


def probabilities(
    images: Pictures, which: str = "first"
) -> dict[str, NDArray[np.float32]]:
    """Calibrated probabilities of the answers, (N, choices) for each question.

    Each question has its own temperature (Guo et al. 2017), fitted on noisy and
    blurred scenes.
    """
    net, card = load_reader(which)
    logits, _ = raw_outputs(net, images)
    return {
        name: torch.softmax(values / card["temperature"][name], 1).numpy()
        for name, values in logits.items()
    }


def read(images: Pictures, which: str = "first") -> list[Reading]:
    """Read each picture (uint8 (N, H, W, 3), or model space) with the first reader."""
    return readings(probabilities(images, which), which) if len(images) else []


def readings(
    chances: dict[str, NDArray[np.float32]], which: str = "first"
) -> list[Reading]:
    """Readings from `probabilities(images, which)`."""
    least = load_reader(which)[1]["threshold"]
    return [_reading(chances, least, row) for row in range(len(chances["valid"]))]


def read_second(images: Pictures) -> list[Reading]:
    """Read with the second reader, which shares no weights or training data."""
    return read(images, "second")


def _reading(
    chances: dict[str, NDArray[np.float32]], least: dict[str, float], row: int
) -> Reading:
    best = {name: int(values[row].argmax()) for name, values in chances.items()}
    sure = {name: float(chances[name][row, index]) for name, index in best.items()}
    count = int(CHOICES["count"][best["count"]])
    chance_valid = float(chances["valid"][row, 1])
    words = {}
    for name in READ:
        asked = name == "place" or count == 1
        readable = asked and sure[name] >= least[name]
        words[name] = CHOICES[name][best[name]] if readable else UNREADABLE
    return Reading(
        **words,
        count=count,
        mirror=best["mirror"] == 1,
        valid=chance_valid >= least["valid"] and count > 0,
        confidence={**sure, "valid": chance_valid},
    )


def valid_rate(images: Pictures, which: str = "first") -> float:
    """The part of the pictures that show a valid scene."""
    seen = read(images, which)
    return sum(r.valid for r in seen) / max(1, len(seen))


def attributes(images: Pictures, which: str = "first") -> dict[str, NDArray[np.str_]]:
    """The words read, one array (N,) for each of place, fur, hat, glasses, ..."""
    seen = read(images, which)
    return {name: np.array([getattr(r, name) for r in seen]) for name in READ}


def measures(images: Pictures, which: str = "first") -> dict[str, NDArray[np.float32]]:
    """Estimated x, y, scale, brightness, warmth and drift of one-bear scenes, (N,)."""
    net, _ = load_reader(which)
    _, values = raw_outputs(net, images)
    scale = torch.tensor([4, 8, 4, 6, 1, 2])
    offset = torch.tensor([0.5, 0.92, 0.55, 0.98, 0.0, 0.5])
    return dict(zip(MEASURES, (values / scale + offset).T.numpy(), strict=True))


@torch.inference_mode()
def features(images: Pictures) -> NDArray[np.float32]:
    """Penultimate activations of the second reader (N, 96), for a Frechet distance."""
    net, _ = load_reader("second")
    assert hasattr(net, "features")
    if len(images) == 0:
        return np.empty((0, 96), dtype=np.float32)
    result: NDArray[np.float32] = torch.cat(
        [net.features(x) for x in _pieces(images)]  # type: ignore[operator]
    ).numpy()
    return result
