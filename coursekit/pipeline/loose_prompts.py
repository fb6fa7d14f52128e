"""Understand how people ask for a teddy bear, and say it in the captions' grammar.

    a brown teddy bear with a red hat, reading in the park
    -> a brown teddy bear with a red hat is reading in the park

A model knows only sentences like its training captions. This reader finds fur, hat,
glasses, pose, action and place in any order, and rewrites. It says what it understood
and what it chose; what no phrase of `loose_phrases` explains, it refuses.
"""

from dataclasses import dataclass, replace

import numpy as np

from coursekit.datasets.teddy.captions import caption, parse_caption
from coursekit.datasets.teddy.scene import FURS, PLACES, Bear, Scene
from coursekit.pipeline.loose_phrases import NotUnderstood, attributes, spoken

UNSAID = {"hat": "none", "glasses": "none", "pose": "both-down", "action": "none"}


@dataclass(frozen=True)
class Understood:
    """A prompt in the captions' grammar, and how it came about."""

    prompt: str
    note: str  # one line for people
    scene: Scene  # one that the prompt describes; size and light mean nothing


def understand(text: str, seed: int = 0) -> Understood:
    """What a person asks for, in the words of the captions.

    A sentence of the grammar stays as it is. Otherwise: what is not said is not there
    (no hat, no glasses, arms down, sitting), and a fur or a place that is not said is
    chosen by the seed. Raises NotUnderstood, in one line, for unknown words, for what
    this world does not have, and for contradictions.
    """
    try:
        scene = _one_bear(text)
    except ValueError:
        pass
    else:
        return Understood(" ".join(text.lower().split()), "taken as it is", scene)
    found = attributes(text)
    said = [spoken(name, word) for name, word in found.items()]
    rng = np.random.default_rng([seed, 0x7EDD])
    chosen = []
    for name, options in (("fur", FURS), ("place", PLACES)):
        pick = str(rng.choice(options))
        if name not in found:
            found[name] = pick
            chosen.append(spoken(name, pick))
    quiet = [spoken(n, word) for n, word in UNSAID.items() if n not in found]
    found = {**UNSAID, **found}
    place = found.pop("place")
    scene = Scene(place, (Bear(**found),))  # type: ignore[arg-type]
    parts = [f"understood {', '.join(said)}" if said else "understood only a bear"]
    parts += [f"not said, so {', '.join(quiet)}"] if quiet else []
    parts += [f"chosen by seed {seed}: {', '.join(chosen)}"] if chosen else []
    return Understood(caption(scene), "; ".join(parts), scene)


def instead(scene: Scene, text: str) -> str:
    """The caption of the same scene with what `text` names in its place.

    For negative prompts: a model has learnt whole sentences, so what it should stay
    away from is said as one. Raises NotUnderstood, also where nothing would differ.
    """
    found = attributes(text)
    place = found.pop("place", scene.place)
    bear = replace(scene.bears[0], **found)  # type: ignore[arg-type]
    if (place, bear) == (scene.place, scene.bears[0]):
        raise NotUnderstood(f"{text!r} is what the prompt asks for: name another thing")
    return caption(replace(scene, place=place, bears=(bear,)))


def _one_bear(text: str) -> Scene:
    """The scene of a caption about one bear; ValueError for anything else."""
    told = parse_caption(text)
    if told.mirror or len(told.clauses) != 1 or told.clauses[0][0] != 1:
        raise ValueError("not one bear")
    return Scene(told.place, (Bear(**told.clauses[0][1]._asdict()),))
