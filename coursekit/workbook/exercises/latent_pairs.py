"""Pairs of vectors for the contrastive losses of lecture 4."""

import numpy as np

from coursekit.checks.spec import Inputs
from coursekit.checks.tensors import Array, generator

CASES = ("vectors in float64", "vectors in float32")
_COUNT, _WIDTH = 7, 4


def pairs(seed: int) -> Inputs:
    """`images` and `texts` that agree a little, of any length, and `log_scale`."""
    rng = generator(seed)
    dtype = np.float32 if seed % 2 else np.float64
    shared = rng.standard_normal((_COUNT, _WIDTH))
    found: Inputs = {}
    for name in ("images", "texts"):
        own = shared + rng.standard_normal(shared.shape)
        found[name] = (own * rng.uniform(0.3, 3, (_COUNT, 1))).astype(dtype)
    found["log_scale"] = np.asarray(np.log(rng.uniform(2.5, 6.0)), dtype)
    return found


def cosines(inputs: Inputs) -> Array:
    """The table of cosines, one pair at a time. For oracles."""
    images, texts = (inputs[n].astype(float) for n in ("images", "texts"))
    found: Array = np.array(
        [[a @ b / np.sqrt((a @ a) * (b @ b)) for b in texts] for a in images]
    )
    return found
