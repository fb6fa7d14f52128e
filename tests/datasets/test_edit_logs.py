"""Logs of edits, and what is left of them.

Authority: a second way to the same picture (a history of pictures against a stack of
steps), and the picture in normal light.
"""

import numpy as np
import pytest

from coursekit.datasets.edit_intents import (
    INTENTS,
    Want,
    cast_error,
    exposure_error,
    granting_plan,
    off_pictures,
    said,
)
from coursekit.datasets.edit_logs import edit_logs, effective, needed, replayed
from coursekit.editing.allow_list import AllowList
from coursekit.editing.executor import run_plan
from coursekit.editing.plan import Step

LOGS, WANTED = edit_logs(60, 4)


def test_what_is_left_gives_the_picture_after_bit_for_bit():
    undone = 0
    for log in LOGS:
        plan = effective(log.acts)
        after = run_plan(log.before, plan, AllowList())
        assert np.array_equal(after, log.after)
        assert np.array_equal(replayed(log.before, log.acts), log.after)
        undone += "undo" in log.acts
    assert 20 < undone < 60  # detours are there, and not always


def test_a_log_ends_with_the_intent_and_does_not_hold_it():
    for log, intent in zip(LOGS, WANTED, strict=True):
        assert len(effective(log.acts)) == len(intent)
        assert said(intent) not in repr(log)


def test_the_same_seed_gives_the_same_logs_and_another_does_not():
    again, _ = edit_logs(60, 4)
    other, _ = edit_logs(60, 5)
    assert [log.acts for log in again] == [log.acts for log in LOGS]
    assert [log.acts for log in other] != [log.acts for log in LOGS]


def test_two_steps_of_one_operation_are_not_merged():
    twice = (Step("brightness", {"amount": 20}),) * 2
    once = (Step("brightness", {"amount": 40}),)
    image = LOGS[0].before
    assert effective(twice) == twice
    results = [run_plan(image, plan, AllowList()) for plan in (twice, once)]
    assert not np.array_equal(*results)


def test_needed_keeps_the_picture_and_each_step_that_is_left_matters():
    grey, still = Step("grayscale"), Step("contrast", {"amount": 0})
    warm = Step("temperature", {"amount": 30})
    plan = (warm, grey, still, grey, Step("saturation", {"amount": 50}))
    image = LOGS[1].before
    short = needed(image, plan)
    assert short == (warm, grey)
    both = [run_plan(image, p, AllowList()) for p in (plan, short)]
    assert np.array_equal(*both)


@pytest.mark.parametrize(
    ("name", "error", "most"),
    [("daylight", exposure_error, 0.5), ("neutral", cast_error, 0.2)],
)
def test_wants_that_depend_on_the_picture_bring_it_near_to_normal(name, error, most):
    pictures, normal = off_pictures(30, 2)
    rng = np.random.default_rng(0)
    for before, good in zip(pictures, normal, strict=True):
        plan = granting_plan((Want(name),), before, good, rng)
        after = run_plan(before, plan, AllowList())
        assert error(after, good) <= min(error(before, good), most) + 1e-9


def test_intents_differ_and_name_one_or_two_wants():
    assert len(set(map(said, INTENTS))) == len(INTENTS) == 20
    assert {len(intent) for intent in INTENTS} == {1, 2}
