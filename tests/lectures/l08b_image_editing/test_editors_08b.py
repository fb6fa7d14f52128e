"""Figures 08b.A, B and S. Authorities: exact answers (an agent changes nothing, a copy
meets no wish), and an untrained generator, which cannot do as well as either."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.edit_pairs import edit_pairs
from coursekit.lectures.l08b_image_editing import figures
from coursekit.lectures.l08b_image_editing.experiments import editors
from coursekit.lectures.l08b_image_editing.widgets import side_by_side
from coursekit.training.recipes_edit import TEDDY_EDIT


@pytest.fixture(autouse=True)
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    shape = replace(TEDDY_EDIT.quick.model, width=32, heads=2, double=1)
    model = TEDDY_EDIT.build(shape).eval()
    monkeypatch.setattr(editors, "network", lambda: model)


def test_black_and_white():
    found = editors.black_and_white(quick=True)
    assert found["agent_colour"] == found["agent_ssim"] == pytest.approx(1)
    assert found["agent_any"] == found["agent_raised"] == found["rebuilt_pose"] == 0
    assert found["found"] == 1
    assert found["guidance_3_ssim"] < found["rebuilt_ssim"] < 1
    assert found["reader_hat"] <= found["reader_colour_hat"]
    assert len(found["guidance_3_any_all"]) == 1
    rows = figures._black_and_white(found).rows
    assert rows["agent"][0] == "100.0%" and rows["agent"][1:7] == ["0.0%"] * 6


def test_frontier():
    found = editors.frontier(quick=True)
    assert (found["agent_colour"], found["agent_content"]) == (1, 0)
    assert (found["copy_colour"], found["copy_content"]) == (0, 0)
    assert found["agent_any"] == found["copy_any"] == 0
    assert found["both_colour"] == 1 and found["agent_outside"] is None
    assert found["guidance_3_outside"] < 30
    assert figures._frontier(found).array().std() > 0


def test_beside():
    found = editors.beside(quick=True)
    assert found["repeats"] == 2
    assert 0 < found["agent_seconds"] < found["generator_seconds"]
    assert found["generator_flops"] > 1e8
    assert found["agent_seconds"] < found["planner_seconds"]
    assert 0 < found["planner_flops"] < found["generator_flops"]
    assert list(figures._beside(found).rows) == [
        "draw it again",
        "find a plan",
        "run it",
    ]


def test_the_widget_refuses_what_no_plan_does_and_shows_no_difference():
    shown = side_by_side.draw(side_by_side.CONTENT, 0, 3, "agent", 3, 0)
    assert "refused" in shown.text and "0% of the pixels" in shown.text
    assert shown.images is not None and (shown.images[3] == 128).all()
    grey = side_by_side.draw("make it black and white", 0, 3, "agent", 3, 0)
    assert grey.images is not None and "the plan has run" in grey.text
    assert (grey.images[1] == grey.images[2]).all()
    assert (grey.images[0] != grey.images[1]).any()


def test_the_agent_and_the_generator_share_the_work():
    pairs = edit_pairs(4, 1, "test")
    drawn = np.zeros((4, 32, 32, 3), np.uint8)
    mixed = editors.both(pairs, drawn)
    alone = editors.agent(pairs)
    for i, pair in enumerate(pairs):
        assert (mixed[i] == (alone if pair.wish.plan else drawn)[i]).all()


def test_the_widget_hides_what_would_do_nothing():
    widget = side_by_side.editors()
    controls = widget.controls

    def hidden() -> set[str]:
        return {name for name, c in controls.items() if c.layout.display == "none"}

    assert hidden() == {"number", "scale", "seed"}
    controls["wish"].value = side_by_side.CONTENT
    assert hidden() == {"scale", "seed"}
    controls["who"].value = "generator"
    assert hidden() == set()
