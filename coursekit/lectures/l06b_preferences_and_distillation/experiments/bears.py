"""Figure 06b.L: the ladder of the bear model, teacher and students on equal sentences.

Everyone draws the same held-out sentences from the same noise, in 1, 2, 4 and 8 steps;
the teacher is guided, so each of its steps asks the network twice. It is judged whether
the sentence is obeyed (one bear by the second reader, one to three by the scene
reader), how far the crowd is from real pictures in a reader's features, how sharp
pictures are, and how different two pictures of one sentence are.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader import features
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.distances import energy_distance
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.evaluation.prompts import SEED, Drawn
from coursekit.evaluation.reconstruction import slopes
from coursekit.evaluation.scene_alignment import scene_alignment
from coursekit.evaluation.text_sampling import sample_prompts
from coursekit.experiments.summary import Result
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe_students import StudentRecipe
from coursekit.training.recipes import RECIPES
from coursekit.training.recipes_prompts import TEDDY_64_PROMPTS
from coursekit.training.text_image_data import length_of, tokenizer_of

Images = NDArray[np.uint8]
STEPS = (1, 2, 4, 8)
USUAL = 24  # steps of the teacher
STUDENTS = {
    "progressive": "teddy-64-progressive",
    "consistency": "teddy-64-consistency",
    "dmd": "teddy-64-dmd",
    "meanflow": "teddy-64-meanflow",
}


def teacher_draws(
    model: nn.Module, asked: list[str], steps: float, seed: int = 0
) -> Images:
    """The guided teacher in so many Euler steps."""
    recipe, words = TEDDY_64_PROMPTS, tokenizer_of(TEDDY_64_PROMPTS.data)
    ids = words.encode(asked, length_of(recipe.data))
    return sample_prompts(
        model,
        recipe.space.decode,
        ids,
        words.null(1, ids.shape[1])[0],
        recipe.shape(),
        num_steps=int(steps),
        scale=recipe.scale,
        seed=seed,
        shift=recipe.shift,
    )


def drawers() -> dict[str, Drawn]:
    """Everyone by name: (sentences, steps, seed) -> pictures."""
    found: dict[str, Drawn] = {
        "teacher": partial(teacher_draws, load_model(TEDDY_64_PROMPTS.name, clip=False))
    }
    for who, name in STUDENTS.items():
        recipe = RECIPES[name]
        assert isinstance(recipe, StudentRecipe)
        found[who] = partial(recipe.draw, load_model(name))
    return found


def spread(one: Images, other: Images) -> float:
    """Mean square difference of two pictures of one sentence, in units of 255."""
    return float(np.square((one.astype(float) - other) / 255).mean())


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 06b.L. One seed of noise; the students were trained once each.

    Keys: `steps`, `drawn` (sentences of each kind); for every {who} and number {n} of
    steps, `{who}_{n}_` and: `one` (share of the sentences about one bear that the
    second reader finds obeyed), `all` and `valid` (one to three bears, scene reader),
    `energy` (to real pictures, first reader's features), `sharp` (slopes over those of
    real pictures), `spread` (over that of the teacher's 24 steps) and `seconds` a
    picture, one thread, in batches; the same for `teacher_24`; lists over `steps` as
    `{who}_one`, and so on. `real_one`, `real_all`, `real_valid`, `floor` (energy of
    real against real). `{who}_minutes` and `{who}_evals`: what training cost, the
    latter in passes of one picture through a network, a backward pass as two.
    """
    count = 6 if quick else 200
    one_asked, one_scenes = prompts(count, "test", SEED, "solo")
    asked, scenes = prompts(count, "test", SEED, "group")
    again = one_asked[: max(2, count // 4)]
    real, others = render(one_scenes, 64), prompts(count, "test", SEED + 1, "solo")[1]
    reference = torch.from_numpy(features(render(others, 64)))

    def apart(images: Images) -> float:
        return energy_distance(torch.from_numpy(features(images)), reference)

    both = scene_alignment(render(scenes, 64), scenes)
    result: Result = {"steps": list(STEPS), "drawn": count, "floor": apart(real)}
    result["real_one"] = prompt_alignment(real, one_scenes)["all"]
    result |= {"real_all": both["all"], "real_valid": both["valid"]}
    everyone, norm = drawers(), 0.0
    for who, draw in everyone.items():
        for n in (USUAL, *STEPS) if who == "teacher" else STEPS:
            began = time.perf_counter()
            single = draw(one_asked, n, 0)
            seconds = (time.perf_counter() - began) / count
            group = scene_alignment(draw(asked, n, 0), scenes)
            wide = spread(single[: len(again)], draw(again, n, 1))
            norm = norm or wide
            found: dict[str, Any] = {
                "one": prompt_alignment(single, one_scenes)["all"],
                "all": group["all"],
                "valid": group["valid"],
                "energy": apart(single),
                "sharp": slopes(single) / slopes(real),
                "spread": wide / norm,
                "seconds": seconds,
            }
            result |= {f"{who}_{n}_{key}": value for key, value in found.items()}
        for key in ("one", "all", "valid", "energy", "sharp", "spread"):
            result[f"{who}_{key}"] = [result[f"{who}_{n}_{key}"] for n in STEPS]
    for who, name in STUDENTS.items():
        made = card(name)
        result[f"{who}_minutes"] = made["seconds"] / 60
        result[f"{who}_evals"] = made["samples_seen"] * passes(name)
    return result


def passes(name: str) -> float:
    """Passes of one picture through a network in a step; a backward one counts two."""
    return {
        # the student 3; two steps of the guided teacher 4, or of an older self 2
        "teddy-64-progressive": 3 + (4 + 4 * 2) / 5,
        "teddy-64-consistency": 3 + 2 + 1,
        # walking there 1.5 on average, the student 3, guided teacher 2, judge 1 and 3
        "teddy-64-dmd": 1.5 + 3 + 2 + 1 + 3,
        "teddy-64-meanflow": 3 + 2 + 1,  # the slope: one more pass
    }[name]
