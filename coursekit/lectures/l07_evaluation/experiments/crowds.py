"""Figure 07.H: what is spoilt in a crowd of bears, and who notices.

Two eyes look at the same pictures: the second reader, which was taught the words of
the teddy world, and the picture tower of the CLIP, which was taught captions.
"""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader import features
from coursekit.datasets.teddy.reader_data import blur
from coursekit.datasets.teddy.sample import Wanted, teddies
from coursekit.evaluation.alignment import image_vectors
from coursekit.evaluation.frechet_samples import sample_frechet
from coursekit.evaluation.kernel_distances import cmmd, kid
from coursekit.evaluation.neighbours import density_coverage, precision_recall
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.clip import CLIP
from coursekit.training.pretrained import load_model

COUNT = 1000  # features of each crowd
KEPT = 50  # pictures that the forgetful model knows by heart
Eye = Callable[[Tensor], Tensor]  # pictures (N, 3, 32, 32) -> features (N, D)
MEASURES = ("frechet", "kid", "cmmd", "precision", "recall", "coverage")
# name -> how real bears are spoilt, or which of them are left
SPOILT: Mapping[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "blur_07": lambda x, _: blur(x, 0.7),
    "blur_1": lambda x, _: blur(x, 1.0),
    "noise_01": lambda x, stir: grainy(x, 0.1, stir),
    "noise_02": lambda x, stir: grainy(x, 0.2, stir),
}
DROPPED: Mapping[str, Wanted] = {
    "no_dance": lambda scene: scene.bears[0].action != "dancing",
    "brown": lambda scene: scene.bears[0].fur == "brown",
}
CROWDS = ("real", *SPOILT, *DROPPED, "copies")


def reader_eye(x: Tensor) -> Tensor:
    """The last hidden layer (96) of the second reader."""
    return torch.from_numpy(features(x))


def clip_eye(x: Tensor) -> Tensor:
    """The unit vectors (64) of CLIP's picture tower."""
    return image_vectors(cast(CLIP, load_model("teddy-clip")), to_uint8(x))


EYES: Mapping[str, Eye] = {"reader": reader_eye, "clip": clip_eye}


def bears(
    count: int, seed: int, split: str = "test", only: Wanted | None = None
) -> Tensor:
    """Real bears in model space, (count, 3, 32, 32)."""
    return to_model(teddies(count, 32, seed, split, only=only)[0])


def grainy(x: Tensor, std: float, stir: torch.Generator) -> Tensor:
    """Pictures with white noise of that standard deviation in model space."""
    return (x + std * torch.randn(x.shape, generator=stir)).clamp(-1, 1)


def scores(real: Tensor, drawn: Tensor) -> dict[str, float]:
    """Every one of MEASURES."""
    precision, recall = precision_recall(real, drawn)
    return {
        "frechet": sample_frechet(real, drawn),
        "kid": kid(real, drawn),
        "cmmd": cmmd(real, drawn),
        "precision": precision,
        "recall": recall,
        "coverage": density_coverage(real, drawn)[1],
    }


def crowds(count: int, seed: int) -> dict[str, Tensor]:
    """Every crowd by name: pictures, each of them new; of "copies" those kept."""
    fresh, stir = bears(count, 7000 + seed), torch.Generator().manual_seed(seed)
    found = {"real": fresh}
    for name, spoil in SPOILT.items():
        found[name] = spoil(fresh, stir)
    for name, wanted in DROPPED.items():
        found[name] = bears(count, 7000 + seed, only=wanted)
    found["copies"] = bears(min(KEPT, count // 4), 8000 + seed, "train")
    return found


def _one(count: int, seed: int) -> Result:
    """One draw of all crowds beside one draw of real bears, through both eyes."""
    reference, found = bears(count, 6000 + seed), crowds(count, seed)
    row: Result = {}
    for eye, see in EYES.items():
        real = see(reference)
        for name, pictures in found.items():
            seen = see(pictures)
            drawn = seen.repeat(count // len(seen), 1)  # each copy as often
            row |= prefixed(f"{eye}_{name}", scores(real, drawn))
    return row


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.H.

    Keys: for each eye, crowd and measure, as in `reader_blur_1_kid`, the mean over
    draws, `_std` and `_all`; `count` of each crowd, `kept` pictures in "copies".
    """
    count = 60 if quick else COUNT
    kept = min(KEPT, count // 4)
    return {"count": count, "kept": kept, **for_seeds(_one, seeds, count)}
