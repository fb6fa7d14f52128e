"""The experiments and figures on planners.

Authority: their own quick runs, keys that figures quote, and tables written by hand.
"""

import numpy as np
import pytest

from coursekit.datasets.edit_intents import INTENTS
from coursekit.experiments import cache
from coursekit.lectures.l08b_image_editing import figures
from coursekit.lectures.l08b_image_editing.experiments import planners
from coursekit.pipeline.catalogue import is_there

SHIPS = pytest.mark.skipif(not is_there("edit-planner"), reason="not trained yet")


def test_sizes_and_noises_give_a_list_for_each_key(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    found = planners.measure(quick=True)
    for name in ("sizes", "noises"):
        assert len(found[name]) == 2
        for key in planners.KEYS:
            assert len(found[f"{name}_{key}"]) == len(found[f"{name}_{key}_std"]) == 2
        assert all(0 <= x <= 1 for x in found[f"{name}_free"])
    assert found["most_free"] == found["sizes_free"][-1]
    assert figures._golden_curves(found).array().std() > 0


@SHIPS
def test_wrong_plans_move_nothing_and_the_executor_has_no_error():
    found = planners.parameters(quick=True)
    assert found["executor"] == found["moved"] == 0
    assert found["operations"] > 0.5


@SHIPS
def test_shares_of_verdicts_add_up():
    found = planners.free(quick=True)
    total = np.add(np.add(found["right"], found["wrong"]), found["refused"])
    assert np.allclose(total, 1) and sum(found["wishes"]) >= 300


def test_the_confusion_grid_takes_an_empty_row():
    table = np.zeros((len(INTENTS), len(INTENTS) + 1), dtype=np.int64)
    table[0, 0] = 5
    blank = np.zeros_like(table)
    drawn, empty = (figures.confusion_grid(t).array() for t in (table, blank))
    assert drawn.shape == empty.shape and not np.array_equal(drawn, empty)
