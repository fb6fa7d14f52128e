"""The recipe that fills in mirrors. Authority: an oracle that knows the picture."""

from typing import cast

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.looking_glass import halls
from coursekit.models.inpainting import Inpainter
from coursekit.training.recipe_mirror import inpaint
from coursekit.training.recipes_mirror import MIRROR, NETWORKS

PICTURES, MASKS, _ = halls(6, 24, seed=2)


class Oracle(nn.Module):
    """Names the true picture, plus an error in all of it."""

    def __init__(self, x0: Tensor, off: float = 0.0) -> None:
        super().__init__()
        self.x0, self.off = x0, off

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.cat([self.x0 + self.off, x[:, -1:]], dim=1)


def test_who_knows_the_picture_draws_it():
    x0 = to_model(PICTURES)
    noise = PICTURES.copy()
    noise[MASKS] = 77  # whatever stands in the mirror must not matter
    drawn = inpaint(Inpainter(Oracle(x0)), noise, MASKS, steps=3)
    assert (abs(drawn.astype(int) - PICTURES) <= 1).all()


def test_the_loss_is_the_error_inside_the_mirror_only():
    batch = MIRROR.batch(MIRROR.load(12), 6, step=4)
    x0, _, _, missing = batch
    for off in (0.0, 0.5):
        loss = MIRROR.loss(Inpainter(Oracle(x0, off)), batch)
        torch.testing.assert_close(loss, torch.tensor(off**2))
    assert missing.dtype == torch.bool and missing.any()


def test_all_networks_have_about_as_many_numbers():
    networks = [MIRROR.build(config) for config in NETWORKS.values()]
    sizes = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert max(sizes) < 1.04 * min(sizes), sizes


def test_what_ships_is_the_network_inside():
    model = cast(Inpainter, MIRROR.build(MIRROR.quick.model))
    assert MIRROR.published(model, MIRROR.load(4)) is model.net
