"""Authority: closed forms of CLIPScore, TIFA, VQAScore and PickScore's loss, and the
Bradley-Terry loss of theory/preferences for votes without ties."""

import math

import pytest
import torch

from coursekit.theory.alignment import (
    clip_score,
    holds,
    mean_of_means,
    pick_loss,
    tifa_score,
    vqa_score,
)
from coursekit.theory.preferences import bradley_terry_loss, order_pairs


def test_clip_score_is_the_cosine_stretched_and_never_negative():
    angles = torch.tensor([0.0, 60.0, 90.0, 150.0]).deg2rad()
    images = 3 * torch.stack([angles.cos(), angles.sin()], 1)
    texts = torch.tensor([[0.2, 0.0]]).expand(4, 2)
    want = torch.tensor([2.5, 1.25, 0.0, 0.0])
    assert torch.allclose(clip_score(images, texts), want, atol=1e-6)


def test_a_child_of_a_wrong_parent_is_wrong_whatever_their_order():
    #  0 <- 2 <- 1, and 3 alone: the chain runs against the order of the questions
    parents = torch.tensor([-1, 2, 0, -1])
    right = torch.tensor([False, True, True, True])
    assert holds(right, parents).tolist() == [False, False, False, True]
    assert right.tolist() == [False, True, True, True], "the answers were changed"
    right = torch.tensor([True, True, False, True])
    assert holds(right, parents).tolist() == [True, False, False, True]
    everything = torch.ones(4, dtype=torch.bool)
    assert holds(everything, parents).all()


@pytest.mark.parametrize("length", [2, 9])
def test_a_long_chain_falls_with_its_first_link(length):
    right = torch.ones(length, dtype=torch.bool)
    right[-1] = False
    parents = torch.arange(1, length + 1)
    parents[-1] = -1  # each hangs on the next one, the last on none
    assert not holds(right, parents).any()


def test_every_caption_weighs_the_same():
    right = torch.tensor([True, False, False, False, False])
    captions = torch.tensor([7, 3, 3, 3, 3])  # one question about the one, four
    nothing = torch.full((5,), -1)
    assert tifa_score(right, nothing, captions) == 0.5  # a plain mean would say 0.2
    parents = torch.tensor([-1, -1, 1, 1, 1])
    right = torch.tensor([True, False, True, True, True])
    assert tifa_score(right, parents, captions) == 0.5
    assert tifa_score(right, nothing, captions) == 0.875
    assert mean_of_means(torch.tensor([1.0, 2.0, 6.0]), torch.tensor([0, 1, 1])) == 2.5


def test_yes_competes_with_all_answers():
    logits = torch.log(torch.tensor([[1.0, 1.0, 2.0], [3.0, 1.0, 0.0]]))
    assert torch.allclose(vqa_score(logits, 0), torch.tensor([0.25, 0.75]))
    assert torch.allclose(vqa_score(logits + 100, 0), torch.tensor([0.25, 0.75]))


def test_pick_loss_is_bradley_and_terrys_where_nobody_ties():
    g = torch.Generator().manual_seed(0)
    first, second, texts = torch.randn(3, 16, 8, generator=g)
    wins = torch.rand(16, generator=g) < 0.5
    scale = torch.tensor(2.3)
    rewards = [scale.exp() * clip_score_raw(x, texts) for x in (first, second)]
    want = bradley_terry_loss(*order_pairs(*rewards, wins))
    found = pick_loss(5 * first, second, texts, wins.float(), scale)
    assert torch.allclose(found, want, atol=1e-6)


def clip_score_raw(x, y):
    return (x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1))


def test_a_tie_that_is_met_costs_nothing_and_pulls_nowhere():
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    texts, half = torch.tensor([[1.0, 0.0]]), torch.tensor([0.5])
    loss = pick_loss(x, x.detach().clone(), texts, half, torch.tensor(3.0))
    loss.backward()
    assert abs(loss.item()) < 1e-6 and x.grad.abs().max() < 1e-5
    sure = pick_loss(
        torch.tensor([[1.0, 0.0]]), -texts, texts, half, torch.tensor(math.log(100.0))
    )
    assert sure.item() == pytest.approx(100 - math.log(2), rel=1e-5)
