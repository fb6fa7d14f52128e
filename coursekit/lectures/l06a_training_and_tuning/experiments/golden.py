"""Figure 06a.E, right: `teddy-prompts` tuned on golden pictures, and what it costs.

The captions say nothing of the light. So whatever light a picture for a prompt has, the
model chose it, and one number tells how far a stage has come. The control goes on as
long, from the same weights, on as many pictures that nobody picked.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from coursekit.datasets.teddy.curation import golden
from coursekit.datasets.teddy.prompts import captions_of
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.features import features
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.experiments.summary import Result, columns, for_seeds, mean, prefixed
from coursekit.training.ema import Many
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes_prompts import TEDDY_GOLDEN, TEDDY_PROMPTS

SLOW = 0.999  # the decay that the pre-training used
Images = NDArray[np.uint8]


def light(images: Images, chosen: Sequence[Scene]) -> tuple[list[float], list[float]]:
    """Warmth and brightness of pictures for scenes, in the scenes' own units.

    Read off the mean colour, beside that of the same scene in plain light.
    """
    plain = [replace(scene, warmth=0.0, brightness=1.0) for scene in chosen]
    gains = images.mean((1, 2)) / render(plain, 32).mean((1, 2))
    red, green, blue = gains.T
    return (10 * (red - blue) / (red + blue)).tolist(), green.tolist()


def look(images: Images, chosen: Sequence[Scene]) -> Result:
    """Light, how much it varies, and obedience by the second reader."""
    warmth, brightness = light(images, chosen)
    found = {"warmth": mean(warmth), "brightness": mean(brightness)}
    found["warmth_spread"] = float(np.std(warmth))
    return {**found, "obeyed": prompt_alignment(images, chosen)["all"]}


def _slowly(kept: Many, new: Many, _: Tensor | int) -> None:
    torch._foreach_lerp_(kept, new, 1 - SLOW)


def variety(one: Images, other: Images) -> float:
    """How far apart two pictures for one prompt are, to the second reader's eye."""
    apart = features("teddy", one) - features("teddy", other)
    return float(np.sqrt((apart**2).sum(1)).mean())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """The right half of 06a.E.

    Keys: `steps`, `pictures` (tuned on), `drawn`; for which in "all" (real pictures of
    the prompts' scenes, as they come), "picked" (the same scenes in golden light) and
    "base" (drawn before tuning): `{which}_{look}`, a look being "warmth",
    "brightness", "warmth_spread", "obeyed"; `golden_seen`, steps, and over them lists
    `golden_{look}` with _std, drawn by the averaged weights; with _std and _all, before
    a look: `end_`, the last of these, `slow_`, by an average with the fixed decay SLOW
    (`slow_decay`; of its start `slow_left` is left), `control_`, after pictures that
    nobody picked; `base_variety` and `end_variety`, between two pictures for a prompt.
    """
    steps, pictures, count = (4, 40, 4) if quick else (80, 2000, 50)
    seeds, marks = (seeds[:1] if quick else seeds), [steps // 4, steps // 2]
    profile = replace(TEDDY_GOLDEN.cpu, steps=steps)
    chosen = list(islice(scenes(5_000_000, "test"), count))
    prompts = captions_of(chosen)
    best = islice(scenes(5_000_001, "test", only=golden), count)
    picked = [
        replace(scene, warmth=other.warmth, brightness=other.brightness)
        for scene, other in zip(chosen, best, strict=True)
    ]
    recipes = {
        "golden": TEDDY_GOLDEN,
        "control": replace(TEDDY_GOLDEN, data=TEDDY_PROMPTS.data),
    }
    loaded = {name: recipe.load(pictures) for name, recipe in recipes.items()}

    def drawn(model: nn.Module, seed: int = 0) -> Images:
        return TEDDY_PROMPTS.draw(model, prompts, TEDDY_PROMPTS.scale, seed)

    base = load_model(TEDDY_PROMPTS.name, clip=False)
    before = drawn(base)
    result: Result = {"steps": steps, "pictures": pictures, "drawn": count}
    result |= prefixed("all", look(render(chosen, 32), chosen))
    result |= prefixed("picked", look(render(picked, 32), chosen))
    result |= prefixed("base", look(before, chosen))
    result["base_variety"] = variety(before, drawn(base, 1))

    def tuned(name: str, seed: int) -> tuple[Run, nn.Module, list[Result]]:
        recipe: PromptRecipe = replace(recipes[name], seed=seed)
        run = Run(recipe, profile, loaded[name], precision="bf16")
        slow = AveragedModel(run.model, multi_avg_fn=_slowly)
        slow.update_parameters(run.model)
        looks = []
        for step in train(run):
            slow.update_parameters(run.model)
            if name == "golden" and step.number in marks:
                looks.append(look(drawn(run.averaged()), chosen))
        return run, slow.module.eval(), looks

    def one(seed: int) -> Result:
        run, slow, looks = tuned("golden", seed)
        after = drawn(run.averaged())
        last = look(after, chosen)
        found = prefixed("golden", columns([look(before, chosen), *looks, last]))
        found |= prefixed("end", last)
        found["end_variety"] = variety(after, drawn(run.averaged(), 1))
        found |= prefixed("slow", look(drawn(slow), chosen))
        control, _, _ = tuned("control", seed)
        return found | prefixed("control", look(drawn(control.averaged()), chosen))

    result |= {"golden_seen": [0, *marks, steps], "slow_decay": SLOW}
    result["slow_left"] = SLOW**steps
    return result | for_seeds(one, seeds)
