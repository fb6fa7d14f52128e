"""Figures 08c.A and 08c.L. Authorities: the closed forms of theory.collapse, a world
with a known share of a rare hat, and real pictures, which no probe tells from real."""

import numpy as np
import pytest

from coursekit.datasets.teddy.reader import attributes
from coursekit.lectures.l08c_cost_collapse_trust import figures
from coursekit.lectures.l08c_cost_collapse_trust.experiments import collapse
from coursekit.lectures.l08c_cost_collapse_trust.widgets import families as slider


def test_the_chains_follow_their_theory():
    found = collapse.measure(quick=True)
    assert found["accumulate_mean_last"] == pytest.approx(
        found["accumulate_theory"], abs=0.1
    )
    pairs = zip(found["replace_median"], found["replace_typical"], strict=True)
    assert all(median == pytest.approx(theory, rel=0.25) for median, theory in pairs)
    assert found["replace_median_last"] < found["accumulate_median_last"]
    assert found["lost"][-1] == pytest.approx(found["lost_theory"][-1], abs=0.3)
    assert figures._gaussian_families(found).array().std() > 0


def test_the_hat_is_as_rare_as_it_should_be():
    hats = attributes(collapse.real(400, 3))["hat"]
    assert 0.01 < (hats == collapse.RARE).mean() < 0.06
    assert 0.2 < (hats == "red").mean() < 0.45


def test_a_quick_flow_measures_every_key(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.experiments.cache.RUNS", tmp_path)
    found = collapse.flow(quick=True)
    for how in ("replace", "accumulate", "fresh"):
        for key in ("rare", "valid", "frechet", "recall", "auc"):
            assert len(found[f"{how}_{key}"]) == found["rounds"] + 1
            assert f"{how}_last_{key}" in found
        assert found[f"{how}_frechet"][0] > 3 * found["real_frechet"]
    assert found["real_valid"] > 0.8 > found["replace_valid"][0]
    assert figures._flow_families(found).array().std() > 0
    again = collapse.flow(quick=True)
    assert again == found, "kept, and nothing trained twice"


def test_the_slider_shows_the_family_that_is_asked_for(monkeypatch):
    frames = np.arange(18, dtype=np.uint8).repeat(8).reshape(18, 8, 1, 1, 1)
    monkeypatch.setattr(slider, "load_film", lambda name, side: frames)
    for generation, share, frame in ((2, 0, 2), (60, 0, 5), (3, 0.1, 15)):
        shown = slider.bears(generation, share)
        assert shown is not None and set(shown.flatten()) == {frame}
    assert (slider.variances(20, 0.0)[0] == 1).all()
    few, many = slider.variances(20, 0.0)[-1], slider.variances(20, 0.5)[-1]
    assert np.median(few) < 0.1 < 0.7 < np.median(many)
