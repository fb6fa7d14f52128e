"""The widgets of lecture 4 end to end, as in test_widgets_in_jupyterlab.py.

Authority: pixels that real JupyterLab shows in Chromium. Widgets whose checkpoint or
film does not ship yet are left out. Figures go to build/widget-latency-4.json.
"""

import pytest
from showcase import MARKS, latencies_in, showcase

from coursekit.experiments.film_store import FOLDER as FILMS
from coursekit.experiments.measure import folder
from coursekit.pipeline.catalogue import is_there

pytestmark = MARKS

SETUP = """
import torch
from coursekit.datasets import fashion, images
from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l04_latent_space.experiments.dense import Dense, DenseConfig
from coursekit import widgets

torch.set_num_threads(1)
torch.manual_seed(0)
photos, classes = fashion.load("test")
clothes = images.to_model(photos[:300])
nets = {
    name: Dense(DenseConfig((1, 28, 28), 64, 2, name == "VAE")).eval()
    for name in ("plain", "VAE")
}
for net in nets.values():
    net.requires_grad_(False)
"""
ALL = {  # name -> the call, how many sliders it shows, what it needs
    "latent_walker": (
        "widgets.latent_walker(nets, clothes, classes[:300])",
        2,
        True,
    ),
    "guidance_line": ("widgets.guidance_line()", 1, True),
    "latent_beta": (
        "widgets.latent_beta('fashion')",
        1,
        (FILMS / "04.B-fashion.webp").is_file() and (folder() / "04.B.json").is_file(),
    ),
    "latent_losses": (
        "widgets.latent_losses()",
        1,
        (FILMS / "04.L.webp").is_file() and (folder() / "04.L.json").is_file(),
    ),
    "clip_table": (
        "from coursekit.training.pretrained import load_model\n"
        "widgets.clip_table(load_model('teddy-clip'), teddies(6, 32, seed=42)[0])",
        0,
        is_there("teddy-clip"),
    ),
    "guidance_classes": ("widgets.guidance_classes()", 1, is_there("fashion-classes")),
    "guidance_prompts": (
        "from coursekit.pipeline.pipeline import from_checkpoint\n"
        "widgets.guidance_prompts(from_checkpoint('teddy-prompts'))",
        1,
        is_there("teddy-prompts"),
    ),
}
WIDGETS = {name: each for name, each in ALL.items() if each[2]}
MOVED = [(name, i) for name, (_, count, _) in WIDGETS.items() for i in range(count)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    where = tmp_path_factory.mktemp("notebooks")
    codes = {name: code for name, (code, *_) in WIDGETS.items()}
    with showcase(where, SETUP, codes) as opened:
        yield opened


@pytest.fixture(scope="module")
def latencies():
    with latencies_in("widget-latency-4.json") as figures:
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
    figures = ran.measure(cell, ran.handle(cell, which), presses=3)
    latencies[f"{name}.{which}"] = figures
    assert figures["changed"] == figures["presses"]
    assert ran.errors(cell) == []


def test_another_space_is_another_map(ran):
    cell = ran.cell("latent_walker")
    before = ran.signature(cell)
    cell.locator(".widget-toggle-button", has_text="VAE").first.click()
    ran.wait_for_change(cell, before, seconds=60)
    assert ran.errors(cell) == []


@pytest.mark.skipif("clip_table" not in WIDGETS, reason="teddy-clip does not ship yet")
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


@pytest.mark.skipif(
    "guidance_prompts" not in WIDGETS, reason="teddy-prompts does not ship yet"
)
def test_a_prompt_is_drawn_when_the_button_is_pressed(ran):
    cell = ran.cell("guidance_prompts")
    before = ran.signature(cell)
    cell.locator(".widget-text input").first.fill("a white bear in the snow")
    cell.get_by_role("button", name="draw").first.click()
    ran.wait_for_change(cell, before, seconds=60)
    assert ran.errors(cell) == []


def test_the_console_stayed_clean(ran):
    assert ran.console == []
