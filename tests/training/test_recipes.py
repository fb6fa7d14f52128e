"""All recipes with all their profiles.

Authorities: the limits that CONTRIBUTING states (16 MB), the shapes of the data that
the recipes load themselves, JSON.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import save
from tiny_kinds import UNET

from coursekit import cli
from coursekit.datasets.tokens import EMOJI_WORDS, TEDDY_WORDS
from coursekit.models.unet import UNet
from coursekit.training import latent_space, pretrained, recipe_prompts
from coursekit.training.card_figures import figure_lines
from coursekit.training.latent_space import Space
from coursekit.training.loop import Run, train
from coursekit.training.networks import build, from_plain, to_plain
from coursekit.training.recipe import PROFILES, Recipe
from coursekit.training.recipe_few_passes import FewPassesRecipe
from coursekit.training.recipe_liked import LikedRecipe
from coursekit.training.recipes import RECIPES
from coursekit.training.text_image_data import text_config, tokenizer_of
from coursekit.weights import MAX_BYTES, PLAIN

SHIPPED = [name for name in RECIPES if not name.startswith("tiny")]
Prepared = Callable[[str, str], Recipe]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """A recipe whose autoencoder, if it wants one, is fresh and not from a file."""
    monkeypatch.setattr(latent_space, "card", lambda *_: {"sha256": "fresh"})

    def prepare(name: str, profile: str) -> Recipe:
        recipe = replace(RECIPES[name])
        if isinstance(recipe, LikedRecipe):  # its pairs need pictures that can be read
            return replace(recipe, tries=2, walk=4)
        if isinstance(recipe, FewPassesRecipe) and profile == "gpu":
            return replace(recipe, start="")  # the shipped teacher is smaller
        if getattr(recipe, "start", "").startswith("video"):  # it does not ship
            recipe = replace(recipe, start="")  # type: ignore[call-arg]
        if latents := getattr(recipe, "latents", ""):
            space = recipe.__dict__["space"] = Space("")
            space.latents = latents
            space.net = build(RECIPES[latents].profile(profile).model).eval()
        return recipe

    return prepare


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SHIPPED)
def test_it_trains_on_its_data_and_fits_into_its_file(name, profile, prepared):
    """Two steps on a CPU, even of the GPU profile; then the size of the file."""
    recipe = prepared(name, profile)
    effort = replace(recipe.profile(profile), steps=2, batch=2, pictures=4)
    data = recipe.load(4)
    run = Run(recipe, effort, data)
    losses = [step.loss for step in train(run)]
    assert len(losses) == 2 and np.isfinite(losses).all()
    ships = recipe.published(run.model, data).state_dict()
    content = sum(2 * value.numel() for value in ships.values())
    assert content + 64 * 1024 < MAX_BYTES, f"{content / 2**20:.1f} MB"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_can_hold_its_network(name, profile):
    config = RECIPES[name].profile(profile).model
    written = json.loads(json.dumps(to_plain(config)))
    assert from_plain(written) == config


@pytest.mark.parametrize("name", SHIPPED)
def test_the_profiles_rise(name):
    """quick shows less than cpu, cpu less than gpu; only gpu asks for bf16."""
    quick, cpu, gpu = (RECIPES[name].profile(each) for each in PROFILES)
    seen = [each.steps * each.batch for each in (quick, cpu, gpu)]
    assert seen == sorted(seen) and seen[0] < seen[1]
    assert not (quick.bf16 or cpu.bf16 or quick.compile or cpu.compile)


def test_texts_have_the_words_of_their_tokenizers():
    """The numbers are written down, so that no recipe reads a file to be there."""
    assert len(tokenizer_of("teddy")) == TEDDY_WORDS
    assert len(tokenizer_of("emoji")) == EMOJI_WORDS
    for data in ("teddy", "pairs", "bears-golden", "emoji", "emoji-all"):
        assert text_config(data, 8, 1, 1).vocabulary == len(tokenizer_of(data))


def test_times_are_drawn_as_the_recipe_says():
    """Logit-normal: half of the times between the logistic of -0.674 and 0.674."""
    recipe = replace(RECIPES["teddy-prompts"])
    data = recipe_prompts.Data(
        torch.zeros(8, 1, 1, 1), "zeros", torch.zeros(8, 1, 2, dtype=torch.long)
    )
    t = recipe.batch(data, 40_000, 0)[1]
    edge = float(torch.sigmoid(torch.tensor(0.6745)))
    share = float(((t > 1 - edge) & (t < edge)).double().mean())
    assert abs(share - 0.5) < 0.01  # four standard errors
    even = replace(recipe, times="uniform").batch(data, 40_000, 0)[1]  # type: ignore[call-arg]
    assert abs(float(even.mean()) - 0.5) < 0.006 and float(even.max()) < 1


def test_an_old_card_still_loads(tmp_path):
    """Cards of lectures 1 to 3: no kind of network, no processes, no compile.

    Their weights are plain.
    """
    state = UNet(UNET).bfloat16().state_dict()
    content = save(state)
    old = {
        "recipe": "old",
        "profile": "cpu",
        "path": "linear",
        "predicts": "velocity",
        "schedule": "cosine",
        "num_steps": 1000,
        "model": asdict(UNET),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / PLAIN).write_bytes(content)
    (tmp_path / "old" / "card.json").write_text(json.dumps(old))
    back = pretrained.load_model("old", folder=tmp_path).state_dict()
    for name, value in state.items():
        assert torch.equal(value.float(), back[name])


def test_recipes_says_which_profile_made_each(capsys):
    assert cli.run(["recipes"]) == 0
    blocks: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        if not line.startswith("  "):
            name = line.split(":")[0]
            blocks[name] = []
        else:
            blocks[name].append(line)
    assert [name for name in blocks if not name.startswith("tiny")] == SHIPPED
    for name in SHIPPED:
        if (pretrained.FOLDER / name).is_dir():
            made = pretrained.card(name)["profile"]
            assert f"profile {made}" in blocks[name][0] and len(blocks[name]) > 1
        else:
            assert "no checkpoint" in blocks[name][0]


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        (
            "Fréchet distance to held-out pictures 2.50 (real against real 1.50)",
            {"frechet": {"mean": 2.5}, "frechet_real": {"mean": 1.5}},
        ),
        ("held-out pictures come back at 30.0 dB", {"psnr": 30.0}),
        (
            "right class 90.0 % at t=0, 50.0 % at t=0.4",
            {"accuracy": {"t=0": 0.9, "t=0.4": 0.5}},
        ),
        (
            "all attributes as the prompt says (test): real 90.0 %, guidance 1 50.0 %, "
            "guidance 3 75.0 %",
            {
                "scales": [1.0, 3.0],
                "real_test": {"all": 0.9, "hat": 1.0},
                "scale_1_test": {"all": 0.5},
                "scale_3_test": {"all": 0.75},
            },
        ),
        (
            "rebuilt: wishes met for colours 90.0 %, for content 100.0 %; changed "
            "unasked 1.0 %",
            {
                "pairs": 100,
                "rebuilt": {"colour": 0.9, "content": 1, "unasked": {"any": 0.01}},
            },
        ),
    ],
)
def test_the_figures_of_a_card_in_words(line, figures):
    assert figure_lines(figures) == [line]
