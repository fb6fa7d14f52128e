"""A frozen autoencoder as part of a recipe: pictures in, latents to learn, and back."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.evaluation.text_sampling import Decode, pixels
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Data


class Space:
    """Where a recipe learns: pixels, or the latents of a trained autoencoder."""

    def __init__(self, latents: str) -> None:
        """latents: the recipe of the autoencoder; "" for pixels.

        Raises CheckpointError when it is not trained yet.
        """
        self.latents = latents
        self.net: nn.Module | None = None
        if latents:
            self.net = load_model(latents)

    @property
    def decode(self) -> Decode:
        """From what is learnt to pictures in [-1, 1]."""
        return pixels if self.net is None else self.net.decode  # type: ignore[return-value]

    def shape(self, size: int) -> tuple[int, int, int]:
        """(C, H, W) of what is learnt of colour pictures of this size."""
        if self.net is None:
            return 3, size, size
        found: tuple[int, int, int] = self.net.latent_shape(size, size)  # type: ignore[operator]
        return found

    @torch.no_grad()
    def encoded(
        self,
        data: Data,
        floats: Callable[[Tensor], Tensor] = to_model,
        at_once: int = 250,
    ) -> Data:
        """The same data as latents, encoded once; pixels stay as they are.

        The line about the data says which weights made them. floats: bytes to what the
        autoencoder takes; at_once: how many of them it takes.
        """
        if self.net is None:
            return data
        parts: list[Tensor] = [
            self.net.encode(floats(data.x[i : i + at_once]))  # type: ignore[operator]
            for i in range(0, len(data.x), at_once)
        ]
        digest = card(self.latents)["sha256"][:12]
        text = f"{data.text}, latents of {self.latents} {digest}"
        return data._replace(x=torch.cat(parts), text=text)
