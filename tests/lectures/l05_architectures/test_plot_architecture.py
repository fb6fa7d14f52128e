"""The figures of notebook 05. Authority: pixels counted in made-up figures, and the
committed measurements, which must all be drawable."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l05_architectures import figures as plots
from coursekit.plots import maps
from coursekit.plots.images import Picture
from coursekit.plots.theme import rgb

FIGURES: dict[str, Callable[[Mapping[str, Any]], Picture]] = {
    "05.A": plots.mirror_panels,
    "05.B": plots.start_panels,
    "05.C": plots.binding_bars,
    "05.D": plots.skip_panel,
    "05.E": plots.cost_panels,
    "05.F": plots.position_bars,
}


def pixels(picture: Picture) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA")).astype(int)


def of(picture: Picture, tone: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which opaque pixels have this colour."""
    found = pixels(picture)
    near = (np.abs(found[..., :3] - np.array(tone)) < 6).all(axis=-1)
    return near & (found[..., 3] > 250)


def binding(bound: float, net: str = "adaln") -> dict[str, Any]:
    stored: dict[str, Any] = {}
    for share, value in {"bound": bound, "swapped": 0.1, "other": 0.1}.items():
        stored |= {f"{net}_{share}": value, f"{net}_{share}_std": 0.0}
        stored[f"{net}_{share}_all"] = [value, value]
    return stored


def test_a_bar_twice_as_high_is_twice_the_colour():
    # The axis ends a little above the highest bar, so both share a figure.
    two = plots.binding_bars(binding(0.8) | binding(0.4, "cross"))
    assert of(plots.binding_bars(binding(0.8)), rgb("red")).any()
    assert of(two, rgb("red")).any()
    green = of(two, rgb("green"))
    columns = np.flatnonzero(green.sum(axis=0) > 40)
    gap = int(np.argmax(np.diff(columns))) + 1
    heights = [
        np.median(green[:, part].sum(axis=0)) for part in np.split(columns, [gap])
    ]
    assert heights[0] == pytest.approx(2 * heights[1], rel=0.1)


def test_a_network_that_was_not_measured_is_left_out():
    alone, both = binding(0.5), binding(0.5) | binding(0.5, "double")
    assert of(plots.binding_bars(both), rgb("green")).any()
    assert plots.binding_bars(alone).png != plots.binding_bars(both).png


def test_what_is_not_felt_is_not_drawn():
    felt = np.zeros((20, 20))
    felt[8:12, 8:12] = 1.0
    few = maps.felt_maps({"near": felt}, (10, 10))
    felt[4:16, 4:16] = 1.0
    more = maps.felt_maps({"near": felt}, (10, 10))
    top = (253, 231, 37)  # the largest value in viridis
    assert of(more, top).sum() == pytest.approx(9 * of(few, top).sum(), rel=0.25)


@pytest.mark.parametrize("name", list(FIGURES))
def test_what_was_measured_can_be_drawn(name):
    picture = FIGURES[name](load_measured(name))
    assert 300 < picture.width < 1100 and 200 < picture.height < 600
    assert pixels(picture)[..., 3].max() == 255
