"""What changed between two pictures.

Authority: the amount of the operation that made the second one of the first.
"""

import numpy as np
import pytest

from coursekit.datasets.edit_intents import INTENTS, Want
from coursekit.datasets.edit_logs import edit_logs
from coursekit.editing.executor import run_step
from coursekit.editing.plan import Step
from coursekit.evaluation.edit_intent import (
    Changes,
    changes,
    confusion,
    guessed,
    mistaken,
    named,
)

PICTURE = np.random.default_rng(0).integers(70, 150, (32, 32, 3)).astype(np.uint8)
OPERATION = {"light": "brightness", "contrast": "contrast", "colour": "saturation"}


@pytest.mark.parametrize("amount", [-40, -10, 0, 20, 50])
@pytest.mark.parametrize("field", OPERATION)
def test_each_measure_is_its_operations_amount_and_the_others_are_0(field, amount):
    after = run_step(PICTURE, Step(OPERATION[field], {"amount": amount}))
    found = changes(PICTURE, after)._asdict()
    assert abs(found.pop(field) - amount) < 1.5
    assert max(map(abs, found.values())) < 1.5


@pytest.mark.parametrize("amount", [-50, 20, 40])
def test_casts_are_measured_where_colours_are_mixed_evenly(amount):
    warm = changes(PICTURE, run_step(PICTURE, Step("temperature", {"amount": amount})))
    pink = changes(PICTURE, run_step(PICTURE, Step("tint", {"amount": amount})))
    assert warm.warmth == pytest.approx(amount, rel=0.15)
    assert pink.tint == pytest.approx(amount, rel=0.15)


def test_no_change_has_no_name_and_a_constant_picture_no_error():
    assert named(changes(PICTURE, PICTURE)) == ()
    flat = np.full((8, 8, 3), 90, np.uint8)
    assert np.isfinite(changes(flat, flat + 20)).all()
    assert np.isfinite(changes(flat, np.zeros_like(flat))).all()


def test_the_larger_change_comes_first_and_two_are_enough():
    found = named(Changes(-20.0, 60.0, 50.0, 0.0, 25.0))
    assert found == (Want("more contrast"), Want("more colourful"))


def test_operations_are_read_and_what_depends_on_the_picture_is_not():
    logs, wanted = edit_logs(300, 9, "test")
    table = confusion(wanted, [guessed(log) for log in logs])
    assert table.sum() == 300
    names = [intent[0].name for intent in INTENTS]
    for name in ("daylight", "neutral"):
        row = table[names.index(name)]
        assert row[names.index(name)] == 0 < row.sum()
    plain = [i for i, name in enumerate(names) if name not in ("daylight", "neutral")]
    assert np.trace(table) > 0.8 * table[plain].sum()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_intents_is_named_wrongly(share):
    rng = np.random.default_rng(0)
    drawn = [INTENTS[i % len(INTENTS)] for i in range(2000)]
    wrong = sum(mistaken(each, share, rng) != each for each in drawn) / 2000
    assert abs(wrong - share) < 0.04  # four standard errors
