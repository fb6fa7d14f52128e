"""Widgets end to end. Authority: pixels that real JupyterLab shows in Chromium.

Every slider is moved by the keyboard and must change the picture; nothing may show an
error. Latencies are written to build/widget-latency.json and printed with -s; they are
figures to report, not assertions, because they depend on what else the machine does.
"""

import os

import pytest
from showcase import MARKS, latencies_in, showcase

pytestmark = MARKS

SETUP = """
import torch
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.toys import exact_eps_model, ring
from coursekit.experiments.films import record
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit import widgets

torch.set_num_threads(1)
schedule = make_schedule("cosine", 1000)
bears, scenes = teddies(8, 32, seed=3)
generator = torch.Generator().manual_seed(0)
points = ring().sample(500, generator)
exact = exact_eps_model(ring(), schedule)
blur = lambda xt, t: 0.9 * xt

def reader(pixels):
    from types import SimpleNamespace as Reading
    return [Reading(fur="brown", place="unreadable" if i > 99 else "park", valid=True)
            for i in range(len(pixels))]
"""
WIDGETS = {
    "tour": "widgets.tour(bears[:1])",
    "forward_process": "widgets.forward_process(bears, schedule, reader)",
    "schedule_editor": "widgets.schedule_editor(bears[:1])",
    "sculptor": """widgets.sculptor(
    record(blur, torch.randn(6, 3, 32, 32, generator=generator), schedule, 50))""",
    "forward_2d": "widgets.forward_2d(points, schedule)",
    "reverse_2d": """widgets.reverse_2d(record(
    exact, torch.randn(500, 2, generator=generator), schedule, 50), target=points)""",
    "ddim_steps": "widgets.ddim_steps(exact, schedule, target=points)",
    "ddim_images": """widgets.ddim_steps(
    blur, schedule, (1, 28, 28), steps=(2, 3, 4, 5, 6), count=8)""",
    "predict": 'widgets.predict("x", "Is this the last cell?", ["no", "yes"])',
    "progress_view": "widgets.progress_view()",
}
MOVED = [
    *((name, 0) for name in WIDGETS if name not in ("predict", "progress_view")),
    ("ddim_steps", 1),
    ("schedule_editor", 1),
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    with showcase(folder, SETUP, WIDGETS) as opened:
        yield opened


@pytest.fixture(scope="module")
def latencies():
    with latencies_in("widget-latency.json") as figures:
        yield figures
        figures["cores"] = os.cpu_count()


def test_run_all_shows_no_error(ran):
    for cell in ran.cells():
        assert ran.errors(cell) == []
    assert ran.console == []


@pytest.mark.parametrize("name", list(WIDGETS))
def test_every_widget_is_there(ran, name):
    cell = ran.cell(name)
    shown = cell.locator(".ck-film, .jupyter-widgets").first
    shown.wait_for(timeout=20_000)
    assert shown.bounding_box()["height"] > 40
    ran.look(name)


def test_the_button_samples_the_table(ran):
    cell = ran.cell("ddim_images")
    assert ran.sliders(cell) == []
    before = ran.signature(cell)
    cell.get_by_role("button", name="sample the table").click()
    cell.locator("input[type=range]").first.wait_for(timeout=60_000)
    assert len(ran.sliders(cell)) == 2
    assert ran.signature(cell) != before


@pytest.mark.parametrize(("name", "which"), MOVED)
def test_moving_the_slider_changes_the_picture(ran, latencies, name, which):
    cell = ran.cell(name)
    count = len(ran.cells())
    handle = ran.handle(cell, which)
    figures = ran.measure(cell, handle, presses=12)
    latencies[f"{name}.{which}"] = figures
    assert figures["changed"] == figures["presses"]
    assert ran.errors(cell) == []
    assert len(ran.cells()) == count  # JupyterLab did not take the arrow keys
    assert all(c.is_visible() for c in ran.cells()[-2:])


def test_the_film_plays_by_itself(ran):
    cell = ran.cell("reverse_2d")
    before = ran.signature(cell)
    cell.get_by_role("button", name="play").click()
    ran.wait_for_change(cell, before)
    pause = cell.get_by_role("button", name="pause")
    if pause.count():
        pause.click()


def test_other_noise_keeps_the_slider_where_it_is(ran):
    cell = ran.cell("forward_process")
    value = cell.locator("input[type=range]").input_value()
    before = ran.signature(cell)
    cell.get_by_role("button", name="other noise").click()
    ran.wait_for_change(cell, before)
    assert cell.locator("input[type=range]").input_value() == value


def test_a_prediction_is_noted(ran):
    cell = ran.cell("predict")
    cell.get_by_text("yes", exact=True).click()
    cell.get_by_text("Noted.").wait_for(timeout=10_000)


def test_the_console_stayed_clean(ran):
    assert ran.console == []
