"""Pictures. Authority: the pixels that went in, geometry, numpy's statistics."""

import io
import math

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import plots
from coursekit.plots.chart import tick_label, ticks
from coursekit.plots.figures import canvas, spread
from coursekit.plots.lines import draw_line
from coursekit.plots.measured import ladder, standard_error


def colours(seed=0, n=5):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 8, 6, 3), dtype=np.uint8)


def test_model_space_and_uint8_agree():
    pixels = colours()
    model = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype("f4") / 127.5 - 1)
    for images in (model, model.double(), model.numpy(), torch.from_numpy(pixels)):
        np.testing.assert_array_equal(plots.as_uint8(images), pixels)


def test_values_outside_the_range_are_clipped_and_nan_is_grey():
    x = torch.tensor([[[[-7.0, 7.0, float("nan")]]]])
    assert plots.as_uint8(x).ravel().tolist() == [0, 255, 128]


@pytest.mark.parametrize("shape", [(3, 4, 5, 6, 7), (2, 5, 4, 4)])
def test_what_is_no_image_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"must be uint8 .* got float64"):
        plots.as_uint8(np.zeros(shape))


def test_grid_shows_every_pixel_at_its_place_on_transparent_ground():
    pixels = colours(n=5)
    sheet = plots.grid(pixels, columns=3, zoom=4, gap=6).array()
    cell_w, cell_h = 2 * (6 * 4 + 6), 2 * (8 * 4 + 6)
    for i, image in enumerate(pixels):
        row, column = divmod(i, 3)
        seen = sheet[row * cell_h + 4 :: 8, column * cell_w + 4 :: 8][:8, :6]
        np.testing.assert_array_equal(seen[..., :3], image)
        assert (seen[..., 3] == 255).all()
    assert (sheet[:, 2 * 24 : 2 * 30, 3] == 0).all()  # between two columns


def test_labels_add_room_and_never_cut_a_title():
    bare = plots.grid(colours(n=1), zoom=2)
    named = plots.grid(colours(n=1), zoom=2, title="a long title over a small image")
    assert named.width > bare.width
    assert named.height > bare.height
    assert named.array()[:, -2:, 3].max() < 255  # the last letter ends inside


def test_filmstrip_takes_both_ends():
    states = [torch.full((2, 1, 4, 4), v) for v in np.linspace(-1, 1, 11)]
    strip = plots.filmstrip(states, count=3, rows=1, zoom=2).array()
    middle = strip[strip.shape[0] // 2]
    opaque = middle[middle[:, 3] == 255][:, 0]
    assert sorted(set(opaque.tolist())) == [0, 128, 255]
    assert opaque[0] == 0
    assert opaque[-1] == 255


def test_pick_is_even_and_complete():
    assert plots.pick(5, 9) == [0, 1, 2, 3, 4]
    assert plots.pick(11, 3) == [0, 5, 10]


def test_a_picture_is_png_with_a_stable_repr(tmp_path):
    picture = plots.Picture.of(colours()[0])
    assert repr(picture) == "Picture(6 x 8)"
    bundle, meta = picture._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}
    assert meta["image/png"] == {"width": 6, "height": 8, "alt": ""}
    path = picture.save(tmp_path / "sub" / "a.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), colours()[0])


def test_show_displays_a_picture(capsys):
    plots.show(colours(), zoom=1)
    assert "Picture(" in capsys.readouterr().out


def test_ticks_are_round_and_inside():
    for low, high in [(0, 1), (-6, 4), (0.13, 0.98), (0, 1000), (-3e-3, 7e-3)]:
        found = ticks(low, high)
        assert 2 <= len(found) <= 6
        assert all(low - 1e-9 <= v <= high + 1e-9 for v in found)
        steps = np.diff(found)
        np.testing.assert_allclose(steps, steps[0])
    assert tick_label(-5, log=True) == "10⁻⁵"
    assert tick_label(0.30000000000000004) == "0.3"


def chart(**options):
    x = np.linspace(0, 1, 11)
    return plots.Chart([plots.Curve("a", x, x**2, "blue")], **options)


def test_chart_maps_corners_to_corners():
    c = chart(x_limits=(0.0, 2.0), y_limits=(-1.0, 1.0))
    left, top, right, bottom = c.box
    assert (float(c.to_x(0)), float(c.to_x(2))) == (left, right)
    assert (float(c.to_y(-1)), float(c.to_y(1))) == (bottom, top)


def test_svg_and_still_draw_the_same_curve():
    c = chart(width=200, height=100)
    middle = float(c.to_x(0.5)), float(c.to_y(0.25))
    svg = c.svg()
    assert f"{middle[0]:.1f},{middle[1]:.1f}" in svg
    pixels = c.picture().array()
    x, y = round(2 * middle[0]), round(2 * middle[1])
    blue = pixels[y - 2 : y + 3, x - 2 : x + 3, :].reshape(-1, 4)
    strongest = blue[blue[:, 3].argmax()]
    assert strongest[3] > 200
    assert strongest[2] > strongest[0] + 60


def test_svg_escapes_what_it_is_given():
    text = chart(title="<b>&").svg()
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text


def test_log_chart_leaves_out_what_has_no_logarithm():
    x = np.linspace(0, 1, 5)
    curve = plots.Curve("", x, [0.0, -1.0, 1.0, 10.0, np.inf])
    c = plots.Chart([curve], log_y=True, y_limits=(-1.0, 2.0))
    (line,) = [m for m in c.marks() if getattr(m, "width", 0) == 2.0]
    expected = np.stack([c.to_x(x[2:4]), c.to_y([0.0, 1.0])], axis=1)
    np.testing.assert_allclose(line.points, expected)


def test_spread_is_mean_and_standard_error():
    values = np.random.default_rng(1).normal(size=(5, 3))
    mean, error = spread(values)
    np.testing.assert_allclose(mean, values.mean(0))
    np.testing.assert_allclose(error, values.std(0, ddof=1) / 5**0.5)
    assert spread(values[:1])[1] is None
    assert spread(values[0])[1] is None


def test_figures_render_on_a_transparent_ground():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(50, 2))
    figures = [
        plots.lines([5, 10, 1000], {"a": rng.random((3, 3))}, logx=True, logy=True),
        plots.lines(np.arange(40), {"b": rng.random((3, 40))}, level=(0.5, "here")),
        plots.scatter({"t = 1": cloud, "t = 0": cloud}, groups=np.arange(50) % 3),
        plots.bars({"a": [1.0, 2.0], "b": 3.0}),
        plots.heat(rng.random((2, 3)), rows="ab", columns="xyz"),
    ]
    for figure in figures:
        pixels = np.asarray(Image.open(io.BytesIO(figure.png)))
        assert pixels.shape[2] == 4
        assert (pixels[..., 3] == 0).mean() > 0.1
        assert (pixels[..., 3] > 0).any()


def test_error_bars_given_are_the_ones_drawn():
    _, (axis,) = canvas(1, 3.0, 2.0)
    x, mean, error = np.arange(3.0), np.ones(3), np.array([0.1, 0.2, 0.3])
    draw_line(axis, x, mean, error, "a")
    (bars,) = [c for c in axis.collections if len(c.get_segments()) == 3]
    half = [float(np.ptp(s[:, 1])) / 2 for s in bars.get_segments()]
    np.testing.assert_allclose(half, error)


def measured_quality(**more):
    found = {}
    for name in ("fashion", "teddy"):
        found |= {f"{name}_nfes": [5, 10, 20], f"{name}_floor_frechet": 0.4}
        found |= {f"{name}_ddim_0_frechet": [9, 3, 2.0], f"{name}_9": 9.0}
        found |= {f"{name}_9_all": [9.0] * 3}
        found |= {f"{name}_ddim_0_frechet_std": [1, 0.5, 0.2]}
    return found | more


def test_quality_panels_draw_what_was_measured_and_say_when_nothing_was():
    both = plots.quality_panels(measured_quality())
    only = {k: v for k, v in measured_quality().items() if k.startswith("teddy")}
    assert plots.quality_panels(only).width < 0.7 * both.width
    with pytest.raises(ValueError, match="coursekit measure"):
        plots.quality_panels(measured_quality(), "valid")


def test_style_leaves_no_trace():
    before = dict(matplotlib.rcParams)
    with plots.style():
        assert matplotlib.rcParams["axes.facecolor"] == "none"
    assert dict(matplotlib.rcParams) == before


def test_what_still_wants_gradients_can_be_drawn():
    wanting = torch.rand(5, 2, requires_grad=True)
    assert plots.scatter([wanting]).png == plots.scatter([wanting.detach()]).png
    assert plots.lines(range(5), {"a": wanting[:, 0]}).png


def test_a_level_of_zero_on_a_logarithmic_axis_is_refused():
    with pytest.raises(ValueError, match="no place for a level"):
        plots.lines([1, 2], {"a": [1, 2]}, logy=True, level=(0.0, "nothing"))


@pytest.mark.parametrize("seeds", [1, 2, 3, 7])
def test_an_error_bar_is_the_spread_over_the_root_of_the_seeds(seeds):
    met = {"met_all": [1.0] * 9}  # a curve over nine places, and no seeds
    stored = met | {"a": 1.0, "a_std": 0.5, "a_all": [1.0] * seeds}
    stored |= {"b_std": [0.2, 0.4]}
    assert standard_error(stored, "a") == pytest.approx(0.5 / math.sqrt(seeds))
    many = standard_error(stored, "b")
    np.testing.assert_allclose(many, np.array([0.2, 0.4]) / math.sqrt(seeds))


def test_a_ladder_says_what_its_bars_are():
    stored = {"a": [3.0, 2.0], "a_std": [0.2, 0.1], "a_all": [1.0] * 4}
    _, (axis,) = canvas(1, 3.0, 2.0)
    ladder(axis, "", [1, 2], stored, {"a": "a line"})
    assert "standard error, 4 seeds" in axis.get_xlabel()


def test_pictures_say_what_is_in_them():
    """Authority: the texts that stand in the picture itself."""
    shown = plots.grid(colours(), 2, row_labels=["noisy", "clean"], title="Bears")
    for word in ("Bears", "noisy", "clean"):
        assert word in shown.alt
    lines = plots.lines([1, 2], {"ours": [1, 2], "theirs": [2, 1]}, xlabel="steps")
    assert "ours, theirs" in lines.alt and "steps" in lines.alt
    assert "time runs to the right" in plots.filmstrip([colours()] * 3).alt
