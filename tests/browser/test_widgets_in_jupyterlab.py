"""Widgets end to end. Authority: pixels that real JupyterLab shows in Chromium.

Every slider is moved by the keyboard and must change the picture; nothing may show an
error. Latencies are written to build/widget-latency-LECTURE.json and printed with -s;
they are figures to report, not assertions, because they depend on what else the machine
does. Widgets whose checkpoint or film does not ship yet are left out.
"""

import re

import pytest
from showcase import MARKS, Showcase, showcase, wait_until
from widget_cells import CELLS, NOTEBOOKS

pytestmark = MARKS
SLIDERS = [(*key, i) for key, cell in CELLS.items() for i in range(cell.sliders)]
BUTTONS = [(*key, text) for key, cell in CELLS.items() for text in cell.buttons]


@pytest.fixture(scope="module")
def ran(request, tmp_path_factory):
    """The notebook of a lecture, open and run; closed when the next one comes."""
    with showcase(tmp_path_factory.mktemp("notebooks"), request.param) as opened:
        yield opened


def of(*lectures):
    """A test in the notebooks of these lectures, or of all."""
    return pytest.mark.parametrize("ran", lectures or NOTEBOOKS, indirect=True)


def each(names, cases):
    """A test for each case: its lecture, and what the names say."""
    return pytest.mark.parametrize(f"ran, {names}", cases, indirect=["ran"])


@of()
def test_run_all_shows_no_error(ran):
    for cell in ran.cells():
        assert ran.errors(cell) == []
    assert ran.console == []


@each("name", CELLS)
def test_every_widget_is_there(ran, name):
    cell = ran.cell(name)
    shown = cell.locator(".ck-film, .jupyter-widgets").first
    shown.wait_for(timeout=20_000)
    assert shown.bounding_box()["height"] > 40
    assert len(ran.sliders(cell)) == ran.notebook.cells[name].sliders
    ran.look(name)


@of("01")
def test_the_button_samples_the_table(ran):
    cell = ran.cell("ddim_images")
    assert ran.sliders(cell) == []
    before = ran.signature(cell)
    cell.get_by_role("button", name="sample the table").click()
    cell.locator("input[type=range]").first.wait_for(timeout=60_000)
    assert len(ran.sliders(cell)) == 2
    assert ran.signature(cell) != before
    move(ran, "ddim_images", 0)


@each("name, which", SLIDERS)
def test_moving_the_slider_changes_the_picture(ran, name, which):
    if name == "langevin_player" and which == 0:  # every walk begins alike
        cell = ran.cell(name)
        ran.press(cell, ran.handle(cell, 1), "End")
    move(ran, name, which)


def move(ran: Showcase, name, which):
    cell, count = ran.cell(name), len(ran.cells())
    figures = ran.measure(cell, ran.handle(cell, which), presses=ran.notebook.presses)
    ran.latencies[f"{name}.{which}"] = figures
    assert figures["changed"] == figures["presses"]
    assert ran.errors(cell) == []
    assert len(ran.cells()) == count  # JupyterLab did not take the arrow keys
    assert all(c.is_visible() for c in ran.cells()[-2:])


@each("name, button", BUTTONS)
def test_a_button_changes_the_picture(ran, name, button):
    cell = ran.cell(name)
    before = ran.signature(cell)
    cell.get_by_role("button", name=button).first.click()
    ran.wait_for_change(cell, before, seconds=60)
    assert ran.errors(cell) == []
    pause = cell.get_by_role("button", name="pause")
    if pause.count():
        pause.click()


@of("01")
def test_other_noise_keeps_the_slider_where_it_is(ran):
    cell = ran.cell("forward_process")
    value = cell.locator("input[type=range]").input_value()
    before = ran.signature(cell)
    cell.get_by_role("button", name="other noise").click()
    ran.wait_for_change(cell, before)
    assert cell.locator("input[type=range]").input_value() == value


@of("01")
def test_a_prediction_is_noted(ran):
    cell = ran.cell("predict")
    cell.get_by_text("yes", exact=True).click()
    cell.get_by_text("Noted.").wait_for(timeout=10_000)


def needs(name):
    why = f"what {name} needs does not ship yet"
    return pytest.mark.skipif(("04", name) not in CELLS, reason=why)


@needs("clip_table")
@of("04")
def test_a_prompt_can_be_edited_and_an_unknown_word_is_named(ran):
    cell = ran.cell("clip_table")
    field = cell.locator(".widget-text input").first
    before = ran.signature(cell)
    field.fill("a purple bear in a room")
    ran.wait_for_change(cell, before, seconds=60)
    field.fill("a purple spaceship")
    cell.get_by_text("unknown word").first.wait_for(timeout=20_000)
    (said,) = ran.errors(cell)
    assert "unknown word 'spaceship'" in said
    field.fill("a pink bear in a room")
    cell.get_by_text("unknown word").first.wait_for(state="hidden", timeout=20_000)
    assert ran.errors(cell) == []


@needs("guidance_prompts")
@of("04")
def test_a_prompt_is_drawn_when_the_button_is_pressed(ran):
    cell = ran.cell("guidance_prompts")
    before = ran.signature(cell)
    cell.locator(".widget-text input").first.fill("a white bear in the snow")
    cell.get_by_role("button", name="draw").first.click()
    ran.wait_for_change(cell, before, seconds=60)
    assert ran.errors(cell) == []


@of("05")
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


@of("05")
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


@of()
def test_the_console_stayed_clean(ran):
    assert ran.console == []
