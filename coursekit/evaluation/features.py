"""Feature spaces for the Fréchet distance, each with a name that says what it is.

Fashion-MNIST: the last hidden layer (64 numbers) of a small classifier trained here,
`python -m coursekit.evaluation.train_features`. Teddies: the second reader. Distances
in these spaces compare models of this course with each other, and with nobody else's.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn

from coursekit.course_folder import COURSE
from coursekit.datasets.images import to_model
from coursekit.weights import DamagedWeights, read_weights

FOLDER = COURSE / "data" / "readers" / "fashion"
RETRAIN = "python -m coursekit.evaluation.train_features"
NAMES = {
    "fashion": "fashion-classifier-64: last hidden layer of a small classifier",
    "teddy": "teddy-reader-2: last hidden layer (96) of the second teddy reader",
}


class FashionClassifier(nn.Module):
    """(B, 1, 28, 28) in [-1, 1] to ten logits; `features` is the layer before."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 48, 3, padding=1), nn.ReLU(), nn.Flatten()),
            *(nn.Dropout(0.3), nn.Linear(48 * 49, 64), nn.ReLU()),
        )
        self.head = nn.Linear(64, 10)

    def features(self, x: Tensor) -> Tensor:
        """(B, 64) activations before the last layer."""
        result: Tensor = self.body(x)
        return result

    def forward(self, x: Tensor) -> Tensor:
        """(B, 10) logits, in the order of `fashion.CLASSES`."""
        result: Tensor = self.head(self.features(x))
        return result


@lru_cache(maxsize=2)
def load_classifier(folder: Path = FOLDER) -> tuple[FashionClassifier, dict[str, Any]]:
    """The trained classifier in eval mode, and its card.

    Raises FileNotFoundError or ValueError, in one line that says what to do.
    """
    try:
        text = (folder / "card.json").read_text(encoding="utf-8")
        info: dict[str, Any] = json.loads(text)
        content = read_weights(folder, info)
    except FileNotFoundError:
        text = f"no Fashion-MNIST classifier in {folder}: {RETRAIN}"
        raise FileNotFoundError(text) from None
    except DamagedWeights as error:
        text = f"{folder} is damaged: {error}: restore it from git, or {RETRAIN}"
        raise ValueError(text) from None
    net = FashionClassifier().float()  # whatever the default is
    net.load_state_dict({k: v.float() for k, v in load(content).items()})
    return net.eval(), info


@torch.inference_mode()
def fashion_features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Features (N, 64) of grey pictures, uint8 (N, 28, 28) or (N, 28, 28, 1)."""
    net, _ = load_classifier()
    parts = [
        net.features(to_model(images[i : i + 500])) for i in range(0, len(images), 500)
    ]
    result: NDArray[np.float32] = torch.cat(parts).numpy()
    return result


@torch.inference_mode()
def fashion_classes(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The class (N,) that the classifier sees in each picture; shapes as above."""
    net, _ = load_classifier()
    parts = [net(to_model(images[i : i + 500])) for i in range(0, len(images), 500)]
    result: NDArray[np.int64] = torch.cat(parts).argmax(1).numpy()
    return result


def features(data: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Features of pictures of a data set, "fashion" or "teddy"; `NAMES` says which."""
    if data == "fashion":
        return fashion_features(images)
    if data == "teddy":
        from coursekit.datasets.teddy import reader

        return reader.features(images)
    raise ValueError(f"no feature space for {data!r}: use one of {', '.join(NAMES)}")
