"""Are small things still there? What an autoencoder loses, by the size of the bear.

Readers are networks, and small things are hard for them, too. So there is a judge that
needs no training: it knows the whole scene but for one word, draws the scene with each
word there is, and takes the drawing that is nearest.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.evaluation.reconstruction import psnr

Images = NDArray[np.uint8]


def drawings(scenes: Sequence[Scene], name: str, side: int) -> Images:
    """Scenes of one bear with each word of an attribute, (words, N, side, side, 3).

    name: hat, glasses, fur, pose or action; the words are in the order of VOCABULARY.
    """
    dressed = [_with(s, name, word) for word in VOCABULARY[name] for s in scenes]
    images = render(dressed, side)
    return images.reshape(len(VOCABULARY[name]), len(scenes), *images.shape[1:])


def nearest_words(images: Images, scenes: Sequence[Scene], name: str) -> list[str]:
    """The word of an attribute whose drawing is nearest to each picture.

    images: (N, side, side, 3), of one bear each; name: as in `drawings`. Pixels that
    are alike for all words do not tell one from another, so nothing else counts.
    """
    each = drawings(scenes, name, images.shape[1])
    off = [((d.astype(np.float32) - images) ** 2).sum(axis=(1, 2, 3)) for d in each]
    return [VOCABULARY[name][best] for best in np.argmin(off, axis=0)]


def detail_psnr(
    images: Images, others: Images, scenes: Sequence[Scene], name: str
) -> float:
    """PSNR in dB of the pixels alone that differ between the words of an attribute.

    images, others: (N, side, side, 3), of scenes of one bear; name: as in `drawings`.
    """
    each = drawings(scenes, name, images.shape[1])
    told = (each != each[:1]).any(axis=(0, -1))
    return psnr(images[told], others[told])


def _with(scene: Scene, name: str, word: str) -> Scene:
    (bear,) = scene.bears
    return replace(scene, bears=(replace(bear, **{name: word}),))  # type: ignore[arg-type]


def lost_by_size(before: Tensor, after: Tensor, size: Tensor, edges: Tensor) -> Tensor:
    """Of what was right before, the share that is right no longer, by size, (K,).

    before, after: (N,) bool, whether a thing was named rightly in the real picture and
    in the rebuilt one; size: (N,); edges: (K + 1,), increasing. Bin k holds the sizes
    from edges[k] up to, but not with, edges[k + 1]; others do not count. What was wrong
    before tells nothing of a loss. Returns float64, NaN for a bin where nothing was
    right before.
    """
    place = torch.bucketize(size, edges, right=True) - 1
    inside = torch.arange(len(edges) - 1)[:, None] == place
    known = (inside & before).sum(dim=1).double()
    return (inside & before & ~after).sum(dim=1).double() / known
