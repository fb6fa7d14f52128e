"""Recipes that learn a latent space: autoencoders and VAEs, perhaps with a critic."""

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import interpolate

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader_nets import SIDE
from coursekit.evaluation.sampling import image_grid
from coursekit.models.autoencoder import Autoencoder
from coursekit.models.lpips import feature_maps, perceptual_distance
from coursekit.models.patch_discriminator import PatchDiscriminator
from coursekit.theory.vae import adaptive_weight, hinge_critic, vae_loss
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.distributed import averaged
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.text_image_data import captioned_images
from coursekit.training.warm_start import start_from, start_line


class Judged(nn.Module):
    """An autoencoder and, where a recipe wants one, its critic: trained together."""

    def __init__(self, autoencoder: Autoencoder, critic: bool) -> None:
        """critic: whether there is one."""
        super().__init__()
        self.autoencoder = autoencoder
        channels = autoencoder.config.channels
        self.critic = PatchDiscriminator(channels) if critic else None


@dataclass(frozen=True)
class AutoencoderRecipe(Recipe):
    """Rebuild pictures through a bottleneck.

    The loss is that of theory.vae, plus `perceptual` times the distance of what a
    trained reader sees (teddies only), plus, from step `critic_from` on, a critic that
    weighs `critic` times as much as the rebuilding.
    """

    size: int = 32
    beta: float = 1.0
    noise: float = 0.1
    perceptual: float = 0.0
    critic: float = 0.0
    critic_from: int = 0
    start: str = ""  # the recipe whose checkpoint it starts from
    seed: int = 0

    def load(self, limit: int) -> Data:
        """The pictures of the captioned data set, without captions."""
        data = captioned_images(self.data, limit, self.size)
        return data._replace(cond=None, text=data.text + start_line(self.start))

    def build(self, config: Any) -> nn.Module:
        """Autoencoder and critic."""
        return Judged(cast(Autoencoder, build(config)), self.critic > 0)

    def begin(self, model: nn.Module) -> nn.Module:
        """The autoencoder of `start`, as far as it fits."""
        start_from(cast(Judged, model).autoencoder, self.start)
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, noise for the latents (enough for any f), and the step's number."""
        x0 = to_model(data.x[batch_indices(len(data.x), size, self.seed, step)])
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        eps = torch.randn(size, x0[0].numel(), generator=generator)
        return x0, eps, torch.full((size,), step)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Rebuilding and KL, then what the other judges say."""
        x0, noise, step = batch
        judged = cast(Judged, model)
        net = judged.autoencoder
        shape = net.latent_shape(*x0.shape[-2:])
        eps = noise[:, : int(np.prod(shape))].reshape(-1, *shape)
        rebuilt, bells = net(x0, eps if net.config.variational else None)
        beta = self.beta if net.config.variational else 0.0
        loss = vae_loss(x0, rebuilt, bells.mean, bells.log_var, beta, self.noise)
        if self.perceptual:
            layers = reader_layers(x0.device.type)
            seen = perceptual_distance(
                feature_maps(layers, as_seen(rebuilt)),
                feature_maps(layers, as_seen(x0)),
            )
            loss = loss + self.perceptual * seen.mean()
        if judged.critic is not None and (
            self.critic_from == 0 or int(step[0]) >= self.critic_from
        ):
            loss = loss + self.criticism(judged, x0, rebuilt, loss)
        return loss

    def criticism(
        self, model: Judged, x0: Tensor, rebuilt: Tensor, others: Tensor
    ) -> Tensor:
        """What the autoencoder hears from the critic, and what the critic learns.

        Both in one number: the critic's weights are held fixed in the first part, the
        picture in the second, so that each network only sees its own gradient. Of
        several processes all weigh the critic alike: by the gradients of the batch.
        """
        critic = cast(PatchDiscriminator, model.critic)
        fixed = {name: p.detach() for name, p in critic.named_parameters()}
        said = -functional_call(critic, fixed, (rebuilt,)).mean()
        last = cast(nn.Conv2d, model.autoencoder.up[-1]).weight
        (of_critic,) = torch.autograd.grad(said, last, retain_graph=True)
        (of_others,) = torch.autograd.grad(others, last, retain_graph=True)
        weight = self.critic * adaptive_weight(averaged(of_others), averaged(of_critic))
        heard: Tensor = weight * said
        return heard + hinge_critic(critic(x0), critic(rebuilt.detach()))

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """The autoencoder, and the critic if there is one."""
        judged = cast(Judged, model)
        critic = () if judged.critic is None else (judged.critic,)
        return judged.autoencoder, *critic

    def compile(self, model: nn.Module) -> None:
        """As usual; with a critic, whose weight needs two ways back, nothing."""
        if cast(Judged, model).critic is None:
            super().compile(model)

    @torch.no_grad()
    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The autoencoder, its latents scaled to unit spread on training pictures."""
        net = cast(Judged, model).autoencoder.eval()
        net.fit_scale(to_model(data.x[:2000]).to(net.shift.device))
        return net

    @torch.no_grad()
    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Rows in pairs: held-out pictures, and what comes back."""
        from coursekit.evaluation.reconstruction import held_out_pictures

        rows, columns = (4, 16) if large else (2, 10)
        if self.size > 32:  # a sheet of larger pictures holds fewer
            rows, columns = rows // 2, columns // 2
        net = cast(Autoencoder, model)
        images = held_out_pictures(self.data, rows * columns, self.size)
        x = to_model(images).to(net.shift.device)
        back = to_uint8(net.decode(net.encode(x)))
        parts = [
            part[i * columns : (i + 1) * columns]
            for i in range(rows)
            for part in (images, back)
        ]
        return image_grid(np.concatenate(parts), columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """How well held-out pictures come back, and what random latents show."""
        from coursekit.evaluation.reconstruction import reconstruction

        count = 200 if quick else 1000
        return reconstruction(cast(Autoencoder, model), self.data, count, self.size)


def as_seen(x: Tensor) -> Tensor:
    """Pictures (B, C, H, W) as large as the readers know them, large ones averaged."""
    return interpolate(x, (SIDE, SIDE), mode="area") if x.shape[-1] > SIDE else x


@lru_cache(maxsize=2)
def reader_layers(device: str) -> list[nn.Module]:
    """The layers of the first teddy reader, frozen, on a device."""
    from coursekit.datasets.teddy.reader import load_reader

    net = copy.deepcopy(load_reader("first")[0]).to(device).requires_grad_(False)
    return list(cast(nn.Sequential, net.body).children())
