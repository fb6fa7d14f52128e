"""Captions for training, prompts for judging: scenes in varied but repeatable words."""

from collections.abc import Sequence
from itertools import islice
from zlib import crc32

import numpy as np

from coursekit.datasets.teddy.captions import caption
from coursekit.datasets.teddy.programs import program
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene


def captions_of(scenes: Sequence[Scene], seed: int = 0) -> list[str]:
    """One caption for each scene, its wording drawn from (seed, scene).

    The wording of a scene does not depend on the other scenes or their order; other
    seeds give other wordings of the same facts.
    """
    return [caption(scene, _generator(scene, seed)) for scene in scenes]


def _generator(scene: Scene, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, crc32(program(scene).encode())]))


def prompts(
    n: int, split: str = "test", seed: int = 0, kind: str = "solo"
) -> tuple[list[str], list[Scene]]:
    """n prompts and the scenes they describe, fixed by the arguments.

    split: "test" (new scenes of known combinations), "heldout" (fur-hat pairs that no
    training saw) or "train"; kind: of `random_scene`. The scenes are those of
    `teddies(n, seed=seed, split=split, kind=kind)`, so real pictures of them are one
    call away. Raises ValueError for unknown words.
    """
    chosen = list(islice(scenes(seed, split, kind), n))
    return captions_of(chosen, seed), chosen
