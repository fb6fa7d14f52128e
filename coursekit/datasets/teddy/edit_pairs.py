"""Pictures with a wish and its exact answer: what an editor should learn.

A wish for the colours is answered by operations on the pixels (`coursekit.editing`). A
wish for the content is answered by the renderer, with one word of the scene changed and
every number kept. So of each pair we know what had to change, and all that had not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.captions import vocabulary
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.datasets.teddy.splits import split_of
from coursekit.datasets.tokens import Tokenizer
from coursekit.editing.executor import run_step
from coursekit.editing.plan import Plan, Step

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Wish:
    """What somebody says, and what it means: a plan, or one word of the scene.

    name: "place", "fur", "hat", "glasses" or "pose"; word: what it is to become.
    """

    text: str
    plan: Plan = ()
    name: str = ""
    word: str = ""


class EditPair(NamedTuple):
    """A scene, what is asked of its picture, and the scene after it.

    A wish for the colours leaves the scene as it is.
    """

    scene: Scene
    wish: Wish
    after: Scene


@cache
def colour_wishes() -> tuple[Wish, ...]:
    """The wishes that leave the scene as it is."""
    plans: tuple[tuple[str, str, dict[str, float]], ...] = (
        ("black and white", "grayscale", {}),
        ("brighter", "brightness", {"amount": 30.0}),
        ("darker", "brightness", {"amount": -30.0}),
        ("warmer", "temperature", {"amount": 60.0}),
        ("colder", "temperature", {"amount": -60.0}),
        ("more colourful", "saturation", {"amount": 80.0}),
        ("less colourful", "saturation", {"amount": -50.0}),
        ("negative", "invert", {}),
    )
    return tuple(Wish(f"make it {say}", (Step(do, by),)) for say, do, by in plans)


def _drawn(luck: np.random.Generator) -> Wish:
    wishes = colour_wishes()
    return wishes[luck.integers(len(wishes))]


# What captions do not say; their words have ids already.
WORDS = """add brighter colder colourful darker less lower make more move negative
off raise take to warmer it""".split()
LENGTH = 12  # tokens of a wish, start and end included


def edit_tokenizer() -> Tokenizer:
    """The words of captions, with their ids, and behind them those of wishes."""
    return Tokenizer(vocabulary(), WORDS)


def changed(scene: Scene, name: str, word: str) -> Scene:
    """The scene of one bear with one word changed, and nothing else."""
    if name == "place":
        return replace(scene, place=word)
    return replace(scene, bears=(replace(scene.bears[0], **{name: word}),))  # type: ignore[arg-type]


def content_wishes(scene: Scene) -> list[Wish]:
    """All that can be asked of a scene of one bear, word by word of its attributes.

    Nothing is asked that is there already, and nothing taken off that is not.
    """
    bear, found = scene.bears[0], list[Wish]()

    def ask(text: str, name: str, word: str) -> None:
        found.append(Wish(text, (), name, word))

    for place in VOCABULARY["place"]:
        if place != scene.place:
            ask(f"move it to the {place}", "place", place)
    for fur in VOCABULARY["fur"]:
        if fur != bear.fur:
            ask(f"make the bear {fur}", "fur", fur)
    for hat in VOCABULARY["hat"][1:]:
        if hat != bear.hat:
            start = "add a" if bear.hat == "none" else "make it a"
            ask(f"{start} {hat} hat", "hat", hat)
    for glasses, said in (("round", "round glasses"), ("sun", "sunglasses")):
        if bear.glasses == "none":
            ask(f"add {said}", "glasses", glasses)
    for name, said in (("hat", "hat"), ("glasses", "glasses")):
        if getattr(bear, name) != "none":
            ask(f"take the {said} off", name, "none")
    for arm in ("right", "left"):
        pose = moved(bear.pose, arm)
        verb = "raise" if pose in (f"{arm}-up", "both-up") else "lower"
        ask(f"{verb} the {arm} arm", "pose", pose)
    return found


def moved(pose: str, arm: str) -> str:
    """The pose after the right or left arm went up, or down if it was up."""
    now = arms_up(pose) ^ {arm}
    return f"{now.pop()}-up" if len(now) == 1 else "both-up" if now else "both-down"


def arms_up(pose: str) -> set[str]:
    """Which arms are up: "right", "left", both or none."""
    return {arm for arm in ("right", "left") if pose in (f"{arm}-up", "both-up")}


def edit_pairs(n: int, seed: int = 0, split: str = "train") -> list[EditPair]:
    """n scenes of one bear with a wish each: by turns for colours and for content.

    Of what can be asked an attribute is drawn first, then a word, each equally likely.
    The scene before is of the split, the one after of the split or of "train".
    """
    luck = np.random.Generator(np.random.PCG64([seed, 8]))
    found = []
    for i, scene in enumerate(islice(scenes(seed, split), n)):
        wish = _drawn(luck) if i % 2 == 0 else None
        pair = EditPair(scene, wish, scene) if wish else _content(scene, luck, split)
        found.append(pair)
    return found


def _content(scene: Scene, luck: np.random.Generator, split: str) -> EditPair:
    asked: dict[str, list[EditPair]] = {}
    for wish in content_wishes(scene):
        after = changed(scene, wish.name, wish.word)
        if split_of(after) in (split, "train"):
            asked.setdefault(wish.name, []).append(EditPair(scene, wish, after))
    if not asked:  # hardly ever: no scene next to it is of the split
        return EditPair(scene, _drawn(luck), scene)
    names = list(asked)
    some = asked[names[luck.integers(len(names))]]
    return some[luck.integers(len(some))]


def answered(pairs: Sequence[EditPair], size: int = 32) -> Images:
    """The pictures that answer the wishes exactly, (N, size, size, 3), bytes.

    The scene after the wish is drawn (`render`). Then the steps of the wish's plan,
    which is empty for a wish for the content, run on those pixels, one after the other
    (`run_step`).
    """
    pictures = render([pair.after for pair in pairs], size)
    plans = [pair.wish.plan for pair in pairs]
    done = [reduce(run_step, plan, p) for p, plan in zip(pictures, plans, strict=True)]
    return np.stack(done)


def edit_pictures(pairs: Sequence[EditPair], size: int = 32) -> tuple[Images, Images]:
    """The pictures before and the exact answers, both (N, size, size, 3), bytes."""
    return render([pair.scene for pair in pairs], size), answered(pairs, size)
