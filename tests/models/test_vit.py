"""ViT. Authority: symmetries of attention and perturbation."""

from dataclasses import replace

import pytest
import torch
from support_models import normal

from coursekit.models.patches import patchify, unpatchify
from coursekit.models.vit import ViT, ViTConfig

SMALL = ViTConfig(channels=2, size=12, patch=4, width=12, depth=2, heads=3)
X = normal(3, 2, 12, 12)


@pytest.fixture
def model() -> ViT:
    torch.manual_seed(0)
    found = ViT(SMALL).double().eval()
    with torch.no_grad():
        found.cls.normal_()
        found.position.normal_()
    return found


@torch.no_grad()
def test_patches_shuffled_with_their_positions_change_nothing(model: ViT) -> None:
    """Attention is a set function: only positions tell the patches apart."""
    order = torch.tensor([4, 2, 7, 0, 8, 1, 5, 3, 6])
    before = model.tokens(X)
    shuffled = unpatchify(patchify(X, 4)[:, order], 4, 12, 12)
    alone = model(shuffled)
    model.position[1:] = model.position[1:][order]
    after = model.tokens(shuffled)
    torch.testing.assert_close(after[:, 0], before[:, 0], rtol=0, atol=1e-12)
    torch.testing.assert_close(
        after[:, 1:], before[:, 1:][:, order], rtol=0, atol=1e-12
    )
    # and without moving the positions it is another picture
    assert (alone - before[:, 0]).norm(dim=1).min() > 1e-3


@torch.no_grad()
def test_all_tokens_see_every_patch_in_one_block() -> None:
    torch.manual_seed(0)
    model, tokens = ViT(replace(SMALL, depth=1)).double(), patchify(X, 4)
    for number in range(9):
        other = tokens.clone()
        other[:, number] += 1
        moved = model.tokens(unpatchify(other, 4, 12, 12)) - model.tokens(X)
        assert (moved.norm(dim=-1) > 1e-6).all()


@torch.no_grad()
def test_tokens_are_normalised_and_the_first_is_the_answer(model: ViT) -> None:
    tokens = model.tokens(X)
    assert tokens.shape == (3, 1 + SMALL.tokens, 12)
    torch.testing.assert_close(tokens.mean(-1), torch.zeros(3, 10).double())
    square = tokens.square().mean(-1)
    torch.testing.assert_close(square, torch.ones_like(square), rtol=1e-3, atol=0)
    assert torch.equal(model(X), tokens[:, 0])
