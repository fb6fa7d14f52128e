"""The two judges of rebuilt pictures. Authority: properties of a distance, and LPIPS's
own arithmetic, written as a loop. How far the critic sees: test_flops.py."""

import pytest
import torch
from support_models import normal, without_group_norms
from torch import nn

from coursekit.models.lpips import feature_maps, perceptual_distance
from coursekit.models.patch_discriminator import PatchDiscriminator


def test_neighbouring_scores_are_four_pixels_apart():
    torch.manual_seed(0)
    critic, x = without_group_norms(PatchDiscriminator(1, 8)), torch.randn(1, 1, 64, 64)
    moved = critic(x.roll((4, 8), (2, 3)))
    torch.testing.assert_close(
        moved[..., 4:-3, 5:-3], critic(x)[..., 3:-4, 3:-5], atol=1e-5, rtol=1e-4
    )


def test_maps_of_layers_until_they_are_no_maps():
    layers = [nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4)]
    x = torch.randn(5, 1, 8, 8)
    maps = feature_maps(layers, x)
    assert len(maps) == 2
    torch.testing.assert_close(maps[1], layers[0](x).relu())


def maps(seed: int) -> list[torch.Tensor]:
    return [normal(5, 4, 6, 3, seed=seed), normal(5, 8, 2, 2, seed=seed + 1)]


def test_as_in_the_code_of_lpips():
    """Unit vectors with 1e-10 under the fraction, squared difference, mean over places,
    sum over channels and layers (weights 1)."""
    ours, others, total = maps(0), maps(5), torch.zeros(5, dtype=torch.float64)
    ours[1][..., 0] = 0  # places without features count as zero vectors
    for pair in zip(ours, others, strict=True):
        a, b = (m / (m.norm(dim=1, keepdim=True) + 1e-10) for m in pair)
        total += (a - b).square().mean((2, 3)).sum(1)
    torch.testing.assert_close(perceptual_distance(ours, others), total)


def test_it_is_a_distance():
    a, b = maps(0), maps(5)
    there, back = perceptual_distance(a, b), perceptual_distance(b, a)
    torch.testing.assert_close(there, back)
    assert (there > 0).all() and (there <= 8).all()  # two layers, unit vectors
    assert perceptual_distance(a, a).eq(0).all()
    opposite = perceptual_distance(a, [-m for m in a])
    torch.testing.assert_close(opposite, torch.full_like(opposite, 8))
    # the root of a squared distance obeys the triangle inequality
    c = maps(9)
    for x, y, z in ((a, b, c), (b, c, a), (c, a, b)):
        sides = [perceptual_distance(*p).sqrt() for p in ((x, y), (y, z), (x, z))]
        assert (sides[2] <= sides[0] + sides[1] + 1e-12).all()


def test_brightness_of_features_and_their_channels_order_do_not_matter():
    a, b, order = maps(0), maps(5), torch.randperm(4)
    want = perceptual_distance(a, b)
    torch.testing.assert_close(perceptual_distance([3 * m for m in a], b), want)
    swapped = perceptual_distance([a[0][:, order], a[1]], [b[0][:, order], b[1]])
    torch.testing.assert_close(swapped, want)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_is_finite_and_the_dtype_kept(dtype):
    a = torch.zeros(2, 3, 2, 2, dtype=dtype, requires_grad=True)
    found = perceptual_distance([a.relu()], [normal(2, 3, 2, 2).to(dtype)])
    assert found.dtype == dtype
    (slope,) = torch.autograd.grad(found.sum(), a)
    assert slope.isfinite().all()
