"""Lecture 4's figures as pictures. Authority: what is measured, and what is not."""

from pathlib import Path

import pytest

from coursekit.experiments import measure
from coursekit.lectures.l04_latent_space import figures as plot_latent
from coursekit.lectures.l04_latent_space.figures import FIGURES, figure
from coursekit.plots.images import Picture
from coursekit.plots.table import Table


@pytest.mark.parametrize("name", FIGURES)
def test_measured_figures_are_drawn(name: str) -> None:
    there = (measure.folder() / f"{name}.json").is_file()
    assert isinstance(figure(name), Picture if there else Table)


def test_what_is_missing_says_how_to_measure_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measure, "folder", lambda quick=False: tmp_path)
    assert "coursekit measure 04.D" in repr(figure("04.D"))


def test_every_figure_is_an_experiment() -> None:
    assert set(plot_latent.FIGURES) <= set(measure.experiments())
