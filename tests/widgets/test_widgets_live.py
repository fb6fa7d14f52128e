"""Live widgets. Authority: the schedules of the package, the KL formula, the pixels."""

import io
import math

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.lectures.l01_diffusion import widgets
from coursekit.lectures.l01_diffusion.widgets import schedule as editor
from coursekit.theory.ddpm import gaussian_kl
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

IMAGE = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", editor.KINDS)
@pytest.mark.parametrize("num_steps", [10, 1000])
def test_with_the_papers_numbers_it_is_the_papers_schedule(kind, num_steps):
    ours = editor.edited(kind, num_steps, 0.02, 0.008)
    torch.testing.assert_close(ours, make_schedule(kind, num_steps))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown schedule 'sigmoid'"):
        editor.edited("sigmoid", 10, 0.02, 0.008)


@pytest.mark.parametrize("left", [1e-5, 0.01, 0.3, 0.9])
def test_the_mismatch_is_the_kl_to_the_prior(left):
    x0 = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    one = torch.ones(2, 1, dtype=torch.float64)
    kl = gaussian_kl(math.sqrt(left) * x0, (1 - left) * one, 0 * x0, one).mean()
    assert editor.mismatch(left) == pytest.approx(float(kl), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "num_steps", "tone"),
    [
        ("linear", 1000, "good"),
        ("linear", 600, "warn"),
        ("linear", 100, "bad"),
        ("linear-short", 100, "good"),
        ("cosine", 10, "good"),
    ],
)
def test_the_alarm_goes_off_when_signal_is_left(kind, num_steps, tone):
    scene = editor.draw(kind, num_steps, 0.02, 0.008, IMAGE)
    assert scene.tone == tone
    left = float(editor.edited(kind, num_steps, 0.02, 0.008).alpha_bar[-1])
    assert f"ᾱ_T = {left:.2g}" in scene.text


def test_the_mean_at_the_end_is_the_shrunken_picture():
    schedule = editor.edited("linear", 100, 0.02, 0.008)
    clean, one, mean = editor.end_of_chain(IMAGE, schedule).astype(float) - 127.5
    factor = float(schedule.alpha_bar[-1].sqrt())
    np.testing.assert_allclose(mean, factor * clean, atol=0.51)
    assert abs(one - mean).mean() > 20
    np.testing.assert_array_equal(clean + 127.5, IMAGE[0])


def test_moving_a_control_changes_chart_and_picture():
    live = widgets.schedule_editor(IMAGE)
    chart, image = live.chart.value, live.image.value
    live.controls["num_steps"].value = 100
    assert live.chart.value != chart
    assert live.image.value != image
    assert "mean of all x_T" in live.names.value
    assert live.note.value == ""
    chart = live.chart.value
    live.controls["kind"].value = "cosine"
    assert live.chart.value != chart
    assert live.controls["beta_max"].layout.display == "none"
    assert live.controls["offset"].layout.display != "none"


def test_without_a_picture_the_editor_shows_charts_only():
    bare = widgets.schedule_editor()
    assert bare.image.layout.display == "none"
    assert "image/png" in bare._repr_mimebundle_()[0]


def test_the_strip_holds_the_images_dot_for_dot():
    pixels = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    png, width = Scene(images=pixels, names=("a", "b")).png()
    seen = np.asarray(Image.open(io.BytesIO(png)))
    np.testing.assert_array_equal(seen[:, :8, 0], pixels[0, ..., 0])
    np.testing.assert_array_equal(seen[:, -8:, 2], pixels[1, ..., 0])
    assert width == seen.shape[1] * 14


def test_an_exception_while_drawing_is_one_line_and_heals():
    def draw(n):
        if n == 3:
            raise RuntimeError("three is\ntoo many")
        return Scene(text=f"n is {n}")

    live = Live({"n": ipywidgets.IntSlider(1)}, draw, "demo")
    live.controls["n"].value = 3
    assert live.note.value == "That did not work: three is too many"
    assert "n is 1" in live.chart.value
    live.controls["n"].value = 4
    assert live.note.value == ""
    assert "n is 4" in live.chart.value
