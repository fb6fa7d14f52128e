"""Is it this bear, and is it every bear now? Figures for a model tuned to a subject."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursekit.datasets.teddy.captions import SUBJECT, words_of
from coursekit.datasets.teddy.prompts import captions_of, prompts
from coursekit.datasets.teddy.reader import ABOUT_THE_BEAR, Reading, read_second
from coursekit.datasets.teddy.sample import special_teddies
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.prompt_alignment import hits
from coursekit.evaluation.prompts import SEED, Drawn


def called(captions: Sequence[str], word: str) -> list[str]:
    """Captions in which the [V] bear goes by another word."""
    return [caption.replace(SUBJECT, word) for caption in captions]


def identity_figures(
    draw: Drawn, word: str, count: int, scale: float, size: int = 32
) -> dict[str, Any]:
    """How a tuned model draws its subject, and everybody else, by the second reader.

    `identity`: the share of `count` new scenes, asked for by `word`, that show the [V]
    bear; `obeys`: those with the place, hat, glasses, pose and action asked for.
    `ordinary`: the share of ordinary prompts met in all attributes; `striped`: the
    share of their pictures that show the [V] bear instead. `real_identity` and
    `real_obeys`: of real pictures of the same new scenes.
    """
    real, scenes = special_teddies(count, size, SEED)
    new = draw(called(captions_of(scenes), word), scale, 0)
    asked, others = prompts(count, "test", SEED)
    drawn = draw(asked, scale, 0)
    figures = {"word": word, "prompts": count, "guidance": scale}
    figures |= _subject(scenes, read_second(new))
    readings = read_second(drawn)
    met = [hits(s, r)["all"] for s, r in zip(others, readings, strict=True)]
    figures["ordinary"] = float(np.mean(met))
    figures["striped"] = float(np.mean([r.fur == SUBJECT for r in readings]))
    seen = _subject(scenes, read_second(real))
    return figures | {f"real_{name}": share for name, share in seen.items()}


def _subject(scenes: Sequence[Scene], readings: Sequence[Reading]) -> dict[str, float]:
    """Who is drawn, and whether the rest is as asked."""
    obeyed = []
    for scene, reading in zip(scenes, readings, strict=True):
        words = words_of(scene.bears[0])
        rest = [n for n in ABOUT_THE_BEAR if n != "fur"]
        fits = all(getattr(reading, n) == getattr(words, n) for n in rest)
        obeyed.append(fits and reading.place == scene.place)
    striped = [reading.fur == SUBJECT for reading in readings]
    return {"identity": float(np.mean(striped)), "obeys": float(np.mean(obeyed))}
