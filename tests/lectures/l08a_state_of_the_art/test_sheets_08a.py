"""Sections 8a.1 to 8a.3 and 8a.9. Authorities: torch's FlopCounterMode and counted
weights; the shipped configurations; proportions; a machine that is known."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

from coursekit.evaluation.picture_prices import Machine
from coursekit.lectures.l08a_state_of_the_art import arena, figures, sheets, widgets
from coursekit.lectures.l08a_state_of_the_art.experiments import costs
from coursekit.lectures.l08a_state_of_the_art.widgets.spec_sheet import edited, parts_of
from coursekit.models.miniature import miniature, shape_of
from coursekit.models.published_shapes import (
    SHAPES,
    decoder_cost,
    published_cost,
    shape_pass,
)
from coursekit.models.uit import UiT
from coursekit.models.unet import count_parameters
from coursekit.training.recipes import RECIPES
from coursekit.training.recipes_mini import MINI_FLUX, MINI_HIDREAM, MINI_QWEN


def counted(work):
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        work()
    return counter.get_total_flops()


def test_ours_have_the_patch_the_factor_and_the_blocks_of_their_plan():
    for name, small in sheets.SMALL.items():
        ours, plan = sheets.OURS[small], SHAPES[name]
        rule = miniature(plan, ours.width, ours.double + ours.single)
        assert (rule.patch, rule.factor) == (ours.patch, ours.factor)
        assert (rule.double > 0, rule.single > 0) == (ours.double > 0, ours.single > 0)
        assert (rule.text > 0, rule.knobs == "none") == (
            ours.text > 0,
            ours.knobs == "none",
        )
    flux = miniature(SHAPES["FLUX.2 [dev]"], 128, 6)
    assert flux.channels == sheets.OURS["mini-flux"].channels == 8
    for recipe in (MINI_FLUX, MINI_QWEN):
        assert RECIPES[recipe.latents].cpu.model.factor == sheets.FACTOR
    assert list(sheets.OURS) == [r.name for r in (MINI_FLUX, MINI_QWEN, MINI_HIDREAM)]


def test_a_miniature_of_the_same_size_is_the_plan_itself():
    for plan in SHAPES.values():
        same = miniature(plan, plan.width, plan.double + plan.single, shrink=1)
        assert same == replace(plan, encoder=0)


def test_a_uit_costs_what_torch_counts_but_for_its_time():
    config = replace(MINI_HIDREAM.cpu.model, width=32, depth=2, heads=2)
    net, words = UiT(config), config.length
    x, t = torch.randn(2, 3, 32, 32), torch.tensor([0.2, 0.7])
    ids = torch.zeros(2, words, dtype=torch.long)
    time = counted(lambda: net.time(t))
    want = shape_pass(shape_of(config), words + 1, 16)  # the time is a token
    assert counted(lambda: net(x, t, ids)) - time == 2 * want.flops
    gone = count_parameters(net.time) + count_parameters(net.word)
    norms = sum(p.numel() for n, p in net.named_parameters() if "norm" in n)
    gains = sum(p.numel() for n, p in net.named_parameters() if "gain" in n)
    bias = config.bottleneck  # that of the way in, which this network has not
    assert count_parameters(net) - gone - norms - gains == want.parameters - bias


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(1, n) for n in (inputs, outputs))
        self.one = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.two = nn.Conv2d(outputs, outputs, 3, padding=1)
        same = inputs == outputs
        self.skip = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.skip(x) + self.two(self.one(x))


class Look(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.maps = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x):
        q, k, v = (m(x).flatten(2).mT[:, None] for m in self.maps[:3])
        h = scaled_dot_product_attention(q, k, v)
        return x + self.maps[3](h[:, 0].mT.reshape(x.shape))


def test_a_decoder_costs_what_torch_counts():
    """A network with the layers that FLUX.2's autoencoder.py lists, but thinner."""
    width, channels = 4, 6
    layers = [nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, 16, 3, padding=1)]
    layers += [Block(16, 16), Look(16), Block(16, 16)]
    before = 16
    for level, after in enumerate((16, 16, 8, 4)):
        if level:
            layers += [nn.Upsample(scale_factor=2)]
            layers += [nn.Conv2d(before, before, 3, padding=1)]
        layers += [Block(before, after), Block(after, after), Block(after, after)]
        before = after
    layers += [nn.GroupNorm(1, before), nn.Conv2d(before, 3, 3, padding=1)]
    net, want = nn.Sequential(*layers), decoder_cost(32, channels, width)
    z = torch.randn(1, channels, 4, 4)
    assert net(z).shape == (1, 3, 32, 32)
    assert counted(lambda: net(z)) == want.flops
    assert count_parameters(net) == want.parameters


def test_the_rows_of_the_arena_are_in_order_and_the_best_open_one_is_fourteenth():
    for rows in (arena.APRIL, arena.MAY):
        assert sorted(rows, key=lambda row: row.rank) == list(rows)
        ratings = [row.rating for row in rows]
        assert sorted(ratings, reverse=True) == ratings
    assert min(row.rank for row in arena.APRIL if row.open) == 14


def test_a_price_goes_with_the_steps_and_guidance_doubles_it():
    plan = SHAPES["HiDream-O1-Image"]
    one = figures.dollars(replace(plan, steps=1, guided=False), 0.4)
    assert figures.dollars(plan, 0.4) == pytest.approx(100 * one)
    assert figures.dollars(plan, 0.2) == pytest.approx(2 * 100 * one)
    assert figures.price_lines().width > 300


def test_a_sheet_costs_what_the_plan_does_until_it_is_edited():
    live = widgets.spec_sheet()
    for name, plan in sheets.SHEETS.items():
        live.controls["plan"].value = name
        state = live.state()
        assert edited(name, state["sheet"], patch=plan.patch, steps=plan.steps) == plan
        cost = published_cost(plan, state["side"], sheets.words(name))
        assert f"{cost.tokens:,} tokens" in live.scene.text
        assert f"{cost.total:.3g} FLOPs, " in live.scene.text
    live.controls["plan"].value = "FLUX.2 [dev]"
    live.controls["sheet"].value = "width=3072, single=0, guided=1"
    half = replace(SHAPES["FLUX.2 [dev]"], width=3072, hidden=9216, single=0)
    cost = published_cost(replace(half, guided=True), 2048, 512)
    assert f"{cost.total:.3g} FLOPs, " in live.scene.text
    whole = parts_of(half, published_cost(half, 2048, 512))
    assert 0 < whole["attention"] < whole["all"] - whole["text encoder"]
    live.controls["sheet"].value = "depth=3"
    assert "depth=3: write width=.. double=.." in live.note.value


def test_a_known_machine_is_found_by_two_of_its_times_and_predicts_the_others(
    monkeypatch,
):
    machine = Machine(costs.product(costs.SQUARE)[0] / 0.001, 0.4, 0.005)
    pipes = costs.pipelines()
    short = {n: pipes[n].swap(steps=2) for n in pipes if n != "student"}
    pipes = short | {"student": pipes["student"]}

    def timed(given, rounds, batch):
        took = {"product": 0.001}
        for name, pipe in given.items():
            total = costs.predicted(pipe).total
            for way, many in {"alone": 1, "batch": batch}.items():
                took[f"{name}_{way}"] = machine.seconds(many * total, pipe.boxes.steps)
        return took

    monkeypatch.setattr(costs, "pipelines", lambda: pipes)
    monkeypatch.setattr(costs, "timed", timed)
    found = costs.measure(quick=True)
    assert found["utilisation"] == pytest.approx(0.4)
    assert found["call_ms"] == pytest.approx(5)
    for name in pipes:
        assert found[f"{name}_gflops"] == pytest.approx(
            found[f"{name}_counted_gflops"], rel=0.01
        )
        assert abs(found[f"{name}_alone_off"]) < 1e-9
        assert abs(found[f"{name}_batch_off"]) < 1e-9
    assert found["unguided_passes"] * 2 == found["default_passes"]
    assert figures._cost_panels(found).width > 300
