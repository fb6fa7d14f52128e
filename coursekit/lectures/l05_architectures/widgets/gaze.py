"""Click a patch: whom does it look at? The attention of a DiT before a mirror.

One hall, its mirror filled with noise up to time t. The maps of all layers are made
once for each time; a click only picks a row.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.looking_glass import halls, reflection_at
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.lectures.l05_architectures.experiments.attention import attention_maps
from coursekit.lectures.l05_architectures.widgets.patch_picker import PatchPicker
from coursekit.models.inpainting import blanked
from coursekit.plots.theme import rgb
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import spread_time
from coursekit.widgets.controls import choice, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene as Shown

SIDE = 24
DOTS = 6  # of a map for each pixel
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass
class Gaze:
    """A model before one hall, and the maps (layers, heads, T, T) seen so far by t."""

    model: nn.Module
    scene: Scene
    x0: Tensor  # (1, 3, 24, 24)
    missing: Tensor  # (1, 24, 24)
    eps: Tensor
    patch: int
    maps: dict[float, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, model: nn.Module, patch: int, number: int = 0, seed: int = 0) -> "Gaze":
        """The hall of that number among the held-out ones whose bear wears a hat."""
        pictures, masks, scenes = halls(60, SIDE, 21, "test")
        worn = [i for i, scene in enumerate(scenes) if scene.bears[0].hat != "none"]
        i = worn[number % len(worn)]
        x0, missing = to_model(pictures[i : i + 1]), torch.from_numpy(masks[i : i + 1])
        generator = torch.Generator().manual_seed(seed)
        eps = fresh_noise(x0, generator)
        return cls(model, scenes[i], x0, missing, eps, patch)

    def seen(self, t: float) -> Pixels:
        """What the model sees at time t, (24, 24, 3)."""
        noisy = LinearPath().corrupt(
            self.x0, self.eps, spread_time(torch.tensor(t), self.x0)
        )
        mixed = torch.where(self.missing[:, None], noisy, self.x0)
        return np.asarray(to_uint8(mixed)[0])

    def attention(self, t: float) -> Floats:
        """Who looks at whom at time t: (layers, heads, T, T)."""
        if t not in self.maps:
            now = spread_time(torch.tensor(t), self.x0)
            noisy = LinearPath().corrupt(self.x0, self.eps, now)
            found = attention_maps(
                self.model, noisy, now, blanked(self.x0, self.missing)
            )
            self.maps[t] = found[:, 0].double().numpy()
        return self.maps[t]

    @property
    def columns(self) -> int:
        """Patches in a row."""
        return SIDE // self.patch

    def hat(self, reflected: bool = False) -> list[int]:
        """The patches that a hat covers: the bear's, or its reflection's."""
        bear = self.scene.bears[0]
        if reflected:
            bear = Bear(
                bear.fur,
                bear.hat,
                x=reflection_at(self.scene),
                y=bear.y - 0.03,
                scale=0.9 * bear.scale,
            )
        return patches_of_hat(bear, self.patch)


def patches_of_hat(bear: Bear, patch: int) -> list[int]:
    """The patches of a picture that show a bear's hat, or where one would be.

    A hat sits between 0.86 and 1.2 bear heights above the feet and is 0.4 wide.
    """
    columns = SIDE // patch
    top, low = (bear.y - part * bear.scale for part in (1.2, 0.86))
    left, right = bear.x - 0.2 * bear.scale, bear.x + 0.2 * bear.scale
    edge = [int(np.floor(v * columns + 1e-9)) for v in (top, low, left, right)]
    rows, across = (
        range(max(edge[i], 0), min(edge[i + 1], columns - 1) + 1) for i in (0, 2)
    )
    return [row * columns + column for row in rows for column in across]


def overlay(picture: Pixels, weights: Floats, chosen: int, patch: int) -> Pixels:
    """The picture in grey, patches in orange by weight (T,), the chosen one framed."""
    columns = picture.shape[1] // patch
    map_of = weights.reshape(-1, columns) / max(float(weights.max()), 1e-12)
    heat = np.kron(map_of, np.ones((patch, patch)))[..., None] ** 0.7
    grey = np.repeat(picture.mean(2, keepdims=True), 3, axis=2) * 0.55 + 60
    mixed = grey * (1 - 0.9 * heat) + np.array(rgb("orange")) * 0.9 * heat
    # Several dots for each pixel, so that a frame is thin.
    big = np.kron(mixed, np.ones((DOTS, DOTS, 1)))
    row, column = divmod(chosen, columns)
    side = DOTS * patch
    y, x = row * side, column * side
    frame = np.zeros(big.shape[:2], dtype=bool)
    frame[y : y + side, x : x + side] = True
    frame[y + 2 : y + side - 2, x + 2 : x + side - 2] = False
    big[frame] = rgb("pink")
    return np.asarray(np.clip(np.rint(big), 0, 255).astype(np.uint8))


def draw(gaze: Gaze, value: int, t: float, heads: str) -> Shown:
    """One map for each layer (heads: "mean"), or for each head of a layer ("3")."""
    maps = gaze.attention(t)
    if heads == "mean":
        shown = maps.mean(1)[:, value]
        names = [f"layer {i + 1}" for i in range(len(shown))]
    else:
        shown = maps[int(heads) - 1, :, value]
        names = [f"layer {heads}, head {i + 1}" for i in range(len(shown))]
    seen = gaze.seen(t)
    pictures = [overlay(seen, row, value, gaze.patch) for row in shown]
    hat, own = gaze.hat(), gaze.hat(reflected=True)
    shares = shown[:, hat].sum(1)
    best, even = int(shares.argmax()), len(hat) / shown.shape[1]
    where = "The reflection's hat" if value in own else "This patch"
    text = (
        f"{where} gives {shares[best]:.0%} of its attention ({names[best]}) to the "
        f"bear's hat, which covers {even:.0%} of the picture."
    )
    tone = "good" if shares[best] > 3 * even else ""
    return Shown((), np.stack(pictures), names, text, tone)


def patch_gaze(model: Any, *, number: int = 0) -> Live:
    """Click a patch of a hall: whom does it look at?

    model: a `Inpainter` around a DiT.  number: which hall.
    """
    config = model.net.config
    gaze = Gaze.of(model, config.patch, number)
    side, hat = gaze.columns, gaze.hat(reflected=True)
    picker = PatchPicker(gaze.seen(0.8), side, side, hat[len(hat) // 2])
    layers = [str(i + 1) for i in range(config.depth)]
    heads = [("all layers", "mean"), *((f"heads of layer {i}", i) for i in layers)]

    def drawn(value: int, t: float, heads: str) -> Shown:
        picker.show(gaze.seen(t))
        return draw(gaze, value, t, heads)

    controls = {"value": picker, "t": time(0.8), "heads": choice(heads)}
    return Live(controls, drawn, "patch_gaze")
