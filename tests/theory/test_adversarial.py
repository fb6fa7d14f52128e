"""The adversarial loss on features. Authority: hinges by hand, and gradients."""

import pytest
import torch
from support.theory import SHAPES, normal, times
from torch import nn

from coursekit.theory.adversarial import critic_loss, generator_loss, judge_of
from coursekit.theory.flow import conditional_path


def by_sum(xt, t):
    return xt.flatten(1).sum(1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_losses_written_out(shape):
    real, fake, eps, t = (*(normal(*shape, seed=seed) for seed in range(3)), times(7))
    on_real, on_fake = (by_sum(conditional_path(x, eps, t), t) for x in (real, fake))
    want = ((1 - on_real).clamp(min=0).mean() + (1 + on_fake).clamp(min=0).mean()) / 2
    torch.testing.assert_close(critic_loss(by_sum, real, fake, t, eps), want)
    torch.testing.assert_close(generator_loss(by_sum, fake, t, eps), -on_fake.mean())


def test_the_same_samples_cannot_be_told_apart():
    """With noise of their own the two could: here the scores are equal."""
    x, eps, t = 0.1 * normal(50, 2), 0.1 * normal(50, 2, seed=1), times(50)
    loss = critic_loss(by_sum, x, x, t, eps)
    assert float(loss) == pytest.approx(1, abs=1e-12)


def test_who_learns_from_which_loss():
    """Frozen features pass gradients on to the fakes, and take none themselves."""
    torch.manual_seed(0)
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(2)).requires_grad_(False)
    heads = nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 3)])

    def features(xt, t):
        first = layers[0](xt).tanh()
        return [first, layers[1](first).tanh()]

    judge = judge_of(features, list(heads))
    shape = (5, 2)
    real, fake, eps = (normal(*shape, seed=s, dtype=torch.float32) for s in range(3))
    t, fake = times(5).float(), fake.requires_grad_()
    assert judge(fake, t).shape == (5, 4)

    critic_loss(judge, real, fake, t, eps).backward()
    assert fake.grad is None
    assert all(head.weight.grad.abs().sum() > 0 for head in heads)
    assert all(layer.weight.grad is None for layer in layers)

    before = generator_loss(judge, fake, t, eps)
    (slope,) = torch.autograd.grad(before, fake)
    after = generator_loss(judge, fake - 0.01 * slope, t, eps)
    assert after < before and (slope.abs().sum(1) > 0).all()


def test_heads_and_layers_come_in_pairs():
    judge = judge_of(lambda xt, t: [xt, xt], [nn.Identity()])
    with pytest.raises(ValueError, match="argument 2 is longer"):
        judge(normal(2, 2), times(2))
