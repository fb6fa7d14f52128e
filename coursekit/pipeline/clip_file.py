"""A clip as a file to look at: GIF with Pillow, MP4 or WebM where PyAV is installed.

No measurement reads such a file: a GIF holds 256 colours a frame and times in steps of
10 ms, a video is compressed. The array itself can be kept beside it, as .npz.
"""

import importlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
CODECS = {".mp4": "libx264", ".webm": "libvpx-vp9"}
# Players slow down what asks for less than two steps of 10 ms a frame.
FASTEST_GIF = 50


def save_clip(
    path: Path | str,
    clip: Frames,
    rate: float = 8.0,
    zoom: int = 8,
    keep_array: bool = False,
) -> list[Path]:
    """Write a clip (T, H, W, 3) uint8; returns the files written.

    rate: frames a second. zoom: how many pixels a pixel becomes along each axis.
    keep_array: write clip and rate, as they are, into a .npz of the same name too.
    Raises ValueError, in one line, for other endings, shapes and rates, and for a video
    without PyAV.
    """
    path = Path(path)
    if path.suffix not in (".gif", *CODECS):
        raise ValueError(f"{path.name}: a clip ends in .gif, {' or '.join(CODECS)}")
    if clip.dtype != np.uint8 or clip.ndim != 4 or clip.shape[-1] != 3 or not clip.size:
        raise ValueError(f"a clip is uint8 (T, H, W, 3), not {clip.dtype} {clip.shape}")
    if not 0 < rate <= FASTEST_GIF or zoom < 1:
        raise ValueError(f"rate={rate}, zoom={zoom}: up to {FASTEST_GIF}, at least 1")
    large = clip.repeat(zoom, axis=1).repeat(zoom, axis=2)
    if path.suffix == ".gif":
        path.write_bytes(gif_bytes(large, rate))
    else:
        _write_video(path, large, rate)
    written = [path]
    if keep_array:
        written.append(path.with_suffix(".npz"))
        np.savez_compressed(written[-1], clip=clip, rate=np.float64(rate))
    return written


def frame_times(count: int, rate: float) -> list[int]:
    """How long each of `count` frames is shown, in ms, all multiples of 10.

    Ends, not lengths, are rounded: after every frame the time is within 5 ms of true.
    """
    ends = [round(100 * (i + 1) / rate) * 10 for i in range(count)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def gif_bytes(clip: Frames, rate: float) -> bytes:
    """A clip (T, H, W, 3) as a GIF that plays for ever.

    Frame by frame: Pillow's writer of films merges neighbours that are equal into one.
    """
    from PIL import Image
    from PIL.GifImagePlugin import getdata

    buffer = io.BytesIO()
    height, width = (side.to_bytes(2, "little") for side in clip.shape[1:3])
    # Size of the screen, no colours for all frames; then: repeat without an end.
    buffer.write(b"GIF89a" + width + height + b"\x70\0\0")
    buffer.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")
    for frame, time in zip(clip, frame_times(len(clip), rate), strict=True):
        picture = Image.fromarray(frame).quantize(256, dither=Image.Dither.NONE)
        for block in getdata(picture, duration=time, include_color_table=True):
            buffer.write(block)
    return buffer.getvalue() + b";"


def _write_video(path: Path, clip: Frames, rate: float) -> None:
    try:
        av: Any = importlib.import_module("av")
    except ModuleNotFoundError:
        raise ValueError(
            f"{path.name} needs PyAV: pip install av, or write a .gif"
        ) from None
    # The codecs want even sides: a last row or column is doubled.
    odd = [(0, side % 2) for side in clip.shape[1:3]]
    clip = np.pad(clip, [(0, 0), *odd, (0, 0)], mode="edge")
    with av.open(str(path), "w") as file:
        stream = file.add_stream(
            CODECS[path.suffix], rate=Fraction(rate).limit_denominator(1000)
        )
        stream.height, stream.width = clip.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in clip:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            for packet in stream.encode(picture):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
