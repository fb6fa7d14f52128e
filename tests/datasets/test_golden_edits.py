"""Golden sets and the words of their wishes.

Authority: the plans' own pictures, counts, and what a typo leaves of a word.
"""

import numpy as np

from coursekit.datasets.edit_intents import WANTS, Want
from coursekit.datasets.edit_wording import HOW, OPPOSITE, outside, typo, worded
from coursekit.datasets.golden_edits import all_intents, as_arrays, golden_edits
from coursekit.datasets.letter_grams import (
    BUCKETS,
    PIECES,
    WORDS,
    encoded,
    pieces,
    words_of,
)
from coursekit.datasets.plan_tokens import LENGTH, TOKENS


def test_a_fifth_is_refused_and_arrays_have_their_shapes():
    golden = golden_edits(100, 3, wordings=2)
    assert 95 <= len(golden) <= 100
    assert sum(each.plan is None for each in golden) == 20
    pictures, wishes, plans = as_arrays(golden)
    n = len(golden)
    assert pictures.shape == (n, 32, 32, 3) and plans.shape == (n, LENGTH)
    assert wishes.shape == (n, WORDS, PIECES) and wishes.max() < BUCKETS
    assert plans.max() < len(TOKENS)
    assert len({each.wish for each in golden}) > 0.9 * n


def test_wrong_names_change_wishes_and_not_plans():
    right = golden_edits(40, 3)
    wrong = golden_edits(40, 3, named=lambda intent, rng: (Want("a negative"),))
    plans = [{str(each.plan) for each in golden} for golden in (right, wrong)]
    assert plans[0] == plans[1]
    negative = set("negative|invert|reverse|flip|dark|film|negate|swap".split("|"))
    said = [g.wish for g in wrong if g.plan is not None]
    assert sum(any(w in wish for w in negative) for wish in said) > 0.7 * len(said)


def test_every_want_has_words_and_nothing_is_left_to_fill():
    assert HOW.keys() == WANTS.keys() and OPPOSITE.keys() <= WANTS.keys()
    rng = np.random.default_rng(0)
    intents = all_intents()
    made = [worded(intents[i], rng) for i in rng.integers(0, len(intents), 500)]
    made += [outside(rng) for _ in range(500)]
    assert not any(mark in text for text in made for mark in "{}|")
    assert len(set(made)) > 900


def test_a_misspelt_word_shares_pieces():
    right, wrong, other = (set(pieces(w)) for w in ("brighter", "brighetr", "contrast"))
    assert len(right & wrong) >= 4 > len(right & other) + 2
    assert words_of("It's 1.5 stops, too DARK!") == [
        "it's",
        "1.5",
        "stops",
        ",",
        "too",
        "dark",
        "!",
    ]
    assert (encoded([""]) == 0).all()


def test_a_typo_is_one_letter_more_or_less_or_two_that_changed_places():
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = typo("brighter", rng)
        assert abs(len(found) - 8) <= 1 and found[0] == "b"
        assert len(found) != 8 or sorted(found) == sorted("brighter")
