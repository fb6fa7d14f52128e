"""The planner's network, its decoding and its loss.

Authority: what must not matter (what comes later, what else is in a batch), and finite
chances written out.
"""

import numpy as np
import pytest
import torch

from coursekit.datasets.edit_intents import off_pictures
from coursekit.datasets.images import to_model
from coursekit.datasets.letter_grams import encoded
from coursekit.datasets.plan_tokens import IDS, TOKENS, read_words
from coursekit.evaluation.edit_planning import only, parameter_errors, plans_of, written
from coursekit.models.edit_planner import EditPlanner
from coursekit.theory.answer_loss import answer_loss
from coursekit.training.recipe_edit_planner import PLANNER

WISHES = ["make it brighter", "black and white please", "add a hat"]


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return EditPlanner(PLANNER).eval()


@pytest.fixture(scope="module")
def given():
    pictures, _ = off_pictures(3, 1)
    return to_model(pictures), torch.from_numpy(encoded(WISHES)).long()


def test_it_is_small(net):
    assert sum(p.numel() for p in net.parameters()) < 400_000


def test_a_token_sees_picture_wish_and_what_came_before_only(net, given):
    x, pieces = given
    ids = torch.randint(
        0, len(TOKENS), (3, 9), generator=torch.Generator().manual_seed(0)
    )
    later = ids.clone()
    later[:, 5:] = (later[:, 5:] + 7) % len(TOKENS)
    first, second = net(x, pieces, ids), net(x, pieces, later)
    torch.testing.assert_close(first[:, :5], second[:, :5])
    assert not torch.allclose(first[:, 5:], second[:, 5:])
    for other in (net(-x, pieces, ids), net(x, pieces.flip(0), ids)):
        assert (other[:, 0] != first[:, 0]).any(1).sum() >= 2  # of three rows


def test_a_blind_one_does_not_see_the_picture(given):
    from dataclasses import replace

    torch.manual_seed(0)
    blind = EditPlanner(replace(PLANNER, blind=True)).eval()
    x, pieces = given
    ids = torch.ones(3, 4, dtype=torch.long)
    assert torch.equal(blind(x, pieces, ids), blind(x * 0, pieces, ids))


def test_decoding_keeps_to_grammar_and_list_and_to_its_own_row(net):
    pictures, _ = off_pictures(3, 1)
    for names in ({"invert", "contrast"}, set[str]()):
        for plan in plans_of(net, pictures, WISHES, names):
            assert plan is None or {step.do for step in plan} <= names
    whole = written(net, pictures, WISHES)
    alone = [written(net, pictures[i : i + 1], WISHES[i : i + 1])[0] for i in range(3)]
    assert whole == alone
    assert all(read_words(row) is None or True for row in whole)


def test_what_is_not_allowed_gets_no_chance():
    logits, allowed = torch.randn(2, 5), torch.tensor([True, False, True, False, False])
    chances = only(logits, allowed).softmax(1)
    assert torch.equal(chances > 0, allowed.expand(2, -1))
    torch.testing.assert_close(
        chances[:, 0] / chances[:, 2], (logits[:, 0] - logits[:, 2]).exp()
    )


def test_the_loss_is_the_mean_of_written_out_chances():
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 6, generator=rng, dtype=torch.float64)
    ids = torch.tensor([[1, 3, 2, 0], [1, 5, 4, 2]])
    counted = torch.tensor([[False, True, True, False], [False, True, True, True]])
    chances = logits.softmax(-1)
    places = [(0, 0, 3), (0, 1, 2), (1, 0, 5), (1, 1, 4), (1, 2, 2)]
    by_hand = -sum(chances[p].log() for p in places) / len(places)
    torch.testing.assert_close(answer_loss(logits, ids, counted), by_hand)


def test_errors_of_parameters_by_hand():
    from coursekit.datasets.golden_edits import Golden
    from coursekit.editing.plan import Step

    picture = np.zeros((2, 2, 3), np.uint8)
    warm, warmer = (Step("temperature", {"amount": a}) for a in (20, 50))
    golden = [Golden(picture, "", p) for p in ((warm,), (warm,), None, None)]
    found = parameter_errors([(warmer,), (Step("invert"),), None, (warm,)], golden)
    assert (found["operations"], found["amount"], found["stops"]) == (0.5, 30, 0)
    assert (found["refused"], found["granted"]) == (0.5, 1.0)
    assert IDS["<pad>"] == 0
