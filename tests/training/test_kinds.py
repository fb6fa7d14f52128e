"""Every kind of training, with networks of seconds.

Authorities: the uninterrupted run (same bits), the loss of the start, a batch made
twice, the weights that were published.
"""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from tiny_kinds import KINDS, go, tiny

from coursekit.training import checkpoints, pretrained, publish
from coursekit.training.distributed import Alone
from coursekit.training.loop import Run, train
from coursekit.training.networks import from_plain, to_plain
from coursekit.training.precision import PRECISIONS
from coursekit.training.prefetch import Batches
from coursekit.training.recipe import Data
from coursekit.training.session import Session

pytestmark = pytest.mark.usefixtures("on_shelf")


@cache
def data_of(kind: str) -> Data:
    recipe = tiny(kind)
    return recipe.load(recipe.quick.pictures)


def begun(kind: str, precision: str = "float32") -> Run:
    recipe = tiny(kind)
    return Run(recipe, recipe.quick, data_of(kind), precision=precision)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_interrupted_is_uninterrupted_bit_for_bit(kind, precision, tmp_path):
    whole, half = go(begun(kind, precision), 6), go(begun(kind, precision), 3)
    checkpoints.save_run(tmp_path, checkpoints.run_state(half, "d", 1))
    torch.manual_seed(123)  # no hidden state: this must not matter
    again = begun(kind, precision)
    state, note = checkpoints.find_state(tmp_path)
    assert state is not None and note == ""
    checkpoints.restore(again, state, "d", tmp_path)
    go(again, 6)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    for name, value in whole.ema.average.items():
        assert torch.equal(value, again.ema.average[name]), name
    assert whole.curve == again.curve


@pytest.mark.parametrize("kind", KINDS)
def test_bf16_changes_products_and_nothing_that_is_kept(kind):
    whole, less = go(begun(kind), 3), go(begun(kind, "bf16"), 3)
    losses = [[loss for _, loss in run.curve] for run in (whole, less)]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05, abs=0.02)
    state = checkpoints.run_state(less, "d", 1)
    told = state["optimiser"]
    parts = [told] if "state" in told else told.values()  # Muon stands beside AdamW
    kept = [state["model"], state["ema"]]
    kept += [each for part in parts for each in part["state"].values()]
    numbers = [x for each in kept for x in each.values() if torch.is_tensor(x)]
    assert {x.dtype for x in numbers if x.is_floating_point()} == {torch.float32}
    assert state["precision"] == "bf16"


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls(kind):
    """On sixteen pictures seen again and again, a fifth less than at the start; of an
    adapter, a few numbers beside random weights, a twentieth."""
    recipe, data = tiny(kind), data_of(kind)
    cond = None if data.cond is None else data.cond[:16]
    few = Data(data.x[:16], data.text, cond)
    effort = replace(recipe.quick, steps=60, batch=16)
    if kind == "watermark":  # at first nothing is heard: it wants larger steps
        effort = replace(effort, lr=5e-3, warmup=1)
    run = Run(recipe, effort, few)
    losses = [step.loss for step in train(run)]
    # With the critic the loss has one part more from its first step on.
    first = losses[4:9] if kind == "critic" else losses[:5]
    part = 0.95 if kind == "adapter" else 0.8
    assert np.mean(losses[-5:]) < part * np.mean(first), (first, losses[-5:])
    assert run.curve == list(enumerate(losses, start=1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_follows_from_seed_and_step_alone(kind):
    recipe, data = tiny(kind), data_of(kind)
    first = recipe.batch(data, 8, 7)
    torch.manual_seed(5)
    recipe.batch(data, 8, 3)
    second = recipe.batch(data, 8, 7)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert all(len(part) == 8 for part in first)
    other = recipe.batch(data, 8, 8)
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    seeded = replace(recipe, seed=1).batch(data, 8, 7)  # type: ignore[call-arg]
    assert not all(torch.equal(a, b) for a, b in zip(first, seeded, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_batches_made_ahead_are_the_same(kind):
    recipe, data = tiny(kind), data_of(kind)
    profile = recipe.quick
    early = Batches(recipe, profile, data, Alone(), "cpu", ahead=True)
    for step in (0, 1, 2, 5, 6, profile.steps - 1):
        for a, b in zip(
            early.at(step), recipe.batch(data, profile.batch, step), strict=True
        ):
            assert torch.equal(a, b)
    early.close()


@pytest.mark.parametrize("kind", KINDS)
def test_published_weights_come_back(kind, tmp_path, monkeypatch):
    """Rounded as the recipe says, in the network of the card, with a line about it."""
    run = go(begun(kind), 2)
    sheet = np.zeros((4, 4, 3), dtype=np.uint8)
    session = Session.__new__(Session)
    session.run, session.recipe = run, run.recipe
    session.profile_name, session.data = "quick", run.data.text
    session.threads, session.world = 1, Alone()
    monkeypatch.setattr(type(run.recipe), "preview", lambda *_, **__: sheet)
    publish.publish_run(session, {}, tmp_path)
    model = pretrained.load_model(run.recipe.name, clip=False, folder=tmp_path)
    kept = run.averaged().state_dict()
    for name, value in model.state_dict().items():
        ships = kept[name]
        if ships.is_floating_point():
            ships = publish.rounded(ships, run.recipe.mantissa).bfloat16().float()
        assert torch.equal(value, ships), name
    card = pretrained.card(run.recipe.name, tmp_path)
    assert from_plain(card["model"]) == run.profile.model
    assert card["model"] == json.loads(json.dumps(to_plain(run.profile.model)))
    assert card["steps"] == 2 and card["samples_seen"] == 16
    assert card["processes"] == 1 and card["profile"] == "quick"
    assert card["training"]["batch"] == 8 and len(card["loss_curve"]) == 2
