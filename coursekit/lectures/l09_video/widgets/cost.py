"""What a clip costs, by its length: one network, three autoencoders, three looks."""

import numpy as np

from coursekit.lectures.l09_video.sizes import (
    CODECS,
    NETWORKS,
    fitted,
    frame_by_frame,
    kept_bytes,
)
from coursekit.models.video_cost import video_pass
from coursekit.plots.chart import Chart, Curve
from coursekit.widgets.controls import choice, level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

NETWORK = NETWORKS["Wan 2.1, 1.3 B"]
LONGEST = 30  # times 8 frames
LOOKS = {"full": "full", "factorised": "factorised", "causal": "causal, keys kept"}


def passes(codec: str, frames: int, side: int) -> dict[str, float]:
    """FLOPs of one pass over a clip, by who looks at whom."""
    at, found = CODECS[codec].latents(frames, side, side), {}
    for look in LOOKS:
        config = fitted(NETWORK, CODECS[codec], look)
        whole = video_pass(config, *at).flops
        found[look] = float(frame_by_frame(config, at) if look == "causal" else whole)
    return found


def draw(codec: str, eights: float, side: float) -> Scene:
    """FLOPs over the length of a clip, and this clip in numbers."""
    size, frames = int(side), 1 + 8 * int(eights)
    lengths = [1 + 8 * k for k in range(1, LONGEST + 1)]
    found = [passes(codec, length, size) for length in lengths]
    curves = [
        Curve(name, lengths, [each[look] for each in found])
        for look, name in LOOKS.items()
    ]
    top = np.log10(max(each["full"] for each in found))
    chart = Chart(
        curves,
        title="FLOPs of a pass",
        x_name="frames",
        x_limits=(0, lengths[-1]),
        y_limits=(np.floor(top) - 3, np.ceil(top)),
        log_y=True,
        cursor=frames,
        width=520,
        height=240,
    )
    at = CODECS[codec].latents(frames, size, size)
    config = fitted(NETWORK, CODECS[codec], "full")
    whole, now = video_pass(config, *at), passes(codec, frames, size)
    cache = 2 * 2 * config.depth * config.width * whole.tokens
    text = (
        f"{codec}: {frames} frames of {size} x {size} are {at[0]} x {at[1]} x {at[2]} "
        f"latents, {whole.tokens:,} tokens. A pass: "
        f"{', '.join(f'{LOOKS[k]} {v:.2g}' for k, v in now.items())} FLOPs. A step of "
        f"training keeps {kept_bytes(config, at) / 1e9:.2g} GB, a cache of keys and "
        f"values {cache / 1e9:.2g} GB."
    )
    return Scene((chart,), text=text)


def clip_cost() -> Live:
    """Buttons for the autoencoder, sliders for frames and side; bf16 throughout."""
    controls = {
        "codec": choice(list(CODECS), "Wan 2.1", "latents"),
        "eights": number("frames / 8", 10, 1, LONGEST, 1, "d"),
        "side": level("side", (256, 512, 768, 1024), 512),
    }
    return Live(controls, draw, "clip_cost")
