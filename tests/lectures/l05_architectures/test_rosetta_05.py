"""The lines of notebook 05's Rosetta box, as identities that hold in the code.

Authority: the formulas of DiT (Peebles & Xie 2023), SD3 (Esser et al. 2024) and FLUX.1
as their own code has them, written out by hand. Held elsewhere: the lecture's clock,
which runs the other way (test_rosetta_03.py), the time embedding
(tests/models/test_layers.py), scale, shift and gate (tests/models/test_blocks.py), and
where words and patches are (tests/models/test_rope.py).
"""

import torch
from support_models import awake

from coursekit.models.conditioning import Conditioner
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.models.text_encoder import TextConfig


def test_one_vector_for_knobs_and_many_tokens_to_look_at():
    """SD3: c = t_emb + MLP(pooled); the context is a linear map of the tokens."""
    torch.manual_seed(2)
    text = TextConfig(vocabulary=9, length=5, width=8, depth=1, heads=2)
    told_by = Conditioner(12, text=text)
    ids = torch.tensor([[1, 4, 5, 2, 0], [1, 7, 2, 0, 0]])
    t = torch.tensor([0.2, 0.7])
    told = told_by(t, ids, torch.zeros(2, 1))
    features = told_by.text(ids)
    vector = told_by.time(t) + told_by.from_pooled(features.pooled)
    torch.testing.assert_close(told.vector, vector)
    torch.testing.assert_close(told.tokens, told_by.from_tokens(features.tokens))
    assert told.tokens.shape == (2, 5, 12)


def test_words_come_before_patches():
    """FLUX joins txt and img in this order. Authority: angles given for that order."""
    block = awake(DoubleBlock(8, 2))
    text, image, c = torch.randn(1, 3, 8), torch.randn(1, 5, 8), torch.randn(1, 8)
    still = torch.zeros(8, 2)
    moved = still.clone()
    moved[2] = 1.5  # the last word
    one = block(text, image, c, still)
    other = block(text, image, c, moved)
    # Turning all alike changes nothing; turning one word changes what others hear.
    alike = block(text, image, c, still + 0.7)
    for a, b in zip(one, alike, strict=True):
        torch.testing.assert_close(a, b)
    assert not torch.allclose(one[1], other[1])
    # Between two patches nothing was turned, so without words nothing would change.
    first = torch.zeros(8, 2)
    first[:3] = 1.5  # all words alike, patches still: only word-patch products change
    mixed = block(text, image, c, first)
    assert not torch.allclose(one[1], mixed[1])
