"""What a clip costs a video DiT, before anything is built: tokens, FLOPs, memory."""

from typing import NamedTuple

from coursekit.models.flops import attention, knobs, linear, mlp
from coursekit.models.video_transformer import VideoDiTConfig, block_kinds


class VideoCost(NamedTuple):
    """One pass over one clip."""

    tokens: int
    flops: int
    kept: int  # numbers that a step of training keeps for its way back


def video_pass(
    config: VideoDiTConfig, frames: int, height: int, width: int, table: bool = False
) -> VideoCost:
    """Tokens, FLOPs and activations of one clip; words and times are left out.

    Counted are the matrix products, as in `flops`. What a mask forbids is computed and
    thrown away, so "causal" costs as much as "full". Kept are the activations of the
    blocks, 17 + 2 ratio vectors for each token, to about a tenth (masks are left out).
    Where attention is written out (table), they are joined by a weight for each head
    and each pair of tokens that hear each other; the fused kernel keeps none. Four
    times as many bytes in float32, two times in bf16. frames, height, width: of the
    latents.
    """
    c = config
    each = (height // c.patch) * (width // c.patch)  # tokens of a frame
    tokens, pixels, wide = frames * each, c.channels * c.patch**2, c.width
    ends = linear(tokens, pixels, wide) + linear(tokens, wide, pixels)
    maps = linear(tokens, wide, 3 * wide) + linear(tokens, wide, wide)
    told = linear(frames, wide, c.narrow) + linear(frames, c.narrow, 6 * wide)
    flops = ends.flops + frames * knobs(2, wide).flops  # knobs: once for each frame
    kept = 0
    sequences = {"full": (1, tokens), "space": (frames, each), "time": (each, frames)}
    for i, kind in enumerate(block_kinds(c)):
        count, length = sequences[kind]
        ratio = c.ratio if i < c.depth else c.time_ratio
        flops += maps.flops + mlp(tokens, wide, ratio).flops
        flops += count * attention(length, wide).flops + told.flops
        kept += int((17 + 2 * ratio) * tokens * wide)
        kept += count * c.heads * length**2 if table else 0
    return VideoCost(tokens, flops, kept)
