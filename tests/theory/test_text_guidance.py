"""Authorities: p^s q^(1 - s) / Z by hand, lecture 4's `guided`, LLaDA's form, and a law
of two tokens whose guided law is added up."""

import pytest
import torch

from coursekit.theory.guidance import guided
from coursekit.theory.text_guidance import guided_logits, guided_predict

P = torch.tensor([0.6, 0.3, 0.1]).double()
Q = torch.tensor([0.2, 0.3, 0.5]).double()


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 2.0, 6.0])
def test_the_law_by_hand(scale):
    by_hand = P**scale * Q ** (1 - scale)
    found = guided_logits(P.log() + 3, Q.log() - 2, scale).exp()
    torch.testing.assert_close(found, by_hand / by_hand.sum())


def test_it_counts_as_lecture_4_and_not_as_llada():
    """un + (cfg_scale + 1) (cond - un), softmax: generate.py of LLaDA."""
    p, q = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0)).double()
    theirs = (q + (0.7 + 1) * (p - q)).softmax(-1)
    torch.testing.assert_close(guided_logits(p, q, 1.7).exp(), theirs)
    torch.testing.assert_close(
        guided_logits(p, q, 1.7).exp(), guided(p, q, 1.7).softmax(-1)
    )


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_forbidden_words_stay_out(scale):
    p, q = P.log(), Q.log()
    p, q = p.clone(), q.clone()
    p[0] = q[0] = -torch.inf
    found = guided_logits(p, q, scale).exp()
    assert found[0] == 0 and found.sum() == pytest.approx(1)
    q[1] = -torch.inf
    assert guided_logits(p, q, scale).exp().tolist() == [0, 0, 1]


def test_a_prompt_that_changes_nothing():
    assert torch.allclose(guided_logits(P.log(), P.log(), 9.0), P.log())


def test_word_by_word_is_not_the_guided_text():
    """Equal at scale 1; at 2 apart by what Z of the second word is worth."""
    without = torch.tensor([[0.45, 0.05], [0.05, 0.45]]).double()
    asked = torch.tensor([[0.50, 0.30], [0.02, 0.18]]).double()
    for scale, apart in ((1.0, False), (2.0, True)):
        whole = asked**scale * without ** (1 - scale)
        first = guided_logits(asked.sum(1).log(), without.sum(1).log(), scale).exp()
        second = guided_logits(asked.log(), without.log(), scale).exp()
        ratio = first[:, None] * second / (whole / whole.sum())
        assert (ratio.max() > 1.05) == apart
        # within a row the ratio is one number: only Z is missing
        torch.testing.assert_close(ratio[:, 0], ratio[:, 1])


def test_passes_that_are_spared():
    asked = []

    def network(name, law):
        return lambda ids: asked.append(name) or law.log().expand(*ids.shape, 3)

    ids = torch.zeros(1, 2, dtype=torch.long)
    for scale, calls in ((0, ["no"]), (1, ["yes"]), (2, ["yes", "no"])):
        asked.clear()
        told = guided_predict(network("yes", P), network("no", Q), scale)(ids)
        assert asked == calls
        law = P**scale * Q ** (1 - scale)
        torch.testing.assert_close(told.softmax(-1)[0, 0], law / law.sum())
