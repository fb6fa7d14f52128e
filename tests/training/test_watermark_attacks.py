"""Authority: what an attack leaves of a flat picture, finite gradients everywhere, and
Pillow's own JPEG files."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.datasets.images import to_model, to_uint8
from coursekit.training.watermark_attacks import ON_THE_WAY, as_jpeg, attacked

X = torch.rand(19, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8


@pytest.mark.parametrize("attack", ON_THE_WAY)
def test_flat_pictures_keep_their_flatness_and_every_number_has_a_gradient(attack):
    flat = torch.full((2, 3, 64, 64), 0.25, requires_grad=True)
    seen = attack(flat, np.random.default_rng(2))
    assert seen.shape == flat.shape
    flatness = seen.detach()
    if attack.__name__ != "noisy":
        assert float(flatness.max() - flatness.min()) < 1 / 127
    if attack.__name__ not in ("noisy", "brighter"):
        assert float((flatness - 0.25).abs().max()) < 0.02
    seen.sum().backward()
    assert flat.grad is not None
    inner = flat.grad[..., 24:40, 24:40]
    assert torch.isfinite(flat.grad).all() and (inner != 0).all()


def test_a_jpeg_is_the_one_that_pillow_writes():
    x = to_model(to_uint8(X[:1]))
    quality = int(np.random.default_rng(7).integers(50, 96))
    buffer = io.BytesIO()
    Image.fromarray(to_uint8(x)[0]).save(buffer, "JPEG", quality=quality)
    want = to_model(np.array(Image.open(buffer))[None])
    torch.testing.assert_close(as_jpeg(x, np.random.default_rng(7)), want)


@pytest.mark.parametrize("count", [3, 8, 19])
def test_each_picture_stays_in_its_place(count):
    light = torch.linspace(-0.6, 0.6, count)[:, None, None, None]
    flat = light.expand(count, 3, 64, 64).clone()
    seen = attacked(flat, 1).mean(dim=(1, 2, 3))
    calm = torch.tensor([i % 8 not in (4, 5) for i in range(count)])
    torch.testing.assert_close(seen[calm], light.flatten()[calm], atol=0.02, rtol=0)
    assert torch.equal(attacked(flat, 1), attacked(flat, 1))
    assert not torch.equal(attacked(flat, 1), attacked(flat, 2))
