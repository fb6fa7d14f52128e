"""Every kind of training, with networks of seconds.

Authorities: the uninterrupted run (same bits), the loss of the start, a batch made
twice, the weights that were published.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_kinds import KINDS, tiny

from coursekit.training import checkpoints, pretrained, publish
from coursekit.training.distributed import Alone
from coursekit.training.loop import Run, train
from coursekit.training.networks import from_plain, to_plain
from coursekit.training.prefetch import Batches
from coursekit.training.recipe import Data, Recipe
from coursekit.training.session import Session

pytestmark = pytest.mark.usefixtures("on_shelf")
LOADED: dict[str, Data] = {}


def data_of(recipe: Recipe) -> Data:
    if recipe.name not in LOADED:
        LOADED[recipe.name] = recipe.load(recipe.quick.pictures)
    return LOADED[recipe.name]


def begun(kind: str, **changes: object) -> Run:
    recipe = tiny(kind)
    profile = replace(recipe.quick, **changes)  # type: ignore[arg-type]
    return Run(recipe, profile, data_of(recipe))


def go(run: Run, steps: int) -> Run:
    if run.step < steps:
        for step in train(run):
            if step.number == steps:
                break
    return run


@pytest.mark.parametrize("kind", KINDS)
def test_interrupted_is_uninterrupted_bit_for_bit(kind: str, tmp_path: Path) -> None:
    whole, half = go(begun(kind), 6), go(begun(kind), 3)
    checkpoints.save_run(tmp_path, checkpoints.run_state(half, "d", 1))
    torch.manual_seed(123)  # no hidden state: this must not matter
    again = begun(kind)
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
def test_the_loss_falls(kind: str) -> None:
    """On sixteen pictures seen again and again, a fifth less than at the start."""
    steps = 60
    recipe = tiny(kind)
    data = data_of(recipe)
    few = Data(
        data.x[:16], data.text, None if data.cond is None else data.cond[:16], None
    )
    run = Run(recipe, replace(recipe.quick, steps=steps, batch=16), few)
    losses = [step.loss for step in train(run)]
    # With the critic the loss has one part more from its first step on.
    first = losses[4:9] if kind == "critic" else losses[:5]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(first), (first, losses[-5:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_follows_from_seed_and_step_alone(kind: str) -> None:
    recipe = tiny(kind)
    data = data_of(recipe)
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
def test_batches_made_ahead_are_the_same(kind: str) -> None:
    recipe = tiny(kind)
    data, profile = data_of(recipe), recipe.quick
    early = Batches(recipe, profile, data, Alone(), "cpu", ahead=True)
    for step in (0, 1, 2, 5, 6, profile.steps - 1):
        for a, b in zip(
            early.at(step), recipe.batch(data, profile.batch, step), strict=True
        ):
            assert torch.equal(a, b)
    early.close()


@pytest.mark.parametrize("kind", KINDS)
def test_published_weights_come_back(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounded to bf16, in the network that the card describes, with a line about it."""
    run = go(begun(kind), 2)
    session = Session.__new__(Session)
    session.run, session.recipe = run, run.recipe
    session.profile_name, session.data = "quick", run.data.text
    session.threads, session.world = 1, Alone()
    monkeypatch.setattr(type(run.recipe), "preview", lambda *_, **__: SHEET)
    publish.publish_run(session, {}, tmp_path)
    model = pretrained.load_model(run.recipe.name, clip=False, folder=tmp_path)
    kept = run.averaged().state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(value, kept[name].bfloat16().float()), name
    card = pretrained.card(run.recipe.name, tmp_path)
    assert from_plain(card["model"]) == run.profile.model
    assert card["model"] == plain_json(to_plain(run.profile.model))
    assert card["steps"] == 2 and card["samples_seen"] == 16
    assert card["processes"] == 1 and card["profile"] == "quick"
    assert card["training"]["batch"] == 8 and len(card["loss_curve"]) == 2


SHEET = np.zeros((4, 4, 3), dtype=np.uint8)


def plain_json(value: object) -> object:
    """As JSON gives it back: lists for tuples."""
    if isinstance(value, dict):
        return {key: plain_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(each) for each in value]
    return value


def test_a_changed_recipe_is_not_continued(tmp_path: Path) -> None:
    """What a recipe fixes beside its profile changes the numbers as well."""
    run = go(begun("vae"), 1)
    state = checkpoints.run_state(run, "d", 1)
    other = Run(
        replace(run.recipe, beta=9.0),  # type: ignore[call-arg]
        run.profile,
        run.data,
    )
    with pytest.raises(checkpoints.CheckpointError, match=r"beta was 0.05, is 9.0"):
        checkpoints.restore(other, state, "d", tmp_path)
    del state["recipe"]  # as states were written before they said it
    checkpoints.restore(other, state, "d", tmp_path)
    assert other.step == 1
