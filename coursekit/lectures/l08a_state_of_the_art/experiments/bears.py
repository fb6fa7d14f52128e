"""Figure 08a.G: the miniatures, taught further, with sentences of one to three bears.

Each goes on from its checkpoint, on pictures of 64 x 64: the transformer stays, and
what reads or writes patches of another shape starts afresh. All read the same scenes
in the same order, with as many updates. Beside them stands the model behind
`coursekit sample`, which had more of both.
"""

from dataclasses import replace
from typing import Any, cast

from torch import nn

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.prompts import SEED
from coursekit.evaluation.reconstruction import slopes
from coursekit.evaluation.scene_alignment import scene_alignment
from coursekit.evaluation.two_samples import told_apart
from coursekit.experiments.cache import kept, run_folder
from coursekit.experiments.summary import Result, mean_std, prefixed
from coursekit.experiments.train_images import trained
from coursekit.lectures.l08a_state_of_the_art.experiments.beside import at_side
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES
from coursekit.training.text_image_data import length_of, text_config

PLANS = ("mini-flux", "mini-qwen", "mini-hidream")
DEFAULT = "teddy-64-prompts"
SIDE, STEPS, PICTURES, COUNT = 64, 2000, 16_000, 300


def taught(name: str) -> PromptRecipe:
    """The recipe that goes on from `name`, with sentences of up to three bears."""
    before = cast(PromptRecipe, RECIPES[name])
    shape: Any = before.cpu.model
    if before.latents:
        text = shape.text
        text = text_config("bears", text.width, text.depth, text.heads)
        latents, model = "teddy-64-vae", replace(shape, text=text, size=16, patch=2)
    else:
        larger = {"size": SIDE, "patch": 2 * shape.patch}  # as many patches as before
        latents, model = "", replace(shape, length=length_of("bears"), **larger)
    effort = replace(
        before.cpu, model=model, steps=STEPS, lr=1e-3, warmup=200, pictures=PICTURES
    )
    return replace(
        before,
        name=f"{name}-64",
        data="bears",
        latents=latents,
        size=SIDE,
        start=name,
        shift=2 * before.shift,  # four times as many places
        quick=replace(effort, steps=2, batch=4, pictures=40),
        cpu=effort,
    )


def learnt(recipe: PromptRecipe, quick: bool) -> nn.Module:
    """The network of a recipe of `taught`, trained once."""
    profile = recipe.quick if quick else recipe.cpu
    data = recipe.load(profile.pictures)
    start = recipe.begin(recipe.build(profile.model))
    return trained(
        run_folder(f"bears/{recipe.name}", quick), recipe, profile, data, start
    )


def shown(recipe: PromptRecipe, net: nn.Module, count: int) -> Result:
    """What its pictures show, by how many bears were asked for; sharpness; a probe."""
    asked, scenes = prompts(count, "test", SEED, "group")
    images = recipe.draw(net, asked, recipe.scale)
    real = render(scenes, SIDE)
    found = scene_alignment(images, scenes)
    folds = told_apart(at_side(real), at_side(images))
    middle, std = mean_std(folds)
    result: Result = {"all": found["all"], "valid": found["valid"]}
    for many, row in found["by_count"].items():
        result |= prefixed(f"of_{many}", row)
    return result | {
        "sharpness": slopes(images) / slopes(real),
        "told": middle,
        "told_error": std / len(folds) ** 0.5,
    }


def one(name: str, quick: bool) -> Result:
    """Everything of one plan."""
    count = 8 if quick else COUNT
    recipe = taught(name)
    settings = (recipe, quick, count, card(name)["sha256"])

    def compute() -> Result:
        return shown(recipe, learnt(recipe, quick), count)

    return kept(f"bears/{name}", settings, compute)


def measure(quick: bool = False) -> Result:
    """Everything of 08a.G.

    Keys: `sentences`, `steps` and `pictures` of the second training, `names`; for each,
    and for `default`, `{name}_` (- as _) and: `all` (everything that the sentence
    says), `valid`, `sharpness`, `told`, `told_error` (as in 08a.E), and for K = 1 to 3
    bears `of_K_pictures` and `of_K_KEY` with the keys of `scene_hits`. The same, but
    for the last ones, for `real` pictures: `real_of_K_KEY`.
    """
    count = 8 if quick else COUNT
    names = PLANS[-1:] if quick else PLANS
    _, scenes = prompts(count, "test", SEED, "group")
    result: Result = {"sentences": count, "names": list(names)}
    result |= {"steps": STEPS, "pictures": PICTURES}
    found = scene_alignment(render(scenes, SIDE), scenes)
    for many, row in found["by_count"].items():
        result |= prefixed(f"real_of_{many}", row)
    for name in names:
        result |= prefixed(name.replace("-", "_"), one(name, quick))
    recipe = cast(PromptRecipe, RECIPES[DEFAULT])
    if quick:
        return result
    settings = (DEFAULT, count, card(DEFAULT)["sha256"])
    return result | prefixed(
        "default",
        kept(
            "bears/default", settings, lambda: shown(recipe, load_model(DEFAULT), count)
        ),
    )
