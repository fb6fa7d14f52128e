"""Students of a prompt model. Authorities: the network they start from, closed forms of
each loss for a network that says nothing, gradients, the published adapter.
"""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch

from coursekit.models.lora import Adapter
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.strided import (
    StridedMMDiT,
    Strides,
    StudentConfig,
    student_network,
)
from coursekit.theory.few_steps import average_velocity_sampler
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.robust_losses import pseudo_huber
from coursekit.theory.solvers import time_grid
from coursekit.training.recipe import Data
from coursekit.training.recipe_students import (
    ConsistencyRecipe,
    MatchingRecipe,
    MeanFlowRecipe,
    Pair,
    ProgressiveRecipe,
    StudentRecipe,
    strided,
)
from coursekit.training.recipes_students import STUDENTS, turns
from coursekit.training.text_image_data import length_of, text_config, tokenizer_of

CONFIG = MMDiTConfig(text_config("bears", 16, 1, 2), width=32, heads=2, double=1)
SHAPE = (4, 8, 8)


def awake(net: torch.nn.Module) -> torch.nn.Module:
    """Weights that say something, zeros included."""
    torch.manual_seed(1)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.05)
    return net.eval()


def data(count: int = 12) -> Data:
    x = torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(0))
    words = ["a brown bear is sitting in the park"] * count
    ids = tokenizer_of("bears").encode(words, length_of("bears"))
    return Data(x, "noise", ids[:, None])


def small(recipe: StudentRecipe, teacher: Any = None, **changes: Any) -> Any:
    """The recipe with a small network, and the teacher's velocity if one is given."""
    recipe = replace(recipe, latents="", **changes)
    recipe.__dict__["teacher"] = awake(MMDiT(CONFIG)).requires_grad_(False)
    if teacher is not None:
        object.__setattr__(recipe, "guided", lambda ids: teacher)
    return recipe


def of(kind: type[StudentRecipe]) -> Any:
    return next(each for each in STUDENTS if isinstance(each, kind))


def quiet() -> Pair:
    """A fresh pair: its networks answer 0 everywhere."""
    return Pair(StudentConfig(CONFIG, rank=4))


def begun(recipe: StudentRecipe, monkeypatch: pytest.MonkeyPatch) -> Pair:
    from coursekit.training import recipe_adapter

    monkeypatch.setattr(recipe_adapter, "load_model", lambda *_, **__: recipe.teacher)
    return recipe.begin(quiet())  # type: ignore[return-value]


def constant_slope(x, t):
    """The velocity t everywhere: where a walk ends is known, and half steps differ."""
    return t[:, None, None, None].expand_as(x)


def test_a_strided_network_is_its_base_until_it_learns():
    base = awake(MMDiT(CONFIG))
    net = StridedMMDiT(CONFIG)
    missing = net.load_state_dict(base.state_dict(), strict=False)
    assert missing.missing_keys == ["conditioner.stride.weight"]
    batch = data().x, torch.rand(12), data().cond[:, 0]
    for r in (None, torch.zeros(12), batch[1] / 2):
        assert torch.equal(net(*batch, r), base(*batch))
    torch.nn.init.normal_(net.conditioner.stride.weight)
    assert not torch.allclose(net(*batch, torch.zeros(12)), base(*batch))
    assert torch.equal(net(*batch), net(*batch, batch[1]))  # no r: a step of length 0


def test_strides_walk_as_the_sampler_of_average_velocities():
    net = awake(StridedMMDiT(CONFIG))
    ids, ts = data().cond[:, 0], shift_time(time_grid(4), 2.0).float()
    *_, wanted = average_velocity_sampler(strided(net, ids), data().x, ts)
    x, steps = data().x, Strides(net, ts)
    for t, s in pairwise(ts):
        x = x + (s - t) * steps(x, t, ids)
    assert torch.allclose(x, wanted, atol=1e-6)


@pytest.mark.parametrize(
    "recipe", [each for each in STUDENTS[1:]], ids=lambda r: r.name
)
def test_both_networks_start_as_the_teacher_and_only_corrections_learn(
    recipe, monkeypatch
):
    recipe = small(recipe)
    pair = begun(recipe, monkeypatch)
    x, t, ids = data().x, torch.rand(12), data().cond[:, 0]
    with torch.no_grad():
        for net in (pair.student, pair.other):
            assert torch.allclose(net(x, t, ids), recipe.teacher(x, t, ids), atol=1e-6)
    learnt = {n for n, p in pair.named_parameters() if p.requires_grad}
    assert all(name.endswith((".down", ".up")) for name in learnt)
    judged = any(name.startswith("other") for name in learnt)
    assert judged == isinstance(recipe, MatchingRecipe)


@pytest.mark.parametrize(
    "recipe", [each for each in STUDENTS[1:]], ids=lambda r: r.name
)
def test_gradients_reach_who_learns_and_what_ships_draws_the_same(recipe, monkeypatch):
    recipe = small(recipe)
    pair = begun(recipe, monkeypatch)
    torch.manual_seed(2)
    for name, p in pair.named_parameters():
        if name.endswith(".up"):
            torch.nn.init.normal_(p, std=0.1)
    recipe.loss(pair, recipe.batch(data(), 4, 0)).backward()
    for name, p in pair.named_parameters():
        if p.requires_grad:
            assert p.grad is not None, name
    assert all(p.grad is None for p in recipe.teacher.parameters())
    adapter = recipe.published(pair, data())
    assert isinstance(adapter, Adapter)
    whole = student_network(recipe.teacher, adapter.state_dict())
    x, t, ids = data().x, torch.rand(12), data().cond[:, 0]
    with torch.no_grad():
        answer = pair.student(x, t, ids, t / 2)
        assert torch.allclose(whole(x, t, ids, t / 2), answer, atol=1e-5)


def test_the_judge_and_the_student_do_not_teach_each_other(monkeypatch):
    recipe = small(of(MatchingRecipe))
    pair = begun(recipe, monkeypatch)
    batch = recipe.batch(data(), 4, 0)
    recipe.loss(pair, batch).backward()
    slope = {
        n: p.grad.clone()
        for n, p in pair.student.named_parameters()
        if p.grad is not None
    }
    pair.zero_grad()
    heavy = small(of(MatchingRecipe), judging=100.0)
    heavy.loss(pair, batch).backward()
    for name, p in pair.student.named_parameters():  # a heavier judge, the same slope
        if p.grad is not None:
            assert torch.allclose(p.grad, slope[name], atol=1e-7), name


def test_progressive_lands_where_two_steps_of_the_teacher_do():
    """v = t, student 0: the target is the mean of t and middle, by their steps."""
    recipe = small(of(ProgressiveRecipe), constant_slope)
    batch = recipe.batch(data(), 8, 0)
    t, middle, s = batch[4].unbind(1)
    target = ((middle - t) * t + (s - middle) * middle) / (s - t)
    assert not torch.allclose(t - middle, middle - s)  # the shift: halves differ
    loss = recipe.loss(quiet(), batch)
    wanted = float(target.square().mean())
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-5)


def test_a_round_is_taught_by_the_round_before():
    recipe = small(of(ProgressiveRecipe), constant_slope, rehearsed=0.5)
    pair = quiet()
    recipe.loss(pair, recipe.batch(data(), 4, 0))
    assert int(pair.round) == 0
    torch.manual_seed(3)
    for name, p in pair.student.named_parameters():
        if name.endswith((".up", ".down")):
            torch.nn.init.normal_(p, std=0.2)
    late = recipe.batch(data(), 64, recipe.turns[0])
    recipe.loss(pair, late)
    assert int(pair.round) == 1
    for old, new in zip(
        pair.other.parameters(), pair.student.parameters(), strict=True
    ):
        assert torch.equal(old, new)
    level, times = late[3], late[4]
    assert {0, 1} == set(level.tolist())
    for each, n in ((0, 16), (1, 8)):
        grid = recipe.grid(n)
        first = times[level == each][:, 0]
        assert all((grid - t).abs().min() < 1e-6 for t in first)
    # What was taught before is rehearsed: the student is its own target there.
    again = small(recipe, constant_slope, rehearsed=1.0)
    assert float(again.loss(pair, again.batch(data(), 8, recipe.turns[0]))) < 1e-9


def test_consistency_compares_the_ends_of_neighbours():
    """v = t, student 0: ends are the points themselves, one Euler step apart."""
    recipe = small(of(ConsistencyRecipe), constant_slope)
    batch = recipe.batch(data(), 8, 0)
    t, s = batch[3], batch[4]
    error = ((t - s) * t)[:, None, None, None].expand(8, *SHAPE)
    wanted = pseudo_huber(error).mean() / error[0].numel() ** 0.5
    assert float(recipe.loss(quiet(), batch)) == pytest.approx(float(wanted), rel=1e-5)


def test_meanflow_of_a_network_that_says_nothing_misses_the_velocity():
    recipe = small(of(MeanFlowRecipe), constant_slope, power=0.0)
    batch = recipe.batch(data(), 8, 0)
    r, t = batch[3], batch[4]
    assert bool((r <= t).all()) and float(t.max()) == 1 and float(r.min()) == 0
    assert float(batch[5][0]) == 0 and float(recipe.batch(data(), 8, 300)[5][0]) == 1
    wanted = t.square().mean()
    assert float(recipe.loss(quiet(), batch)) == pytest.approx(float(wanted), rel=1e-5)


def test_matching_pulls_towards_the_teacher():
    """Real data at 2, generated at 0 with a judge that knows it: the step goes up."""
    recipe = small(of(MatchingRecipe), lambda x, t: (x - 2) / t[:, None, None, None])
    pair = quiet()
    for net in (pair.student, pair.other):
        for p in net.head.parameters():
            p.requires_grad_(False)
    offset = torch.nn.Parameter(torch.zeros(SHAPE))

    def generator(x, t, ids, r=None):
        return (x - offset) / t[:, None, None, None]

    def judge(x, t, ids, r=None):
        return x / t[:, None, None, None]

    pair.student.forward = generator  # type: ignore[method-assign]
    pair.other.forward = judge  # type: ignore[method-assign]
    recipe.loss(pair, recipe.batch(data(), 8, 0)).backward()
    assert offset.grad is not None and bool((offset.grad < 0).all())


def test_rounds_are_of_one_length():
    assert turns(1500, 5) == (300, 600, 900, 1200)
    progressive = of(ProgressiveRecipe)
    assert progressive.turns == progressive.cpu.restarts == progressive.gpu.restarts
    assert len(progressive.turns) == len(progressive.rounds) - 1
