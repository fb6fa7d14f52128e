"""The pictures a recipe learns from, and the order in which it sees them.

Nothing here has hidden state: batch and noise of a step follow from (seed, step). That
is what makes an interrupted run go on exactly where it was.
"""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.theory.training_times import Uniform
from coursekit.training.recipe import Data

Draw = Callable[[int, torch.Generator], Tensor]


def training_images(data: str, limit: int = 0, labels: bool = False) -> Data:
    """All training pictures of a data set, and one line that says which they are.

    data: "fashion" or "teddy"; limit: at most so many (0: all; teddy then draws
    20,000); labels: with the class of each (Fashion-MNIST only). The pictures are uint8
    (N, H, W, C) or (N, H, W). Raises ValueError for another name.
    """
    told = None
    if data == "fashion":
        images, classes, text = _fashion(limit)
        told = torch.from_numpy(classes).long() if labels else None
    elif data == "teddy":
        images, text = _teddy(limit or 20_000)
    else:
        raise ValueError(f'no data set {data!r}: use "fashion" or "teddy"')
    if labels and told is None:
        raise ValueError(f"the pictures of {data!r} have no labels")
    digest = hashlib.sha256(images.tobytes()).hexdigest()[:16]
    return Data(torch.from_numpy(images), f"{text}, sha256 {digest}", told)


def _fashion(limit: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], str]:
    from coursekit.datasets import fashion

    images, labels = fashion.load("train")
    text = "embedded train pictures of Fashion-MNIST"
    if not 0 < limit <= len(images):
        try:
            images, labels = fashion.load("train", full=True)
            text = "train pictures of Fashion-MNIST"
        except fashion.DataError:
            pass
    end = limit or len(images)
    images, labels = images[:end], labels[:end]
    return images, labels.astype(np.int64), f"{len(images)} {text}"


def _teddy(count: int) -> tuple[NDArray[np.uint8], str]:
    from coursekit.datasets.teddy.sample import teddies

    images, _ = teddies(count, 32, seed=0, split="train")
    return images, f"{count} rendered train scenes of the teddy world, one bear each"


def seed_of(*parts: int) -> int:
    """One well-mixed 63-bit seed from several small numbers (NumPy's SeedSequence)."""
    state = np.random.SeedSequence(parts).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def batch_indices(count: int, batch: int, seed: int, step: int) -> Tensor:
    """Which pictures step `step` (0, 1, ...) sees: every epoch is a fresh shuffle.

    The shuffles of all epochs form one endless line; step s takes the places s B to
    (s + 1) B - 1 of it. Returns (batch,) long.
    """
    places = torch.arange(step * batch, (step + 1) * batch)
    chosen = torch.empty(batch, dtype=torch.long)
    for epoch in sorted(set((places // count).tolist())):
        generator = torch.Generator().manual_seed(seed_of(seed, 1, epoch))
        order = torch.randperm(count, generator=generator)
        mine = places // count == epoch
        chosen[mine] = order[places[mine] - epoch * count]
    return chosen


def batch_at(
    images: Tensor,
    batch: int,
    draw: Draw,
    seed: int,
    step: int,
    device: str,
    noise: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Data, times and noise of training step `step`.

    images: on the CPU, uint8 (N, H, W[, C]), or float latents (N, C, H, W), which stay
    as they are; draw(batch, generator) gives the times; noise: (N, C, H, W), the noise
    that belongs to each picture (None: fresh noise). Returns x0 (B, C, H, W), pictures
    in [-1, 1], time (B,) and eps like x0, all on `device`. They are drawn on the CPU,
    so that every device sees the same numbers.
    """
    chosen = batch_indices(len(images), batch, seed, step)
    x0 = images[chosen]
    x0 = to_model(x0) if x0.dtype == torch.uint8 else x0
    generator = torch.Generator().manual_seed(seed_of(seed, 2, step))
    time = draw(batch, generator)
    eps = torch.randn(x0.shape, generator=generator)
    if noise is not None:
        eps = noise[chosen]
    return x0.to(device), time.to(device), eps.to(device)


def told_batch(data: Data, batch: int, seed: int, step: int) -> tuple[Tensor, ...]:
    """x0, uniform times, noise, and the condition of each picture: see `batch_at`."""
    assert data.cond is not None
    chosen = batch_indices(len(data.x), batch, seed, step)
    parts = batch_at(data.x, batch, Uniform().sample, seed, step, "cpu")
    return (*parts, data.cond[chosen])


def labels_at(cond: Tensor, batch: int, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """The conditions of the pictures of `batch_at`, and luck for forgetting some.

    cond: (N, ...). Returns (batch, ...) and uniform numbers (batch,).
    """
    chosen = batch_indices(len(cond), batch, seed, step)
    generator = torch.Generator().manual_seed(seed_of(seed, 3, step))
    return cond[chosen], torch.rand(batch, generator=generator)
