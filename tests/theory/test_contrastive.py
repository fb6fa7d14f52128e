"""Contrastive losses. Authority: hand computations, the definitions written as loops,
invariances (length, order, rotation), finite differences, and known values of a guess.
"""

import math

import pytest
import torch
from support.theory import normal

from coursekit.theory.contrastive import (
    clip_loss,
    recall_at_1,
    sigmoid_loss,
    similarities,
)

ZERO = torch.zeros((), dtype=torch.float64)
SCALE = torch.tensor(math.log(5.0), dtype=torch.float64)
BIAS = torch.tensor(-2.0, dtype=torch.float64)
LENGTHS = normal(6, 1, seed=3).exp()
ORDER = torch.tensor([3, 0, 5, 1, 4, 2])
TURN = torch.linalg.qr(normal(4, 4, seed=4))[0]


def pairs(count=6, width=4):
    return normal(count, width), normal(count, width, seed=1)


def clip(images, texts):
    return clip_loss(images, texts, SCALE)


def sigmoid(images, texts):
    return sigmoid_loss(images, texts, SCALE, BIAS)


LOSSES = pytest.mark.parametrize("loss", [clip, sigmoid])


def test_two_pairs_by_hand():
    """Cosines [[1, 0], [0.6, 0.8]] at factor 1, worked out on paper."""
    images = torch.tensor([[1.0, 0.0], [3.0, 4.0]]).double()
    texts = torch.tensor([[2.0, 0.0], [0.0, 5.0]]).double()
    table = torch.tensor([[1.0, 0.0], [0.6, 0.8]]).double()
    torch.testing.assert_close(similarities(images, texts), table)
    e = math.exp
    rows = -math.log(e(1) / (e(1) + e(0))) - math.log(e(0.8) / (e(0.6) + e(0.8)))
    columns = -math.log(e(1) / (e(1) + e(0.6))) - math.log(e(0.8) / (e(0) + e(0.8)))
    found = clip_loss(images, texts, ZERO)
    assert found.item() == pytest.approx((rows / 2 + columns / 2) / 2, abs=1e-12)


def test_the_sigmoid_loss_is_its_definition():
    """Zhai et al. 2023: minus the sum over pairs of log 1 / (1 + exp(-z logit)), over
    the number of pictures."""
    images, texts = pairs()
    z = 2 * torch.eye(6).double() - 1
    logits = 5.0 * similarities(images, texts) - 2.0
    total = -(1 / (1 + torch.exp(-z * logits))).log().sum()
    torch.testing.assert_close(sigmoid(images, texts), total / 6, rtol=1e-12, atol=0)


@LOSSES
@pytest.mark.parametrize(
    "change",
    [
        lambda images, texts: (images * LENGTHS, texts / LENGTHS),
        lambda images, texts: (images[ORDER], texts[ORDER]),
        lambda images, texts: (images @ TURN, texts @ TURN),
        lambda images, texts: (texts, images),
    ],
    ids=["lengths", "the order", "turning the space", "changing places"],
)
def test_what_does_not_matter(loss, change):
    torch.testing.assert_close(loss(*change(*pairs())), loss(*pairs()))


@LOSSES
def test_the_pairing_matters(loss):
    images, texts = pairs()
    assert abs(loss(images, texts[ORDER]) - loss(images, texts)) > 0.1


@LOSSES
def test_the_gradient_is_the_slope(loss):
    images, texts = pairs()
    ready = images.requires_grad_(), texts.requires_grad_()
    assert torch.autograd.gradcheck(loss, ready)


@pytest.mark.parametrize("count", [2, 7, 64])
def test_a_guess_costs_the_logarithm_of_the_batch(count):
    same = torch.ones(count, 3).double()
    assert clip_loss(same, same, SCALE).item() == pytest.approx(math.log(count))


def test_the_best_there_is():
    """Own pairs at cosine 1, all others at -1 / (B - 1), a simplex: no set of B
    vectors is better, and the loss is log(1 + (B - 1) exp(-s B / (B - 1)))."""
    count, scale = 5, 3.0
    simplex = torch.eye(count).double() - 1 / count
    best = math.log(1 + (count - 1) * math.exp(-scale * count / (count - 1)))
    log_scale = torch.tensor(math.log(scale)).double()
    assert clip_loss(simplex, simplex, log_scale).item() == pytest.approx(best)
    for seed in range(5):
        other = simplex + 0.1 * normal(count, count, seed=seed)
        assert clip_loss(other, other, log_scale).item() > best


def test_texts_that_are_equal_share_the_guess():
    """Two pictures with one caption: neither can do better than 1 / 2."""
    images = torch.eye(3).double()[[0, 0, 1]]
    sharp = torch.tensor(math.log(100.0)).double()
    found = clip_loss(images, images, sharp)
    assert found.item() == pytest.approx(2 / 3 * math.log(2), abs=1e-10)


def test_a_sigmoid_starts_near_its_floor():
    """With a bias of -10 and a factor of 10 (Zhai et al. 2023), strangers at cosine 0
    cost nothing worth mentioning; without the bias they cost log 2 each."""
    images, texts = torch.eye(64).double().split(32)
    start = [torch.tensor(v).double() for v in (math.log(10.0), -10.0)]
    assert sigmoid_loss(images, texts, *start).item() == pytest.approx(10, abs=0.01)
    without = sigmoid_loss(images, texts, start[0], ZERO)
    assert without.item() == pytest.approx(32 * math.log(2))


def test_recall_counts_both_ways():
    images = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
    texts = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert recall_at_1(images, texts) == pytest.approx((2 / 3, 2 / 3))
    assert recall_at_1(images, images) == (1.0, 1.0)
