"""Samplers that take tokens back. Authority: the balance of probabilities, a Markov
chain of four states solved exactly, and the plain sampler as a special case."""

import math
from itertools import pairwise

import pytest
import torch
from support.tables import random_table, twins
from support.theory import seeded

from coursekit.theory.remasking import (
    capped,
    fresh,
    loop_times,
    looping,
    rescaled,
    sigma_max,
    step_chances,
    unmask_and_edit,
    unmask_and_hide,
)
from coursekit.theory.solvers import time_grid
from coursekit.theory.unmasking import Ancestral, Threshold, unmask

STRENGTHS = {
    "capped": (capped(0.1), time_grid(8)),
    "rescaled": (rescaled(0.3), time_grid(8)),
    "at the limit": (rescaled(1.0), time_grid(8)),
    "looping": (looping(0.2), loop_times(3, 4, 3, 0.4)),
    "fresh": (fresh, time_grid(4)),
}
every_strength = pytest.mark.parametrize(
    ("sigma", "ts"), STRENGTHS.values(), ids=STRENGTHS
)


def hidden(rows, length, mask):
    """A canvas without any text."""
    ids = torch.full((rows, length), mask)
    return ids, torch.ones_like(ids, dtype=torch.bool)


@every_strength
def test_the_hidden_share_balances(sigma, ts):
    """t (1 - show) + (1 - t) hide = s, both chances in [0, 1]; at 0 all is shown."""
    for t, s in pairwise(ts.tolist()):
        hide, show = step_chances(t, s, sigma(t, s))
        assert 0 <= hide <= 1 and -1e-12 <= show <= 1 + 1e-12
        assert t * (1 - show) + (1 - t) * hide == pytest.approx(s, abs=1e-12)
    assert ts[0] == 1 and ts[-1] == 0
    assert (hide, show) == (0, pytest.approx(1))


@every_strength
def test_the_sampler_keeps_the_hidden_share(sigma, ts):
    """Measured on 20,000 places: 4 standard errors."""
    flat = lambda ids: torch.zeros(*ids.shape, 3)  # noqa: E731
    xt, masked = hidden(4_000, 5, 3)
    done = unmask_and_hide(
        flat, xt, masked, 3, ts, sigma, generator=seeded(0), history=True
    )
    shares = [(f.before == 3).double().mean() for f in done.history]
    for share, t in zip(shares, ts.tolist(), strict=False):
        error = math.sqrt(t * (1 - t) / 20_000)
        assert float(share) == pytest.approx(t, abs=4 * error + 1e-12)
    assert (done.ids < 3).all()


def test_more_than_sigma_max_is_refused():
    assert sigma_max(0.5, 0.2) == pytest.approx(0.4) and sigma_max(1.0, 0.3) == 1
    assert sigma_max(0.5, 0.6) == 1 and sigma_max(0.4, 0.0) == 0
    _, show = step_chances(0.5, 0.2, sigma_max(0.5, 0.2))
    assert show == pytest.approx(1)  # the limit: every hidden token is shown
    for sigma in (0.41, -0.01):
        with pytest.raises(ValueError, match="use 0 to"):
            step_chances(0.5, 0.2, sigma)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_without_sigma_it_is_the_ancestral_sampler(temperature):
    """Draw for draw, pass for pass."""
    table = random_table(seed=2)
    xt = torch.full((64, 3), 3)
    xt[::2, 1] = 1
    for steps in (1, 5, 16):
        plain = unmask(
            table.predict, xt, xt == 3, Ancestral(steps), temperature, seeded(steps)
        )
        again = unmask_and_hide(
            table.predict,
            xt,
            xt == 3,
            3,
            time_grid(steps),
            capped(0.0),
            temperature,
            seeded(steps),
        )
        assert torch.equal(plain.ids, again.ids) and plain.passes == again.passes


def wrong_pairs(sigma, ts):
    """The share of 01 and 10 among samples of 00 and 11, exactly.

    States: both hidden, one hidden, a right pair, a wrong pair. Two tokens shown at
    once are right half the time; one that sees the other is always right.
    """
    both, one, right, wrong = 1.0, 0.0, 0.0, 0.0
    for t, s in pairwise(ts.tolist()):
        hide, show = step_chances(t, s, sigma(t, s))
        stay, keep = 1 - show, 1 - hide
        pair = right + wrong
        both, one, right, wrong = (
            both * stay**2 + one * stay * hide + pair * hide**2,
            both * 2 * show * stay
            + one * (keep * stay + hide * show)
            + pair * 2 * hide * keep,
            both * show**2 / 2 + one * keep * show + right * keep**2,
            both * show**2 / 2 + wrong * keep**2,
        )
    return wrong


@every_strength
def test_wrong_pairs_as_often_as_the_chain_says(sigma, ts):
    """4 standard errors of 20,000 pairs."""
    xt, masked = hidden(20_000, 2, 2)
    done = unmask_and_hide(
        twins().predict, xt, masked, 2, ts, sigma, generator=seeded(1)
    )
    p = wrong_pairs(sigma, ts)
    wrong = (done.ids[:, 0] != done.ids[:, 1]).double().mean()
    assert float(wrong) == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 20_000))


def test_a_perfect_network_gains_nothing():
    """Exact shares of wrong pairs: 1 / 2 divided by the steps without revision, and
    more with any. What is hidden again is filled at once with others, too; revision can
    only pay where the network itself errs."""
    for steps in (8, 32):
        plain = wrong_pairs(capped(0.0), time_grid(steps))
        assert plain == pytest.approx(0.5 / steps)
        for sigma in (capped(0.02), rescaled(0.3), fresh):
            assert wrong_pairs(sigma, time_grid(steps)) > plain
    assert wrong_pairs(looping(0.1), loop_times(8, 16, 8, 0.3)) > 0.5 / 32


def test_only_places_to_fill_are_hidden_and_the_typed_mask_stays():
    table = random_table(seed=2)
    xt = torch.tensor([[1, 3, 3]]).expand(50, 3)
    masked = torch.tensor([False, True, True]).expand(50, 3)
    done = unmask_and_hide(
        table.predict,
        xt,
        masked,
        3,
        time_grid(12),
        rescaled(0.8),
        generator=seeded(0),
        forbidden=[0],
        history=True,
    )
    states = torch.stack([f.before for f in done.history])
    assert (states[..., 0] == 1).all() and (done.ids[:, 1:] < 3).all()
    assert (done.ids[:, 1:] > 0).all()
    taken = (states[:-1] < 3) & (states[1:] == 3)
    assert taken.any() and not taken[..., 0].any()
    typed = torch.tensor([[3, 1, 3]])
    gap = torch.tensor([[False, False, True]])
    flat = lambda ids: torch.zeros(*ids.shape, 3)  # noqa: E731
    done = unmask_and_hide(flat, typed, gap, 3, time_grid(9), rescaled(1.0))
    assert done.ids[0, :2].tolist() == [3, 1] and done.ids[0, 2] < 3


def follows(wanted):
    """A network that is sure of `wanted`, once it sees its first token there."""

    def predict(ids):
        target = torch.tensor(wanted).expand(len(ids), -1)
        sure = torch.nn.functional.one_hot(target, 5).double() * 6
        right = (ids[:, :1] == wanted[0]).unsqueeze(-1)
        vague = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.5]).double().expand_as(sure).clone()
        vague[:, 0] = sure[:, 0]
        return torch.where(right, sure, vague)

    return predict


def test_the_second_threshold_mends_what_was_written_too_early():
    """The first pass writes 1 everywhere; then the network knows better."""
    wanted = [3, 0, 2, 4]
    canvas = hidden(2, 4, 5)
    hasty = unmask_and_edit(follows(wanted), *canvas, 0.2, 1.1)
    assert hasty.ids.tolist() == [[3, 1, 1, 1]] * 2 and hasty.passes == 1
    mended = unmask_and_edit(follows(wanted), *canvas, 0.2, 0.9, history=True)
    assert mended.ids.tolist() == [wanted] * 2
    assert mended.passes == 3  # write, mend, see that nothing changes
    assert [int(f.shown.sum()) for f in mended.history] == [8, 6, 0]


def test_without_edits_it_is_the_threshold_sampler():
    table = random_table(seed=4)
    xt = torch.full((40, 3), 3)
    plain = unmask(table.predict, xt, xt == 3, Threshold(0.6), 1.0, seeded(0))
    again = unmask_and_edit(table.predict, xt, xt == 3, 0.6, 1.1, 1.0, seeded(0))
    assert again.passes == plain.passes
    one = xt[:1]
    plain = unmask(table.predict, one, one == 3, Threshold(0.6), 0.0)
    again = unmask_and_edit(table.predict, one, one == 3, 0.6, 1.1, 0.0)
    assert torch.equal(again.ids, plain.ids)


def test_edits_leave_the_prompt_alone_and_come_to_an_end():
    """A network that always wants another token than the one it sees."""

    def restless(ids):
        return torch.nn.functional.one_hot((ids + 1) % 4, 4).double() * 9

    xt = torch.tensor([[4, 2, 4, 4]])
    masked = torch.tensor([[False, False, True, True]])
    done = unmask_and_edit(restless, xt, masked, 0.5, 0.5, last_edits=5)
    assert done.ids[0, :2].tolist() == [4, 2] and (done.ids < 5).all()
    assert done.passes == 1 + 5
