"""A benchmark of the teddy world, after GenEval (Ghosh et al. 2023), and its card.

Six tasks, four pictures a prompt; the score is the mean of the tasks' shares of right
pictures. The scene reader judges; the network of `vqa` answers the same questions as a
second judge. A model of one bear at 32 pixels is asked what is about one bear.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.teddy.captions import caption, parse_caption
from coursekit.datasets.teddy.questions import (
    NOBODY,
    NUMBERS,
    Question,
    how_many,
    left_of,
    there_is,
)
from coursekit.datasets.teddy.reader import as_pixels
from coursekit.datasets.teddy.scene import FURS, Bear, Scene, random_scene
from coursekit.datasets.teddy.scene_reader import read_scenes
from coursekit.evaluation.alignment import text_vectors
from coursekit.evaluation.tifa import by_reader, tifa
from coursekit.evaluation.vqa import answers, vqa_scores
from coursekit.theory.alignment import clip_score, mean_of_means

Images = NDArray[np.uint8]
ONE_BEAR = ("single object", "colours")
TASKS = (*ONE_BEAR, "two objects", "counting", "position", "binding")
PICTURES = 4  # of each prompt
RESAMPLES, EDGES = 1000, (0.025, 0.975)


class Test(NamedTuple):
    """A prompt, what its picture is asked, and what it should answer."""

    task: str
    prompt: str
    question: Question
    answer: str


def test_of(task: str, prompt: str) -> Test | None:
    """What a task asks about a caption; None where it has nothing to ask.

    single object: is there a bear; colours: one of that fur; two objects: bears of
    these two furs; counting: how many bears; position: is the one named first left of
    the next; binding: has each its own hat.
    """
    clauses = parse_caption(prompt).clauses
    count = sum(n for n, _ in clauses)
    furs = [NOBODY._replace(fur=words.fur) for _, words in clauses]
    worn = [f._replace(hat=w.hat) for f, (_, w) in zip(furs, clauses, strict=True)]
    two = count == len(clauses) == len(set(furs)) == 2
    hats = {words.hat for _, words in clauses} - {"none"}
    asked = {
        "single object": (there_is([NOBODY]), "yes") if count == 1 else None,
        "colours": (there_is(furs), "yes") if count == 1 else None,
        "two objects": (there_is(furs), "yes") if two else None,
        "counting": (how_many(), NUMBERS[count]),
        "position": (left_of(*furs), "yes") if two else None,
        "binding": (there_is(worn), "yes") if two and len(hats) == 2 else None,
    }[task]
    return Test(task, prompt, *asked) if asked else None


def benchmark(
    prompts: int, one_bear: bool = False, seed: int = 0
) -> tuple[list[Test], list[Scene]]:
    """So many prompts for each task, and scenes that show them.

    Bears wear nothing but what their task is about. Counts come in turn, 1 to 3.
    """
    luck = np.random.Generator(np.random.PCG64([7, seed]))
    tests, scenes = [], []
    for task in ONE_BEAR if one_bear else TASKS:
        for number in range(prompts):
            kind = "solo" if task in ONE_BEAR else "pair"
            scene = random_scene(luck, "group" if task == "counting" else kind)
            while task == "counting" and len(scene.bears) != number % 3 + 1:
                scene = random_scene(luck, "group")
            fur = FURS[int(luck.random() * len(FURS))]
            bears = [plain(bear, task, fur) for bear in scene.bears]
            scene = replace(scene, bears=tuple(bears))
            test = test_of(task, caption(scene))
            assert test is not None
            tests.append(test)
            scenes.append(scene)
    return tests, scenes


def plain(bear: Bear, task: str, fur: str) -> Bear:
    """The bear without what the task is not about; those that are counted are alike."""
    kept = Bear(bear.fur, x=bear.x, y=bear.y, scale=bear.scale)
    if task == "counting":
        return replace(kept, fur=fur)
    return replace(kept, hat=bear.hat) if task == "binding" else kept


def card(images: Images, tests: Sequence[Test], clip: Any = None) -> dict[str, Any]:
    """What a model is worth: pictures (N, H, W, 3), one for each of N tests.

    "tasks": the share of right pictures by task; "score": their mean, "interval": where
    95 % of the scores lie if prompts are drawn again; "second": the same by the second
    judge, "agree": how often both say the same; "valid": the share that looks like
    scenes; "tifa", "vqa_score": means over pictures; "clip_score": of those with one
    bear, where a CLIP of 32 pixels is given. Raises ValueError for no pictures.
    """
    if len(images) != len(tests) or not len(images):
        raise ValueError(f"{len(images)} pictures for {len(tests)} tests: give as many")
    asked = [[test.question] for test in tests]
    first, second = (
        [said == t.answer for (said,), t in zip(who(images, asked), tests, strict=True)]
        for who in (by_reader, answers)
    )
    prompts = [test.prompt for test in tests]
    found = {
        **_scored(first, tests),
        "second": _scored(second, tests),
        "agree": float(np.mean(np.equal(first, second))),
        "valid": float(np.mean([seen.valid for seen in read_scenes(images)])),
        "tifa": tifa(images, prompts)["tifa"],
        "vqa_score": float(vqa_scores(images, prompts).mean()),
    }
    one = [i for i, test in enumerate(tests) if test.task in ONE_BEAR]
    if clip is not None and one:
        small = as_pixels(images[one], clip.config.image.size)
        seen = clip.encode_image(small)
        said = text_vectors(clip, [prompts[i] for i in one], "teddy")
        found["clip_score"] = float(clip_score(seen, said).mean())
    return found


def _scored(right: Sequence[bool], tests: Sequence[Test]) -> dict[str, Any]:
    """Shares, mean and interval. Prompts are drawn again with all their pictures."""
    names = [task for task in TASKS if any(test.task == task for test in tests)]
    by_prompt: dict[str, dict[str, list[bool]]] = {name: {} for name in names}
    for hit, test in zip(right, tests, strict=True):
        by_prompt[test.task].setdefault(test.prompt, []).append(hit)
    shares = {t: np.array([np.mean(v) for v in by_prompt[t].values()]) for t in names}
    luck = np.random.Generator(np.random.PCG64(0))
    drawn = [luck.integers(len(v), size=(RESAMPLES, len(v))) for v in shares.values()]
    again = [v[i].mean(1) for v, i in zip(shares.values(), drawn, strict=True)]
    whose = torch.tensor([names.index(test.task) for test in tests])
    return {
        "tasks": {name: float(np.mean(values)) for name, values in shares.items()},
        "score": float(mean_of_means(torch.tensor(right), whose)),
        "interval": [float(x) for x in np.quantile(np.mean(again, 0), EDGES)],
    }
