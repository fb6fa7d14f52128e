"""Films made frame by frame.

Authorities: equal levels are plain flow matching; frame by frame equals all at once
(the mask of teacher forcing, and self-forcing's one pass); the closed form of the
energy score of a Gaussian and its least mean at the true law; an exact model.
"""

import math

import pytest
import torch

from coursekit.datasets.bouncing_ball import ball_clips, ball_states
from coursekit.models.frame_transformer import FrameTransformer
from coursekit.theory.flow import cfm_loss
from coursekit.theory.forcing import (
    denoised,
    forcing_loss,
    frame_levels,
    past_mask,
    teacher_forcing,
)
from coursekit.theory.paths import expand_as
from coursekit.theory.roll_outs import (
    energy_score,
    exposure_bias,
    roll_out,
    self_forcing,
)

TIMES = (1.0, 0.5)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(frames: int = 7) -> FrameTransformer:
    """A network in float64 that is not 0 anywhere."""
    torch.manual_seed(0)
    net = FrameTransformer(length=frames, width=16, depth=2).double().eval()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return net.requires_grad_(False)


def clips(count: int = 5, frames: int = 7) -> torch.Tensor:
    return ball_clips(count, frames, seeded()).double()


def test_levels_are_uniform_independent_and_free():
    levels = frame_levels(20_000, 4, 0.0, seeded())
    assert levels.mean(0) == pytest.approx([0.5] * 4, abs=0.01)
    assert levels.var(0) == pytest.approx([1 / 12] * 4, abs=0.003)
    off = torch.corrcoef(levels.T) - torch.eye(4)
    assert off.abs().max() < 0.03


def test_clean_beginnings_are_as_many_and_as_long_as_promised():
    levels = frame_levels(30_000, 4, 0.5, seeded())
    known = (levels == 0).cumprod(1).sum(1)
    shares = torch.bincount(known, minlength=5) / len(known)
    assert shares == pytest.approx([0.5, 1 / 6, 1 / 6, 1 / 6, 0], abs=0.01)
    assert ((levels == 0).sum(1) == known).all(), "clean frames stand at the beginning"


def test_equal_levels_are_plain_flow_matching():
    net, x0 = network(), clips()
    eps, t = torch.randn_like(x0), torch.rand(5, dtype=torch.float64) + 0.01
    plain = cfm_loss(lambda x, s: net(x, s[:, None].expand(5, 7)), x0, t, eps)
    assert forcing_loss(net, x0, t[:, None].expand(5, 7), eps) == pytest.approx(
        float(plain), rel=1e-12
    )


def test_clean_frames_are_shown_as_they_are_and_not_asked_for():
    net, x0 = network(), clips()
    levels = frame_levels(5, 7, 1.0, seeded()).double()
    eps = torch.randn_like(x0)
    other = torch.where((levels == 0)[..., None], eps + 9, eps)
    assert forcing_loss(net, x0, levels, eps) == forcing_loss(net, x0, levels, other)


def test_teacher_forcing_is_each_frame_alone_after_its_past():
    net, past = network(), clips()
    xt, levels = torch.randn_like(past), torch.rand(5, 7, dtype=torch.float64)
    together = teacher_forcing(net, past)(xt, levels)
    for i in range(7):
        both = torch.cat([past[:, :i], xt[:, i : i + 1]], dim=1)
        told = torch.cat([torch.zeros_like(levels[:, :i]), levels[:, i : i + 1]], 1)
        assert together[:, i] == pytest.approx(net(both, told)[:, -1], abs=1e-12)


def test_the_mask_lets_nobody_see_its_own_answer():
    for frames in (1, 3):
        mask = past_mask(frames)
        for i in range(frames):
            assert mask[frames + i].nonzero().flatten().tolist() == [
                *range(i),
                frames + i,
            ]
            assert mask[i].nonzero().flatten().tolist() == list(range(i + 1))


def test_a_roll_out_keeps_what_is_given_and_looks_back_only():
    net, given = network(), clips()[:, :3]
    long, starts = roll_out(net, given, 7, TIMES, seeded())
    short, _ = roll_out(net, given, 5, TIMES, seeded())
    assert long.shape == starts.shape == (5, 7, 2)
    assert torch.equal(long[:, :3], given)
    assert torch.equal(long[:, :5], short)


@pytest.mark.parametrize("seed", range(4))
def test_self_forcing_gives_the_frames_of_its_roll_out_and_a_gradient(seed):
    net, given = network().requires_grad_(True), clips()[:, :3]
    own = self_forcing(net, given, 7, TIMES, seeded(seed))
    generator = seeded(seed)
    exit_at = int(torch.randint(2, (1,), generator=generator)) + 1
    with torch.no_grad():
        rolled, _ = roll_out(net, given, 7, TIMES[:exit_at], generator)
    assert own.detach() == pytest.approx(rolled, abs=1e-12)
    own[:, 3:].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_both_exits_are_drawn():
    net, given = network(), clips()[:, :3]
    ends = {float(self_forcing(net, given, 4, TIMES, seeded(s)).sum()) for s in (0, 1)}
    first = {int(torch.randint(2, (1,), generator=seeded(s))) for s in range(8)}
    assert len(ends) == 2 and first == {0, 1}


def test_energy_score_of_a_gaussian():
    """CRPS of N(0, s^2) at y (Gneiting & Raftery 2007, eq. 21, with its sign)."""
    x = 2 * torch.randn(3000, 1, 1, generator=seeded(), dtype=torch.float64)
    x = x[: 2 * (len(x) // 2)].reshape(2, -1, 1)
    for y in (0.0, 1.0, -5.0):
        z = y / 2
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        below = 0.5 * (1 + math.erf(z / math.sqrt(2)))
        exact = 2 * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))
        truth = torch.full_like(x[0], y)
        assert energy_score(x, truth).mean() == pytest.approx(exact, abs=0.08)


def test_energy_score_by_hand():
    x = torch.tensor([[[0.0, 0.0]], [[3.0, 4.0]], [[3.0, 0.0]]])
    truth = torch.tensor([[3.0, 4.0]])
    assert energy_score(x, truth) == pytest.approx((5 + 0 + 4) / 3 - (5 + 3 + 4) / 6)


def test_the_true_law_has_the_lowest_energy_score():
    truth = torch.randn(40_000, 2, generator=seeded(1), dtype=torch.float64)
    x = torch.randn(2, 40_000, 2, generator=seeded(2), dtype=torch.float64)
    exact, narrow, wide, moved = (
        float(energy_score(y, truth).mean()) for y in (x, x / 2, 2 * x, x + 0.5)
    )
    assert exact < min(narrow, wide, moved) - 0.02


def exact_model(x, levels, places=None, mask=None):
    """The ball's own law: the velocity towards what the two frames before settle.

    The first two frames are taken from a box that is never left, so straight lines do.
    """
    if mask is None:
        past, last = x[:, :-1], x[:, -1:]
        target = 2 * past[:, -1:] - past[:, -2:-1]
        velocity = (last - target) / expand_as(levels[:, -1], last)
        return torch.cat([torch.zeros_like(past), velocity], dim=1)
    past, noisy = x.chunk(2, dim=1)
    target = torch.zeros_like(past)
    target[:, 2:] = 2 * past[:, 1:-1] - past[:, :-2]
    velocity = (noisy - target) / levels.chunk(2, dim=1)[1][..., None]
    return torch.cat([torch.zeros_like(past), velocity], dim=1)


def slow_clips() -> torch.Tensor:
    start = torch.rand(6, 2, generator=seeded(), dtype=torch.float64) / 2
    return ball_states(start, torch.full_like(start, 0.01), 9)[0]


def test_an_exact_model_has_no_bias():
    true, own = exposure_bias(exact_model, slow_clips(), 3, TIMES, seeded())
    assert true.shape == own.shape == (6,)
    assert true == pytest.approx([0] * 6, abs=1e-12)
    assert own == pytest.approx([0] * 6, abs=1e-12)


def test_a_model_that_is_always_off_pays_more_on_its_own_past():
    """Off by b in each frame: k frames on, a second difference b adds to b k(k+1)/2."""
    shift = 0.01

    def off(x, levels, places=None, mask=None):
        time = levels.clamp(min=1e-9)[..., None]
        return exact_model(x, levels, places, mask) - shift / time

    true, own = exposure_bias(off, slow_clips(), 3, TIMES, seeded())
    by_hand = torch.tensor([shift * 2**0.5 * k * (k + 1) / 2 for k in range(1, 7)])
    assert true == pytest.approx([shift * 2**0.5] * 6)
    assert own == pytest.approx(by_hand.double())


def test_denoised_undoes_the_noise():
    x0, eps, levels = clips(), torch.randn(5, 7, 2).double(), torch.rand(5, 7).double()
    xt = (1 - levels[..., None]) * x0 + levels[..., None] * eps
    assert denoised(lambda x, t: eps - x0, xt, levels) == pytest.approx(x0, abs=1e-12)
