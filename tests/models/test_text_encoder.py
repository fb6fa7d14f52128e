"""The text encoder. Authority: perturbation (who can see whom), tables of places."""

import pytest
import torch

from coursekit.models.text_encoder import TextConfig, TextEncoder, at_end

SMALL = TextConfig(vocabulary=20, length=8, width=12, depth=2, heads=3, end=2)
IDS = torch.tensor([[1, 5, 6, 2, 0, 0, 0, 0], [1, 7, 8, 9, 10, 11, 12, 2]])


@pytest.fixture
def model() -> TextEncoder:
    torch.manual_seed(0)
    found = TextEncoder(SMALL).double().eval()
    with torch.no_grad():  # so that every token and place matters
        found.token.weight.normal_()
        found.position.normal_()
    return found


@torch.no_grad()
def test_a_token_is_seen_by_itself_and_by_what_follows(model: TextEncoder) -> None:
    for place in range(SMALL.length):
        other = IDS.clone()
        other[:, place] = 15
        moved = (model(other).tokens - model(IDS).tokens).abs().amax(dim=(0, 2))
        assert moved[:place].eq(0).all()
        assert (moved[place:] > 1e-4).all()


@torch.no_grad()
def test_padding_does_not_touch_the_prompts_vector(model: TextEncoder) -> None:
    other = IDS.clone()
    other[0, 4:] = torch.tensor([3, 18, 4, 19])
    torch.testing.assert_close(model(other).pooled, model(IDS).pooled, rtol=0, atol=0)
    torch.testing.assert_close(
        model(IDS[:1, :4]).pooled, model(IDS[:1]).pooled, rtol=0, atol=1e-12
    )


@torch.no_grad()
def test_the_order_of_words_matters(model: TextEncoder) -> None:
    """The same words elsewhere: positions tell "red hat, blue bear" from its twin."""
    swapped = IDS[:, [0, 2, 1, 3, 4, 5, 6, 7]]
    assert (model(swapped).pooled - model(IDS).pooled).norm(dim=1).min() > 1e-3


def test_the_vector_at_the_end_token() -> None:
    tokens = torch.arange(2 * 8 * 3).reshape(2, 8, 3)
    found = at_end(tokens, IDS, end=2)
    assert torch.equal(found, torch.stack([tokens[0, 3], tokens[1, 7]]))
    # a larger id behind the end must not win, as it would with ids.argmax
    padded = IDS.clone()
    padded[0, 5] = 19
    assert torch.equal(at_end(tokens, padded, end=2), found)


def test_gradients_reach_what_was_used(model: TextEncoder) -> None:
    model(IDS).pooled[:, :6].sum().backward()
    used = model.token.weight.grad.abs().sum(1) > 1e-9
    words = set(IDS[0, :4].tolist()) | set(IDS[1].tolist())
    assert set(torch.nonzero(used).flatten().tolist()) == words
