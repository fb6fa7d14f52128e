"""Plans as tokens.

Authority: the way back (every plan of levels returns), the executor's own ranges, and
walks through the grammar that must all end in a plan.
"""

import itertools

import numpy as np
import pytest

from coursekit.datasets.edit_logs import some_step
from coursekit.datasets.plan_tokens import (
    IDS,
    LENGTH,
    LEVELS,
    STEPS,
    TOKENS,
    NotAPlan,
    next_allowed,
    plan_row,
    plan_words,
    quantised,
    read_words,
)
from coursekit.editing.allow_list import AllowList
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Step


def test_levels_are_within_the_ranges_of_their_knobs():
    assert len(set(TOKENS)) == len(TOKENS)
    for name in COLOUR:
        for knob in OPERATIONS[name].knobs:
            assert not any(knob.refusal(level) for level in LEVELS[knob.name])


def test_plans_come_back():
    rng = np.random.default_rng(0)
    for length in range(STEPS + 1):
        steps = [some_step(rng) for _ in range(length)]
        plan = read_words(plan_words(tuple(steps)))
        assert plan is not None and [s.do for s in plan] == [s.do for s in steps]
        assert read_words(plan_words(plan)) == plan
        assert len(plan_row(plan)) == LENGTH
    assert read_words(plan_words(None)) is None


@pytest.mark.parametrize("levels", LEVELS.values())
def test_the_nearest_level_and_in_the_middle_the_one_away_from_zero(levels):
    for value in np.linspace(levels[0], levels[-1], 977):
        found = quantised(float(value), levels)
        assert abs(found - value) == min(abs(level - value) for level in levels)
    for low, high in itertools.pairwise(levels):
        assert quantised((low + high) / 2, levels) == (low if low < 0 else high)


@pytest.mark.parametrize("names", [COLOUR, {"exposure", "invert"}, set[str]()])
def test_every_walk_through_the_mask_is_a_plan_of_the_list(names):
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        words = ["<start>"]
        while words[-1] != "<end>":
            allowed = next_allowed(words, names).nonzero()[:, 0].tolist()
            words.append(TOKENS[int(rng.choice(allowed))])
        assert len(words) <= LENGTH
        plan = read_words(words)
        refused += plan is None
        if plan is not None:
            assert AllowList(frozenset(names)).refusal(plan, (32, 32)) == ""
    assert 0 < refused < 300


def test_what_the_mask_forbids_does_not_read():
    rng, bad = np.random.default_rng(2), 0
    for _ in range(300):
        words = ["<start>", *rng.choice(TOKENS[4:], 2), "<end>"]
        fits = all(next_allowed(words[:i], COLOUR)[IDS[words[i]]] for i in range(1, 4))
        try:
            read_words(words)
        except NotAPlan:
            bad += 1
            assert not fits
        else:
            assert fits
    assert bad > 100


def test_what_has_no_token_is_an_error():
    with pytest.raises(ValueError, match="steps"):
        plan_words((Step("invert"),) * 5)
    with pytest.raises(ValueError, match="mirror"):
        plan_words((Step("mirror"),))
