"""What all widgets have in common. Authority: what a notebook does with them.

The cells are those of the browser tests; here is everything that Python computes.
"""

import base64
import importlib
import itertools
import pkgutil
import time
from collections import defaultdict
from functools import cache
from statistics import median
from types import ModuleType
from typing import Any

import ipywidgets
import pytest
from widget_cells import CELLS, NOTEBOOKS

from coursekit import plots
from coursekit.lectures.l05_architectures.widgets.patch_picker import PatchPicker
from coursekit.lectures.l08b_image_editing.widgets.plan_controls import (
    Actions,
    Switches,
)
from coursekit.plots.images import pick
from coursekit.sources.lectures import lectures
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.live import Live

SHELVES = [plots.__name__, *(f"{each.package}.widgets" for each in lectures())]
# By large networks.
SAMPLED = ("guidance_classes", "guidance_prompts", "ddim_images", "live_bears")
QUICK = [key for key in CELLS if key[1] not in SAMPLED]


@cache
def namespace(lecture: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(NOTEBOOKS[lecture].setup, found)
    return found


def run(lecture: str, name: str) -> Any:
    return eval(CELLS[lecture, name].code, namespace(lecture))


@pytest.mark.parametrize("shelf", SHELVES)
def test_no_function_has_the_name_of_a_module(shelf):
    """Importing such a module puts it in the function's place: a cell runs once."""
    package = importlib.import_module(shelf)
    names = [name for name in vars(package) if callable(getattr(package, name))]
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{shelf}.{module.name}")
    assert names
    for name in names:
        assert not isinstance(getattr(package, name), ModuleType), name


@pytest.mark.parametrize(("lecture", "name"), QUICK)
def test_a_cell_shows_the_same_twice_with_a_still_and_a_short_repr(lecture, name):
    made, again = run(lecture, name), run(lecture, name)
    assert repr(made) == repr(again) and repr(made).startswith(f"{name}(")
    assert len(repr(made)) < 60
    data, meta = made._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/png"])[:4] == b"\x89PNG"
    assert data["image/png"] == again._repr_mimebundle_()[0]["image/png"]
    assert meta["image/png"]["width"] > 150


@pytest.mark.parametrize(("lecture", "name"), QUICK)
def test_every_position_draws_and_every_control_matters(lecture, name, record_property):
    made = run(lecture, name)
    if isinstance(made, FilmPlayer):
        assert made.reel is not None
        assert repr(made) == f"{name}({made.reel.count} frames)"
        assert made.frames == made.reel.frames.tobytes()
        assert len(set(map(bytes, made.reel.frames))) > 1
    elif isinstance(made, Live):
        assert repr(made) == f"{name}({', '.join(made.controls)})"
        seen, seconds = pictures(made)
        record_property("median_ms", round(1000 * median(seconds)))
        for i, control in enumerate(made.controls.values()):
            looks = defaultdict(set)
            for state, look in seen.items():
                looks[*state[:i], *state[i + 1 :]].add(look)
            matters = any(len(found) > 1 for found in looks.values())
            assert matters or len(positions(control)) == 1, control


def pictures(live: Live) -> tuple[dict[tuple[Any, ...], int], list[float]]:
    """What it shows at each position of its controls, and the seconds that it took."""
    seen, seconds = {}, []
    for state in itertools.product(*map(positions, live.controls.values())):
        begin = time.perf_counter()
        for control, value in zip(live.controls.values(), state, strict=True):
            control.value = value
        seconds.append(time.perf_counter() - begin)
        assert live.note.value == "" and "nan" not in live.chart.value, state
        seen[state] = hash((live.chart.value, live.image.value, live.names.value))
    return seen, seconds


def positions(control: Any) -> list[Any]:
    """Both ends and the middle; each of a few choices; a text, and none."""
    if isinstance(control, ipywidgets.Text):
        return [control.value, ""]
    if isinstance(control, ipywidgets.Dropdown):
        return [control.options[0], control.options[-1]]
    if isinstance(control, Actions | Switches):
        return [control.value, ()]
    if isinstance(control, PatchPicker):
        return [0, control.rows * control.columns - 1]
    if isinstance(control, ipywidgets.ToggleButtons | ipywidgets.SelectionSlider):
        every = [o[1] if isinstance(o, tuple) else o for o in control.options]
        return every if len(every) < 6 else [every[i] for i in pick(len(every), 3)]
    return [control.min, (control.min + control.max) / 2, control.max]
