"""Two steps into one. Authority: exact tables of texts, closed forms, differences."""

import itertools
import math

import pytest
import torch
from support.tables import Table, random_table
from support.theory import gradient, normal, seeded

from coursekit.theory.token_distillation import (
    forward_kl,
    reverse_kl,
    two_step_targets,
)

LENGTH, WORDS = 3, 2
TEACHER = random_table(WORDS, LENGTH).predict
MASK = WORDS


def first_step(chance):
    """All ends of a first step from three hidden tokens, with their probabilities.

    Each token is shown with `chance`, drawn from its own marginal.
    """
    start = torch.full((1, LENGTH), MASK)
    p = TEACHER(start)[0].softmax(-1)
    for ids in itertools.product([MASK, *range(WORDS)], repeat=LENGTH):
        parts = [
            1 - chance if v == MASK else chance * float(p[i, v])
            for i, v in enumerate(ids)
        ]
        yield torch.tensor([ids]), math.prod(parts)


def test_the_targets_are_the_predictions_from_the_text_so_far():
    """Each end of the first step as often as its probability (4.5 standard errors)."""
    n, t, s = 6_000, 0.8, 0.2
    xt = torch.full((n, LENGTH), MASK)
    masked = torch.ones(n, LENGTH, dtype=torch.bool)
    full = torch.full((n,), 1.0, dtype=torch.float64)
    ids, hidden, log_p = two_step_targets(
        TEACHER, xt, masked, t * full, s * full, seeded()
    )
    assert torch.equal(hidden, ids == MASK)
    later = TEACHER(ids).log_softmax(-1)
    torch.testing.assert_close(log_p[hidden], later[hidden])
    first = TEACHER(xt).log_softmax(-1)
    torch.testing.assert_close(log_p[~hidden], first[~hidden])
    for end, p in first_step((t - s) / 2 / t):
        share = float((ids == end).all(dim=1).double().mean())
        assert abs(share - p) < 4.5 * (p * (1 - p) / n) ** 0.5


def test_what_is_written_stays():
    """Only hidden tokens change, though a table would predict the others too."""
    xt = torch.tensor([[0, MASK, 1]]).repeat(500, 1)
    masked = xt == MASK
    one = torch.ones(500)
    ids, hidden, _ = two_step_targets(TEACHER, xt, masked, one, 0 * one, seeded())
    assert (ids[:, 0] == 0).all() and (ids[:, 2] == 1).all()
    assert not hidden[:, 0].any() and 150 < int(hidden[:, 1].sum()) < 350


@pytest.mark.parametrize("place", range(LENGTH))
def test_the_mean_of_later_predictions_is_the_earlier_one(place):
    """The tower property, summed over the whole table: forward KL teaches nothing new.

    This holds where one other token is drawn. Two drawn at once are a pair of the wrong
    law, and what follows from it has another mean.
    """
    start = torch.full((1, LENGTH), MASK)
    p = TEACHER(start)[0].softmax(-1)
    for other in set(range(LENGTH)) - {place}:
        mean = torch.zeros(WORDS, dtype=torch.float64)
        for v in range(WORDS):
            ids = start.clone()
            ids[0, other] = v
            mean += p[other, v] * TEACHER(ids)[0, place].softmax(-1)
        torch.testing.assert_close(mean, p[place])
    mean.zero_()
    for pair in itertools.product(range(WORDS), repeat=2):
        others = [i for i in range(LENGTH) if i != place]
        ids = start.clone()
        ids[0, others] = torch.tensor(pair)
        chance = p[others[0], pair[0]] * p[others[1], pair[1]]
        mean += chance * TEACHER(ids)[0, place].softmax(-1)
    assert float((mean - p[place]).abs().max()) > 1e-3


def test_the_argument_order_of_kl_div():
    """By hand: p = (.9, .1), q = (.5, .5). Forward .3681 nats, reverse .5108."""
    log_p = torch.tensor([[[0.9, 0.1]]]).double().log()
    logits, where = torch.zeros(1, 1, 2).double(), torch.ones(1, 1, dtype=torch.bool)
    forward = 0.9 * math.log(1.8) + 0.1 * math.log(0.2)
    reverse = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert float(forward_kl(logits, log_p, where)) == pytest.approx(forward)
    assert float(reverse_kl(logits, log_p, where)) == pytest.approx(reverse)


@pytest.mark.parametrize("loss", [forward_kl, reverse_kl])
def test_gradients_and_places(loss):
    """Finite differences; nothing flows outside of `where`; no place, no loss."""
    logits, log_p = normal(2, 3, 4), normal(2, 3, 4, seed=1).log_softmax(-1)
    where = torch.tensor([[True, False, True], [False, False, True]])
    leaf = logits.clone().requires_grad_()
    loss(leaf, log_p, where).backward()
    assert (leaf.grad[~where] == 0).all()

    def of_rows(flat):
        return torch.stack([loss(row.view(2, 3, 4), log_p, where) for row in flat])

    want = gradient(of_rows, logits.flatten()[None])
    torch.testing.assert_close(leaf.grad.flatten(), want[0], rtol=0, atol=1e-8)
    assert float(loss(logits, log_p, where & False)) == 0


def test_the_best_student_of_each():
    """Two coupled tokens, almost copies, one of two worlds rarer (.2).

    Stationary points in closed form: the mean of the targets (forward), their
    normalised geometric mean (reverse); there the gradient of the mean loss is 0. The
    forward student keeps the rarer world at .2, the reverse one has it at .031.
    """
    table = torch.tensor([[0.796, 0.004], [0.004, 0.196]]).double()
    teacher = Table(table).predict
    seen = torch.tensor([[MASK, 0], [MASK, 1]])  # the first token hidden, the other not
    log_p = teacher(seen)[:, 0].log_softmax(-1)  # a target for each world
    weight = table.sum(dim=0)
    mean = (weight[:, None] * log_p.exp()).sum(dim=0)
    geometric = (weight[:, None] * log_p).sum(dim=0).softmax(-1)
    where = torch.ones(1, 1, dtype=torch.bool)
    for loss, best in ((forward_kl, mean), (reverse_kl, geometric)):
        logits = best.log().requires_grad_()
        total = sum(
            w * loss(logits[None, None], target[None, None], where)
            for w, target in zip(weight, log_p, strict=True)
        )
        total.backward()
        torch.testing.assert_close(logits.grad, torch.zeros(2).double())
    assert float(mean[1]) == pytest.approx(0.2)
    assert float(geometric[1]) == pytest.approx(0.0306, abs=1e-4)
