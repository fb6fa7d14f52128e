"""DreamBooth and adapters in training. Authorities: plain tuning to the bit, a network
that says which row it saw, the frozen base, the published file.
"""

from dataclasses import fields, replace

import pytest
import torch
from test_kinds import begun, data_of, tiny
from tiny_kinds import go

from coursekit.models.lora import Adapter, adapted
from coursekit.theory.dreambooth import Rows, dreambooth_loss
from coursekit.training.loop import Run
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_prompts import PromptRecipe

pytestmark = pytest.mark.usefixtures("on_shelf")


def rows(count: int, first: int) -> Rows:
    """Rows whose picture, time, noise and sentence all say which row it is."""
    number = torch.arange(first, first + count).double()
    wide = number[:, None].expand(-1, 3)
    return Rows(wide, number / 100, wide + 0.5, number.long()[:, None])


class Recorder:
    """Remembers the rows that it is shown, and answers with its sentence's number."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, ...]] = []

    def __call__(self, x, t, cond):
        for row in range(len(x)):
            now, word = float(t[row]), float(cond[row, 0])
            told = (1 - now) * word + now * (word + 0.5)
            assert torch.allclose(x[row], torch.tensor(told).double()), row
            assert now == pytest.approx(word / 100)
            self.seen.append((now, word))
        return x * 0 + cond[:, :1]


def test_the_parts_of_a_row_stay_together():
    net = Recorder()
    dreambooth_loss(net, rows(3, 1), rows(5, 40), 0.5)
    assert len(set(net.seen)) == 8


def test_ten_times_the_prior_moves_the_prior_only():
    def model(x, t, cond):
        return torch.zeros_like(x)  # the loss is then the target's size

    own, prior = rows(3, 1), rows(5, 40)
    large = prior._replace(eps=prior.x0 + 10 * (prior.eps - prior.x0))
    subject = dreambooth_loss(model, own, prior, 0.0)
    assert torch.equal(subject, dreambooth_loss(model, own, large, 0.0))
    parts = [dreambooth_loss(model, own, p, 0.5) - subject for p in (prior, large)]
    assert float(parts[1] / parts[0]) == pytest.approx(100)
    other = own._replace(eps=own.x0 + 10 * (own.eps - own.x0))
    both = dreambooth_loss(model, other, prior, 0.5)
    assert float(both - parts[0]) == pytest.approx(100 * float(subject))


def test_weight_0_is_plain_tuning_to_the_bit():
    kind = replace(tiny("subject"), prior=0.0, forget=0.1)  # type: ignore[call-arg]
    data = kind.load(8)
    assert len(data.x) == kind.shots
    plain = PromptRecipe(
        **{each.name: getattr(kind, each.name) for each in fields(PromptRecipe)}
    )
    runs = [go(Run(recipe, recipe.quick, data), 4) for recipe in (kind, plain)]
    assert runs[0].curve == runs[1].curve
    for name, value in runs[0].model.state_dict().items():
        assert torch.equal(value, runs[1].model.state_dict()[name]), name


def test_half_of_a_batch_is_the_subjects_and_marks_say_which():
    recipe, data = tiny("subject"), data_of("subject")
    x0, *_, of_prior = recipe.batch(data, 8, 3)
    own = {tuple(x.flatten().tolist()) for x in data.x[: recipe.shots]}
    found = [tuple(x.flatten().tolist()) in own for x in x0]
    assert found == (~of_prior).tolist() and sum(found) == 4
    with pytest.raises(ValueError, match="a batch of 7"):
        recipe.batch(data, 7, 0)


def test_the_prior_is_what_the_frozen_base_draws():
    recipe, data = tiny("subject"), data_of("subject")
    assert len(data.x) == recipe.shots + 64 and "that it drew" in data.text
    from coursekit.datasets.teddy.prompts import prompts

    asked, _ = prompts(64, "train", seed=recipe.seed + 1)
    images = recipe.draw(load_model(recipe.start, clip=False), asked, recipe.scale, 1)
    again = recipe.space.encoded(data._replace(x=torch.from_numpy(images)))
    assert torch.equal(again.x, data.x[recipe.shots :])


def test_an_adapter_leaves_the_base_alone_and_ships_without_it():
    run = go(begun("adapter"), 4)
    base = load_model("tiny-latents", clip=False).state_dict()
    ours = run.model.state_dict()
    for name, value in ours.items():
        if name.rpartition(".")[2] not in ("down", "up"):
            assert torch.equal(value, base[name.replace(".base.", ".")]), name
    assert any(part.up.abs().max() > 0 for part in adapted(run.model).values())
    shipped = run.averaged()
    assert isinstance(shipped, Adapter)
    names = {name.rpartition(".")[2] for name in shipped.state_dict()}
    assert names == {"down", "up", "alpha"}
    recipe = run.recipe
    asked = ["a [v] bear is sitting in the park"]
    injected = run.model.eval()
    injected.load_state_dict(run.ema.average)
    merged_in = recipe.draw(shipped, asked, 1.0)
    beside = PromptRecipe.draw(recipe, injected, asked, 1.0)
    assert abs(merged_in.astype(int) - beside.astype(int)).max() <= 1
