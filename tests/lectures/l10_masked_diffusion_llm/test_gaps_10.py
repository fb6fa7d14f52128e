"""Figures C, D and J of notebook 10. Authorities: all middles of a small alphabet, one
by one; log p added up by hand; pixels that were given; scenes that were drawn."""

from itertools import pairwise, product
from types import SimpleNamespace

import pytest
import torch

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.infilling import Gap
from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l10_masked_diffusion_llm.experiments import gaps, palettes
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import AtRandom, ByConfidence

PAIRS = BytePairs([])  # 256 bytes and four marks
GAP = Gap(torch.tensor([65, 66, 67, 68, 69]), 1, 3)


def test_pairs_of_neighbours_are_a_law_and_know_what_they_counted():
    ids = torch.tensor([0, 1, 0, 1, 0, 2, 3])
    table = gaps.bigrams(ids, 5).exp()
    torch.testing.assert_close(table.sum(1), torch.ones(5).double())
    # 0 came three times before another: twice before 1; 1 is two of seven tokens.
    assert table[0, 1] == pytest.approx((2 + 2 / 7) / 4)
    assert table[4, 0] == pytest.approx(3 / 7)  # never seen: as overall


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_best_chain_is_the_best_of_all(count):
    stir = torch.Generator().manual_seed(count)
    table = torch.rand(6, 6, generator=stir).double().log()
    for left, right in product(range(6), repeat=2):
        gap = Gap(torch.tensor([1, left, 0, right, 2]), 2, 3)

        def score(middle, left=left, right=right):
            return sum(table[a, b] for a, b in pairwise([left, *middle, right]))

        best = max(map(score, product(range(6), repeat=count)))
        found = gaps.by_bigrams(table, gap, count).tolist()
        assert len(found) == count  # equal scores have other middles
        assert score(found) == pytest.approx(best)


class Fixed:
    """A network that says the same everywhere: these bytes, the first one most."""

    config = SimpleNamespace(length=20, mask_id=260)

    def __init__(self, *order):
        self.logits = torch.zeros(20, 260)
        self.logits[:, list(order)] = torch.arange(len(order), 0, -1).float()

    def __call__(self, ids):
        return self.logits.expand(len(ids), -1, -1).clone()


def test_an_answer_has_the_log_p_of_its_tokens_and_no_marks():
    model = Fixed(PAIRS.end, 90, 91)
    legal = model.logits[0, :256].double()
    for rule in (ByConfidence(2), AtRandom(1)):
        answers, score = gaps.unmasked(model, [GAP, GAP], 2, rule, PAIRS)
        assert [a.tolist() for a in answers] == [[90, 90]] * 2
        want = 2 * legal.log_softmax(0)[90]
        torch.testing.assert_close(score, want.expand(2))


def test_shares_and_errors():
    assert gaps.share([True, False, False, True]) == (0.5, 0.25)


def test_rows_of_pictures_say_place_and_fur():
    images, scenes = teddies(6, palettes.SIDE)
    rows = palettes.as_rows(images, scenes)
    assert rows.shape == (6, palettes.NETWORK.length)
    assert rows.max() < palettes.WORDS and rows[:, 2:].max() < palettes.COLOURS
    words = (*palettes.PLACES, *palettes.FURS)
    for row, scene in zip(rows, scenes, strict=True):
        told = [words[i - palettes.COLOURS] for i in row[:2]]
        assert told == [scene.place, scene.bears[0].fur]


def test_painting_keeps_what_is_given_and_uses_colours_only():
    rows = palettes.as_rows(*teddies(3, palettes.SIDE))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TokenTransformer(palettes.NETWORK).eval()
    lower = torch.arange(144).ge(72).expand(3, -1)
    done = palettes.painted(model, rows, lower, AtRandom(5))
    assert done.passes == 5 and (done.ids < palettes.COLOURS).all()
    assert torch.equal(done.ids[:, :72], rows[:, 2:74])
    assert not torch.equal(done.ids[:, 72:], rows[:, 74:])


def test_the_reader_knows_places_and_is_lost_if_words_are_exchanged():
    reader = palettes.Reader(palettes.as_rows(*teddies(400, palettes.SIDE, 2)))
    rows = palettes.as_rows(*teddies(100, palettes.SIDE, 1, "test"))
    shares = reader.shares(rows[:, 2:], rows)
    assert shares["place"] > 0.9 and shares["fur"] > 0.5
    other = reader.shares(rows[:, 2:], rows.roll(1, dims=0))
    assert other["place"] < 0.4 and other["fur"] < 0.4
