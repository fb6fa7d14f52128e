"""ReFL. Authority: closed forms on a flow of normal laws, and where gradients go."""

import pytest
import torch
from support.theory import normal, seeded

from coursekit.theory.reward_feedback import hinge, late_stop, refl_loss
from coursekit.theory.solvers import time_grid


def test_the_hinge_is_flat_where_a_reward_is_good_enough():
    reward = torch.tensor([-1.0, 0.0, 2.0, 6.0, 7.0], requires_grad=True)
    lack = hinge(reward, 1.0, 2.5, 2.0)
    torch.testing.assert_close(lack, torch.tensor([2.8, 2.4, 1.6, 0.0, 0.0]))
    lack.sum().backward()
    torch.testing.assert_close(
        reward.grad, torch.tensor([-0.4, -0.4, -0.4, 0.0, 0.0]), rtol=0, atol=1e-7
    )


class Shift:
    """The velocity eps - m of one data point m, a parameter, that notes its calls."""

    def __init__(self):
        self.m = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
        self.calls = []

    def __call__(self, x, t):
        self.calls.append((float(t[0]), torch.is_grad_enabled(), x.requires_grad))
        return (x - self.m) / t[:, None]


@pytest.mark.parametrize("stop", [0, 3, 9])
def test_only_the_last_look_has_a_gradient(stop):
    """The prediction x - t v is m at all times, so the loss is known in closed form;
    its slope is that of one answer, not of the walk."""
    flow, ts, u = Shift(), time_grid(10, 1.0, 0.0), torch.tensor([1.0, 2.0]).double()
    eps = normal(6, 2)
    loss = refl_loss(flow, lambda x0: x0 @ u, eps, ts, stop, 0.5, 2.0, 2.0)
    assert float(loss) == pytest.approx(2 - (float(flow.m.detach() @ u) - 0.5) / 2)
    loss.backward()
    torch.testing.assert_close(flow.m.grad, -u / 2)
    assert [call[0] for call in flow.calls] == pytest.approx(ts[: stop + 1].tolist())
    assert [call[1] for call in flow.calls] == [False] * stop + [True]
    assert not any(call[2] for call in flow.calls)


def test_a_gradient_step_raises_the_reward():
    flow, ts = Shift(), time_grid(10, 1.0, 0.0)

    def reward(x0):
        return -(x0**2).sum(1)

    before = refl_loss(flow, reward, normal(6, 2), ts, 8)
    before.backward()
    with torch.no_grad():
        flow.m -= 0.1 * flow.m.grad
    assert refl_loss(flow, reward, normal(6, 2), ts, 8) < before


def test_stops_are_drawn_evenly_from_the_late_steps():
    """Ten late steps of forty: 30 to 39. Each share within four standard errors."""
    generator, n = seeded(), 4000
    stops = torch.tensor([late_stop(40, 0.25, generator) for _ in range(n)])
    shares = torch.bincount(stops, minlength=40) / n
    assert (shares[:30] == 0).all() and len(shares) == 40
    assert ((shares[30:] - 0.1).abs() < 4 * (0.1 * 0.9 / n) ** 0.5).all()
    assert late_stop(5, 0.01, generator) == 4 and late_stop(1, 1.0, generator) == 0
