"""The branch of the loop that GPUs take, walked on a CPU.

Losses are read every tenth step there, and the fused optimiser skips a marked step.
Authorities: the CPU's branch (the same losses up to rounding), and unchanged weights.
"""

import math
from dataclasses import dataclass, replace

import pytest
import torch
from tiny_kinds import go, tiny
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter

from coursekit.training.checkpoints import run_state
from coursekit.training.loop import LOOK_EVERY, Run, TrainingDiverged, train
from coursekit.training.recipe import Batch
from coursekit.training.recipe_autoencoder import AutoencoderRecipe

STEPS = 2 * LOOK_EVERY + 3


@dataclass(frozen=True)
class Spoilt(AutoencoderRecipe):
    """The loss of one step is no number."""

    bad: int = -1

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        loss = super().loss(model, batch)
        return loss * math.nan if int(batch[2][0]) == self.bad else loss


def begun(bad: int = -1) -> Run:
    recipe = tiny("vae")
    spoilt = Spoilt(**{**vars(recipe), "perceptual": 0.0}, bad=bad)
    profile = replace(recipe.quick, steps=STEPS)
    return Run(spoilt, profile, spoilt.load(32))


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "on_gpu", True)


def test_the_losses_are_those_of_the_cpu(monkeypatch):
    plain = begun()
    expected = [step.loss for step in train(plain)]
    monkeypatch.setattr(Run, "on_gpu", True)
    run = begun()
    shown = [step.loss for step in train(run)]
    for (place, loss), (other, seen) in zip(plain.curve, run.curve, strict=True):
        assert place == other and seen == pytest.approx(loss, rel=1e-4)
    # What a step shows is the last loss that was looked at.
    assert math.isnan(shown[0]) and math.isnan(shown[LOOK_EVERY - 2])
    for number in (LOOK_EVERY, 2 * LOOK_EVERY, STEPS):
        assert shown[number - 1] == pytest.approx(expected[number - 1], rel=1e-4)


@pytest.mark.usefixtures("as_on_a_gpu")
def test_a_step_that_is_no_number_changes_no_weight():
    run, seen = begun(bad=6), []
    with pytest.raises(TrainingDiverged, match="at step 7"):
        for _ in train(run):
            seen.append([p.detach().clone() for p in run.model.parameters()])
    assert len(seen) == LOOK_EVERY - 1, "it is noticed at the next look"
    for before, after, later in zip(seen[5], seen[6], seen[7], strict=True):
        assert torch.equal(before, after)
        assert later.isfinite().all()
    assert any(not torch.equal(a, b) for a, b in zip(seen[6], seen[7], strict=True))
    assert all(value.isfinite().all() for value in run.ema.average.values())
    assert [place for place, _ in run.curve] == list(range(1, 7))


@pytest.mark.usefixtures("as_on_a_gpu")
def test_nothing_is_saved_that_nobody_has_looked_at():
    run, good = go(begun(bad=2), 5), go(begun(), 5)
    assert len(run.unread) == 5
    with pytest.raises(TrainingDiverged, match="at step 3"):
        run_state(run, "d", 1)
    assert len(run_state(good, "d", 1)["curve"]) == 5 and not good.unread


def test_on_a_cpu_it_is_noticed_at_once():
    run, good = begun(bad=2), go(begun(), 2)
    with pytest.raises(TrainingDiverged, match="at step 3"):
        go(run, 4)
    assert run.step == 2
    for mine, kept in ((run.model, good.model), (run.ema, good.ema)):
        for a, b in zip(mine.parameters(), kept.parameters(), strict=True):
            assert torch.equal(a, b)


@pytest.mark.usefixtures("as_on_a_gpu", "on_shelf")
@pytest.mark.parametrize("kind", ["vae", "clip"])
def test_what_is_compiled_stays_compiled_in_bf16(kind, monkeypatch):
    """bf16 comes and goes with each step: torch must not compile anew for it."""
    torch._dynamo.reset()
    counter, compiled = CompileCounter(), nn.Module.compile
    monkeypatch.setattr(
        nn.Module, "compile", lambda self: compiled(self, backend=counter)
    )
    recipe = tiny(kind)
    profile = replace(recipe.quick, compile=True, pictures=32)
    run = Run(recipe, profile, recipe.load(32), precision="bf16")
    go(run, 2)
    often = counter.frame_count
    go(run, 5)
    assert 0 < often == counter.frame_count
    assert torch.tensor([p.isfinite().all() for p in run.model.parameters()]).all()
