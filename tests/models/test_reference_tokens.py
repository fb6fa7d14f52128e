"""A picture in an MM-DiT's context.

Authorities: the MM-DiT without one, whose places and answer must not move, the defining
property of RoPE (only differences count), FLUX.2's ids.
"""

from dataclasses import replace

import pytest
import torch

from coursekit.models.mmdit import MMDiT
from coursekit.models.positions import joint_positions
from coursekit.models.reference_tokens import (
    ReferenceConfig,
    ReferenceMMDiT,
    reference_angles,
    reference_positions,
)
from coursekit.models.rope import axial_angles
from coursekit.models.text_encoder import TextConfig

CONFIG = ReferenceConfig(
    TextConfig(20, 7, 16, 1, 2), 3, width=32, heads=2, double=2, single=1, sines=True
)


def awake(seed: int = 0) -> ReferenceMMDiT:
    torch.manual_seed(seed)
    model = ReferenceMMDiT(CONFIG)
    with torch.no_grad():
        for p in model.parameters():  # nothing may be zero, or nothing could be seen
            p.add_(0.05 * torch.randn_like(p))
    return model.double().eval()


def inputs() -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(3)
    x, r = (torch.randn(2, 3, 4, 6, generator=g, dtype=torch.float64) for _ in range(2))
    ids = torch.tensor([[1, 5, 6, 2, 0], [1, 7, 2, 0, 0]])
    return x, torch.tensor([0.3, 0.8]), ids, r


def test_words_and_the_drawn_picture_stay_where_they_were():
    places = reference_positions(5, 2, 3, 10.0)
    assert torch.equal(places[:11, 1:], joint_positions(5, 2, 3))
    assert torch.equal(places[11:, 1:], places[5:11, 1:])  # straight ahead
    assert places[:, 0].tolist() == [0.0] * 11 + [10.0] * 6
    angles = reference_angles(places, (8, 8))
    assert torch.equal(angles[:11], axial_angles(joint_positions(5, 2, 3), (8, 8)))
    # One place of both pictures differs in the slowest pairs, by the offset.
    off = angles[11:] - angles[5:11]
    assert torch.allclose(off[:, [3, 7]], torch.full((6, 2), 10.0).double())
    assert int((off != 0).sum()) == 12


def test_the_answer_has_the_shape_of_the_question_and_hears_all_of_it():
    model, (x, t, ids, r) = awake(), inputs()
    base = model(x, t, (ids, r))
    assert base.shape == x.shape
    for other in (
        model(x, t, (ids, r.roll(1, -1))),
        model(x, t, (ids.roll(1, 0), r)),
        model(r, t, (ids, x)),  # what is given is not what is drawn
    ):
        assert not torch.allclose(base, other)
    one = model(x[:1], t[:1], (ids[:1], r[:1]))
    torch.testing.assert_close(one, base[:1])  # pictures do not see their neighbours


def test_it_is_the_network_without_a_reference_on_a_longer_sequence():
    """With the new axis at 0 and no role, two pictures of tokens and one attention: if
    both are the same picture, attention hears each token twice, which is once."""
    model, (x, t, ids, _) = awake(), inputs()
    plain = MMDiT(CONFIG).double().eval()
    state = model.state_dict()
    plain.load_state_dict({k: v for k, v in state.items() if "places" not in k})
    with torch.no_grad():
        model.places.role.zero_()  # type: ignore[operator, union-attr]
    both = torch.cat([x, x], dim=-2)
    twice = MMDiT.forward(model, both, t, ids)
    torch.testing.assert_close(twice[:, :, :4].shape, x.shape)
    # Without an offset the second picture is a copy of the first in every layer.
    model._angles.clear()
    angles = model.angles(ids.shape[1], both)
    angles[-24:] = angles[5:29]
    twice = MMDiT.forward(model, both, t, ids)
    torch.testing.assert_close(twice[:, :, :4], twice[:, :, 4:])


def test_it_wants_sinusoids():
    with pytest.raises(ValueError, match="set sines"):
        ReferenceMMDiT(replace(CONFIG, sines=False))
