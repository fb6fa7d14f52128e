"""ViT. Authority: symmetries of attention, perturbation, patches by hand."""

import pytest
import torch

from coursekit.models.patches import patchify, unpatchify
from coursekit.models.vit import ViT, ViTConfig

SMALL = ViTConfig(channels=2, size=12, patch=4, width=12, depth=2, heads=3)


@pytest.fixture
def model() -> ViT:
    torch.manual_seed(0)
    found = ViT(SMALL).double().eval()
    with torch.no_grad():
        found.cls.normal_()
        found.position.normal_()
    return found


def pictures(count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 2, 12, 12, generator=generator, dtype=torch.float64)


def test_patches_one_by_one() -> None:
    x = pictures()
    tokens = patchify(x, 4)
    for number in range(9):
        top, left = 4 * (number // 3), 4 * (number % 3)
        tile = x[:, :, top : top + 4, left : left + 4]
        assert torch.equal(tokens[:, number], tile.flatten(1))
    assert torch.equal(unpatchify(tokens, 4, 12, 12), x)


def test_pictures_that_are_not_square() -> None:
    x = pictures()[..., :8]
    assert torch.equal(unpatchify(patchify(x, 4), 4, 12, 8), x)
    with pytest.raises(ValueError, match="do not tile"):
        patchify(x, 5)


@torch.no_grad()
def test_patches_shuffled_with_their_positions_change_nothing(model: ViT) -> None:
    """Attention is a set function: only positions tell the patches apart."""
    x = pictures()
    order = torch.tensor([4, 2, 7, 0, 8, 1, 5, 3, 6])
    before = model.tokens(x)
    shuffled = unpatchify(patchify(x, 4)[:, order], 4, 12, 12)
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
def test_the_class_token_sees_every_patch(model: ViT) -> None:
    x = pictures()
    for number in range(9):
        tokens = patchify(x, 4)
        tokens[:, number] += 1
        moved = model(unpatchify(tokens, 4, 12, 12)) - model(x)
        assert moved.norm(dim=1).min() > 1e-3


@torch.no_grad()
def test_all_tokens_see_each_other_in_one_block() -> None:
    torch.manual_seed(0)
    config = ViTConfig(channels=2, size=12, patch=4, width=12, depth=1, heads=3)
    model, x = ViT(config).double(), pictures(1)
    other = x.clone()
    other[..., 8:, 8:] += 1  # the last patch
    moved = (model.tokens(other) - model.tokens(x)).norm(dim=-1)
    assert (moved > 1e-6).all()


@torch.no_grad()
def test_tokens_are_normalised_and_the_first_is_the_answer(model: ViT) -> None:
    tokens = model.tokens(pictures())
    assert tokens.shape == (3, 1 + SMALL.tokens, 12)
    torch.testing.assert_close(tokens.mean(-1), torch.zeros(3, 10).double())
    square = tokens.square().mean(-1)
    torch.testing.assert_close(square, torch.ones_like(square), rtol=1e-3, atol=0)
    assert torch.equal(model(pictures()), tokens[:, 0])


@torch.no_grad()
def test_pictures_never_mix(model: ViT) -> None:
    x = pictures()
    alone = torch.cat([model(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(alone, model(x), rtol=0, atol=1e-12)
