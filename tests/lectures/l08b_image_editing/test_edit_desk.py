"""The widget `edit_desk`. Authority: the executor, the list, sliders set by hand."""

import json

import numpy as np
import pytest

from coursekit.datasets.teddy.sample import teddies
from coursekit.editing import colour
from coursekit.editing.colour import Pixels
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Step
from coursekit.editing.planner import NoPlan
from coursekit.lectures.l08b_image_editing.widgets.edit_desk import edit_desk
from coursekit.lectures.l08b_image_editing.widgets.plan_controls import (
    action_of,
    step_of,
)

BEARS = teddies(3, 32, seed=9)[0]
ANSWERS = {
    "black and white": [{"do": "grayscale"}],
    "colder": [{"do": "temperature", "amount": -37.5}, {"do": "exposure", "stops": 1}],
    "half": [{"do": "crop", "left": 0, "top": 0, "right": 0.5, "bottom": 1}],
    "four": [{"do": "invert"}] * 4,
}


def propose(image: Pixels, wish: str) -> str:
    if wish not in ANSWERS:
        raise NoPlan("nobody here can do that")
    return json.dumps(ANSWERS[wish])


def test_it_shows_what_the_operations_make():
    desk = edit_desk(BEARS)
    scene = desk.scene
    assert scene is not None and scene.images is not None
    want = colour.temperature(colour.saturation(BEARS[1], -60), 40)
    want = colour.contrast(want, 20)
    assert (scene.images == np.stack([BEARS[1], want])).all() and scene.tone == "good"
    desk.controls["plan"].rows[1][1].value = -100
    assert "temperature amount -100" in desk.scene.text
    for row in (0, 2):
        desk.controls["plan"].rows[row][0].value = "(nothing)"
    assert (desk.scene.images[1] == colour.temperature(BEARS[1], -100)).all()


def test_an_operation_taken_off_the_list_is_refused():
    desk = edit_desk(BEARS)
    switches = desk.controls["listed"]
    assert set(switches.value) == COLOUR
    next(b for b in switches.parts if b.description == "saturation").value = False
    assert desk.scene.tone == "bad" and "saturation is not on the list" in (
        desk.scene.text
    )
    assert (desk.scene.images[0] == desk.scene.images[1]).all()
    switches.value = tuple(OPERATIONS)
    assert desk.scene.tone == "good" and all(b.value for b in switches.parts)
    desk.controls["plan"].value = (("crop", 0.0),)
    after = desk.scene.images[1]
    assert (after[:, :16] == BEARS[1][:, :16]).all() and (after[:, 16:] == 255).all()


def test_a_wish_sets_the_sliders():
    desk = edit_desk(BEARS, propose)
    wish, plan = desk.controls["wish"], desk.controls["plan"]
    wish.value = "black and white"
    assert plan.value == (("grayscale", 0.0),)
    assert (desk.scene.images[1] == colour.grayscale(BEARS[1])).all()
    wish.value = "colder"
    want = colour.exposure(colour.temperature(BEARS[1], -37.5), 1)
    assert (desk.scene.images[1] == want).all() and desk.scene.tone == "good"
    for word, part in (
        ("fly", "nobody here"),
        ("half", "crop needs more"),
        ("four", "the desk has 3"),
        ("x\x07", "nobody can read"),
    ):
        wish.value = word
        assert part in desk.scene.text and desk.scene.tone == "warn"
        assert (desk.scene.images[1] == want).all() and desk.note.value == ""


@pytest.mark.parametrize("name", [n for n in OPERATIONS if n != "crop"])
def test_sliders_and_steps_are_one_another(name):
    for place in (-100, -20, 0, 33, 100):
        step = step_of(name, place)
        assert isinstance(step, Step) and step_of(*action_of(step)) == step
        if OPERATIONS[name].knobs and name != "rotate":
            assert action_of(step)[1] == pytest.approx(place)


def test_another_operation_begins_where_it_changes_nothing():
    desk = edit_desk(BEARS)
    kind, place = desk.controls["plan"].rows[0]
    for name in OPERATIONS:
        kind.value = name
        knobs = OPERATIONS[name].knobs
        assert (place.layout.display == "none") == (not knobs)
        if knobs:
            step = step_of(name, place.value)
            assert (OPERATIONS[name].run(BEARS[1], **step.values) == BEARS[1]).all()
    kind.value = "(nothing)"
    assert place.layout.display == "none"
