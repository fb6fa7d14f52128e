"""Arrows in the plane. Authority: geometry (directions, lengths, pixel positions)."""

import numpy as np

from coursekit.plots.draw import Line
from coursekit.plots.fields import (
    Arrows,
    Dots,
    Plane,
    Way,
    arrow,
    lattice,
    quiver,
    squeezed,
)

SQUARE = {"x_limits": (-2.0, 2.0), "y_limits": (-2.0, 2.0), "width": 300, "height": 300}


def test_the_lattice_fills_the_square_evenly():
    points = lattice(2.0, 4)
    assert points.shape == (16, 2)
    assert np.allclose(points.mean(0), 0)
    assert sorted(set(points[:, 0])) == [-1.5, -0.5, 0.5, 1.5]


def test_squeezing_keeps_directions_and_the_order_of_lengths():
    rng = np.random.default_rng(0)
    v = rng.standard_normal((50, 2)) * np.geomspace(1e-3, 1e3, 50)[:, None]
    short = squeezed(v, room=0.3)
    cross = v[:, 0] * short[:, 1] - v[:, 1] * short[:, 0]
    assert np.allclose(cross, 0) and ((v * short).sum(1) > 0).all()
    before, after = np.linalg.norm(v, axis=1), np.linalg.norm(short, axis=1)
    assert (np.argsort(before) == np.argsort(after)).all()
    assert after.max() < 0.3
    assert np.isclose(np.median(after), 0.15, rtol=0.1)  # the median gets half
    assert np.allclose(squeezed(np.zeros((3, 2)), room=1.0), 0)  # no field, no arrow


def test_a_head_has_two_equal_barbs_behind_the_tip():
    shape = arrow(np.array([0.0, 0.0]), np.array([10.0, 0.0]))
    tip, left, right = shape[1], shape[2], shape[4]
    assert np.allclose(tip, [10, 0]) and np.allclose(shape[3], tip)
    assert left[0] < 10 and np.isclose(left[0], right[0])
    assert np.isclose(left[1], -right[1]) and left[1] != 0


def test_layers_are_placed_in_data_units():
    layers = (
        Dots([[0.0, 0.0]]),
        Arrows([[0.0, 0.0]], [[1.0, 0.0]]),
        Way([[-1.0, -1.0], [1.0, 1.0]]),
    )
    plane = Plane((), layers=layers, **SQUARE)
    marks = plane.marks()[-3:]
    centre = marks[0].points.mean(0)
    left, top, right, bottom = plane.box
    assert np.allclose(centre, [(left + right) / 2, (top + bottom) / 2])
    assert isinstance(marks[1], Line) and np.allclose(marks[1].points[0], centre)
    assert np.allclose(marks[1].points[1] - centre, [(right - left) / 4, 0])
    assert marks[2].points[0][1] > marks[2].points[1][1]  # up is up
    assert plane.svg().count("<polyline") >= 2 and "nan" not in plane.svg()


def test_the_figure_asks_each_field_once_for_all_its_arrows():
    asked = []

    def field(x):
        asked.append(tuple(x.shape))
        return -x

    picture = quiver({"a": field, "b": field}, count=5)
    assert asked == [(25, 2), (25, 2)]
    assert picture.png[:4] == b"\x89PNG"
