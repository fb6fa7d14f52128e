"""Authority: the policy's own list, disguises made here, and counts by hand."""

import unicodedata

import numpy as np
import pytest

from coursekit.evaluation.prompt_filter import (
    LISTED,
    PolicyPrompt,
    Scorer,
    bag,
    by_list,
    by_plain_list,
    fit_scorer,
    plain_words,
    policy_prompts,
    policy_sentences,
    stopped_table,
)

PROMPTS = policy_prompts()


def of(kind):
    return [each.prompt for each in PROMPTS if each.kind == kind]


def test_the_list_of_prompts_is_what_its_kinds_say():
    assert len(PROMPTS) >= 240 and len({p.prompt for p in PROMPTS}) == len(PROMPTS)
    assert {p.kind for p in PROMPTS} == {
        *("harmless", "near", "openly", "disguise", "meaning")
    }
    assert all(len(of(kind)) >= 40 for kind in ("harmless", "near", "openly"))
    for each in PROMPTS:
        assert (each.topic == "none") == (each.kind == "harmless"), each
    assert all(by_list(p) == 1 for p in of("openly"))
    assert all(by_list(p) == 0 for p in of("harmless") + of("meaning"))


def test_sentences_are_half_forbidden_and_not_those_of_the_list():
    texts, forbidden = policy_sentences(300, 4)
    assert sum(forbidden) == 150 and len(set(texts)) > 250
    assert policy_sentences(300, 4)[0] == texts != policy_sentences(300, 5)[0]
    assert set(texts).isdisjoint(p.prompt for p in PROMPTS)


@pytest.mark.parametrize("word", ["pistol", "cigarette", "blood", "shooting"])
def test_disguises_come_off(word):
    wide = "".join(chr(ord(c) + 0xFEE0) for c in word)
    accents = unicodedata.normalize("NFC", "".join(c + "\u0301" for c in word))
    digits = word.translate(str.maketrans("oie", "013"))
    russian = word.translate(str.maketrans("oaec", "оаес"))
    hidden = "\u200b".join(word)
    forms = [
        wide,
        accents,
        digits,
        russian,
        hidden,
        word.upper(),
        "".join(2 * c for c in word),
    ]
    forms += [" ".join(word), "-".join(word), "(" + ".".join(word) + ")"]
    for form in forms:
        found = plain_words(f"the {form} there")
        assert found == ["the", *plain_words(word), "there"], form
        assert by_plain_list(f"the {form} there") == 1, form
    assert by_list(f"the {word} there") == 1 and by_list(f"the {digits} there") == (
        digits == word
    )


def test_plain_words_by_hand():
    assert plain_words("An  APPLE, 3 b e e s!") == ["an", "aple", "ebes"]
    assert plain_words("— … 7%") == ["t"]
    assert plain_words("") == []


def test_the_scorer_is_at_its_minimum():
    """Finite differences of the loss, written out again."""
    texts, forbidden = policy_sentences(60)
    found = fit_scorer(texts, forbidden, ridge=0.01)
    x, y = np.stack([bag(t) for t in texts]), np.array(forbidden, dtype=float)

    def loss(w, b):
        p = 1 / (1 + np.exp(-(x @ w + b)))
        fit = -np.where(y == 1, np.log(p), np.log(1 - p)).mean()
        return fit + 0.005 * (w**2).sum()

    best, rng = loss(found.weights, found.bias), np.random.default_rng(0)
    for _ in range(20):
        step = 0.05 * rng.standard_normal(len(found.weights))
        assert loss(found.weights + step, found.bias) > best
    slope = loss(found.weights, found.bias + 1e-3) - loss(
        found.weights, found.bias - 1e-3
    )
    assert abs(slope) < 1e-6 and 0 < found("a bear") < 1
    assert (
        stopped_table(found, [PolicyPrompt(texts[1], "openly", "")])["openly"].cases
        == 1
    )


def test_a_bag_counts_nothing_twice_and_has_length_1():
    assert np.array_equal(bag("bear bear"), bag("bear"))
    assert np.isclose((bag("a brown bear") ** 2).sum(), 1) and bag("").sum() == 0


def test_stopped_by_kind():
    prompts = [
        PolicyPrompt(*row, "")
        for row in (("xx", "near"), ("x", "near"), ("xxx", "openly"))
    ]
    table = stopped_table(lambda p: len(p) / 4, prompts, 0.45)
    assert table["near"] == table["allowed"] and table["near"].share == 0.5
    assert table["forbidden"].share == 1 and table["openly"].low < 0.3
    assert set(table) == {"near", "openly", "allowed", "forbidden"}


def test_the_plain_list_has_one_word_for_each_word():
    assert all(len(plain_words(word)) == 1 for word in LISTED)
    assert isinstance(fit_scorer(["a", "b"], [True, False]), Scorer)
