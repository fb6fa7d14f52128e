"""Mixtures, borrowed eyes and probes.

Authorities: exact shares, the same run without a teacher (bit for bit), the shuffles
of `batch_indices`, a loss worked out by hand.
"""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from tiny_kinds import go, tiny
from torch import nn

from coursekit.models.aligned import Aligned, overheard, patch_features
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.representation import alignment_loss
from coursekit.training.forgetting import velocity_error, watched
from coursekit.training.loop import Run
from coursekit.training.mixtures import curriculum, mixed_indices, sources
from coursekit.training.recipe_latent_pictures import LatentPictureRecipe
from coursekit.training.recipe_repa import RepaRecipe

SIZES = (50, 7, 200)
SHARES = torch.tensor([3.0, 0.2, 6.8]).double()


def repa() -> RepaRecipe:
    recipe = tiny("repa")
    assert isinstance(recipe, RepaRecipe)
    return recipe


def test_shares_are_exact_on_average_and_never_a_row_off():
    lucks = (torch.arange(5000).double() + 0.5) / 5000
    counts = torch.stack(
        [torch.bincount(sources(SHARES, 8, float(u)), minlength=3) for u in lucks]
    )
    wanted = 8 * SHARES / SHARES.sum()
    assert float((counts - wanted).abs().max()) < 1
    assert torch.allclose(counts.double().mean(0), wanted, atol=1e-3)


def test_a_source_is_dealt_without_repeats_and_from_its_own_pictures():
    seen: Counter[int] = Counter()
    for step in range(25):  # one epoch of the largest source, 200 / 8 steps
        rows = mixed_indices(SIZES, SHARES, 8, 4, step)
        assert len(rows) == 8 and torch.equal(
            rows, mixed_indices(SIZES, SHARES, 8, 4, step)
        )
        seen.update(rows.tolist())
    largest = {row: n for row, n in seen.items() if row >= 57}
    assert max(largest.values()) == 1 and max(largest) < 257
    assert {0 <= row < 257 for row in seen} == {True}
    assert abs(sum(largest.values()) - 25 * 8 * 0.68) < 8


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_a_curriculum_gives_the_mean_of_its_ends_in_all(kind):
    ends = [torch.tensor([49.0, 1.0]).double(), torch.tensor([0.82, 0.18]).double()]
    way = [curriculum(*ends, (n + 0.5) / 1000, kind) for n in range(1000)]
    assert torch.allclose(torch.stack(way).mean(0), torch.tensor([0.9, 0.1]).double())


@pytest.mark.usefixtures("on_shelf")
def test_no_weight_is_no_teacher_bit_for_bit():
    recipe = replace(repa(), weight=0.0)
    values = {
        name: getattr(recipe, name)
        for name in ("name", "title", "data", "quick", "cpu", "gpu", "shape", "path")
    }
    alone = LatentPictureRecipe(**values, predicts="velocity", latents=recipe.latents)
    runs = [go(Run(r, r.quick, r.load(16)), 3) for r in (recipe, alone)]
    aligned = runs[0].averaged().state_dict()
    for name, value in runs[1].averaged().state_dict().items():
        assert torch.equal(value, aligned[name]), name


@pytest.mark.usefixtures("on_shelf")
def test_the_loss_is_the_velocity_error_minus_half_the_cosine():
    recipe = repa()
    data = recipe.load(16)
    model = recipe.build(recipe.quick.model)
    for p in model.parameters():
        nn.init.normal_(p, std=0.1)
    assert isinstance(model, Aligned)
    x0, time, eps, seen = recipe.batch(data, 4, 0)
    plain = prediction_loss(model.network, LinearPath(), "velocity", x0, time, eps)
    with overheard(model.block) as tokens:
        model(LinearPath().corrupt(x0, eps, time), time)
    cosine = torch.cosine_similarity(model.head(tokens[0]), seen, dim=-1).mean()
    found = recipe.loss(model, (x0, time, eps, seen))
    assert torch.allclose(found, plain.mean() - 0.5 * cosine, atol=1e-6)
    found.backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is None for p in recipe.eyes.parameters())
    assert all(p.grad is not None for p in model.head.parameters())


@pytest.mark.usefixtures("on_shelf")
def test_the_teacher_sees_the_clean_picture():
    """Features that go with a row are those of its own picture, whatever the noise."""
    recipe = replace(repa(), latents="", shape=(3, 32, 32))
    data = recipe.load(16)
    x0, _, _, seen = recipe.batch(data, 16, 0)
    with torch.no_grad():
        wanted = patch_features(recipe.eyes, x0)
    assert torch.allclose(seen, wanted, atol=2e-2)
    assert float(alignment_loss(seen, wanted)) < -0.999
    fresh = replace(recipe, trained=False)
    assert "untrained" in fresh.load(16).text
    assert not torch.equal(fresh.eyes.position, recipe.eyes.position)


def test_a_watched_run_trains_as_an_unwatched_one():
    recipe = tiny("flow")
    plain = go(Run(recipe, recipe.quick, data := recipe.load(16)), 6)
    run = Run(recipe, replace(recipe.quick, steps=6), data)
    x0, time, eps = recipe.batch(data, 4, 0)
    probes = {"error": lambda model: velocity_error(model, x0, eps, time)}
    looks = list(watched(run, probes, every=2))
    assert [look["step"] for look in looks] == [0, 2, 4, 6]
    assert len({look["error"] for look in looks}) == 4
    short = go(Run(recipe, replace(recipe.quick, steps=6), data), 6)
    for name, value in short.model.state_dict().items():
        assert torch.equal(value, run.model.state_dict()[name]), name
    assert plain.step == 6
