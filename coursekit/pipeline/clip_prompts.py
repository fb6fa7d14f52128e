"""Understand how people ask for a clip of a teddy bear, and say it as captions do.

    a teddy bear waves, then a person in a green shirt walks past
    -> a brown teddy bear waves in the park, then a person in a green shirt walks past

The bear's own words are read by `loose_phrases`, as those of a picture are; here are
its motion and who passes behind it.
"""

import re
from dataclasses import dataclass

import numpy as np

from coursekit.datasets.teddy.clip_scene import MOTIONS, SHIRTS, Clip
from coursekit.datasets.teddy.clip_words import VERBS, clip_caption
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.pipeline.loose_phrases import NotUnderstood, attributes, spoken
from coursekit.pipeline.loose_prompts import fill

PERSON = r"person|man|woman|boy|girl|somebody|someone|pedestrian|walker|passer-?by"
WHO = re.compile(
    rf"[\s,;.]*\b(?:(?:and|then|while|as)\b[\s,]*)*(?:an? |the )?\b(?:{PERSON})\b(.*)$"
)
PASSES = re.compile(
    r"(?:,? ?(?:in|with|wearing|who wears)(?: an?| the)? (?P<shirt>\w+)"
    r"(?: (?:t-?)?shirt| top| jumper)?)?,?"
    r"(?: (?:who )?(?:is )?(?:walk|pass|stroll|go)(?:s|es|ing)?"
    r"(?: past| by| behind| through)?(?: the bear| it| her| him)?)?[\s.!]*"
)
MOVES = {
    "stand": r"(?:stands?|standing)(?: still)?",
    "walk": r"(?:walks?|walking|strolls?|strolling)(?: around| about)?",
    "wave": r"(?:waves?|waving)(?: (?:its|his|her|an?|the|one|hello)(?: (?:arm|hand|paw))?)?",  # noqa: E501
    "dance": r"(?:dances?|dancing)",
}


@dataclass(frozen=True)
class ClipWish:
    """A caption of a clip, how it came about, and a clip that it describes."""

    prompt: str
    note: str
    clip: Clip


def understand_clip(text: str, seed: int = 0) -> ClipWish:
    """What a person asks for, in the words of the captions of clips.

    What is not said is not there: no hat, no glasses, nobody who passes; a bear of
    which no motion is told stands. Fur, place and shirt that are not said are chosen by
    the seed. Raises NotUnderstood, in one line, for what these clips do not have.
    """
    lowered = " ".join(text.lower().split())
    rest, shirt = _walker(lowered)
    rest, motion = _motion(rest)
    found = attributes(" ".join(rest.split()), "a clip has one bear")
    if strange := sorted({"pose", "action"} & set(found)):
        what = spoken(strange[0], found[strange[0]])
        raise NotUnderstood(f"{what!r}: in a clip, say {', '.join(VERBS.values())}")
    rng = np.random.default_rng([seed, 0xC11B])
    chosen = fill(found, rng)
    pick = str(rng.choice(SHIRTS))
    if shirt == "":
        shirt = pick
        chosen.append(f"a {pick} shirt")
    place = found.pop("place")
    pose = "right-up" if motion == "wave" else "both-down"
    bear = Bear(pose=pose, **found)  # type: ignore[arg-type]
    clip = Clip(Scene(place, (bear,)), motion or "stand", shirt=shirt or "none")
    prompt = clip_caption(clip)
    notes = ["taken as it is"] if prompt == lowered else [f"understood {prompt!r}"]
    notes += [f"chosen by seed {seed}: {', '.join(chosen)}"] if chosen else []
    return ClipWish(prompt, "; ".join(notes), clip)


def _walker(text: str) -> tuple[str, str | None]:
    """What is left without who passes, and the shirt: "" if unsaid, None for nobody."""
    who = WHO.search(text)
    if who is None:
        return text, None
    passes = PASSES.fullmatch(who[1])
    if passes is None:
        raise NotUnderstood(
            f"{who[1].strip()!r}: say that a person in a green shirt walks past"
        )
    shirt = passes["shirt"] or ""
    if shirt and shirt not in SHIRTS:
        raise NotUnderstood(f"a {shirt} shirt: these are {', '.join(SHIRTS)}")
    return text[: who.start()], shirt


def _motion(text: str) -> tuple[str, str]:
    """What is left without the motion, and the motion, "" if none is told."""
    told = []
    for motion in MOTIONS:
        text, count = re.subn(rf"\b(?:is |and )?{MOVES[motion]}\b", " ", text)
        told += [motion] * (count > 0)
    if len(told) > 1:
        raise NotUnderstood(f"{' and '.join(told)}: a bear does one of them in a clip")
    return text, told[0] if told else ""
