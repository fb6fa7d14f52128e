"""Published checkpoints and the two commands.

Authorities: the weights of the run that was published, rounded to bf16; SHA-256; the
stated exit codes.
"""

import shutil
from copy import deepcopy
from dataclasses import replace
from typing import cast

import pytest
import torch
from PIL import Image
from tiny_train import TINY
from torch import nn

from coursekit import cli
from coursekit.datasets.images import to_model
from coursekit.models.autoencoder import Autoencoder
from coursekit.models.inpainting import Inpainter
from coursekit.models.token_transformer import TokenTransformer
from coursekit.training import pretrained
from coursekit.training.checkpoints import CheckpointError
from coursekit.training.data import training_images
from coursekit.training.networks import from_plain
from coursekit.training.recipe import PROFILES
from coursekit.training.recipe_autoencoder import Judged
from coursekit.training.recipe_few_passes import TeacherAndStudent
from coursekit.training.recipes import RECIPES
from coursekit.training.recipes_pixels import PIXELS
from coursekit.weights import MAX_BYTES, PACKED

SHIPPED = sorted(p.parent.name for p in pretrained.FOLDER.glob("*/card.json"))
WITHOUT_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def test_beliefs_of_what_was_published_are_kept_in_range(tiny_shelf):
    model = pretrained.load_model("tiny", folder=tiny_shelf)
    assert not model.training
    x, a = torch.randn(2, 1, 28, 28), TINY.make_schedule().alpha_bar[45].float()
    implied = (x - (1 - a).sqrt() * model(x, torch.tensor(0.9))) / a.sqrt()
    assert implied.abs().max() < 1.001


def test_the_card_says_what_happened(tiny_shelf):
    """What it says of every kind of training is in test_kinds.py."""
    card = pretrained.card("tiny", tiny_shelf)
    assert card["steps"] == 60 and card["samples_seen"] == 480
    assert len(card["loss_curve"]) == 60 and card["loss"] == card["loss_curve"][-1][1]
    assert card["torch"] == torch.__version__ and card["seconds"] >= 0
    with Image.open(tiny_shelf / "tiny" / "samples.webp") as picture:
        assert picture.size == (16 * 29 - 1, 6 * 29 - 1)


@pytest.mark.parametrize("harm", ["truncate", "flip", "delete", "card", "absent"])
def test_damage_is_one_line_that_says_what_to_do(tiny_shelf, tmp_path, harm):
    folder = shutil.copytree(tiny_shelf / "tiny", tmp_path / "tiny")
    weights, card = folder / PACKED, folder / "card.json"
    content = bytearray(weights.read_bytes())
    if harm == "truncate":
        weights.write_bytes(content[:-10])
    elif harm == "flip":
        content[-1] ^= 1
        weights.write_bytes(content)
    elif harm == "delete":
        weights.unlink()
    elif harm == "card":
        card.write_text(card.read_text()[:-20])
    else:
        card.unlink()
    with pytest.raises(CheckpointError, match="coursekit train tiny") as error:
        pretrained.load_model("tiny", folder=tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_loads_and_is_small_and_better_than_nothing(name):
    """Better than nothing: well below the loss of a network that was never trained."""
    recipe, info = RECIPES[name], pretrained.card(name)
    assert info["bytes"] <= MAX_BYTES
    assert info["profile"] in PROFILES and info["recipe"] == name
    limits = {"LoRAConfig": 250_000, "StudentConfig": 800_000}
    if limit := limits.get(info["model"].get("kind")):  # adapters: tests/pipeline
        assert info["bytes"] < limit and name in pretrained.summary(name)
        return
    model = pretrained.load_model(name, clip=False)
    start = getattr(recipe, "start", "")
    if start and start not in SHIPPED:  # such as video-frames: the first half of video
        recipe = replace(recipe, start="")  # type: ignore[call-arg]
    data = recipe.load(64)
    batch = recipe.batch(data, 32, 0)
    torch.manual_seed(0)
    fresh = recipe.build(from_plain(info["model"])).eval()
    with torch.no_grad():
        trained = float(recipe.loss(as_trained(model, fresh), batch))
        share = 0.75 if recipe.data == "code" else 0.6  # code is not of a small world
        assert trained < share * float(recipe.loss(fresh, batch))
    assert name in pretrained.summary(name)


def as_trained(ships: nn.Module, fresh: nn.Module) -> nn.Module:
    """What ships, in the place that it had while it was trained."""
    if isinstance(fresh, TeacherAndStudent):
        teacher = pretrained.load_model("programs-masked")
        fresh.teacher.load_state_dict(teacher.state_dict())
        pair = deepcopy(fresh)
        pair.student = cast(TokenTransformer, ships)
        return pair
    if isinstance(fresh, Judged):
        return Judged(cast(Autoencoder, ships), critic=False)
    return Inpainter(ships) if isinstance(fresh, Inpainter) else ships


@pytest.mark.parametrize("name", sorted(set(SHIPPED) & set(PIXELS)))
def test_pictures_that_ship_are_better_than_a_multiple_of_the_noise(name):
    """Half the loss, at t = 1/2, of the best multiple of xt."""
    recipe = PIXELS[name]
    model = pretrained.load_model(name, clip=False)
    x0 = to_model(training_images(recipe.data, 16).x)
    objective = recipe.objective()
    half = torch.full((16,), 0.5 if recipe.path == "linear" else recipe.num_steps // 2)
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    best = min(
        float(objective.loss(lambda xt, t, c=c: c / 20 * xt, x0, half, eps))
        for c in range(-60, 61)
    )
    with torch.no_grad():
        assert objective.loss(model, x0, half, eps) < best / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "use one of fashion-ddpm, teddy-ddpm"),
        (["tiny", "--device", "toaster"], "use cpu or cuda"),
        (["tiny", "--threads", "0"], "use 1 to "),
        (["tiny", "--threads", "100000"], "use 1 to "),
        (["tiny", "--out", "{}/file/run"], "Not a directory"),
        (["tiny", "--fresh", "--resume"], "give one"),
        (["tiny", "--resume", "--out", "{}/new"], "nothing to resume"),
        (["tiny", "--out", "{}/file"], "name a folder"),
        pytest.param(
            ["fashion-ddpm", "--profile", "gpu"], "--device cpu", marks=WITHOUT_GPU
        ),
    ],
)
def test_bad_requests_are_one_line_and_exit_code_2(
    arguments, message, tmp_path, capsys
):
    (tmp_path / "file").write_text("")
    arguments = [argument.format(tmp_path) for argument in arguments]
    assert cli.run(["train", *arguments]) == 2
    errors = capsys.readouterr().err
    assert message in errors and errors.count("\n") == 1


def test_a_missing_judge_is_named_before_an_hour_of_training(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    arguments = ["emoji-prompts", "--profile", "quick", "--out", str(tmp_path / "run")]
    assert cli.run(["train", *arguments, "--publish"]) == 1
    assert "`coursekit train emoji-judge --profile" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_float32_on_the_cpu_whatever_is_the_default(tiny_shelf):
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        model = pretrained.load_model("tiny", folder=tiny_shelf)
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)
    kept = [*model.parameters(), *model.buffers()]
    assert {(each.device.type, each.dtype) for each in kept} == {("cpu", torch.float32)}
