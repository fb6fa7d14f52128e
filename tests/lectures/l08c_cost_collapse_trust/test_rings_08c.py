"""The experiments on rings and scans, quick.

Authority: keys that figures quote, what a mean over draws must be, and two identities.
"""

import numpy as np
import pytest
import torch

from coursekit.experiments import cache
from coursekit.lectures.l08c_cost_collapse_trust import figures
from coursekit.lectures.l08c_cost_collapse_trust.experiments import rings, scans
from coursekit.plots.images import Picture
from coursekit.plots.table import Table
from coursekit.trust.tree_ring import ring_distance


def test_rings_have_the_keys_of_their_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    short = rings.tree_ring(rings.from_checkpoint(rings.MODEL).swap(steps=6))
    monkeypatch.setattr(rings, "usual", lambda: short)
    found = rings.measure(quick=True)
    assert isinstance(figures._rings(found), Picture)
    assert found["none_auc"] > 0.8 and found["moved"] > 1
    assert len(found["steps_auc"]) == len(found["steps"])
    assert set(found) >= {"plain_shown", "marked_shown", "plain_apart", "marked_apart"}


def test_marks_that_the_table_calls_fit_each_other():
    noise = rings.ring_noise(0, 2)
    ring = rings.usual()
    assert float(ring_distance(noise, ring.values, ring.channels).max()) < 1e-5


def test_found_counts_at_a_threshold_that_the_null_sets():
    """Of 200 unmarked scores two may be as high; ours lie on both sides of them."""
    null = torch.arange(200.0)
    scores = rings.found(torch.tensor([500.0, 198.0, 197.0, 3.0]), null)
    assert scores["tpr"] == 0.5
    assert scores["auc"] == pytest.approx(
        (1 + 198.5 / 200 + 197.5 / 200 + 3.5 / 200) / 4
    )


def test_apart_is_the_distance_of_the_two_halves():
    images = np.zeros((4, 2, 2, 3), np.uint8)
    images[2:] = 30
    assert rings.apart(images) == 30


def test_scans_have_the_keys_of_their_table_and_the_prior_helps():
    """A mean over draws has a squared error no larger than theirs in the mean."""
    found = scans.measure_scans(quick=True)
    assert isinstance(figures._scans(found), Table)
    assert found["rows_9_mean_db"] > found["rows_9_one_db"] > found["rows_9_zero_db"]
    assert found["rows_9_hidden"] > 0.9
