"""What a stage takes over from the one before, or borrows.

Authority: shapes, counted by hand; the weights that were lent.
"""

from dataclasses import replace

import pytest
import torch
from tiny_kinds import go, tiny
from torch import nn

from coursekit.training.loop import Run
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_mini import MINI_QWEN_FROZEN
from coursekit.training.recipes_prompts import TEDDY_64_PROMPTS, TEDDY_PROMPTS
from coursekit.training.recipes_tuning import TEDDY_V_LORA
from coursekit.training.warm_start import (
    borrow_encoder,
    start_line,
    taken_share,
    warm_start,
)


def test_rows_that_were_known_come_first_and_the_rest_stays():
    torch.manual_seed(0)
    small, large = nn.Linear(3, 4), nn.Linear(3, 6)
    before = large.weight.detach().clone()
    assert warm_start(large, small.state_dict()) == []
    assert torch.equal(large.weight[:4], small.weight)
    assert torch.equal(large.weight[4:], before[4:])
    wide = nn.Linear(5, 4)
    assert warm_start(wide, small.state_dict()) == ["weight"]
    assert torch.equal(wide.bias, small.bias)


def test_the_second_stage_takes_nearly_all_and_a_wider_network_nothing():
    """A card must not call a network continued that began afresh."""
    recipe = TEDDY_64_PROMPTS
    model = recipe.build(recipe.cpu.model)
    into = model.embed.project.weight.numel()
    words = (70 - 28) * model.conditioner.text.position.shape[1]
    out = (32 - 8) * (model.head.linear.weight.shape[1] + 1)
    whole = sum(p.numel() for p in model.parameters())
    share = taken_share(recipe, recipe.cpu.model)
    assert share == pytest.approx(1 - (into + words + out) / whole, abs=2e-3)
    assert taken_share(recipe, recipe.gpu.model) < 0.01


def test_who_starts_from_nothing_takes_nothing():
    assert taken_share(TEDDY_PROMPTS, TEDDY_PROMPTS.quick.model) == 0
    assert start_line("") == ""
    assert taken_share(TEDDY_V_LORA, TEDDY_V_LORA.cpu.model) > 0.95


@pytest.mark.usefixtures("on_shelf")
def test_a_borrowed_encoder_stays_as_it_was_and_the_rest_learns():
    recipe = tiny("borrowed")
    data = recipe.load(16)
    assert start_line("tiny-clip") in data.text
    run = Run(recipe, recipe.quick, data)
    before = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    go(run, 4)
    lent = load_model("tiny-clip").text.state_dict()
    inside = "conditioner.text."
    for weights in (run.model.state_dict(), run.ema.average):
        for name, value in lent.items():
            assert torch.equal(weights[inside + name], value), name
    for name, p in run.model.named_parameters():
        assert torch.equal(p, before[name]) == name.startswith(inside), name
    other = recipe.build(
        replace(recipe.quick.model, text=MINI_QWEN_FROZEN.cpu.model.text)
    )
    with pytest.raises(ValueError, match="tiny-clip has the encoder"):
        borrow_encoder(other, "tiny-clip")


def test_the_encoder_of_teddy_clip_fits_every_profile():
    for profile in ("quick", "cpu", "gpu"):
        config = MINI_QWEN_FROZEN.profile(profile).model
        assert config.text == load_model("teddy-clip").text.config
