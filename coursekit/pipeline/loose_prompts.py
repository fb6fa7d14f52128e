"""Understand how people ask for a teddy bear, and say it in the captions' grammar.

    a brown teddy bear with a red hat, reading in the park
    -> a brown teddy bear with a red hat is reading in the park

A model knows only sentences like its training captions. This reader finds fur, hat,
glasses, pose, action and place in any order, and rewrites. It says what it understood
and what it chose; what no phrase of `loose_phrases` explains, it refuses.
"""

from dataclasses import dataclass, replace

import numpy as np

from coursekit.datasets.teddy.captions import (
    COUNTS,
    caption,
    parse_caption,
    told_apart,
    words_of,
)
from coursekit.datasets.teddy.scene import FURS, PLACES, Bear, Scene
from coursekit.pipeline.loose_phrases import ONE, NotUnderstood, attributes, spoken

UNSAID = {"hat": "none", "glasses": "none", "pose": "both-down", "action": "none"}
DICE = 0x7EDD  # beside the seed, for what nobody said


@dataclass(frozen=True)
class Understood:
    """A prompt in the captions' grammar, and how it came about."""

    prompt: str
    note: str  # one line for people
    scene: Scene  # one that the prompt describes; size and light mean nothing


def understand(text: str, seed: int = 0, most: int = 1) -> Understood:
    """What a person asks for, in the words of the captions.

    most: how many bears the model draws, 1 or 3.
    A sentence of the grammar stays as it is, but that bears who look alike get a clause
    each. Otherwise: what is not said is not there
    (no hat, no glasses, arms down, sitting), and a fur or a place that is not said is
    chosen by the seed. Raises NotUnderstood, in one line, for unknown words, for what
    this world does not have, and for contradictions.
    """
    try:
        scene = _as_told(text, most)
    except ValueError:
        pass
    else:
        if len(set(map(words_of, scene.bears))) < len(scene.bears):
            return Understood(told_apart(scene), "taken bear by bear", scene)
        return Understood(" ".join(text.lower().split()), "taken as it is", scene)
    try:
        found = attributes(text, ONE if most == 1 else "only bears can be several")
    except NotUnderstood:
        if most == 1 or (group := _group(text)) is None:
            raise
        return _several(*group, seed)
    said = [spoken(name, word) for name, word in found.items()]
    rng = np.random.default_rng([seed, DICE])
    chosen = fill(found, rng)
    quiet = [spoken(n, word) for n, word in UNSAID.items() if n not in found]
    found = {**UNSAID, **found}
    place = found.pop("place")
    scene = Scene(place, (Bear(**found),))  # type: ignore[arg-type]
    parts = [f"understood {', '.join(said)}" if said else "understood only a bear"]
    parts += [f"not said, so {', '.join(quiet)}"] if quiet else []
    parts += [f"chosen by seed {seed}: {', '.join(chosen)}"] if chosen else []
    return Understood(caption(scene), "; ".join(parts), scene)


def fill(found: dict[str, str], rng: np.random.Generator) -> list[str]:
    """Choose the fur and the place that nobody said, in `found`.

    Returns what was chosen, as a person would say it. The dice fall equally often
    whatever was said, so one word more changes nothing else.
    """
    chosen = []
    for name, options in (("fur", FURS), ("place", PLACES)):
        pick = str(rng.choice(options))
        if name not in found:
            found[name] = pick
            chosen.append(spoken(name, pick))
    return chosen


def instead(scene: Scene, text: str) -> str:
    """The caption of the same scene with what `text` names in its place.

    For negative prompts: a model has learnt whole sentences, so what it should stay
    away from is said as one. Raises NotUnderstood, also where nothing would differ.
    """
    one = len(scene.bears) == 1
    found = attributes(text, ONE if one else "name a thing that all bears can have")
    place = found.pop("place", scene.place)
    bears = tuple(replace(bear, **found) for bear in scene.bears)  # type: ignore[arg-type]
    if (place, bears) == (scene.place, scene.bears):
        raise NotUnderstood(f"{text!r} is what the prompt asks for: name another thing")
    return caption(replace(scene, place=place, bears=bears))


def _as_told(text: str, most: int) -> Scene:
    """The scene of a caption about so many bears; ValueError for anything else."""
    told = parse_caption(text)
    bears = [words._asdict() for count, words in told.clauses for _ in range(count)]
    if told.mirror or not 1 <= len(bears) <= most:
        raise ValueError("not so many bears")
    return Scene(told.place, _in_a_row(bears))


def _in_a_row(bears: list[dict[str, str]]) -> tuple[Bear, ...]:
    """Bears from left to right, as they were named."""
    step = 1 / (len(bears) + 1)
    return tuple(
        Bear(**bear, x=step * (i + 1))  # type: ignore[arg-type]
        for i, bear in enumerate(bears)
    )


def _group(text: str) -> tuple[list[dict[str, str]], str] | None:
    """Several bears and their place; None where the words name only one bear."""
    from coursekit.pipeline.bear_heads import names_several
    from coursekit.pipeline.several_bears import several

    if not names_several(text):
        return None
    bears, place = several(text)
    return (bears, place) if len(bears) > 1 else None


def _several(bears: list[dict[str, str]], place: str, seed: int) -> Understood:
    """The caption of several bears, and what was understood and chosen."""
    rng = np.random.default_rng([seed, DICE])
    said = [
        f"({i}) " + (", ".join(spoken(*item) for item in bear.items()) or "any bear")
        for i, bear in enumerate(bears, 1)
    ]
    chosen = []
    for i, bear in enumerate(bears, 1):
        if "fur" not in bear:
            bear["fur"] = str(rng.choice(FURS))
            chosen.append(f"({i}) {spoken('fur', bear['fur'])}")
    where = [spoken("place", place)] if place else []
    if not place:
        place = str(rng.choice(PLACES))
        chosen.append(spoken("place", place))
    scene = Scene(place, _in_a_row([{**UNSAID, **bear} for bear in bears]))
    note = f"understood {COUNTS[len(bears)]} bears: {', '.join([*said, *where])}"
    note += "; where not said, no hat, no glasses, arms down, sitting"
    note += f"; chosen by seed {seed}: {', '.join(chosen)}" if chosen else ""
    return Understood(told_apart(scene), note, scene)
