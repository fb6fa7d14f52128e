"""Wishes in free words: the file's form, and what counts as right.

Authority: the operations themselves, plans that are right by hand, a planner that knows
the answers and one that always refuses.
"""

from collections import Counter

import numpy as np
import pytest

from coursekit.datasets.letter_grams import encoded
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Step
from coursekit.evaluation.edit_wishes import (
    FILE,
    RESULTS,
    FreeWish,
    clearly_off,
    fits,
    free_wishes,
    verdict,
    wishes_table,
)

KINDS = {
    "plain", "degree", "two things", "colloquial", "indirect", "needs the picture",
    "negated", "outside", "mixed", "quoted",
}  # fmt: skip
BRIGHT = (Step("brightness", {"amount": 30}),)


def test_the_file_has_three_columns_no_wish_twice_and_kinds_in_numbers():
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "wish\tkind\taccepted"
    assert all(line.count("\t") == 2 for line in lines)
    wishes = free_wishes()
    assert len(wishes) >= 300
    assert len({each.wish.lower() for each in wishes}) == len(wishes)
    kinds = Counter(each.kind for each in wishes)
    assert kinds.keys() == KINDS and min(kinds.values()) >= 15
    assert kinds["outside"] >= 100
    encoded([each.wish for each in wishes])  # none is too long to be read


def test_every_pattern_names_operations_of_the_list_with_a_sign_where_one_is_due():
    for each in free_wishes():
        outside = each.kind in ("outside", "mixed")
        assert (each.accepted == ("refuse",)) is outside
        if outside or each.accepted[0] in RESULTS:
            continue
        for pattern in each.accepted:
            parts = pattern.split("; ")
            assert (len(parts) == 2) or each.kind != "two things"
            for part in parts:
                name = part.rstrip("+-0123456789")
                assert name in COLOUR
                assert (name != part) == bool(OPERATIONS[name].knobs)


def test_order_does_not_matter_and_signs_do():
    both = (Step("grayscale"), Step("contrast", {"amount": 20}))
    assert fits(both, "contrast+; grayscale") and fits(
        both[::-1], "grayscale; contrast+"
    )
    assert not fits(both, "contrast-; grayscale") and not fits(both, "grayscale")
    assert fits((Step("contrast", {"amount": 0}),), "contrast0")
    grey = (Step("saturation", {"amount": -100}),)
    assert fits(grey, "saturation-100") and fits(grey, "saturation-")
    assert not fits((Step("saturation", {"amount": -90}),), "saturation-100")


@pytest.mark.parametrize("name", RESULTS)
def test_where_the_picture_decides_the_result_is_judged(name):
    pictures, normal = clearly_off(12)
    free = FreeWish("fix it", "needs the picture", (name,))
    for before, good in zip(pictures, normal, strict=True):
        error = RESULTS[name](before, good)
        assert error > 0
        assert verdict(free, (), before, good) == "wrong"  # nothing got better
        assert verdict(free, None, before, good) == "refused"
    step = {"light": "exposure", "cast": "temperature"}[name]
    knob = OPERATIONS[step].knobs[0].name
    size = {"light": 0.5, "cast": 10.0}[name]
    said = [
        [verdict(free, (Step(step, {knob: s * size}),), b, g) for s in (1, -1)]
        for b, g in zip(pictures, normal, strict=True)
    ]
    assert all(sorted(pair) == ["right", "wrong"] for pair in said)


def test_one_who_refuses_all_is_right_about_what_is_outside_only():
    table = wishes_table(lambda pictures, wishes: [None] * len(wishes))
    assert table["outside"]["right"] == table["outside"].total()
    assert table["plain"]["refused"] == table["plain"].total()
    bright = wishes_table(
        lambda x, w: [BRIGHT] * len(w),
        [FreeWish("brighter", "plain", ("brightness+",))],
    )
    assert bright["all"] == Counter(right=1)
    assert np.isclose(sum(table["all"].values()), len(free_wishes()))
