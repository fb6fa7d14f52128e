"""Lecture 5's experiments. Authorities: Parseval's theorem, closed skips against zeroed
weights, places at the trained size, captions read back, and the stored figures, whose
direction must hold with a margin."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from coursekit.datasets.teddy.captions import tokenize
from coursekit.experiments.measure import experiments, folder, plain
from coursekit.lectures.l05_architectures.experiments import (
    binding as architecture_binding,
)
from coursekit.lectures.l05_architectures.experiments import (
    mirror as architecture_mirror,
)
from coursekit.lectures.l05_architectures.experiments import start as architecture_start
from coursekit.lectures.l05_architectures.experiments.cost import flops
from coursekit.lectures.l05_architectures.experiments.positions import Squeezed
from coursekit.lectures.l05_architectures.experiments.skips import (
    BANDS,
    close_skips,
    power,
)
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.unet import UNet, UNetConfig
from coursekit.training.networks import build
from coursekit.training.recipe import Profile
from coursekit.training.recipe_pairs import WORDS, PairRecipe, pairs, prompt
from coursekit.training.recipes_mirror import NEAR


def stored(name: str) -> dict[str, Any]:
    """The committed figures, or a skip where nothing was measured yet."""
    path = folder() / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{name} was not measured yet")
    values: dict[str, Any] = json.loads(path.read_text())["values"]
    return values


def awake(net: torch.nn.Module) -> torch.nn.Module:
    for p in net.parameters():
        if not bool(p.any()):
            torch.nn.init.normal_(p, std=0.1)
    return net


# --- 05.A ----------------------------------------------------------------------------


def test_the_mirror_figures_say_who_can_look_across() -> None:
    found = stored("05.A")
    assert found["near_far"] < found["chance_fur"] + 0.1
    assert found["dit_far"] > found["near_far"] + 0.3
    assert found["near_sees"] == 14 and found["middle_sees"] == 22
    weights = [found[f"{net}_parameters"] for net in found["nets"]]
    assert max(weights) < 1.04 * min(weights)
    # Who fails had more work to do it with, not less.
    assert found["near_mflops"] > 2 * found["dit_mflops"]
    assert found["unet_mflops"] == pytest.approx(found["dit_mflops"], rel=0.15)


def test_the_work_of_the_near_network_is_that_of_its_convolutions() -> None:
    # 12 x 12 places; 16 channels in, 3 convolutions with 9 taps, 16 channels out
    wide, places = NEAR.width, 144
    taps = 9 * (16 * wide + 2 * wide * wide) + wide * 16
    time = 64 * 64 + 64 * 64 + 64 * wide
    found = architecture_mirror.work(NEAR) * 1e6
    assert found == pytest.approx(2 * places * taps, rel=0.01)
    assert found - 2 * places * taps >= time


# --- 05.B ----------------------------------------------------------------------------


def test_new_blocks_do_nothing() -> None:
    found = architecture_start.distance_from_identity((0, 1))
    new = {key: value for key, value in found.items() if key.startswith("new_")}
    assert set(new) == {
        "new_dit", "new_cross", "new_double", "new_single", "new_in_network",
    }  # fmt: skip
    assert max(new.values()) <= 1e-6
    assert found["random_dit"] > 0.1


def test_a_quick_measurement_has_plain_numbers() -> None:
    found = architecture_start.measure(quick=True)
    assert plain(found) == found and math.isfinite(found["gain"])


# --- 05.C ----------------------------------------------------------------------------


def test_prompts_name_the_left_bear_first_and_fit() -> None:
    for scene in pairs(30, 3, "test"):
        words = tokenize(prompt(scene))
        left, right = sorted(scene.bears, key=lambda bear: bear.x)
        assert words[:4] == [left.fur, "bear", "with", left.hat]
        assert words[6] == right.fur and words[9] == right.hat
        assert len(words) + 2 <= WORDS
        assert scene.place == "room"


def test_all_ways_have_about_as_many_numbers() -> None:
    sizes = {
        name: sum(p.numel() for p in build(config).parameters())
        for name, config in architecture_binding.networks().items()
    }
    assert max(sizes.values()) < 1.15 * min(sizes.values()), sizes


def test_a_batch_of_pairs_follows_from_seed_and_step() -> None:
    base = Profile(None, 1, 4, 1e-3)
    recipe = PairRecipe("pairs", "x", "pairs", base, base, base)
    data = recipe.load(12)
    one, again = (recipe.batch(data, 4, 7) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    x0, t, eps, ids = one
    assert x0.shape == eps.shape == (4, 3, 16, 16)
    assert t.shape == (4,) and ids.shape == (4, WORDS)

    def oracle(xt: torch.Tensor, s: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        return x0

    assert float(recipe.loss(oracle, one)) == 0  # type: ignore[arg-type]


def test_the_binding_figures() -> None:
    found = stored("05.C")
    for net in found["nets"]:
        shares = [found[f"{net}_{s}"] for s in ("bound", "swapped", "other")]
        assert sum(shares) == pytest.approx(1)
    assert found["cross_bound"] > found["adaln_bound"] + 0.1
    # Places decide, but for two streams.
    assert found["cross_bound"] > found["cross-rope_bound"] + 0.2
    assert found["single-sines_bound"] > found["single_bound"] + 0.2
    assert abs(found["cross-rope_bound"] - found["double_bound"]) < 0.2
    assert abs(found["double-sines_bound"] - found["double_bound"]) < 0.15
    for net in found["nets"]:
        assert len(found[f"{net}_bound_all"]) == 3
    assert found["real_bound"] > 0.9


# --- 05.D ----------------------------------------------------------------------------


def test_powers_add_up_to_the_mean_square() -> None:
    x = torch.randn(3, 2, 16, 16, dtype=torch.float64)
    per_picture = x.square().mean()
    assert float(power(x).sum()) == pytest.approx(float(per_picture))
    line = torch.arange(16, dtype=torch.float64)
    wave = torch.cos(2 * math.pi * 6 * line / 16).expand(1, 1, 16, 16)
    found = power(wave)
    assert int(found.argmax()) == int(6 / 16 / 0.5 * BANDS)
    assert float(found.max()) == pytest.approx(0.5)


def test_a_closed_skip_is_one_whose_weights_are_zero() -> None:
    torch.manual_seed(0)
    net = UNet(UNetConfig(channels=3, widths=(8, 16), groups=4, heads=0, patch=2))
    awake(net)
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([0.3, 0.6])
    before = net(x, t)
    handles = close_skips(net, [1])
    closed = net(x, t)
    # Level 1 is the first on the way up; its skip is what level 1 wrote going down.
    kept: list[torch.Tensor] = []
    spy = net.up[0].register_forward_pre_hook(lambda _, a: kept.append(a[0]))
    net(x, t)
    spy.remove()
    assert bool((kept[0][:, 16:] == 0).all()) and bool((kept[0][:, :16] != 0).any())
    for handle in handles:
        handle.remove()
    assert not torch.allclose(before, closed)
    torch.testing.assert_close(net(x, t), before)


def test_skips_carry_fine_detail() -> None:
    found = stored("05.D")
    # Broad strokes come through without skips, waves of six pixels do not.
    assert found["without_lost"][0] < 0.1
    assert found["frequencies"][2] == 0.15625
    assert found["without_lost"][2] > 0.7 > 0.4 > found["with_lost"][2]
    assert found["without_fine"] > found["with_fine"]


# --- 05.E ----------------------------------------------------------------------------


def test_half_the_patch_is_four_times_the_work_and_more() -> None:
    assert flops(4, 64) > 3.5 * flops(8, 64)
    assert flops(2, 64) > 4 * flops(4, 64) * 0.95


def test_more_flops_help_at_equal_weights() -> None:
    found = stored("05.E")
    assert found["p2_w64_parameters"] < 1.05 * found["p4_w64_parameters"]
    assert found["p2_w64_error"] < found["p4_w64_error"] < found["p8_w64_error"]
    # All six stand in the order of their FLOPs, and not in that of their weights.
    names = [f"p{p}_w{w}" for p in found["patches"] for w in found["widths"]]
    errors = [
        found[f"{n}_error"] for n in sorted(names, key=lambda n: found[f"{n}_flops"])
    ]
    assert errors == sorted(errors, reverse=True)
    assert found["p2_w32_parameters"] < found["p8_w64_parameters"] / 4
    assert found["p2_w32_error"] < found["p8_w64_error"] - 0.001


def test_at_equal_flops_of_training_the_order_turns() -> None:
    found = stored("05.E")
    for coarse, fine in ((8, 4), (4, 2)):
        spent = found[f"p{coarse}_w64_longer_training"] / found[f"p{fine}_w64_training"]
        assert 0.8 < spent < 1.2
        assert max(found[f"finer_{coarse}_flops_all"]) < 0.9


# --- 05.F ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sincos", "rope"])
def test_squeezing_does_nothing_at_the_trained_size(kind: str) -> None:
    torch.manual_seed(0)
    config = DiTConfig(size=16, patch=4, width=16, depth=2, heads=2, positions=kind)
    model = DiT(config)
    awake(model)
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([0.2, 0.7])
    before, larger = model(x, t), torch.randn(2, 3, 24, 24)
    stretched = model(larger, t)
    model.places = Squeezed(model)  # type: ignore[assignment]
    torch.testing.assert_close(model(x, t), before, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(model(larger, t), stretched)


def test_centring_changes_nothing_between_patches() -> None:
    """Question 05.30, by a network: RoPE sees differences only."""
    torch.manual_seed(0)
    config = DiTConfig(size=16, patch=4, width=16, depth=2, heads=2, positions="rope")
    model = awake(DiT(config))
    other = DiT(replace(config, positions="rope-centred"))
    other.load_state_dict(model.state_dict())
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([0.2, 0.7])
    torch.testing.assert_close(model(x, t), other(x, t), rtol=1e-4, atol=1e-5)


def test_unseen_places_cost_something() -> None:
    found = stored("05.F")
    assert found["sincos_growth"] > 1.1 > found["rope_growth"]
    assert found["sincos_large"] > found["none_large"] > found["rope_large"]
    for kind in ("sincos", "rope"):
        assert found[f"{kind}_squeezed"] < found[f"{kind}_large"]


def test_all_experiments_of_lecture_5_are_registered() -> None:
    mine = {name for name in experiments() if name.startswith("05.")}
    assert {"05.A", "05.B", "05.C", "05.D", "05.E", "05.F"} <= mine
