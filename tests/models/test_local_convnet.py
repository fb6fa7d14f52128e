"""Nets that see so far only, and finishing a picture. Authority: definitions.

How far it sees: test_flops.py.
"""

import torch
from support_models import awake
from torch.nn.functional import layer_norm

from coursekit.models.inpainting import Inpainter, blanked
from coursekit.models.local_convnet import LocalConfig, LocalNet, PositionNorm


def test_position_norm_is_a_layer_norm_over_channels():
    x = torch.randn(2, 6, 5, 4, dtype=torch.float64)
    want = layer_norm(x.movedim(1, -1), (6,)).movedim(-1, 1)
    torch.testing.assert_close(PositionNorm(6).double()(x), want)


def test_a_finisher_keeps_what_is_given_and_never_sees_noise_there():
    net = awake(LocalNet(LocalConfig(4, 8, 1)), 0.2)
    x0, noise = torch.randn(2, 3, 3, 16, 16)
    missing = torch.zeros(3, 16, 16, dtype=torch.bool)
    missing[:, 4:9, 3:8] = True
    cond, t = blanked(x0, missing), torch.tensor([0.2, 0.5, 0.9])
    model = Inpainter(net)
    answer = model(noise, t, cond)
    outside = ~missing[:, None].expand_as(x0)
    assert torch.equal(answer[outside], x0[outside])
    other = torch.where(outside, torch.randn(x0.shape), noise)
    torch.testing.assert_close(model(other, t, cond), answer)
    inside = torch.where(outside, noise, torch.randn(x0.shape))
    assert not torch.allclose(model(inside, t, cond), answer)
