"""The widgets of lectures 2 and 3 end to end, as in test_widgets_in_jupyterlab.py.

Authority: pixels that real JupyterLab shows in Chromium. Figures go to
build/widget-latency-2-3.json.
"""

import pytest
from showcase import MARKS, latencies_in, showcase

pytestmark = MARKS

SETUP = """
import torch
from coursekit.datasets.toys import exact_predict, lopsided, ring
from coursekit.theory.paths import LinearPath, VPPath
from coursekit import widgets

torch.set_num_threads(1)
blobs, path = lopsided(), VPPath()
gen = torch.Generator().manual_seed(0)
points = blobs.sample(300, gen)
start = 3 * (2 * torch.rand(300, 2, generator=gen) - 1)
exact = exact_predict(blobs, path)
field = lambda x, t: exact_predict(ring(), LinearPath())(x.double(), t).velocity
films = {"a": [start * (1 - i / 60) for i in range(60)]}
"""
# name -> the call, and how many sliders it shows
WIDGETS = {
    "compass": ("widgets.compass(blobs)", 3),
    "langevin_player": (
        "widgets.langevin_player(blobs.score, start, target=points)",
        2,
    ),
    "sde_paths": ("widgets.sde_paths()", 2),
    "walks": ("widgets.walks(films, target=points)", 1),
    "solver_table": ("widgets.solver_table(exact, path, (2,), nfes=(5, 10, 20))", 2),
    "flow_field": ("widgets.flow_field(ring(), seed=1)", 1),
    "flow_votes": ("widgets.flow_votes(seed=3)", 3),
    "flow_steps": ("widgets.flow_steps({'exact': field}, target=points)", 1),
    "one_belief": ("widgets.one_belief()", 3),
    "flow_couplings": ("widgets.flow_couplings(seed=0)", 0),
    "flow_bears": ("widgets.flow_bears('teddy-flow', count=2, nfes=(1, 2, 4))", 2),
}
MOVED = [(name, i) for name, (_, count) in WIDGETS.items() for i in range(count)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    codes = {name: code for name, (code, _) in WIDGETS.items()}
    with showcase(folder, SETUP, codes) as opened:
        yield opened


@pytest.fixture(scope="module")
def latencies():
    with latencies_in("widget-latency-2-3.json") as figures:
        yield figures


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
    assert len(ran.sliders(cell)) == WIDGETS[name][1]
    ran.look(name)


@pytest.mark.parametrize(("name", "which"), MOVED)
def test_moving_the_slider_changes_the_picture(ran, latencies, name, which):
    cell = ran.cell(name)
    handles = ran.sliders(cell)
    if name == "langevin_player" and which == 0:
        ran.press(cell, handles[1], "End")  # every walk begins at the same picture
    figures = ran.measure(cell, handles[which], presses=8)
    latencies[f"{name}.{which}"] = figures
    assert figures["changed"] == figures["presses"]
    assert ran.errors(cell) == []


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("flow_votes", "one picture"),
        ("flow_steps", "Heun"),
        ("one_belief", "score"),
        ("flow_couplings", "transport"),
    ],
)
def test_a_choice_changes_the_picture(ran, name, button):
    cell = ran.cell(name)
    before = ran.signature(cell)
    cell.locator(".widget-toggle-button", has_text=button).first.click()
    ran.wait_for_change(cell, before)
    assert ran.errors(cell) == []


def test_the_console_stayed_clean(ran):
    assert ran.console == []
