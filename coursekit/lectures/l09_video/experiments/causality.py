"""Figure 09.A: which latents notice that one frame changed, frame by frame.

Networks with fresh weights, none of them zero: what can leak does leak.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.causal_video import CausalConv3d, Memory
from coursekit.models.video_autoencoder import VideoAutoencoder, VideoAutoencoderConfig

FRAMES = 17
SHAPE = VideoAutoencoderConfig(
    picture=AutoencoderConfig(widths=(8, 8), groups=4, latent=4), latent=8, width=16
)
# way -> the norm, and how many zeros stand before and behind the frames, by (k, stride)
Zeros = Callable[[int, int], tuple[int, int]]
WAYS: dict[str, tuple[str, Zeros | None]] = {
    "causal": ("none", None),
    "rms": ("rms", None),
    "frame": ("frame", None),
    "time": ("time", None),
    "both": ("none", lambda size, stride: (size // 2, size // 2)),
    "short": ("none", lambda size, stride: (size - stride, 0)),
}


def padded_by(
    layer: CausalConv3d, zeros: Zeros, x: Tensor, memory: Memory | None = None
) -> Tensor:
    """The layer with another number of zeros around time."""
    conv = layer.conv
    ends = zeros(conv.kernel_size[0], conv.stride[0])
    made: Tensor = conv(pad(x, (0, 0, 0, 0, *ends)))
    return made


def network(way: str, seed: int) -> VideoAutoencoder:
    """A fresh one in float64; its layers look through time in a way of WAYS."""
    norm, zeros = WAYS[way]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = VideoAutoencoder(replace(SHAPE, norm=norm)).double().eval()
        for weight in model.parameters():
            if weight.ndim > 3:
                nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
    for layer in model.modules():
        if zeros is not None and isinstance(layer, CausalConv3d):
            layer.forward = partial(padded_by, layer, zeros)  # type: ignore[method-assign]
    return model


@torch.no_grad()
def noticed(work: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """(T, J): how far output j of work(x) moves when 1 is added to frame k of x.

    The largest move, in standard deviations of the output. x: (1, C, T, H, W).
    """
    before = work(x)
    rows = []
    for k in range(x.shape[2]):
        other = x.clone()
        other[:, :, k] += 1
        rows.append((work(other) - before).abs().amax((0, 1, 3, 4)) / before.std())
    return torch.stack(rows)


def too_early(moves: Tensor, first: Sequence[int]) -> float:
    """The largest move of an output before the first that may notice frame k."""
    early = [row[:end].max() for row, end in zip(moves, first, strict=True) if end]
    return float(torch.stack(early).max())


def looked(way: str, seed: int) -> tuple[Tensor, Tensor]:
    """What latents notice of frames (17, J), and frames of latents (J, T)."""
    model = network(way, seed)
    stir = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 3, FRAMES, 16, 16, generator=stir, dtype=torch.float64)
    z = model.encode(x)
    return noticed(model.encode, x), noticed(model.decode, z)


def one(way: str, seed: int) -> Result:
    """Leaks of a way: encoder and decoder, 0 if none."""
    encoder, decoder = looked(way, seed)
    first = [-(-k // 4) for k in range(FRAMES)]
    found: Result = {"leak": too_early(encoder, first)}
    if way != "short":  # which has other frames
        later = [max(0, 4 * j - 3) for j in range(decoder.shape[0])]
        found["decoder_leak"] = too_early(decoder, later)
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 09.A.

    Keys: `frames`; for way in WAYS `{way}_map`, what latents notice of each frame with
    seed 0, a row a frame, in standard deviations of the latents; `{way}_latents`, how
    many there are; `{way}_leak`, the largest move of a latent that must not notice, and
    `{way}_decoder_leak`, of a frame by a later latent, each with _std and _all.
    """
    seeds = seeds[:1] if quick else seeds
    result: Result = {"frames": FRAMES}
    for way in WAYS:
        with torch.no_grad():
            result |= prefixed(way, for_seeds(one, seeds, way))
            moves = looked(way, seeds[0])[0]
        result[f"{way}_map"] = [[round(v, 6) for v in row] for row in moves.tolist()]
        result[f"{way}_latents"] = moves.shape[1]
    return result
