"""Understand how people ask for a teddy bear, and say it in the captions' grammar.

    a brown teddy bear with a red hat, reading in the park
    -> a brown teddy bear with a red hat is reading in the park

A model knows only sentences like its training captions. This reader finds fur, hat,
glasses, pose, action and place in any order, and rewrites. It says what it understood
and what it chose; it never drops a word that it does not know.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from coursekit.datasets.teddy.captions import WHERE, caption, parse_caption
from coursekit.datasets.teddy.scene import FURS, HATS, PLACES, Bear, Scene
from coursekit.pipeline import loose_words as say

THINGS = {**dict.fromkeys(say.BEAR, "fur"), **dict.fromkeys(say.HAT, "hat")}
THINGS |= dict.fromkeys(say.GLASSES | say.DARK, "glasses")
KNOWN = frozenset(
    say.COLOURS | set(THINGS) | say.ARM | say.UP | say.DOWN | say.BOTH | say.NO
) | frozenset((*say.SIDES, *say.ACTIONS, *say.PLACES, *say.SILENT, "round", "dark"))
SPOKEN: dict[str, Callable[[str], str]] = {
    "fur": lambda word: f"{word} fur",
    "hat": lambda word: "no hat" if word == "none" else f"a {word} hat",
    "glasses": lambda word: {
        "none": "no glasses",
        "round": "round glasses",
        "sun": "sunglasses",
    }[word],
    "pose": lambda word: {
        "both-down": "arms down",
        "both-up": "both arms up",
        "left-up": "left arm up",
        "right-up": "right arm up",
    }[word],
    "action": lambda word: "sitting" if word == "none" else word,
    "place": lambda word: WHERE[word],
}
UNSAID = {"hat": "none", "glasses": "none", "pose": "both-down", "action": "none"}


class NotUnderstood(ValueError):
    """A prompt that this world cannot show; the message says why in one line."""


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
    found = _attributes(_tokens(text), text)
    said = [SPOKEN[name](word) for name, word in found.items()]
    rng = np.random.default_rng([seed, 0x7EDD])
    chosen = []
    for name, options in (("fur", FURS), ("place", PLACES)):
        pick = str(rng.choice(options))
        if name not in found:
            found[name] = pick
            chosen.append(SPOKEN[name](pick))
    quiet = [SPOKEN[n](word) for n, word in UNSAID.items() if n not in found]
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
    found = _attributes(_tokens(text), text)
    place = found.pop("place", scene.place)
    bear = replace(scene.bears[0], **found)  # type: ignore[arg-type]
    if (place, bear) == (scene.place, scene.bears[0]):
        raise NotUnderstood(f"{text!r} is what the prompt asks for: name another thing")
    return caption(replace(scene, place=place, bears=(bear,)))


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|[,;.]", text.lower())


def _one_bear(text: str) -> Scene:
    """The scene of a caption about one bear; ValueError for anything else."""
    told = parse_caption(text)
    if told.mirror or len(told.clauses) != 1 or told.clauses[0][0] != 1:
        raise ValueError("not one bear")
    return Scene(told.place, (Bear(**told.clauses[0][1]._asdict()),))


def _attributes(words: list[str], text: str) -> dict[str, str]:
    """Attribute -> word, for what is said. Raises NotUnderstood."""
    if not words:
        raise NotUnderstood("an empty prompt: say something about the bear")
    if "mirror" in words or "mirrors" in words:
        raise NotUnderstood("mirrors are not in this model's captions: leave it out")
    found: dict[str, str] = {}

    def note(name: str, word: str) -> None:
        if found.setdefault(name, word) != word:
            a, b = SPOKEN[name](found[name]), SPOKEN[name](word)
            raise NotUnderstood(f"{a} and {b} in {text!r}: name one")

    for i, word in enumerate(words):
        if word in ",;.":
            continue
        if word not in KNOWN and word not in say.MANY:
            near = get_close_matches(word, sorted(KNOWN - say.SILENT), 2, 0.7)
            advice = f"did you mean {' or '.join(near)}?" if near else "leave it out"
            raise NotUnderstood(f"unknown word {word!r} in {text!r}: {advice}")
        if word in say.COLOURS:
            _colour(words, i, note)
        elif word in THINGS:
            _thing(words, i, note)
        elif word in ("hatless", "bareheaded"):
            note("hat", "none")
        elif word in say.ACTIONS:
            note("action", say.ACTIONS[word])
        elif word in say.PLACES:
            note("place", say.PLACES[word])
        elif word in say.ARM:
            _arms(words, i, note)
        elif word in ("no", "not", "without"):
            _absent(words[i + 1 :], text)
    many = say.MANY & set(words) - (say.BOTH if say.ARM & set(words) else set())
    if many:
        raise NotUnderstood(f"{min(many)!r} in {text!r}: this model draws one bear")
    if "hat" not in found and say.HAT & set(words):
        raise NotUnderstood(f"which hat in {text!r}? {', '.join(HATS[1:])}")
    if "glasses" not in found and {"dark", "round"} & set(words):
        raise NotUnderstood(f"what is dark or round in {text!r}? only glasses can be")
    return found


Note = Callable[[str, str], None]


def _colour(words: list[str], i: int, note: Note) -> None:
    """A colour belongs to the next thing of its phrase, or to the one before.

    Alone between commas it is the fur's.
    """
    owner = ""
    for word in words[i + 1 :]:
        if word in THINGS:
            owner = THINGS[word]
            break
        if word not in say.SILENT or word in ("with", "and", "in", "on", "wearing"):
            break  # also at a comma
    if not owner:
        for word in reversed(words[:i]):
            if word == "," or word in THINGS:
                owner = THINGS.get(word, "")
                break
        owner = owner or "fur"
    options = {"fur": FURS, "hat": HATS[1:]}
    if owner == "glasses":
        if words[i] != "black":
            raise NotUnderstood(f"no glasses are {words[i]}: they are round or dark")
        note("glasses", "sun")
    elif words[i] not in options[owner]:
        raise NotUnderstood(
            f"no {owner} is {words[i]}: {', '.join(options[owner])} are"
        )
    else:
        note(owner, words[i])


def _thing(words: list[str], i: int, note: Note) -> None:
    """Glasses, which need no colour; hats and glasses that are not there."""
    thing, missing = THINGS[words[i]], _is_missing(words[:i])
    if thing == "hat" and missing:
        note("hat", "none")
    if thing == "glasses":
        dark = words[i] in say.DARK or "dark" in words or words[i - 1] == "black"
        note("glasses", "none" if missing else "sun" if dark else "round")


def _absent(after: list[str], text: str) -> None:
    """Only hats and glasses can be missing; NotUnderstood for anything else."""
    rest = [w for w in after if w not in say.SILENT | say.COLOURS | {"round", "dark"}]
    if not rest or THINGS.get(rest[0]) not in ("hat", "glasses"):
        raise NotUnderstood(f"what is missing in {text!r}? only hat and glasses can be")


def _is_missing(before: list[str]) -> bool:
    """Whether a "no" or "without" stands shortly before, in the same phrase."""
    for word in reversed(before[-3:]):
        if word in say.NO:
            return True
        if word in ("and", "with", "but", ",") or word in THINGS:
            return False
    return False


def _arms(words: list[str], i: int, note: Note) -> None:
    """Which arms, and whether up or down."""
    near = words[max(0, i - 4) : i + 5]
    sides = [side for side in say.SIDES if side in near]
    if say.DOWN & set(near):
        note("pose", "both-down")
    elif say.UP & set(near):
        one = len(sides) == 1 and not say.BOTH & set(near)
        note("pose", say.SIDES[sides[0]] if one else "both-up")
    else:
        raise NotUnderstood("arms: up or down? say so, or leave them out")
