"""The perceptual distance of two pictures: what a trained network sees in them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


def feature_maps(layers: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """What each layer says, one after the other, as far as they are still maps."""
    maps = []
    for layer in layers:
        x = layer(x)
        if x.ndim != 4:
            break
        maps.append(x)
    return maps


def perceptual_distance(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """How differently a network sees two pictures (LPIPS, Zhang et al. 2018, eq. 1).

    At every place of a layer, the vector of its C features is scaled to length 1 (a
    vector of zeros stays zero). The squared distance of the two vectors is averaged
    over the places, then summed over the layers. The paper's learnt weights of the
    channels are left at 1.

    maps, others: for each layer l, feature maps (B, C_l, H_l, W_l). Returns (B,).
    """
    distances = [
        (normalize(a, dim=1) - normalize(b, dim=1)).square().sum(dim=1).mean(dim=(1, 2))
        for a, b in zip(maps, others, strict=True)
    ]
    return torch.stack(distances).sum(dim=0)
