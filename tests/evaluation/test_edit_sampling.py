"""Guidance with a reference. Authorities: linear models, whose guided answer is known;
the two questions, as they arrive."""

import torch

from coursekit.evaluation.edit_sampling import guided_by_words, sample_edits

IDS, NULL = torch.tensor([[1, 5, 2], [1, 6, 2]]), torch.tensor([1, 2, 0])
REFERENCE = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def said(xt, t, told):
    """Velocity: the reference, and as much of xt as the first word says."""
    ids, reference = told
    return reference + ids[:, 1].float()[:, None, None, None] * xt


def test_words_are_doubled_and_the_reference_is_not():
    x, t = torch.ones(2, 3, 4, 4), torch.tensor([0.5, 0.9])
    asked = guided_by_words(said, IDS, NULL, REFERENCE, 3.0)
    strength = 2 + 3 * (torch.tensor([5.0, 6.0]) - 2)  # null has 2 in that place
    expected = REFERENCE + strength[:, None, None, None]
    torch.testing.assert_close(asked(x, t), expected)


def test_without_guidance_it_is_asked_once():
    calls = []

    def counting(xt, t, told):
        calls.append(told)
        return said(xt, t, told)

    x, t = torch.ones(2, 3, 4, 4), torch.tensor([0.5, 0.9])
    plain = guided_by_words(counting, IDS, NULL, REFERENCE, 1.0)(x, t)
    assert len(calls) == 1 and torch.equal(plain, said(x, t, (IDS, REFERENCE)))


def test_a_flow_that_knows_the_answer_arrives_there():
    """velocity (xt - reference) / t leads straight to the reference."""

    def home(xt, t, told):
        return (xt - told[1]) / t[:, None, None, None].clamp(min=1e-3)

    goal = REFERENCE.clamp(-1, 1)
    drawn = sample_edits(home, goal, IDS, lambda z: z, scale=3.0, seed=1)
    wanted = ((goal.permute(0, 2, 3, 1) + 1) * 127.5).round()
    assert int((torch.from_numpy(drawn).float() - wanted).abs().max()) <= 1
