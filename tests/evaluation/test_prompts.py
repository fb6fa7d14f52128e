"""Figures of whole models. Authorities: someone who draws the very scenes that the
prompts describe gets the figures of real pictures; someone who forgets hats loses hats.
"""

from typing import Any

import numpy as np
import pytest
from changed_scenes import bare, exchanged

from coursekit.datasets import emoji
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.teddy.splits import HELD_OUT
from coursekit.evaluation.prompts import SEED, held_out_prompts, prompt_figures

COUNT = 60


def figures(kind: str, change: Any = lambda scene: scene) -> dict[str, Any]:
    data = {"solo": "teddy", "pair": "pairs", "group": "bears"}[kind]
    known = dict[str, Scene]()  # prompt -> the scene it describes
    for split in ("test", "heldout"):
        for each in {kind, "solo"} if kind == "group" else {kind}:
            known |= zip(*prompts(COUNT // 2, split, SEED, each), strict=True)
    asked: list[tuple[float, int]] = []

    def draw(texts: list[str], scale: float, seed: int) -> Any:
        asked.append((scale, seed))
        return render([change(known[text]) for text in texts], size)

    size = 64 if kind == "group" else 32
    found = prompt_figures(draw, data, size, COUNT, (1.0, 3.0))
    assert asked == [(1.0, 0), (3.0, 0)] * (4 if kind == "group" else 2)
    return found


@pytest.mark.parametrize("kind", ["solo", "pair", "group"])
def test_who_draws_the_scenes_is_as_good_as_real(kind):
    found = figures(kind)
    assert found["prompts"] == COUNT and found["scales"] == [1.0, 3.0]
    for split in ("test", "heldout"):
        real = found[f"real_{split}"]
        as_sharp = real | {"sharpness": 1.0}
        assert found[f"scale_1_{split}"] == found[f"scale_3_{split}"] == as_sharp
        assert real["bound" if kind == "pair" else "all"] > 0.8
    if kind == "group":
        one = found["one_bear"]
        assert one["scale_3_heldout"] == one["real_heldout"] | {"sharpness": 1.0}
        # What a recipe of one bear is asked, at twice the size.
        solo = figures("solo")
        for name, share in solo["real_test"].items():
            assert abs(one["real_test"][name] - share) < 0.1


def test_who_forgets_hats_loses_hats_and_nothing_else():
    found = figures("solo", bare)
    for split in ("test", "heldout"):
        real, drawn = found[f"real_{split}"], found[f"scale_3_{split}"]
        scenes = prompts(COUNT // 2, split, SEED)[1]
        plain = np.mean([scene.bears[0].hat == "none" for scene in scenes])
        assert abs(drawn["hat"] - plain) < 0.1 < real["hat"] - plain
        assert drawn["all"] <= drawn["hat"]
        for name in ("place", "fur", "count"):
            assert abs(drawn[name] - real[name]) < 0.1


def test_exchanged_hats_are_counted_as_exchanged():
    found = figures("pair", exchanged)
    for drawn in (found["scale_1_test"], found["scale_1_heldout"]):
        assert drawn["swapped"] > 0.8 and drawn["bound"] < 0.05


def test_held_out_prompts_are_half_new_and_half_never_seen():
    texts = held_out_prompts("teddy", 21)
    assert len(texts) == 21 and texts == held_out_prompts("teddy", 21)
    never = dict(zip(*prompts(10, "heldout", SEED), strict=True))
    assert texts[11:] == list(never)
    assert all((s.bears[0].fur, s.bears[0].hat) in HELD_OUT for s in never.values())
    captions = held_out_prompts("emoji", 9)
    assert set(captions) <= set(emoji.load("pairs").captions) and len(captions) == 9


def test_emoji_want_a_judge():
    with pytest.raises(AssertionError, match="judge"):
        prompt_figures(lambda *_: np.zeros(1), "emoji", 32, 4, (1.0,))
