"""The widgets of lecture 5 end to end, as in test_widgets_in_jupyterlab.py.

Authority: pixels that real JupyterLab shows in Chromium. Figures go to
build/widget-latency-5.json. The networks are new ones with awakened weights: what is
tried here are sliders, clicks and keys.
"""

import json
import os
import re
import time
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("playwright", reason="needs playwright: pip install playwright")

from lab import chromium, lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium() is None,
        reason="needs Chromium: install it (Debian: chromium) or set CHROMIUM",
    ),
]

BUILD = Path(__file__).parents[2] / "build"
SETUP = """
import torch
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.finisher import Finisher
from coursekit.training import checkpoints
from coursekit.workbook import widgets

torch.set_num_threads(1)
torch.manual_seed(0)
net = DiT(DiTConfig(channels=4, size=24, patch=3, width=32, depth=3, zero=False))
for p in net.parameters():
    torch.nn.init.normal_(p, std=0.3)
"""
# name -> the call, and how many sliders it shows
WIDGETS = {
    "reach_grower": ("widgets.reach_grower()", 3),
    "skip_taps": (
        "widgets.skip_taps(checkpoints.load_model('teddy-flow', clip=False))",
        1,
    ),
    "block_knobs": ("widgets.block_knobs(net)", 1),
    "patch_gaze": ("widgets.patch_gaze(Finisher(net))", 1),
    "rope_dial": ("widgets.rope_dial()", 3),
    "patch_sizes": ("widgets.patch_sizes()", 3),
}
MOVED = [(name, i) for name, (_, count) in WIDGETS.items() for i in range(count)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    codes = [SETUP, *(code for code, _ in WIDGETS.values())]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in codes]
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / "widgets.ipynb")
    with lab(folder) as session:
        session.open("widgets.ipynb")
        session.run_all()
        yield session


@pytest.fixture(scope="module")
def latencies():
    figures: dict[str, object] = {}
    yield figures
    figures["load_average"] = [round(v, 2) for v in os.getloadavg()]
    BUILD.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=1)
    (BUILD / "widget-latency-5.json").write_text(text + "\n")
    print("\n" + text)


def cell_of(session, name):
    cell = session.cells()[1 + list(WIDGETS).index(name)]
    cell.scroll_into_view_if_needed()
    return cell


def wait_for_change(session, cell, before):
    deadline = time.time() + 20
    while session.signature(cell) == before and time.time() < deadline:
        time.sleep(0.1)
    assert session.signature(cell) != before
    assert session.errors(cell) == []


def test_run_all_shows_no_error(ran):
    for cell in ran.cells():
        assert ran.errors(cell) == []
    assert ran.console == []


@pytest.mark.parametrize("name", list(WIDGETS))
def test_every_widget_is_there(ran, name):
    cell = cell_of(ran, name)
    shown = cell.locator(".jupyter-widgets").first
    shown.wait_for(timeout=20_000)
    assert shown.bounding_box()["height"] > 40
    assert len(ran.sliders(cell)) == WIDGETS[name][1]
    (BUILD / "looks").mkdir(parents=True, exist_ok=True)
    cell.screenshot(path=BUILD / "looks" / f"{name}.png")


@pytest.mark.parametrize(("name", "which"), MOVED)
def test_moving_the_slider_changes_the_picture(ran, latencies, name, which):
    cell = cell_of(ran, name)
    handles = ran.sliders(cell)
    figures = ran.measure(cell, handles[which], presses=8)
    latencies[f"{name}.{which}"] = figures
    assert figures["changed"] == figures["presses"]
    assert ran.errors(cell) == []


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("reach_grower", "with attention"),
        ("skip_taps", "all closed"),
        ("block_knobs", "shift"),
        ("patch_gaze", "layer 2"),
        ("rope_dial", "10000"),
    ],
)
def test_a_choice_changes_the_picture(ran, name, button):
    cell = cell_of(ran, name)
    before = ran.signature(cell)
    cell.locator(".widget-toggle-button", has_text=button).first.click()
    wait_for_change(ran, cell, before)


def test_a_click_on_a_patch_changes_the_maps_and_the_mark(ran):
    cell = cell_of(ran, "patch_gaze")
    picture = cell.locator(".ck-picker")
    before, place = ran.signature(cell), picture.bounding_box()
    picture.click(position={"x": place["width"] * 0.07, "y": place["height"] * 0.95})
    wait_for_change(ran, cell, before)
    mark = cell.locator(".ck-picker-mark").bounding_box()
    assert abs(mark["x"] - place["x"]) < 4  # the first column
    assert abs(mark["y"] + mark["height"] - place["y"] - place["height"]) < 4
    assert picture.get_attribute("aria-label") == "patch in row 8, column 1"


def test_arrow_keys_walk_from_patch_to_patch(ran):
    cell = cell_of(ran, "patch_gaze")
    picture = cell.locator(".ck-picker")
    picture.focus()
    before = ran.signature(cell)
    row, column = map(int, re.findall(r"\d+", picture.get_attribute("aria-label")))
    ran.page.keyboard.press("ArrowUp")
    ran.page.keyboard.press("ArrowRight")
    wait_for_change(ran, cell, before)
    deadline = time.time() + 10
    want = f"patch in row {row - 1}, column {column + 1}"
    while picture.get_attribute("aria-label") != want and time.time() < deadline:
        time.sleep(0.1)
    assert picture.get_attribute("aria-label") == want


def test_the_console_stayed_clean(ran):
    assert ran.console == []
