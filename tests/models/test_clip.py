"""CLIP and its towers, ViT and the text encoder.

Authority: perturbation (who can see whom), symmetries of attention, definitions (unit
vectors, start values), and a toy it must learn: noisy pictures of one colour, and the
word for it. Peers: test_parity_transformers.py.
"""

import math
from dataclasses import replace

import pytest
import torch
from support_models import EXACT, awake, learn, normal

from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.patches import patchify, unpatchify
from coursekit.models.text_encoder import TextConfig, TextEncoder, at_end
from coursekit.models.vit import ViT, ViTConfig
from coursekit.theory.contrastive import clip_loss, recall_at_1, sigmoid_loss

VIT = ViTConfig(channels=2, size=12, patch=4, width=12, depth=2, heads=3)
X = normal(3, 2, 12, 12)
WORDS = TextConfig(vocabulary=20, length=8, width=12, depth=2, heads=3, end=2)
IDS = torch.tensor([[1, 5, 6, 2, 0, 0, 0, 0], [1, 7, 8, 9, 10, 11, 12, 2]])


@torch.no_grad()
def test_patches_shuffled_with_their_positions_change_nothing():
    """Attention is a set function: only positions tell the patches apart."""
    model, order = awake(ViT(VIT).double()), torch.tensor([4, 2, 7, 0, 8, 1, 5, 3, 6])
    before = model.tokens(X)
    shuffled = unpatchify(patchify(X, 4)[:, order], 4, 12, 12)
    # without moving the positions it is another picture
    assert (model(shuffled) - before[:, 0]).norm(dim=1).min() > 1e-3
    model.position[1:] = model.position[1:][order]
    after = model.tokens(shuffled)
    torch.testing.assert_close(after[:, 0], before[:, 0], **EXACT)
    torch.testing.assert_close(after[:, 1:], before[:, 1:][:, order], **EXACT)


@torch.no_grad()
def test_all_tokens_see_every_patch_in_one_block():
    torch.manual_seed(0)
    model, tokens = ViT(replace(VIT, depth=1)).double(), patchify(X, 4)
    for number in range(9):
        other = tokens.clone()
        other[:, number] += 1
        moved = model.tokens(unpatchify(other, 4, 12, 12)) - model.tokens(X)
        assert (moved.norm(dim=-1) > 1e-6).all()


@torch.no_grad()
def test_tokens_are_normalised_and_the_first_is_the_answer():
    model = ViT(VIT).double()
    tokens = model.tokens(X)
    assert tokens.shape == (3, 1 + VIT.tokens, 12)
    torch.testing.assert_close(tokens.mean(-1), torch.zeros(3, 10).double())
    square = tokens.square().mean(-1)
    torch.testing.assert_close(square, torch.ones_like(square), rtol=1e-3, atol=0)
    assert torch.equal(model(X), tokens[:, 0])


@torch.no_grad()
def test_a_word_is_seen_by_itself_and_by_what_follows():
    model = awake(TextEncoder(WORDS).double())
    for place in range(WORDS.length):
        other = IDS.clone()
        other[:, place] = 15
        moved = (model(other).tokens - model(IDS).tokens).abs().amax(dim=(0, 2))
        assert moved[:place].eq(0).all()
        assert (moved[place:] > 1e-4).all()


@torch.no_grad()
def test_the_prompts_vector_hears_the_order_of_words_and_no_padding():
    """Positions tell "red hat, blue bear" from its twin."""
    model, padded = awake(TextEncoder(WORDS).double()), IDS.clone()
    padded[0, 4:] = torch.tensor([3, 18, 4, 19])
    pooled = model(IDS).pooled
    assert torch.equal(model(padded).pooled, pooled)
    torch.testing.assert_close(model(IDS[:1, :4]).pooled, pooled[:1], **EXACT)
    swapped = model(IDS[:, [0, 2, 1, 3, 4, 5, 6, 7]]).pooled
    assert (swapped - pooled).norm(dim=1).min() > 1e-3


def test_the_vector_at_the_end_token():
    tokens = torch.arange(2 * 8 * 3).reshape(2, 8, 3)
    found = at_end(tokens, IDS, end=2)
    assert torch.equal(found, torch.stack([tokens[0, 3], tokens[1, 7]]))
    # a larger id behind the end must not win, as it would with ids.argmax
    padded = IDS.clone()
    padded[0, 5] = 19
    assert torch.equal(at_end(tokens, padded, end=2), found)


def test_gradients_reach_what_was_used():
    model = awake(TextEncoder(WORDS).double())
    model(IDS).pooled.sum().backward()
    used = model.token.weight.grad.abs().sum(1) > 1e-9
    words = set(IDS[0, :4].tolist()) | set(IDS[1].tolist())
    assert set(torch.nonzero(used).flatten().tolist()) == words


IMAGE = ViTConfig(channels=3, size=8, patch=4, width=16, depth=1, heads=2)
TEXT = TextConfig(vocabulary=8, length=3, width=16, depth=1, heads=2)
COLOURS = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]])
both_losses = pytest.mark.parametrize("sigmoid", [False, True])


def fresh(sigmoid: bool) -> CLIP:
    torch.manual_seed(0)
    return CLIP(CLIPConfig(IMAGE, TEXT, width=8, sigmoid=sigmoid))


def coloured(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy pictures of one colour, and a prompt: start, the colour's word, end."""
    which = torch.arange(count) % 4
    noise = normal(count, 3, 8, 8, seed=seed).float()
    x = 0.5 * COLOURS[which][..., None, None] + noise
    ones = torch.ones(count, dtype=torch.long)
    return x, torch.stack([ones, 3 + which, 2 * ones], dim=1)


@torch.no_grad()
@both_losses
def test_logits_are_scaled_cosines(sigmoid):
    model, (x, ids) = fresh(sigmoid), coloured(6, 0)
    images, texts = model.encode_image(x), model.encode_text(ids[:4])
    for vectors in (images, texts):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    factor, bias = (10.0, -10.0) if sigmoid else (1 / 0.07, 0.0)
    logits = model(x, ids[:4])
    assert model.bias.requires_grad == sigmoid
    torch.testing.assert_close(logits, factor * images @ texts.T + bias)


@torch.no_grad()
def test_the_factor_is_at_most_100():
    model, (x, ids) = fresh(False), coloured(4, 0)
    model.log_scale.fill_(50.0)
    assert model.temperature().item() == pytest.approx(math.log(100))
    assert model(x, ids).abs().max() <= 100 * (1 + 1e-5)


@both_losses
def test_it_learns_which_word_belongs_to_which_picture(sigmoid):
    """Batches of four different pictures; then 40 unseen ones against four words."""
    model = fresh(sigmoid).train()

    def loss(step: int) -> torch.Tensor:
        x, ids = coloured(4, seed=step + 1)
        images, texts = model.encode_image(x), model.encode_text(ids)
        if sigmoid:
            return sigmoid_loss(images, texts, model.temperature(), model.bias)
        return clip_loss(images, texts, model.temperature())

    learn(model, loss, 100, 3e-3)
    with torch.no_grad():
        x, ids = coloured(40, seed=1000)
        guess = model(x, ids[:4]).argmax(dim=1)
        found = float((guess == torch.arange(40) % 4).double().mean())
        recall = recall_at_1(model.encode_image(x[:4]), model.encode_text(ids[:4]))
    print(f"zero-shot accuracy {found:.2f}, recall {recall}")
    assert found > 0.9 and recall == (1.0, 1.0)
