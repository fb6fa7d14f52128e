"""The widgets of lecture 5 end to end, as in test_widgets_in_jupyterlab.py.

Authority: pixels that real JupyterLab shows in Chromium. Figures go to
build/widget-latency-5.json. The networks are new ones with awakened weights: what is
tried here are sliders, clicks and keys.
"""

import re

import pytest
from showcase import MARKS, latencies_in, showcase, wait_until

pytestmark = MARKS

SETUP = """
import torch
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.inpainting import Inpainter
from coursekit.training import pretrained
from coursekit import widgets

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
        "widgets.skip_taps(pretrained.load_model('teddy-flow', clip=False))",
        1,
    ),
    "block_knobs": ("widgets.block_knobs(net)", 1),
    "patch_gaze": ("widgets.patch_gaze(Inpainter(net))", 1),
    "rope_dial": ("widgets.rope_dial()", 3),
    "patch_sizes": ("widgets.patch_sizes()", 3),
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
    with latencies_in("widget-latency-5.json") as figures:
        yield figures


def test_run_all_shows_no_error(ran):
    for cell in ran.cells():
        assert ran.errors(cell) == []
    assert ran.console == []


@pytest.mark.parametrize("name", list(WIDGETS))
def test_every_widget_is_there(ran, name):
    cell = ran.cell(name)
    shown = cell.locator(".jupyter-widgets").first
    shown.wait_for(timeout=20_000)
    assert shown.bounding_box()["height"] > 40
    assert len(ran.sliders(cell)) == WIDGETS[name][1]
    ran.look(name)


@pytest.mark.parametrize(("name", "which"), MOVED)
def test_moving_the_slider_changes_the_picture(ran, latencies, name, which):
    cell = ran.cell(name)
    figures = ran.measure(cell, ran.handle(cell, which), presses=8)
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
    cell = ran.cell(name)
    before = ran.signature(cell)
    cell.locator(".widget-toggle-button", has_text=button).first.click()
    ran.wait_for_change(cell, before)
    assert ran.errors(cell) == []


def test_a_click_on_a_patch_changes_the_maps_and_the_mark(ran):
    cell = ran.cell("patch_gaze")
    picture = cell.locator(".ck-picker")
    before, place = ran.signature(cell), picture.bounding_box()
    picture.click(position={"x": place["width"] * 0.07, "y": place["height"] * 0.95})
    ran.wait_for_change(cell, before)
    assert ran.errors(cell) == []
    mark = cell.locator(".ck-picker-mark").bounding_box()
    assert abs(mark["x"] - place["x"]) < 4  # the first column
    assert abs(mark["y"] + mark["height"] - place["y"] - place["height"]) < 4
    assert picture.get_attribute("aria-label") == "patch in row 8, column 1"


def test_arrow_keys_walk_from_patch_to_patch(ran):
    cell = ran.cell("patch_gaze")
    picture = cell.locator(".ck-picker")
    picture.focus()
    before = ran.signature(cell)
    row, column = map(int, re.findall(r"\d+", picture.get_attribute("aria-label")))
    ran.page.keyboard.press("ArrowUp")
    ran.page.keyboard.press("ArrowRight")
    ran.wait_for_change(cell, before)
    assert ran.errors(cell) == []
    want = f"patch in row {row - 1}, column {column + 1}"
    wait_until(lambda: picture.get_attribute("aria-label") == want, seconds=10)
    assert picture.get_attribute("aria-label") == want


def test_the_console_stayed_clean(ran):
    assert ran.console == []
