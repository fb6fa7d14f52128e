"""Pairs of pictures with exact answers.

Authorities: the renderer (equal scenes are equal bytes), the operations themselves, the
splits, the tokenizer of captions.
"""

import numpy as np
import pytest

from coursekit.datasets.teddy.edit_pairs import (
    LENGTH,
    EditPair,
    arms_up,
    changed,
    colour_wishes,
    content_wishes,
    edit_pairs,
    edit_pictures,
    edit_tokenizer,
    moved,
)
from coursekit.datasets.teddy.scene import POSES, VOCABULARY, Bear, Scene
from coursekit.datasets.teddy.splits import split_of
from coursekit.datasets.tokens import TEDDY_WORDS, teddy_tokenizer
from coursekit.editing.colour import grayscale, invert

PAIRS = edit_pairs(300, 5)


def test_pairs_are_repeatable_and_of_their_split():
    assert edit_pairs(40, 5) == PAIRS[:40]
    assert edit_pairs(40, 6) != PAIRS[:40]
    assert all(split_of(s) == "train" for p in PAIRS for s in (p.scene, p.after))
    for split in ("test", "heldout"):
        some = edit_pairs(40, 5, split)
        assert all(split_of(pair.scene) == split for pair in some)
        assert all(split_of(pair.after) in (split, "train") for pair in some)


def test_half_of_the_wishes_are_for_colours_and_all_kinds_come():
    assert {p.wish.text for p in PAIRS if p.wish.plan} == {
        w.text for w in colour_wishes()
    }
    assert sum(bool(p.wish.plan) for p in PAIRS) == 150
    names = [p.wish.name for p in PAIRS if not p.wish.plan]
    assert set(names) == set(VOCABULARY) - {"action"}
    assert min(names.count(name) for name in set(names)) > 15


def test_one_word_of_a_scene_changes_and_nothing_else():
    for pair in PAIRS:
        if pair.wish.plan:
            assert pair.after == pair.scene
            continue
        name, word = pair.wish.name, pair.wish.word
        assert pair.after == changed(pair.scene, name, word) != pair.scene
        bears = (pair.scene.bears[0], pair.after.bears[0])
        apart = [
            n for n in vars(bears[0]) if getattr(bears[0], n) != getattr(bears[1], n)
        ]
        assert apart == ([] if name == "place" else [name])


def test_a_wish_that_is_fulfilled_is_not_asked_again():
    scene = Scene("beach", (Bear("pink", "red", "sun", "both-up"),))
    texts = [wish.text for wish in content_wishes(scene)]
    assert len(texts) == len(set(texts))
    for none in ("move it to the beach", "make the bear pink", "add sunglasses"):
        assert none not in texts
    for some in ("take the hat off", "make it a blue hat", "lower the left arm"):
        assert some in texts
    for pose in POSES:
        for arm in ("left", "right"):
            assert arms_up(moved(pose, arm)) ^ arms_up(pose) == {arm}
            assert moved(moved(pose, arm), arm) == pose


def test_the_answers_are_exact():
    """A grey answer is the grey picture; a hat changes no pixel below the head."""
    scene = Scene("park", (Bear(),))
    hat = changed(scene, "hat", "red")
    grey, negative = (
        next(w for w in colour_wishes() if e in w.text) for e in ("white", "neg")
    )
    wishes = {w.text: w for w in content_wishes(scene)}
    pairs = [
        EditPair(scene, grey, scene),
        EditPair(scene, negative, scene),
        EditPair(scene, wishes["add a red hat"], hat),
    ]
    before, after = edit_pictures(pairs)
    assert np.array_equal(after[0], grayscale(before[0]))
    assert np.array_equal(after[1], invert(before[1]))
    rows = (before[2] != after[2]).any(axis=(1, 2))
    assert rows.any() and not rows[16:].any()


def test_wishes_can_be_said_and_captions_keep_their_ids():
    tokenizer, old = edit_tokenizer(), teddy_tokenizer()
    assert tokenizer.words[:TEDDY_WORDS] == old.words
    texts = sorted({pair.wish.text for pair in PAIRS})
    assert tokenizer.decode(tokenizer.encode(texts, LENGTH)) == texts
    used = {word for text in texts for word in text.split()}
    assert set(tokenizer.words[TEDDY_WORDS:]) <= used
    with pytest.raises(ValueError, match="did you mean"):
        tokenizer.encode(["make it brihter"], LENGTH)
