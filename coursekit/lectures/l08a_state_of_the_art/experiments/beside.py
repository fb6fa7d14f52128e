"""Figure 08a.E: the miniatures beside each other and beside the models that ship.

All draw the same sentences about one bear, from noise of the same seed, at their usual
steps and guidance. A model of 64 pixels is judged at 32, beside real pictures of 64
that were averaged down in the same way. The miniatures had equal updates, and about as
many weights; the models that ship had more of both.
"""

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader import as_pixels
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.evaluation.prompts import SEED
from coursekit.evaluation.quality import vectors
from coursekit.evaluation.reconstruction import rebuilt, slopes
from coursekit.evaluation.two_samples import told_apart
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result, mean_std, prefixed
from coursekit.models.autoencoder import Autoencoder
from coursekit.models.unet import count_parameters
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES

Images = NDArray[np.uint8]
MINIS = ("mini-flux", "mini-qwen", "mini-qwen-frozen", "mini-hidream")
NAMES = (*MINIS, "teddy-prompts", "teddy-64-prompts")
SPLITS = ("test", "heldout")  # new scenes; pairs of fur and hat that no training saw
COUNT, SIDE = 300, 32


def at_side(images: Images) -> Images:
    """Pictures as the readers see them."""
    return to_uint8(as_pixels(images, SIDE))


def judged(images: Images, scenes: Sequence[Scene], real: Images) -> Result:
    """What is in the pictures, and how they differ from real ones of their size."""
    small, other = at_side(images), at_side(real)
    folds = told_apart(other, small)
    found: Result = dict(prompt_alignment(small, scenes))
    for split, half in zip(SPLITS, halves(len(scenes)), strict=True):
        found[f"all_{split}"] = prompt_alignment(small[half], scenes[half])["all"]
    middle, std = mean_std(folds)
    distance = frechet(vectors("teddy", small), vectors("teddy", other))
    return found | {
        "sharpness": slopes(images) / slopes(real),
        "frechet": distance,
        "told": middle,
        "told_error": std / len(folds) ** 0.5,
    }


def halves(count: int) -> tuple[slice, slice]:
    """Where the sentences of each split stand."""
    return slice(0, count // 2), slice(count // 2, count)


def sizes(pipe: Pipeline) -> Result:
    """`parameters` of the network, its text encoder and a decoder; `tokens`."""
    recipe, model = RECIPES[pipe.parts.name], pipe.parts.model
    assert isinstance(recipe, PromptRecipe) and isinstance(model, torch.nn.Module)
    count = count_parameters(model)
    if recipe.latents:
        vae = load_model(recipe.latents)
        assert isinstance(vae, Autoencoder)
        count += count_parameters(vae.up)
    patch = cast(Any, model.config).patch
    tokens = (pipe.parts.shape[-1] // patch) ** 2
    return {"parameters": count, "tokens": tokens, "pixels": recipe.size**2}


def one(name: str, count: int, steps: int | None) -> Result:
    """Everything of one model, kept for its weights."""
    settings = (name, count, steps, card(name)["sha256"])
    return kept(f"beside/{name}", settings, lambda: _drawn(name, count, steps))


def _drawn(name: str, count: int, steps: int | None) -> Result:
    pipe = from_checkpoint(name)
    pipe = pipe if steps is None else pipe.swap(steps=steps)
    asked, scenes = sentences(count)
    begin = time.perf_counter()
    images = pipe.draw(asked)
    spent = (time.perf_counter() - begin) / count
    found = judged(images, scenes, render(scenes, images.shape[1]))
    return found | sizes(pipe) | {"seconds": spent, "steps": pipe.boxes.steps}


def sentences(count: int, seed: int = SEED) -> tuple[list[str], list[Scene]]:
    """Sentences about one bear and their scenes, half of each of SPLITS."""
    asked, scenes = list[str](), list[Scene]()
    for split in SPLITS:
        more, shown = prompts(count // 2, split, seed, "solo")
        asked, scenes = asked + more, scenes + shown
    return asked, scenes


def measure(quick: bool = False) -> Result:
    """Everything of 08a.E.

    Keys: `sentences`, `names` of those that ship; for each, `{name}_` (- as _) and:
    `place`, `count`, `fur`, `hat`, `glasses`, `pose`, `action`, `all`, `valid`: shares
    that the second reader finds, `all_test` and `all_heldout` by split;
    `sharpness`: mean square difference of neighbours, over that of real pictures;
    `frechet`: to real pictures of the same scenes; `told`: how well a probe tells real
    from drawn (area under the ROC curve, mean of three folds), with `told_error`;
    `parameters`, `tokens`, `pixels`, `steps`, and `seconds` a picture.
    The same, as far as it means something, for `real` pictures of other scenes and
    for those `rebuilt` by the autoencoder of the miniatures.
    """
    count, steps = (8, 2) if quick else (COUNT, None)
    names = NAMES[-2:-1] if quick else tuple(filter(is_there, NAMES))
    (_, scenes), (_, others) = sentences(count), sentences(count, SEED + 1)
    real = render(scenes, SIDE)
    vae = load_model("teddy-vae")
    assert isinstance(vae, Autoencoder)
    result: Result = {"sentences": count, "names": list(names)}
    result |= prefixed("rebuilt", judged(rebuilt(vae, real), scenes, real))
    result |= prefixed("real", judged(render(others, SIDE), others, real))
    for name in names:
        result |= prefixed(name.replace("-", "_"), one(name, count, steps))
    return result
