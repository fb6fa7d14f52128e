"""GRPO and DiffusionNFT. Authority: closed forms, invariants, and two optima that are
known exactly."""

import pytest
import torch
from support.theory import normal, times

from coursekit.theory.diffusion_nft import implicit_policies, nft_loss, optimality
from coursekit.theory.grpo import clipped_loss, group_advantages, worth_learning
from coursekit.theory.policy_steps import Transition, draw, kl, log_prob

PROMPTS = torch.arange(5).repeat(6)  # interleaved: a window is not a group
SPREADS = pytest.mark.parametrize("spread", ["group", "batch"])


@SPREADS
def test_advantages_are_those_of_a_loop_in_any_order(spread):
    rewards = 3 * normal(30) + PROMPTS
    ours = group_advantages(rewards, PROMPTS, 6, spread)
    for i in range(30):
        group = rewards[PROMPTS == PROMPTS[i]]
        crowd = group if spread == "group" else rewards
        std = ((crowd - crowd.mean()) ** 2).mean().sqrt()
        wanted = (rewards[i] - group.mean()) / (std + 1e-4)
        assert float(ours[i]) == pytest.approx(float(wanted))
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    shuffled = group_advantages(rewards[order], PROMPTS[order], 6, spread)
    torch.testing.assert_close(shuffled, ours[order])
    torch.testing.assert_close(
        group_advantages(rewards + 10 * PROMPTS, PROMPTS, 6),
        group_advantages(rewards, PROMPTS, 6),
    )


@SPREADS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_reward_of_the_prompt_alone_teaches_nothing(spread, dtype):
    """Exactly 0. Excludes windows read as groups, and a rounded mean over 1e-4."""
    for seed in range(20):
        rewards = normal(5, seed=seed, dtype=dtype)[PROMPTS]
        advantages = group_advantages(rewards, PROMPTS, 6, spread)
        assert torch.equal(advantages, torch.zeros(30, dtype=dtype))
        assert not worth_learning(advantages, PROMPTS).any()


def test_only_the_groups_that_say_something_are_kept():
    """A sample that is just its group's mean stays: its siblings have something."""
    rewards = torch.tensor([0.3, 1.0, 0.3, 2.0, 0.3, 3.0])
    prompts = torch.tensor([7, 2, 7, 2, 7, 2])
    advantages = group_advantages(rewards, prompts, 3)
    assert advantages[3] == 0
    assert worth_learning(advantages, prompts).tolist() == [False, True] * 3


def test_advantages_are_clipped_and_groups_are_counted():
    rewards = torch.zeros(40)
    rewards[3] = 1.0
    one = torch.zeros(40, dtype=torch.long)
    free = group_advantages(rewards, one, 40, limit=10)
    assert float(free[3]) == pytest.approx(39**0.5, rel=1e-3)
    assert float(group_advantages(rewards, one, 40)[3]) == 5
    for prompts in (one, torch.arange(40) // 7):
        with pytest.raises(ValueError, match="needs 4 samples"):
            group_advantages(rewards, prompts, 4)


def test_the_clip_takes_the_worse_of_two():
    """By hand, clip 0.2: value and slope of the loss for A of both signs."""
    ratio = torch.tensor([0.5, 1.0, 1.5, 0.5, 1.0, 1.5]).double()
    a = torch.tensor([2.0, 2.0, 2.0, -2.0, -2.0, -2.0]).double()
    new = ratio.log().requires_grad_()
    loss = clipped_loss(new, torch.zeros(6).double(), a, 0.2)
    loss.backward()
    assert float(loss) == pytest.approx(-(1 + 2 + 2.4 - 1.6 - 2 - 3) / 6)
    wanted = -torch.tensor([1.0, 2.0, 0.0, 0.0, -2.0, -3.0]).double() / 6
    torch.testing.assert_close(new.grad, wanted)


def test_equal_rewards_have_no_gradient():
    new = normal(30).requires_grad_()
    flat = group_advantages(torch.full((30,), 0.1), PROMPTS, 6).double()
    clipped_loss(new, new, flat, 0.2).backward()
    assert torch.equal(new.grad, torch.zeros(30).double())


M, STD, U, BETA = torch.tensor([[0.3, -1.0]]).double(), 0.5, torch.ones(2).double(), 2.0


def ascent(mean, over):
    """The slope of the whole loss at a policy N(mean, STD^2)."""
    n = 200_000
    start = mean.clone().requires_grad_()
    std = torch.full((n,), STD).double()
    law = Transition(start.expand(n, 2), std)
    x = draw(law, normal(n, 2)).detach()
    new = log_prob(law, x, over)
    penalty = kl(law, Transition(M.expand(n, 2), std), over).mean()
    loss = clipped_loss(new, new, (x - mean) @ U, 0.2) + BETA * penalty
    return torch.autograd.grad(loss, start)[0]


@pytest.mark.parametrize("over", ["sum", "mean"])
def test_the_optimum_of_a_linear_reward_with_a_kl_penalty(over):
    """Closed form: u.x under N(m, s^2) has its optimum at N(m + s^2 u / beta, s^2). The
    loss has slope 0 there and nowhere near; five standard errors are 0.02. Excludes a
    sum for the one and a mean for the other."""
    best = M + STD**2 * U / BETA
    assert float(ascent(best, over).abs().max()) < 0.02
    assert (ascent(M, over) < -0.4).all() and (ascent(2 * best - M, over) > 0.4).all()
    # The same law by weights: the optimum is the reference times exp(u.x / beta).
    x = M + STD * normal(200_000, 2)
    weights = (x @ U / BETA).softmax(0)[:, None]
    mean = (weights * x).sum(0)
    torch.testing.assert_close(mean, best[0], rtol=0, atol=0.01)
    spread = (weights * (x - mean) ** 2).sum(0)
    torch.testing.assert_close(spread, torch.full_like(U, STD**2), rtol=0, atol=0.01)


def test_implicit_policies_are_mirror_images():
    v, old = normal(7, 2).requires_grad_(), normal(7, 2, seed=1).requires_grad_()
    positive, negative = implicit_policies(v, old, 0.3)
    torch.testing.assert_close(positive + negative, 2 * old)
    torch.testing.assert_close(positive, 0.3 * v + 0.7 * old)
    torch.testing.assert_close(negative, 1.3 * old - 0.3 * v)
    assert torch.equal(implicit_policies(old, old, 0.3).negative, old)
    (positive + 2 * negative).sum().backward()
    assert old.grad is None and v.grad is not None


def test_advantages_become_probabilities():
    wanted = torch.tensor([0.0, 0.0, 0.4, 0.5, 1.0, 1.0])
    advantages = torch.tensor([-9.0, -5.0, -1.0, 0.0, 5.0, 9.0])
    torch.testing.assert_close(optimality(advantages, 5.0), wanted)


@pytest.mark.parametrize("beta", [0.1, 1.0, 2.0])
def test_the_minimum_of_the_nft_loss(beta):
    """At one place of the flow, with weighted targets: the gradient is 0 at the closed
    form, and the curvature 2 beta / B says that this is the only minimum."""
    target, good = normal(50, 2), times(50)
    old = target.mean(0, keepdim=True)
    shift = ((2 * good - 1)[:, None] * (target - old)).mean(0, keepdim=True)
    best = (old + shift / beta).requires_grad_()

    def slope(at):
        rows = at.expand(50, 2), old.expand(50, 2)
        return torch.autograd.grad(nft_loss(*rows, target, good, beta), at)[0]

    torch.testing.assert_close(slope(best), torch.zeros(1, 2).double())
    beyond = (best.detach() + 1).requires_grad_()
    torch.testing.assert_close(slope(beyond), torch.full((1, 2), beta).double())
    start = old.clone().requires_grad_()
    torch.testing.assert_close(slope(start), -shift)  # the same for all beta


def test_nft_with_sure_rewards():
    """good = 1 and beta = 1 is flow matching; 1/2 everywhere pulls back to old."""
    v, old, target = (normal(7, 2, seed=i) for i in range(3))
    ones = torch.ones(7).double()
    wanted = ((v - target) ** 2).mean()
    torch.testing.assert_close(nft_loss(v, old, target, ones, 1.0), wanted)
    here = old.clone().requires_grad_()
    nft_loss(here, old, target, ones / 2, 0.5).backward()
    torch.testing.assert_close(here.grad, torch.zeros(7, 2).double())
    praise, blame = (
        torch.autograd.grad(nft_loss(here, old, target, g, 0.5), here)[0]
        for g in (ones, 0 * ones)
    )
    torch.testing.assert_close(praise, -blame)
