"""Figure 08a.E and the graph of calls. Authorities: real pictures, which obey as far as
the reader can see, and functions of which we know what they call."""

import pytest
import torch

from coursekit.checks.registry import by_symbol
from coursekit.datasets.teddy.render import render
from coursekit.lectures.l08a_state_of_the_art import figures
from coursekit.lectures.l08a_state_of_the_art.experiments import bears, beside
from coursekit.lectures.l08a_state_of_the_art.own_code import called, codes, graph
from coursekit.models.patches import patchify
from coursekit.theory.flow import cfm_loss
from coursekit.training.recipes import RECIPES
from coursekit.training.warm_start import start_from


def test_half_of_the_sentences_are_of_each_split():
    asked, scenes = beside.sentences(8)
    assert len(asked) == len(scenes) == 8
    assert asked[:4] == beside.sentences(8)[0][:4] != beside.sentences(8, 1)[0][:4]
    assert beside.halves(8) == (slice(0, 4), slice(4, 8))


def test_real_pictures_of_64_are_real_at_32():
    """The same scenes, averaged down: the reader obeys, and the size is told."""
    _, scenes = beside.sentences(24)
    found = beside.judged(render(scenes, 64), scenes, render(scenes, 64))
    assert found["all"] > 0.8 and found["sharpness"] == 1
    assert found["frechet"] == pytest.approx(0, abs=1e-3)


def test_all_keys_are_there_in_quick_mode():
    found = beside.measure(quick=True)
    kinds = {key.rsplit("_", 1)[0] for key in found if key.endswith("_tokens")}
    assert kinds == {"teddy_prompts"} and found["teddy_prompts_tokens"] == 64
    assert {"real_all", "rebuilt_told", "teddy_prompts_all_heldout"} <= found.keys()


def test_a_taught_miniature_has_as_many_patches_and_its_old_transformer():
    for name in bears.PLANS:
        recipe = bears.taught(name)
        fresh = recipe.build(recipe.cpu.model)
        new = start_from(fresh, name)
        assert [part.split(".")[0] for part in new] == ["embed"]
        before, after = RECIPES[name].cpu.model, recipe.cpu.model
        assert after.size // after.patch == before.size // before.patch


def test_all_keys_of_more_bears_are_there_in_quick_mode():
    found = bears.measure(quick=True)
    assert found["real_of_3_all"] > 0.8 > found["mini_hidream_all"]
    rows = figures._bears_rows(found).rows
    assert list(rows) == ["real pictures", "mini-hidream, taught further"]


def test_a_call_is_seen_and_what_is_not_called_is_not():
    x = torch.zeros(2, 3, 8, 8)
    (found,) = called(lambda: patchify(x, 2))
    assert found is by_symbol("coursekit.models.patches:patchify")
    assert called(lambda: x + 1) == []
    model = lambda xt, t: xt  # noqa: E731
    names = [e.name for e in called(lambda: cfm_loss(model, x, torch.ones(2), x))]
    assert "cfm_loss" in names and "patchify" not in names


def test_every_exercise_of_the_lectures_before_has_code():
    """But for those that no function stands for, each is found."""
    notebooks = {e.id.partition(".")[0] for e in codes().values()}
    assert notebooks == {"00", "01", "02", "03", "04", "05", "06a", "06b", "07"}


def test_the_graph_is_a_picture_with_a_row_for_each():
    few = called(lambda: patchify(torch.zeros(1, 1, 4, 4), 2))
    assert graph({"one": few, "two": []}) is not None
