"""What is hidden in the pixels of a picture, as far as this package can tell."""

import hashlib
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from coursekit.evaluation.reconstruction import Images
from coursekit.evaluation.watermarking import Bits, heard, marked
from coursekit.models.watermark import SIDE, Watermark
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.parts import loaded

NAME = "watermark"
Pixels = NDArray[np.uint8]


def own_bits(count: int = 32) -> Bits:
    """The bits that say "coursekit": the first of its SHA-256."""
    digest = np.frombuffer(hashlib.sha256(b"coursekit").digest(), np.uint8)
    return np.unpackbits(digest)[:count].astype(bool)


def with_mark(pictures: Images) -> Images:
    """Pictures (N, 64, 64, 3) that carry coursekit's bits.

    Raises PipelineError for other sizes and where the watermark is not trained yet.
    """
    if pictures.shape[1:3] != (SIDE, SIDE):
        raise PipelineError(f"a watermark is for pictures of {SIDE} x {SIDE} pixels")
    net = cast(Watermark, loaded(NAME))
    return marked(net, pictures, np.tile(own_bits(), (len(pictures), 1)))


def hidden_marks(pixels: Pixels) -> list[str]:
    """One line for each mark that a decoder finds or does not find.

    pixels: (H, W, 3) bytes, one picture of any size. The line says which bits were
    heard, how many agree with coursekit's, and how often fair coins do as well; nothing
    is said where the watermark is not trained yet.
    """
    if not is_there(NAME):
        return []
    bits = heard(cast(Watermark, loaded(NAME)), [pixels])[0]
    right = int((bits == own_bits()).sum())
    luck = float(binom.sf(right - 1, len(bits), 0.5))
    said = "".join(str(int(bit)) for bit in bits)
    return [
        f"watermark: bits {said}, {right} of {len(bits)} agree with coursekit's, "
        f"luck reaches that with probability {luck:.2g}"
    ]
