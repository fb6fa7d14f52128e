"""A learnt watermark at work: pictures in, pictures with bits out, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.reconstruction import Images, held_out_pictures, psnr
from coursekit.evaluation.resizing import resize
from coursekit.models.watermark import SIDE, Watermark
from coursekit.trust.attacks import ATTACKS, Pixels, pixels_of, png_of
from coursekit.trust.false_alarms import threshold_of_bits

Bits = NDArray[np.bool_]


@torch.no_grad()
def marked(model: Watermark, pictures: Images, bits: Bits) -> Images:
    """Pictures (N, SIDE, SIDE, 3) with bits (N, n) in them, as quiet as was learnt."""
    said = torch.from_numpy(bits).float()
    parts = [
        model.hide(to_model(pictures[i : i + 100]), said[i : i + 100])
        for i in range(0, len(pictures), 100)
    ]
    return to_uint8(torch.cat(parts))


@torch.no_grad()
def heard(model: Watermark, pictures: Sequence[Pixels]) -> Bits:
    """The bits (N, n) that pictures (H, W, 3) of any sizes say, marked or not.

    A picture of another size is resized with averaging first.
    """
    found = []
    for picture in pictures:
        found.append(model(resize(to_model(picture[None].copy()), SIDE))[0] > 0)
    answer: Bits = torch.stack(found).numpy()
    return answer


def watermark_figures(model: Watermark, count: int) -> dict[str, Any]:
    """Bit accuracy, and the share found, after each attack on held-out pictures.

    Every picture has its own random bits; it counts as found where so many of them are
    right as luck reaches once in a hundred.
    """
    pictures = held_out_pictures("bears", count, SIDE)
    bits = np.random.default_rng(0).random((count, model.config.bits)) < 0.5
    images = marked(model, pictures, bits)
    least = threshold_of_bits(model.config.bits, 0.01).value
    found: dict[str, Any] = {"psnr": psnr(pictures, images), "pictures": count}
    for name, attack in ATTACKS.items():
        seen = [pixels_of(attack(png_of(image))) for image in images]
        right = (heard(model, seen) == bits).sum(axis=1)
        found[name] = {
            "bit_accuracy": float(right.mean()) / model.config.bits,
            "found": float((right >= least).mean()),
        }
    return found
