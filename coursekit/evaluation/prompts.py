"""Does a picture show what its prompt says? Figures for whole models."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.teddy.curation import KINDS, world

Images = NDArray[np.uint8]
Drawn = Callable[[list[str], float, int], Images]  # prompts, scale, seed -> pictures
SEED = 5_000_000  # of the held-out scenes


def held_out_prompts(data: str, count: int) -> list[str]:
    """Prompts that no training has seen, always the same: half new scenes of known
    combinations, half combinations that were held out (for emoji: held-out pairs).
    """
    if data == "emoji":
        from coursekit.datasets import emoji

        captions = emoji.load("pairs").captions
        order = np.random.default_rng(0).permutation(len(captions))
        return [captions[i] for i in order[:count]]
    from coursekit.datasets.teddy.prompts import prompts

    kind = KINDS[data]
    new, _ = prompts(count - count // 2, "test", SEED, kind)
    never, _ = prompts(count // 2, "heldout", SEED, kind)
    return new + never


def prompt_figures(
    draw: Drawn,
    data: str,
    size: int,
    count: int,
    scales: Sequence[float],
    judge: nn.Module | None = None,
    kind: str = "scale",
) -> dict[str, Any]:
    """The figures of a card: for each guidance scale, how many prompts were met.

    kind: what the scales are; "steps" for students, whose second argument of `draw` is
    the number of steps.

    Teddies: shares by attribute, judged by the second reader, for scenes of known and
    of held-out combinations, beside those of real pictures. One to three bears: the
    same by the scene reader, and under "one_bear" what a recipe of one bear is asked.
    "sharpness": `slopes` of what is drawn over those of real pictures.
    Emoji: `emoji_figures`, by a CLIP that was trained on all of them (`judge`).
    """
    if data == "emoji":
        from coursekit.evaluation.emoji_figures import emoji_figures

        assert judge is not None, "emoji want a judge"
        return emoji_figures(draw, judge, count, scales)
    from coursekit.evaluation.prompt_alignment import binding, prompt_alignment

    if data == "pairs":
        return _by_split(draw, "pair", size, count, scales, binding, kind)
    if world(data) == "bears":
        from coursekit.evaluation.scene_alignment import scene_alignment

        settings = (size, count, scales)
        found = _by_split(draw, "group", *settings, scene_alignment, kind)
        one = _by_split(draw, "solo", *settings, prompt_alignment, kind)
        return {**found, "one_bear": one}
    return _by_split(draw, "solo", size, count, scales, prompt_alignment, kind)


def _by_split(
    draw: Drawn,
    scenes_of: str,
    size: int,
    count: int,
    scales: Sequence[float],
    judge: Callable[..., dict[str, Any]],
    kind: str,
) -> dict[str, Any]:
    from coursekit.datasets.teddy.prompts import prompts
    from coursekit.datasets.teddy.render import render
    from coursekit.evaluation.reconstruction import slopes

    figures: dict[str, Any] = {"prompts": count, "scales": list(scales)}
    for split in ("test", "heldout"):
        asked, scenes = prompts(count // 2, split, SEED, scenes_of)
        real = render(scenes, size)
        figures[f"real_{split}"] = judge(real, scenes)
        for scale in scales:
            drawn = draw(asked, scale, 0)
            sharp = {"sharpness": slopes(drawn) / slopes(real)}
            figures[f"{kind}_{scale:g}_{split}"] = judge(drawn, scenes) | sharp
    return figures
