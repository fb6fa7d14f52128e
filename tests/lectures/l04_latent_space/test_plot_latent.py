"""Lecture 4's figures. Authority: what is measured and what is not, the stored numbers,
and the heights of the bars drawn."""

import math
from itertools import pairwise
from typing import Any

import pytest

from coursekit.experiments import measure
from coursekit.lectures.l04_latent_space import figures
from coursekit.plots.figures import canvas, draw_groups, style
from coursekit.plots.images import Picture
from coursekit.plots.table import Table

JUDGED = figures.JUDGED


@pytest.mark.parametrize("name", figures.FIGURES)
def test_measured_figures_are_drawn(name):
    there = (measure.folder() / f"{name}.json").is_file()
    assert isinstance(figures.figure(name), Picture if there else Table)


def test_what_is_missing_says_how_to_measure_it(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "folder", lambda quick=False: tmp_path)
    assert "coursekit measure 04.D" in repr(figures.figure("04.D"))


def test_every_figure_is_an_experiment():
    assert set(figures.FIGURES) <= set(measure.experiments())


@pytest.fixture(scope="module")
def prompts() -> dict[str, Any]:
    """Figure P in numbers that are all different: no bar can be another's."""
    seeds = [
        *(f"both_{n}_{name}" for name in figures.ATTRIBUTES for n in "136"),
        *(f"emoji_{split}_3_{name}" for name in JUDGED for split in ("train", "pairs")),
    ]
    once = [f"real_both_{name}" for name in figures.ATTRIBUTES]
    once += [f"emoji_pairs_real_{name}" for name in JUDGED]
    found = {key: n / 200 for n, key in enumerate(seeds + once, start=1)}
    for key in seeds:
        found |= {f"{key}_std": found[key] / 10, f"{key}_all": [found[key]] * 3}
    return found | {"emoji_pairs_prompts": 9}


def test_each_bar_is_its_own_number(prompts):
    found = prompts
    for name, bars in figures.bear_bars(found).items():
        assert bars["real pictures"] == (found[f"real_both_{name}"], 0.0)
        for scale, label in (("1", "no guidance"), ("3", "scale 3"), ("6", "scale 6")):
            mean = found[f"both_{scale}_{name}"]
            assert bars[label] == pytest.approx((mean, mean / 10 / math.sqrt(3)))
    emoji = figures.emoji_bars(found)
    for name, label in JUDGED.items():
        assert emoji[label]["drawn, never seen"][0] == found[f"emoji_pairs_3_{name}"]
        assert emoji[label]["drawn, trained on"][0] == found[f"emoji_train_3_{name}"]
        assert emoji[label]["real, never seen"][0] == found[f"emoji_pairs_real_{name}"]


def test_bars_are_as_high_as_their_numbers_and_do_not_overlap(prompts):
    groups = figures.bear_bars(prompts)
    with style():
        _, (axis,) = canvas(1, 5.6, 3.4)
        draw_groups(axis, groups)
    bars = [bar for group in axis.containers for bar in getattr(group, "patches", [])]
    heights = sorted(bar.get_height() for bar in bars)
    want = sorted(mean for group in groups.values() for mean, _ in group.values())
    assert heights == pytest.approx(want)
    spans = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars)
    assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_emoji_have_a_panel_only_where_they_are_measured(prompts):
    bears = {key: prompts[key] for key in prompts if not key.startswith("emoji")}
    wide, narrow = figures.prompts_panels(prompts), figures.prompts_panels(bears)
    assert wide.width > 1.7 * narrow.width
