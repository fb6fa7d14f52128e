"""Every line of notebook 05's Rosetta box, as an identity that holds in the code.

Authority: the formulas of DiT (Peebles & Xie 2023), SD3 (Esser et al. 2024) and FLUX.1
as their own code has them, written out by hand. Two lines are held elsewhere: the time
embedding (tests/models/test_layers.py), and scale, shift and gate
(tests/models/test_blocks.py).
"""

import torch
from support_models import awake

from coursekit.models.conditioning import Conditioner
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.models.positions import grid_positions, joint_positions
from coursekit.models.text_encoder import TextConfig
from coursekit.theory.flow import reverse_clock
from coursekit.theory.paths import LinearPath


def test_the_lecture_runs_the_other_way_and_sd3s_code_does_not() -> None:
    gen = torch.Generator().manual_seed(0)
    data, noise = torch.randn(2, 5, 3, generator=gen, dtype=torch.float64)
    t = torch.linspace(0.1, 0.9, 5, dtype=torch.float64)
    ours = LinearPath().corrupt(data, noise, t)
    sd3 = (1 - t[:, None]) * data + t[:, None] * noise
    torch.testing.assert_close(ours, sd3)
    lecture_t = 1 - t[:, None]
    lecture = lecture_t * data + (1 - lecture_t) * noise
    torch.testing.assert_close(ours, lecture)
    u = reverse_clock(lambda x, s: (noise - data) + 0 * x)
    torch.testing.assert_close(u(ours, 1 - t), data - noise)


def test_one_vector_for_knobs_and_many_tokens_to_look_at() -> None:
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


def test_words_come_before_patches() -> None:
    """FLUX joins txt and img in this order. Authority: angles given for that order."""
    places = joint_positions(3, 2, 4)
    torch.testing.assert_close(places[3:], grid_positions(2, 4, centred=True))
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
