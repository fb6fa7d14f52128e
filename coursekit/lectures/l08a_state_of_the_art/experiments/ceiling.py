"""Figure 08a.B: what an autoencoder cannot show, by the size of the bear.

Bears with a hat and glasses, of many sizes, at 32 and at 64 pixels: each picture is
judged as it was drawn and after its way through the autoencoder that ships. What is
lost there no model of its latents can draw. Beside it: the small things in pictures
that models drew, on latents and on pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import cast

import numpy as np
import torch

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader import attributes
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.teddy.scene_reader import read_scenes
from coursekit.datasets.teddy.splits import split_of
from coursekit.evaluation.prompt_alignment import (
    prompt_alignment,
    prompt_alignment_real,
)
from coursekit.evaluation.reconstruction import psnr, rebuilt
from coursekit.evaluation.small_things import (
    Images,
    detail_psnr,
    lost_by_size,
    nearest_words,
)
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.autoencoder import Autoencoder
from coursekit.pipeline.catalogue import is_there
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES

SIDES = {32: "teddy-vae", 64: "teddy-64-vae"}
JUDGES = {32: ("nearest", "first", "second"), 64: ("nearest", "scenes")}
NAMES = ("hat", "glasses", "fur")
LEAST, MOST = 10, 74  # hundredths of the picture that a bear is tall
EDGES = (0.10, 0.18, 0.26, 0.36, 0.50, 0.75)  # of the bins of sizes
SEED = 8_000_000  # of scenes that no training has seen
MODELS = ("teddy-prompts", "mini-flux", "mini-qwen", "mini-hidream")
COUNT, PROMPTS = 240, 50


def dressed(seed: int) -> Iterator[Scene]:
    """Test scenes of a bear with hat and glasses, every size equally likely."""
    rng = np.random.default_rng(seed)
    for scene in scenes(SEED + seed, "test"):
        (bear,) = scene.bears
        size = int(rng.integers(LEAST, MOST + 1)) / 100
        sized = replace(scene, bears=(replace(bear, scale=size),))
        if "none" not in (bear.hat, bear.glasses) and split_of(sized) == "test":
            yield sized


def seen(images: Images, chosen: Sequence[Scene], judge: str, name: str) -> list[str]:
    """What a judge says of each picture of one bear; "" where it sees none, or two."""
    if judge == "nearest":
        return nearest_words(images, chosen, name)
    if judge == "scenes":
        found = [reading.bears for reading in read_scenes(images)]
        return [getattr(b[0], name) if len(b) == 1 else "" for b in found]
    return [str(word) for word in attributes(images, judge)[name]]


def through(side: int, count: int, seed: int) -> Result:
    """One draw of scenes at one side: what is right before and after, by size."""
    chosen = list(islice(dressed(seed), count))
    images = render(chosen, side)
    back = rebuilt(cast(Autoencoder, load_model(SIDES[side])), images)
    size = torch.tensor([scene.bears[0].scale for scene in chosen]).double()
    edges = torch.tensor(EDGES).double()
    result: Result = {"psnr": psnr(images, back)}
    for name in NAMES:
        result[f"{name}_psnr"] = detail_psnr(images, back, chosen, name)
    for judge in JUDGES[side]:
        for name in NAMES:
            true = np.array([getattr(scene.bears[0], name) for scene in chosen])
            before, after = (
                torch.from_numpy(np.array(seen(each, chosen, judge, name)) == true)
                for each in (images, back)
            )
            everywhere = torch.ones_like(before)
            for key, right in (("real", before), ("rebuilt", after)):
                share = 1 - lost_by_size(everywhere, right, size, edges)
                result[f"{judge}_{name}_{key}"] = share.tolist()
    return result


def drawn(name: str, count: int, seed: int) -> Result:
    """How often a model's pictures show what test sentences say; "": real ones."""
    texts, wanted = prompts(count, "test", SEED + seed)
    if not name:
        found = prompt_alignment_real(wanted)
    else:
        recipe = cast(PromptRecipe, RECIPES[name])
        model = load_model(name)
        images = recipe.draw(model, texts, recipe.scale, seed)
        found = prompt_alignment(images, wanted)
    return {key: found[key] for key in (*NAMES, "valid")}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08a.B.

    Keys: `scenes`, `prompts`: how many for each seed; `edges` of the bins of sizes;
    `sides`. For each side, over seeds: `{side}_psnr`; `{side}_{name}_psnr`, of the
    pixels alone that tell hats, glasses or furs apart; and lists over bins, `real` and
    `rebuilt` behind `{side}_{judge}_{name}_`: the share that each of JUDGES names
    rightly. For each of MODELS that is there, and for "real", `{model}_{name}`: the
    share of pictures that show the hat, glasses or fur of a test sentence, by the
    second reader; and `{model}_valid`.
    """
    count, told = (40, 4) if quick else (COUNT, PROMPTS)
    seeds = seeds[:1] if quick else seeds
    result: Result = {"scenes": count, "prompts": told, "edges": list(EDGES)}
    result["sides"] = list(SIDES)
    for side in SIDES:
        result |= prefixed(str(side), for_seeds(partial(through, side, count), seeds))
    for name in ("", *filter(is_there, MODELS)):
        key = (name or "real").replace("-", "_")
        result |= prefixed(key, for_seeds(partial(drawn, name, told), seeds))
    return result
