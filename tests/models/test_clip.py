"""CLIP. Authority: definitions (unit vectors, start values), and a toy it must learn:
noisy pictures of one colour, and the word for it."""

import math

import pytest
import torch

from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.vit import ViTConfig
from coursekit.theory.contrastive import clip_loss, recall_at_1, sigmoid_loss

IMAGE = ViTConfig(channels=3, size=8, patch=4, width=16, depth=1, heads=2)
TEXT = TextConfig(vocabulary=8, length=3, width=16, depth=1, heads=2)


def fresh(sigmoid: bool) -> CLIP:
    torch.manual_seed(0)
    return CLIP(CLIPConfig(IMAGE, TEXT, width=8, sigmoid=sigmoid))


COLOURS = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]])


def coloured(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy pictures of one colour, and a prompt: start, the colour's word, end."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.arange(count) % 4
    noise = torch.randn(count, 3, 8, 8, generator=generator)
    x = 0.5 * COLOURS[which][..., None, None] + noise
    ones = torch.ones(count, dtype=torch.long)
    return x, torch.stack([ones, 3 + which, 2 * ones], dim=1)


@torch.no_grad()
@pytest.mark.parametrize("sigmoid", [False, True])
def test_logits_are_scaled_cosines(sigmoid: bool) -> None:
    model, (x, ids) = fresh(sigmoid), coloured(6, 0)
    images, texts = model.encode_image(x), model.encode_text(ids[:4])
    for vectors in (images, texts):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    factor, bias = (10.0, -10.0) if sigmoid else (1 / 0.07, 0.0)
    logits = model(x, ids[:4])
    assert model.bias.requires_grad == sigmoid
    torch.testing.assert_close(logits, factor * images @ texts.T + bias)


@torch.no_grad()
def test_the_factor_is_at_most_100() -> None:
    model, (x, ids) = fresh(False), coloured(4, 0)
    model.log_scale.fill_(50.0)
    assert model.temperature().item() == pytest.approx(math.log(100))
    assert model(x, ids).abs().max() <= 100 * (1 + 1e-5)


@pytest.mark.parametrize("sigmoid", [False, True], ids=["softmax", "sigmoid"])
def test_it_learns_which_word_belongs_to_which_picture(sigmoid: bool) -> None:
    """Batches of four different pictures; then 40 unseen ones against four words."""
    model = fresh(sigmoid).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(100):
        x, ids = coloured(4, seed=step + 1)
        images, texts = model.encode_image(x), model.encode_text(ids)
        if sigmoid:
            loss = sigmoid_loss(images, texts, model.temperature(), model.bias)
        else:
            loss = clip_loss(images, texts, model.temperature())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        x, ids = coloured(40, seed=1000)
        guess = model(x, ids[:4]).argmax(dim=1)
        found = float((guess == torch.arange(40) % 4).double().mean())
        recall = recall_at_1(model.encode_image(x[:4]), model.encode_text(ids[:4]))
    print(f"zero-shot accuracy {found:.2f}, recall {recall}")
    assert found > 0.9 and recall == (1.0, 1.0)
