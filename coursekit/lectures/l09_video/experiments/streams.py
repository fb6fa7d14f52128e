"""Figure 09.B: a clip in chunks and the whole at once: what differs, what it holds.

The trained autoencoder of clips, on noise: the numbers do not depend on the pictures.
"""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from coursekit.experiments.summary import Result, columns
from coursekit.models.causal_video import Memory
from coursekit.models.video_autoencoder import (
    STRIDE,
    VideoAutoencoder,
    decode_stream,
    encode_stream,
    in_chunks,
)
from coursekit.training.pretrained import load_model

LATER = (16, 64, 128, 256)  # frames after the first
SIDE, MEGABYTE = 32, 1e6


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors that are made inside and still alive.

    `peak` is the most at once. What a product needs while it runs is not seen.
    """

    def __init__(self) -> None:
        """Nothing is alive."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.holders: Counter[int] = Counter()  # storage -> tensors that share it
        self.bytes: dict[int, int] = {}
        self.now = self.peak = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and watch what comes out."""
        out = func(*args, **(kwargs or {}))
        for each in tree_leaves(out):
            if isinstance(each, Tensor):
                self._watch(each)
        return out

    def _watch(self, made: Tensor) -> None:
        storage = made.untyped_storage()
        key = storage._cdata
        if not self.holders[key]:
            self.bytes[key] = storage.nbytes()
            self.now += self.bytes[key]
            self.peak = max(self.peak, self.now)
        self.holders[key] += 1
        weakref.finalize(made, self._release, key).atexit = False

    def _release(self, key: int) -> None:
        self.holders[key] -= 1
        if not self.holders[key]:
            self.now -= self.bytes.pop(key)


def held(work: Callable[[], object]) -> float:
    """The most megabytes that tensors take during `work()`."""
    with torch.no_grad(), LiveBytes() as counted:
        work()
    peak: int = counted.peak
    return peak / MEGABYTE


def frames_come(later: int, size: int = STRIDE) -> Iterator[Tensor]:
    """A clip of 1 + `later` frames of noise, 1 and then `size` at a time."""
    stir = torch.Generator().manual_seed(0)
    for count in (1, *[size] * (later // size)):
        yield torch.rand(1, 3, count, SIDE, SIDE, generator=stir) * 2 - 1


def latents_come(model: VideoAutoencoder, later: int) -> Iterator[Tensor]:
    """As many latents of noise as such a clip has, one at a time."""
    stir = torch.Generator().manual_seed(0)
    shape = model.latent_shape(1, SIDE, SIDE)
    for _ in range(1 + later // STRIDE):
        yield torch.randn(1, *shape, generator=stir)


def use_up(parts: Iterable[Tensor]) -> None:
    """Take each part and forget it, as whoever sends or shows it does."""
    for part in parts:
        del part


@torch.no_grad()
def sizes(model: VideoAutoencoder, later: int) -> Result:
    """Megabytes and differences for a clip of 1 + `later` frames."""
    x = torch.cat(list(frames_come(later)), 2)
    z = model.encode(x)
    plan = (1, *[STRIDE] * (later // STRIDE))
    parts = torch.cat(list(encode_stream(model, in_chunks(x, plan))), 2)
    back = torch.cat(list(decode_stream(model, torch.split(z, 1, 2))), 2)
    found: Result = {
        "encode_off": float((parts - z).abs().max()),
        "decode_off": float((back - model.decode(z)).abs().max()),
        "encode_whole": held(
            lambda: model.encode(torch.cat(list(frames_come(later)), 2))
        ),
        "encode_stream": held(lambda: use_up(encode_stream(model, frames_come(later)))),
        "decode_whole": held(
            lambda: model.decode(torch.cat(list(latents_come(model, later)), 2))
        ),
        "decode_stream": held(
            lambda: use_up(decode_stream(model, latents_come(model, later)))
        ),
    }
    return found


def remembered(model: VideoAutoencoder) -> Result:
    """Kilobytes that a stream keeps between two chunks, encoding and decoding."""
    coming, going = Memory(), Memory()
    with torch.no_grad():
        for x in frames_come(2 * STRIDE):
            z = model.encode(x, coming)
            model.decode(z, going)
    return {
        "encode_memory": coming.nbytes / 1e3,
        "decode_memory": going.nbytes / 1e3,
    }


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 09.B, float32, 32 pixels.

    Keys: `later` frames after the first; lists over it: `encode_whole`,
    `encode_stream`, `decode_whole`, `decode_stream` in megabytes of tensors alive at
    once, and `encode_off`, `decode_off`, the largest difference between stream and
    whole; `encode_memory`, `decode_memory` in kilobytes between two chunks; `shortest`,
    `longest` and the same at these two ends, as `{key}_first` and `{key}_last`.
    """
    model = load_model("video-vae")
    assert isinstance(model, VideoAutoencoder)
    later = LATER[:2] if quick else LATER
    found: Result = {**columns(sizes(model, each) for each in later)}
    ends = {
        f"{key}_{name}": values[at]
        for key, values in found.items()
        for name, at in (("first", 0), ("last", -1))
    }
    given = {"later": list(later), "shortest": later[0], "longest": later[-1]}
    return given | found | ends | remembered(model)
