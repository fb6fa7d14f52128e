"""Overhearing tokens. Authorities: the network asked alone, blocks called by hand."""

import torch
from support_models import awake
from torch import Tensor, nn

from coursekit.models.aligned import Aligned, overheard, patch_features
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.vit import ViT, ViTConfig

SMALL = DiTConfig(size=16, patch=4, width=32, depth=3, heads=2)
WORDS = TextConfig(vocabulary=9, length=5, width=16, depth=1, heads=2)


def test_overhearing_changes_nothing_and_ends():
    torch.manual_seed(0)
    model = awake(DiT(SMALL)).eval()
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([0.2, 0.8])
    alone = model(x, t)
    with overheard(model.blocks[1]) as tokens:
        listened = model(x, t)
    model(x, t)
    assert torch.equal(alone, listened) and len(tokens) == 1
    # The block that follows makes of them what the whole network makes.
    told = model.conditioner(t, None, x)
    last = model.blocks[2](tokens[0], told.vector, told.tokens, None)
    with overheard(model.blocks[2]) as after:
        model(x, t)
    assert torch.equal(last, after[0])


def test_of_two_streams_the_patches_are_kept():
    torch.manual_seed(0)
    config = MMDiTConfig(WORDS, 4, 4, 1, width=32, heads=2, double=2, single=1)
    model = Aligned(awake(MMDiT(config)), after=1, outputs=7)
    ids = torch.ones(2, 5, dtype=torch.long)
    with overheard(model.block) as tokens:
        model(torch.randn(2, 4, 4, 4), torch.rand(2), ids)
    assert tokens[0].shape == (2, 16, 32) and model.head(tokens[0]).shape == (2, 16, 7)
    assert Aligned(model.network, 3, 7).block is model.network.one_stream[0]


def test_features_are_the_patches_before_the_last_block():
    torch.manual_seed(0)
    vit = ViT(ViTConfig(size=16, width=16, depth=3, heads=2)).eval()
    nn.init.normal_(vit.cls)
    x = torch.randn(2, 3, 16, 16)
    z: Tensor = torch.cat([vit.cls.expand(2, 1, -1), vit.embed(x)], 1) + vit.position
    for block in vit.blocks[:2]:
        z = block(z)
    assert torch.allclose(patch_features(vit, x), z[:, 1:], atol=1e-6)
