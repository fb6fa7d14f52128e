"""Is it this bear, and is it every bear now? Figures for a model tuned to a subject.

Who it is says `stripes`, with the renderer; whether the rest is as asked, a reader. The
reader knows the [V] bear as well, but nothing that is no bear of its training: of what
an untuned model draws for a word that means nothing it calls four fifths the [V] bear.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.captions import SUBJECT, words_of
from coursekit.datasets.teddy.prompts import captions_of, prompts
from coursekit.datasets.teddy.reader import ABOUT_THE_BEAR, read_second
from coursekit.datasets.teddy.sample import special_teddies
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.teddy.stripes import stripes
from coursekit.evaluation.prompt_alignment import hits
from coursekit.evaluation.prompts import SEED, Drawn

Images = NDArray[np.uint8]


def called(captions: Sequence[str], word: str) -> list[str]:
    """Captions in which the [V] bear goes by another word."""
    return [caption.replace(SUBJECT, word) for caption in captions]


def identity_figures(
    draw: Drawn, word: str, count: int, scale: float, size: int = 32
) -> dict[str, Any]:
    """How a tuned model draws its subject, and everybody else.

    `identity`: the share of `count` new scenes, asked for by `word`, that show the [V]
    bear, and `strength`, the median strength of its pattern, 1 as it is rendered;
    `obeys`: the share with the place, hat, glasses, pose and action asked for.
    `ordinary`: the share of ordinary prompts met in all attributes; `striped`: the
    share of their pictures that show the [V] bear instead. `real_identity`,
    `real_strength` and `real_obeys`: of real pictures of the same new scenes.
    """
    real, scenes = special_teddies(count, size, SEED)
    new = draw(called(captions_of(scenes), word), scale, 0)
    asked, others = prompts(count, "test", SEED)
    drawn = draw(asked, scale, 0)
    figures = {"word": word, "prompts": count, "guidance": scale}
    figures |= _subject(scenes, new)
    readings = read_second(drawn)
    met = [hits(s, r)["all"] for s, r in zip(others, readings, strict=True)]
    figures["ordinary"] = float(np.mean(met))
    figures["striped"] = float(stripes(drawn).holds().mean())
    seen = _subject(scenes, real)
    return figures | {f"real_{name}": share for name, share in seen.items()}


def _subject(scenes: Sequence[Scene], images: Images) -> dict[str, float]:
    """Who is drawn, and whether the rest is as asked."""
    obeyed = []
    for scene, reading in zip(scenes, read_second(images), strict=True):
        words = words_of(scene.bears[0])
        rest = [n for n in ABOUT_THE_BEAR if n != "fur"]
        fits = all(getattr(reading, n) == getattr(words, n) for n in rest)
        obeyed.append(fits and reading.place == scene.place)
    found = stripes(images)
    return {
        "identity": float(found.holds().mean()),
        "strength": float(np.median(found.strength)),
        "obeys": float(np.mean(obeyed)),
    }
