"""Lecture 5's experiments. Authorities: Parseval's theorem, closed skips against zeroed
weights, places at the trained size, captions read back, formulas of the cost, and the
stored figures and small runs, whose direction must hold with a margin."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from support_lectures import hold, table
from support_models import awake, normal

from coursekit.datasets.teddy.captions import tokenize
from coursekit.experiments.measure import load_measured, plain
from coursekit.lectures.l05_architectures.experiments import (
    binding,
    counts,
    mirror,
    start,
)
from coursekit.lectures.l05_architectures.experiments.cost import flops
from coursekit.lectures.l05_architectures.experiments.positions import Squeezed
from coursekit.lectures.l05_architectures.experiments.skips import (
    BANDS,
    close_skips,
    power,
)
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.unet import UNet, UNetConfig, count_parameters
from coursekit.training.networks import build
from coursekit.training.recipe import Profile
from coursekit.training.recipe_pairs import WORDS, PairRecipe, pairs, prompt
from coursekit.training.recipes_mirror import NEAR

STORED = ("05.A", "05.C", "05.D", "05.E", "05.F")
RUNS = {
    **{name: partial(load_measured, name) for name in STORED},
    "new blocks": partial(start.distance_from_identity, (0, 1)),
    "counts": partial(counts.measure, quick=True),
}
CLAIMS = table("""
# Who can look across the mirror.
05.A: near_far < chance_fur + 0.1
05.A: dit_far > near_far + 0.3
05.A: (near_sees, middle_sees) == (14, 22)
# Who fails had more work to do it with, not less.
05.A: near_mflops > 2 * dit_mflops
05.A: unet_mflops == approx(dit_mflops, rel=0.15)
05.C: cross_bound > adaln_bound + 0.1
# Places decide, but for two streams.
05.C: cross_bound > cross_rope_bound + 0.2
05.C: single_sines_bound > single_bound + 0.2
05.C: abs(cross_rope_bound - double_bound) < 0.2
05.C: abs(double_sines_bound - double_bound) < 0.15
05.C: real_bound > 0.9
# Broad strokes come through without skips, waves of six pixels do not.
05.D: without_lost[0] < 0.1
05.D: frequencies[2] == 0.15625
05.D: without_lost[2] > 0.7 > 0.4 > with_lost[2]
05.D: without_fine > with_fine
# More FLOPs help at equal weights.
05.E: p2_w64_parameters < 1.05 * p4_w64_parameters
05.E: p2_w64_error < p4_w64_error < p8_w64_error
05.E: p2_w32_parameters < p8_w64_parameters / 4
05.E: p2_w32_error < p8_w64_error - 0.001
# At equal FLOPs of training the order turns.
05.E: 0.8 < p8_w64_longer_training / p4_w64_training < 1.2
05.E: 0.8 < p4_w64_longer_training / p2_w64_training < 1.2
05.E: max(finer_8_flops_all + finer_4_flops_all) < 0.9
# Unseen places cost something.
05.F: sincos_growth > 1.1 > rope_growth
05.F: sincos_large > none_large > rope_large
05.F: sincos_squeezed < sincos_large
05.F: rope_squeezed < rope_large
new blocks: max(new_dit, new_cross, new_double, new_single, new_in_network) <= 1e-6
new blocks: random_dit > 0.1
counts: 0.4 < parameters_ratio < 0.42
counts: 0.99 < flops_ratio < 1
counts: time_ratio > 0
# Half the patch is four times the tokens.
counts: tokens == [256, 1024, 4096, 16384]
counts: attention_share == sorted(attention_share)
counts: 0.05 < attention_share[0] < attention_share[-1] < 1
# Attention passes half of the FLOPs at T = 6 D tokens (question 05.19).
counts: all((s > 0.5) == (t > 6 * width) for t, s in zip(tokens, attention_share))
counts: attention_share == approx([t / (t + 6 * 384) for t in tokens], rel=1e-2)
""")


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(RUNS[name](), *CLAIMS[name])


def test_all_networks_are_compared_fairly():
    mirrors, told, costs = (load_measured(name) for name in ("05.A", "05.C", "05.E"))
    weights = [mirrors[f"{net}_parameters"] for net in mirrors["nets"]]
    assert max(weights) < 1.04 * min(weights)
    for net in told["nets"]:
        shares = [told[f"{net}_{s}"] for s in ("bound", "swapped", "other")]
        assert sum(shares) == pytest.approx(1) and len(told[f"{net}_bound_all"]) == 3
    # All six stand in the order of their FLOPs, and not in that of their weights.
    names = [f"p{p}_w{w}" for p in costs["patches"] for w in costs["widths"]]
    by_flops = sorted(names, key=lambda name: costs[f"{name}_flops"])
    errors = [costs[f"{name}_error"] for name in by_flops]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(
    "name, measure", [("05.B", start.measure), ("05.G", counts.measure)]
)
def test_a_quick_run_has_the_figures_of_a_full_one(name, measure):
    found = measure(quick=True)
    assert plain(found) == found and set(found) == set(load_measured(name))


# --- what is compared has the weights and does the work that it says -----------------


def test_weights_are_those_of_real_blocks():
    found = counts.measure(quick=True)
    assert found["double_parameters"] == count_parameters(DoubleBlock(128, 4))
    assert found["single_parameters"] == count_parameters(SingleBlock(128, 4))


def test_both_kinds_see_the_same_tokens():
    state = torch.random.get_rng_state()
    runs = counts.steps(batch=1, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    for run in runs.values():
        run()


def test_the_work_of_the_near_network_is_that_of_its_convolutions():
    # 12 x 12 places; 16 channels in, 3 convolutions with 9 taps, 16 channels out
    wide, places = NEAR.width, 144
    taps = 9 * (16 * wide + 2 * wide * wide) + wide * 16
    time = 64 * 64 + 64 * 64 + 64 * wide
    found = mirror.work(NEAR) * 1e6
    assert found == pytest.approx(2 * places * taps, rel=0.01)
    assert found - 2 * places * taps >= time


def test_half_the_patch_is_four_times_the_work_and_more():
    assert flops(4, 64) > 3.5 * flops(8, 64)
    assert flops(2, 64) > 4 * flops(4, 64) * 0.95


def test_all_ways_of_being_told_have_about_as_many_numbers():
    sizes = [count_parameters(build(config)) for config in binding.networks().values()]
    assert max(sizes) < 1.15 * min(sizes), sizes


# --- prompts of pairs ----------------------------------------------------------------


def test_prompts_name_the_left_bear_first_and_fit():
    for scene in pairs(30, 3, "test"):
        words = tokenize(prompt(scene))
        left, right = sorted(scene.bears, key=lambda bear: bear.x)
        assert words[:4] == [left.fur, "bear", "with", left.hat]
        assert words[6] == right.fur and words[9] == right.hat
        assert len(words) + 2 <= WORDS
        assert scene.place == "room"


def test_a_batch_of_pairs_follows_from_seed_and_step():
    base = Profile(None, 1, 4, 1e-3)
    recipe = PairRecipe("pairs", "x", "pairs", base, base, base)
    data = recipe.load(12)
    one, again = (recipe.batch(data, 4, 7) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    x0, t, eps, ids = one
    assert x0.shape == eps.shape == (4, 3, 16, 16)
    assert t.shape == (4,) and ids.shape == (4, WORDS)
    assert float(recipe.loss(lambda xt, s, cond: x0, one)) == 0


# --- skips ---------------------------------------------------------------------------


def test_powers_add_up_to_the_mean_square():
    x = normal(3, 2, 16, 16)
    assert float(power(x).sum()) == pytest.approx(float(x.square().mean()))
    line = torch.arange(16, dtype=torch.float64)
    found = power(torch.cos(2 * math.pi * 6 * line / 16).expand(1, 1, 16, 16))
    assert int(found.argmax()) == int(6 / 16 / 0.5 * BANDS)
    assert float(found.max()) == pytest.approx(0.5)


def test_a_closed_skip_is_one_whose_weights_are_zero():
    config = UNetConfig(channels=3, widths=(8, 16), groups=4, heads=0, patch=2)
    net = awake(UNet(config), 0.1)
    x, t = normal(2, 3, 16, 16, dtype=torch.float32), torch.tensor([0.3, 0.6])
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


# --- places --------------------------------------------------------------------------


def dit(positions):
    """A DiT for 16 x 16 pixels, pictures of that size and larger ones, and times."""
    config = DiTConfig(3, 16, 4, 16, depth=2, heads=2, positions=positions)
    x, larger = (normal(2, 3, n, n, dtype=torch.float32) for n in (16, 24))
    return awake(DiT(config)), x, larger, torch.tensor([0.2, 0.7])


@pytest.mark.parametrize("kind", ["sincos", "rope"])
def test_squeezing_does_nothing_at_the_trained_size(kind):
    model, x, larger, t = dit(kind)
    before, stretched = model(x, t), model(larger, t)
    model.places = Squeezed(model)
    torch.testing.assert_close(model(x, t), before, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(model(larger, t), stretched)


def test_centring_changes_nothing_between_patches():
    """Question 05.30, by a network: RoPE sees differences only."""
    model, x, _, t = dit("rope")
    other = DiT(replace(model.config, positions="rope-centred"))
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(x, t), other(x, t), rtol=1e-4, atol=1e-5)
