"""How the exercises of notebook 8b are tried: fresh inputs, and a look."""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    loaded,
    number,
    refusal,
    slopes,
    vectors,
    weights,
)
from coursekit.datasets.edit_intents import DEGREES, WANTS, Want
from coursekit.datasets.edit_logs import EditLog, replayed
from coursekit.datasets.golden_edits import Golden
from coursekit.datasets.plan_tokens import IDS
from coursekit.datasets.teddy.edit_pairs import (
    EditPair,
    Wish,
    colour_wishes,
    edit_pairs,
)
from coursekit.editing.agent import Edited
from coursekit.editing.allow_list import AllowList, Refused
from coursekit.editing.executor import Call, run_step
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import PlanError, Step
from coursekit.editing.planner import NoPlan
from coursekit.evaluation.edit_intent import Changes
from coursekit.evaluation.preservation import Rate
from coursekit.models.reference_tokens import ReferenceConfig, ReferenceMMDiT
from coursekit.models.text_encoder import TextConfig

PROBES = Tries()
tried = PROBES.tried


def _bytes(value: Any) -> Tensor:
    """Pictures that the learner returns. Raises BadResult for anything else."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
        kind = getattr(value, "dtype", type(value).__name__)
        raise BadResult(f"it returns {kind}, not pictures of bytes (np.uint8)")
    return torch.from_numpy(value.astype(np.int64))


def _wishes(seed: int) -> Inputs:
    """Scenes with a wish each: all for colours, all for content, or by turns."""
    pairs = int(generator(seed).integers(1, 10**6))
    return {"kind": seed % 3, "pairs": pairs, "size": (32, 16, 24)[seed % 3]}


@tried("08b.1", _wishes, cases=("for colours", "for content", "of both kinds"))
def answered(fn: Function, i: Any) -> Results:
    pairs = edit_pairs(12, i.pairs)
    some = pairs[i.kind :: 2] if i.kind < 2 else pairs[:6]
    plans = {
        wish.text: wish.plan for wish in colour_wishes()
    }  # a new step needs a later answer
    steps = plans["make it darker"] + plans["make it negative"]
    two = EditPair(pairs[0].scene, Wish("night, in negative", steps), pairs[0].scene)
    return {
        "the answers": _bytes(fn([*some, two], i.size)),
        "the answers at the usual size": _bytes(fn(list(some))),
    }


def _two_pictures(seed: int) -> Inputs:
    rng = generator(seed)
    text, side, more = (int(rng.integers(3, 7)) for _ in range(3))
    sides = ((side, side), (side, side + more), (side + more, side))[seed % 3]
    given = {"text": text, "height": sides[0], "width": sides[1]}
    return given | {"offset": float(rng.uniform(3, 20))}


@tried("08b.3", _two_pictures, cases=("square", "wide", "tall"))
def reference_positions(fn: Function, i: Any) -> Results:
    return {
        "the places": fn(i.text, i.height, i.width, i.offset),
        "the places with the usual offset": fn(i.text, i.height, i.width),
    }


SHAPE = ReferenceConfig(
    TextConfig(9, 4, 8, 1, 2), 2, width=16, heads=2, double=1, single=1, sines=True
)


def _to_edit(seed: int) -> Inputs:
    sides = ((3, 3), (3, 5), (4, 2))[seed % 3]
    drawn = vectors(seed, xt=(5, 2, *sides), reference=(5, 2, *sides))
    rng = generator(seed)
    words = {"t": rng.uniform(0.1, 0.9, 5), "ids": rng.integers(3, 9, (5, 4))}
    words["ids"][:, 3] = 2
    return weights(ReferenceMMDiT(SHAPE), seed) | drawn | words


@tried("08b.4", _to_edit, cases=("square", "wide", "tall"))
def reference_mmdit(fn: Function, i: Any) -> Results:
    model = loaded(fn, {"config": SHAPE}, i)
    given = i.reference.clone().requires_grad_()
    found = model(i.xt, i.t, (i.ids, given))
    return {
        "velocities": found,
        "velocities with two pictures exchanged": model(
            i.reference, i.t, (i.ids, i.xt)
        ),
        **slopes(found, reference=given),
    }


class WatchedEditor:
    """An editor that no formula gives, and how often it was asked."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.calls = 0

    def __call__(self, xt: Tensor, t: Tensor, told: Any) -> Tensor:
        """A velocity. Raises BadResult for rows that do not belong together."""
        if not isinstance(told, tuple) or len(told) != 2:
            raise BadResult("ask model(xt, t, (ids, reference)): a tuple of two")
        self.calls += 1
        ids, reference = told
        if len({len(xt), len(t), len(ids), len(reference)}) > 1:
            raise BadResult("xt, t, ids and reference need one row for each picture")
        said = ids.to(xt.dtype).mean(dim=1)[:, None, None, None]
        late = t[:, None, None, None]
        found: Tensor = torch.tanh(xt * said) + late * reference
        found = found + said * reference.square()
        return found


def _guided(seed: int) -> Inputs:
    rng = generator(seed)
    scale = (1.0, 0.0, float(rng.uniform(1.5, 4)))[seed % 3]
    words = {"ids": rng.integers(3, 9, (5, 4)), "null": np.array([1, 2, 0, 0])}
    drawn = vectors(seed, xt=(5, 2, 3, 4), reference=(5, 2, 3, 4))
    return drawn | words | {"t": rng.uniform(0.1, 0.9, 5), "scale": scale}


@tried("08b.5", _guided, cases=("at scale 1", "at scale 0", "at a larger scale"))
def guided_by_words(fn: Function, i: Any) -> Results:
    model = WatchedEditor()
    ask = fn(model, i.ids, i.null, i.reference, i.scale)
    if not callable(ask):
        raise BadResult("it must return a function of xt and t")
    found = ask(i.xt, i.t)
    array(found)
    once = model.calls == 1 if i.scale == 1 else True
    return {
        "the guided answer": found,
        "asked once where once is enough": count(once),
        "the answer elsewhere": ask(2 * i.xt, i.t),
    }


def _crowd(seed: int) -> Inputs:
    """Bytes of the whole range; of each picture one answer is wrong in all numbers by
    10, one by 16, whose square is 0 in bytes, and one by 100 in a single number. For
    odd seeds the best one is there twice.
    """
    rng = generator(seed)
    drawn = rng.integers(20, 236, (5, 3, 4, 3))
    answers = rng.integers(0, 256, (6, 5, 3, 4, 3))
    for n in range(5):
        little, more, much, again = rng.permutation(6)[:4]
        answers[little, n] = drawn[n] + rng.choice([-10, 10], drawn[n].shape)
        answers[more, n] = drawn[n] + rng.choice([-16, 16], drawn[n].shape)
        answers[much, n] = drawn[n]
        answers[much, n, 0, 0, 0] += 100 if drawn[n, 0, 0, 0] < 128 else -100
        if seed % 2:
            answers[again, n] = answers[little, n]
    # In the first of the others 182 squared is below 0 in int16, in the second the
    # greys are right, in the third one number is farther off than each of the rest.
    others = np.full((3, 2, 2, 3), int(rng.integers(50, 60)))
    off = np.zeros((2, *others.shape), dtype=int)
    off[0, 0], off[1, 0] = 10, 182
    off[0, 1], off[1, 1] = (40, -40, 0), 5
    off[0, 2], off[1, 2, 0, 0, 0] = 9, 12
    made = {"drawn": drawn, "answers": answers, "others": others, "more": others + off}
    return {name: each.astype(np.uint8) for name, each in made.items()}


@tried("08b.6", _crowd, cases=("all differ", "some are equal"))
def nearest_answer(fn: Function, i: Any) -> Results:
    found = {}
    for name, *given in (("", i.drawn, i.answers), (" of two", i.others, i.more)):
        told = fn(*(each.numpy().copy() for each in given))
        if not isinstance(told, np.ndarray) or told.shape != (len(given[0]),):
            raise BadResult("it must return a number for each picture, an array (N,)")
        found["which answer" + name] = torch.from_numpy(told.astype(np.float64))
    return found


def _counted(seed: int) -> Inputs:
    rng = generator(seed)
    asked = rng.random(40) < 0.3
    changed = rng.random(40) < (0.0 if seed % 2 else 0.4)
    changed |= asked & (rng.random(40) < 0.7)
    return {"changed": changed, "asked": asked, "sure": float(rng.uniform(0.6, 0.9))}


@tried("08b.7", _counted, cases=("some changed", "none changed unasked"))
def change_rate(fn: Function, i: Any) -> Results:
    changed, asked = i.changed.numpy(), i.asked.numpy()
    rate, usual = fn(changed.copy(), asked.copy(), i.sure), fn(changed, asked)
    if not isinstance(rate, Rate):
        raise BadResult(f"it must return a Rate, not a {type(rate).__name__}")
    names = ("share", "lower bound", "upper bound", "cases")
    found = {name: number(v) for name, v in zip(names, rate, strict=True)}
    found["upper bound of 95 %"] = number(usual[2])
    every = np.ones_like(asked)
    found["ValueError where all were asked"] = refusal(lambda: fn(changed, every))
    return found


def _masked(seed: int) -> Inputs:
    rng = generator(seed)
    images, others = rng.integers(0, 256, (2, 3, 4, 5, 3)).astype(np.uint8)
    mask = rng.random((3, 4, 5)) < 0.5
    mask[0] = seed % 2 == 0  # a picture that is all in, or all out
    return {"images": images, "others": others, "mask": mask}


@tried("08b.38", _masked, cases=("a whole picture inside", "a whole picture outside"))
def masked_psnr(fn: Function, i: Any) -> Results:
    images, others, mask = (i[n].numpy() for n in ("images", "others", "mask"))
    same = np.where(mask[..., None], images, others)
    return {
        "decibels": number(fn(images.copy(), others.copy(), mask.copy())),
        "decibels of very different pictures": number(
            fn(images // 250 * 250, 255 - images, mask)
        ),
        "infinite where the masked pixels are equal": number(
            bool(fn(images, same, mask) == float("inf"))
        ),
        "ValueError for an empty mask": refusal(
            lambda: fn(images, others, mask & False)
        ),
    }


# --- exact operations, the list, files: part "exact" ---

LEVELS = ("colours", "colours of which some are grey")
AMOUNTS = ("more of it, and halves", "less of it, and halves")


def _stored(found: Any) -> Tensor:
    """Pixels that the learner returns, as numbers. Raises BadResult, in words."""
    if not isinstance(found, np.ndarray):
        array(found)
        raise BadResult("it must return an array of numpy, as it is given one")
    if found.dtype != np.uint8:
        raise BadResult(f"it must return uint8 pixels, and these are {found.dtype}")
    return torch.from_numpy(found.astype(np.float64))


def _image(seed: int) -> Inputs:
    """A small picture of noise; greys, and the three pure colours, among its pixels."""
    rng = generator(seed)
    image = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    if seed % 2:
        image[2:5] = image[2:5, :, :1]
    image[0, :3] = 255 * np.eye(3, dtype=np.uint8)
    # 299 r + 587 g + 114 b is so many thousands and a half here.
    image[1, :2] = [[0, 0, 250], [0, 36, 12]]
    amount = 50.0 if seed % 2 else -50.0
    return {
        "image": image,
        "amount": amount,
        "other": float(rng.uniform(0.2, 0.9) * amount),
        "stops": float(rng.uniform(0.4, 2.5) * (1 if seed % 2 else -1)),
    }


@tried("08b.9", _image, cases=LEVELS)
def luma(fn: Function, i: Any) -> Results:
    return {"grey": _stored(fn(i.image.numpy()))}


@tried("08b.10", _image, cases=AMOUNTS[::-1])
def contrast(fn: Function, i: Any) -> Results:
    image = i.image.numpy()
    ways = {"pixels": (image, i.amount), "other pixels": (image[::-1], i.other)}
    return {name: _stored(fn(*each)) for name, each in ways.items()}


@tried("08b.11", _image, cases=AMOUNTS[::-1])
def saturation(fn: Function, i: Any) -> Results:
    return contrast(fn, i)


@tried("08b.13", _image, cases=("less light", "more light"))
def exposure(fn: Function, i: Any) -> Results:
    image = i.image.numpy()
    whole = int(np.sign(i.stops))
    return {
        "pixels": _stored(fn(image, i.stops)),
        "pixels, by one stop": _stored(fn(image, whole)),
    }


def _box(seed: int) -> Inputs:
    rng = generator(seed)
    small, (low, high) = seed % 2 == 0, np.sort(rng.uniform(0.05, 0.45, 2))
    width, height = (int(n) for n in rng.choice(np.arange(5, 40), 2, replace=False))
    left, top = float(low), float(rng.uniform(0.5, 0.6))
    return {
        "width": width,
        "height": height,
        "left": left,
        "top": top,
        "right": left + (0.01 / width if small else float(high)),
        "bottom": float(rng.uniform(0.7, 0.95)),
    }


@tried("08b.14", _box, cases=("a box thinner than a pixel", "a box"))
def crop_box(fn: Function, i: Any) -> Results:
    size = (i.width, i.height)

    def box(*sides: float, size: tuple[int, int] = size) -> Tensor:
        found = fn(size, *sides)
        if not isinstance(found, tuple | list) or len(found) != 4:
            raise BadResult("it must return four whole numbers: x0, y0, x1, y1")
        if not all(isinstance(each, int | np.integer) for each in found):
            raise BadResult("it must return whole numbers, of type int")
        return torch.tensor([float(each) for each in found], dtype=torch.float64)

    def no(*sides: float) -> Tensor:
        return refusal(lambda: fn(size, *sides))

    full = i.left, i.top, i.right, i.bottom
    return {
        "the box": box(*full),
        "a box from half to half of a pixel": box(
            0.5 / i.width, 1.5 / i.height, 1.5 / i.width, 2.5 / i.height
        ),
        "the whole": box(0, 0, 1, 1),
        "a quarter": box(0, 0, 0.5, 0.5, size=(2 * i.width, 2 * i.height)),
        "refuses right before left": no(i.right, i.top, i.left, i.bottom),
        "refuses bottom before top": no(i.left, i.bottom, i.right, i.top),
        "refuses a box without columns": no(i.left, i.top, i.left, i.bottom),
        "refuses a box without rows": no(i.left, i.top, i.right, i.top),
        "refuses a top below 0": no(i.left, -0.1, i.right, i.bottom),
        "refuses a left below 0": no(-0.1, i.top, i.right, i.bottom),
        "refuses a right above 1": no(i.left, i.top, 1.01, i.bottom),
        "refuses a bottom above 1": no(i.left, i.top, i.right, 1.01),
        "refuses NaN": no(math.nan, i.top, i.right, i.bottom),
    }


def _shuffle(seed: int) -> Inputs:
    rng = generator(seed)
    sides = (8, 8) if seed % 2 else (6, 9)
    return {
        "image": rng.integers(1, 255, (*sides, 3), dtype=np.uint8),
        "order": rng.permutation(sides[0] * sides[1]),
        "table": rng.permutation(256).astype(np.uint8),
    }


def _negative(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """On the pixels that it is handed."""
    np.subtract(255, image, out=image)
    return image


def _stretched(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The darkest value of the picture to 0, the brightest to 255."""
    low, high = int(image.min()), int(image.max())
    return (255 * (image.astype(int) - low) // max(high - low, 1)).astype(np.uint8)


def _stained(image: NDArray[np.uint8], little: bool = False) -> NDArray[np.uint8]:
    stained = image.copy()
    stained[-1, -1] = image[-1, -1] ^ 1 if little else 0
    return stained


@tried("08b.16", _shuffle, cases=("a broad picture", "a square one"))
def knows_no_place(fn: Function, i: Any) -> Results:
    table = i.table.numpy()
    edits: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        "a new value for each value": lambda image: table[image],
        "red and blue change places": lambda image: image[..., ::-1].copy(),
        "a negative that writes on what it is handed": _negative,
        "the picture's own contrast, stretched": _stretched,
        "a mirror": lambda image: image[:, ::-1].copy(),
        "a shift by one": lambda image: np.roll(image, 1, axis=1),
        "a blur": lambda image: image // 2 + np.roll(image, 1, axis=0) // 2,
        "a crop": lambda image: image[1:, 2:].copy(),
        "a quarter turn": lambda image: np.rot90(image).copy(),
        "one black pixel": _stained,
        "one pixel that changes by 1": partial(_stained, little=True),
        "rows and columns of other lengths": lambda image: image.reshape(
            image.shape[1], image.shape[0], 3
        ),
    }
    found = {}
    for name, edit in edits.items():
        said = fn(edit, i.image.numpy(), i.order.numpy())
        if not isinstance(said, bool | np.bool_):
            raise BadResult("it must return True or False")
        found[name] = number(int(said))
    return found


def _made(fn: Function, method: str, *args: Any) -> Any:
    """An object of the learner's class. Raises BadResult for anything else."""
    made = fn(*args)
    if not hasattr(made, method):
        raise BadResult(f"it must return an object that can `{method}`: keep the class")
    return made


def _line(found: Any) -> str:
    """A line of text. Raises BadResult for anything else."""
    if not isinstance(found, str) or "\n" in found:
        array(None if found is None else torch.zeros(1))
        raise BadResult('it must return one line of text: why not, or ""')
    return found


def _ends(seed: int) -> Inputs:
    rng = generator(seed)
    low = int(rng.integers(-5, 0)) if seed % 2 else float(rng.uniform(-9, -1))
    return {"low": low, "high": low + int(rng.integers(3, 9)), "whole": seed % 2}


@tried("08b.18", _ends, cases=("any number", "whole numbers"))
def knob(fn: Function, i: Any) -> Results:
    plain = _made(fn, "refusal", "amount", i.low, i.high, "%", bool(i.whole))
    whole = _made(fn, "refusal", "turns", 0, 3, "quarters", True)
    values: dict[str, tuple[Any, Any]] = {
        "a number inside": (plain, i.low + 1),
        "the lower end": (plain, i.low),
        "the upper end": (plain, i.high),
        "a number above": (plain, i.high + 1),
        "a number below": (plain, i.low - 1),
        "a number with a fraction": (plain, i.low + 1.25),
        "1e308": (plain, 1e308),
        "a whole number of 400 digits": (plain, 10**400),
        "NaN": (plain, math.nan),
        "-Infinity": (plain, -math.inf),
        "True": (whole, True),
        "'1'": (whole, "1"),
        "None": (whole, None),
        "[1]": (whole, [1]),
        "a text of two lines": (plain, "1\n2"),
        "a Fraction": (plain, Fraction(i.low) + 1),
        "2.0, where whole numbers can be": (whole, 2.0),
        "2, where whole numbers can be": (whole, 2),
        "1.5, where whole numbers can be": (whole, 1.5),
    }
    return {
        f"is {name} refused? 1 for yes": number(int(bool(_line(one.refusal(value)))))
        for name, (one, value) in values.items()
    }


def _lists(seed: int) -> Inputs:
    rng = generator(seed)
    many = seed % 2
    return {
        "names": rng.permutation(len(OPERATIONS))[:4].astype(np.int64),
        "steps": int(rng.integers(4, 7)) + 10 * many,
        "width": int(rng.integers(61, 99)),
        "height": int(rng.integers(30, 60)),
    }


def _any_step(name: str) -> Step:
    """A step of that name, with numbers that can be."""
    ends = {"right": 1.0, "bottom": 1.0}
    knobs = OPERATIONS[name].knobs
    return Step(name, {k.name: ends.get(k.name, max(k.low, 0.0)) for k in knobs})


@tried("08b.19", _lists, cases=("a short list", "a long one"))
def allow_list(fn: Function, i: Any) -> Results:
    names = [list(OPERATIONS)[n] for n in i.names.tolist()]
    size, area = (i.width, i.height), i.width * i.height
    listed, out = names[:2], [name for name in OPERATIONS if name not in names[:2]]
    free = _made(fn, "refusal", frozenset(listed), i.steps, 10**9)
    tight = _made(fn, "refusal", frozenset(listed), i.steps, 2 * area)
    tiny = _made(fn, "refusal", frozenset(listed), i.steps, area - 1)

    def told(allowed: Any, *order: str) -> Tensor:
        """Which reason it gives: 0 none, 1.. the operation, -1 steps, -2 pixels."""
        plan = tuple(map(_any_step, order))
        said = _line(allowed.refusal(plan, size))
        words = set(re.findall(r"[a-z_]+", said))
        for place, name in enumerate(order, 1):
            if name not in listed and name in words:
                return number(place)
        numbers = {int(n) for n in re.findall(r"\d+", re.sub(r"[,_ ]", "", said))}
        numbers |= {int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", said)}
        if said and not numbers and not words & set(order):
            raise BadResult("the line must hold the name, or the number too large")
        if len(plan) * area in numbers:
            return number(-2)
        return number(-1 if len(plan) in numbers else 5.5 * bool(said))

    a, b = listed
    long = [a, b] * (i.steps // 2 + 1)
    return {
        "two steps that are listed": told(free, a, b),
        "as many steps as there may be": told(free, *long[: i.steps]),
        "one step too many": told(free, *long[: i.steps + 1]),
        "the first is not listed": told(free, out[0], a, b),
        "the last is not listed": told(free, a, b, a, out[1]),
        "two are not listed": told(free, a, out[2], out[3]),
        "two are not listed, Z before A": told(free, a, max(out), min(out)),
        "not listed, and too many": told(free, *long[: i.steps + 1], out[4]),
        "as many pixels as there may be": told(tight, a, b),
        "a step more: too many pixels": told(tight, a, b, a),
        "not listed, and too many pixels": told(tight, a, b, b, out[5]),
        "too many steps and too many pixels": told(tiny, *long[: i.steps + 1]),
        "a picture with too many pixels": told(tiny, a),
        "nothing to do": told(tiny),
        "an empty list": told(_made(fn, "refusal", frozenset(), i.steps, 10**9), a),
    }


class _Bought:
    """A planner that paints on what it is shown, and counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = answers, 0

    def plan(self, image: NDArray[np.uint8], wish: str) -> Any:
        """The next answer; the last one again and again. Raises what is an error."""
        image[:] = 7
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


@tried("08b.21", _image, cases=("dark pixels", "pixels with greys"))
def agent(fn: Function, i: Any) -> Results:
    image, wish = i.image.numpy(), "make it black and white"
    bright = f'[{{"do": "brightness", "amount": {i.other}}}, {{"do": "invert"}}]'
    mirror = '[{"do": "invert"}, {"do": "mirror"}]'
    strange, first = "red\x1b[2J", _Bought(bright, '[{"do": "grayscale"}]')

    def made(planner: _Bought, more: frozenset[str] = frozenset()) -> Any:
        return _made(fn, "edit", planner, AllowList(COLOUR | more))

    def stopped(answer: Any, error: type[Exception], wish: str = wish) -> Tensor:
        ways = made(_Bought(answer)).edit, made(_Bought(answer)).propose
        return torch.cat(
            [refusal(partial(way, image.copy(), wish), error) for way in ways]
        )

    done, unasked = made(first).edit(image, wish), _Bought("[]")
    if not isinstance(done, Edited) or not isinstance(done.calls, tuple):
        raise BadResult("it must return Edited(image, plan, calls), calls a tuple")
    if not all(isinstance(call, Call) for call in done.calls):
        raise BadResult("it must return Edited with the Calls that run_plan logs")
    refusal(lambda: made(unasked).edit(image.copy(), strange), NoPlan)
    proposed = made(_Bought(bright)).propose(image, wish)
    strangers: tuple[Any, ...] = None, bright.encode(), [], (Step("invert"),)
    turned = made(_Bought(mirror), frozenset({"mirror"})).edit(image.copy(), wish)
    return {
        "the edited pixels": _stored(done.image),
        "the steps of the plan": number(len(done.plan)),
        "the calls that were logged": number(len(done.calls)),
        "how often the planner is asked": number(first.asked),
        "steps that `propose` returns": number(len(proposed)),
        "a list that allows mirror": _stored(turned.image),
        "Refused for what is not listed": stopped(mirror, Refused),
        "PlanError for words around the list": stopped(f"Sure! {bright}", PlanError),
        "PlanError for None, bytes, lists and steps": torch.cat(
            [stopped(answer, PlanError) for answer in strangers]
        ),
        "NoPlan where the planner refuses": stopped(NoPlan("no hats"), NoPlan),
        "NoPlan for a wish with strange signs": stopped(bright, NoPlan, strange),
        "NoPlan for a wish without end": stopped(bright, NoPlan, "red " * 9999),
        "asked, though the wish is strange": number(1 + unasked.asked),
    }


@tried("08b.23", _image, cases=("pixels", "pixels with greys"))
def upright(fn: Function, i: Any) -> Results:
    image, found = i.image.numpy(), {}
    for orientation in (0, *range(1, 10), 11):
        turned = fn(image, orientation)
        found[f"orientation {orientation}"] = _stored(turned)
        if np.shares_memory(turned, image):
            raise BadResult("it must return a copy: who edits it would edit the stored")
    found["orientation 6 of one channel"] = _stored(fn(image[..., 0], 6))
    return found


# --- from logs and wishes to plans ---

NAMES = list(OPERATIONS)


def _rows(plan: Any) -> Tensor:
    """A plan as numbers: the place of each operation, and its number."""
    if not isinstance(plan, tuple) or not all(isinstance(s, Step) for s in plan):
        said = f"it must return a plan, a tuple of steps, not a {type(plan).__name__}"
        raise BadResult(said)
    rows = [[NAMES.index(s.do), *s.values.values(), 0.0][:2] for s in plan]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


def _step(rng: np.random.Generator) -> Step:
    """A step that changes every picture."""
    name = str(rng.choice(["brightness", "contrast", "temperature", "tint"]))
    return Step(name, {"amount": float(rng.choice([-1, 1]) * rng.integers(11, 60))})


def _seed(seed: int) -> Inputs:
    return {"seed": int(generator(seed).integers(1, 10**6)), "kind": seed % 2}


def _acts(rng: np.random.Generator, greedy: bool) -> list[Any]:
    steps = [_step(rng) for _ in range(8)]
    if greedy:  # more undo than steps, and then it goes on
        return [*steps[:2], *["undo"] * 3, *steps[2:5], "undo", steps[5]]
    return [*steps[:3], "undo", "undo", *steps[3:6], "undo", *steps[6:]]


@tried("08b.25", _seed, cases=("detours", "more undo than steps"))
def effective(fn: Function, i: Any) -> Results:
    acts = _acts(np.random.default_rng(i.seed), bool(i.kind))
    a, b = acts[:2]
    return {
        "what is left of equal steps": _rows(fn((a, b, a, "undo", b, b))),
        "what is left": _rows(fn(tuple(acts))),
        "what is left of the first half": _rows(fn(tuple(acts[:5]))),
    }


def _picture(rng: np.random.Generator, side: int = 6) -> Any:
    return rng.integers(60, 190, (side, side, 3)).astype(np.uint8)


@tried("08b.27", _seed, cases=("grey in many ways", "steps of 0"))
def needed(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    before, first, last = _picture(rng), _step(rng), _step(rng)
    pale, still = Step("saturation", {"amount": -100}), Step("tint", {"amount": 0})
    grey, turn = Step("grayscale"), Step("invert")
    plan = (first, grey, pale, grey, last) if i.kind == 0 else (still, first, still)
    black, light, little = (
        Step(do, {"amount": n})
        for do, n in (("brightness", -100), ("brightness", 30), ("tint", 1))
    )
    kept = before.copy()
    found = _rows(fn(before, plan))

    def only_turns(image: Any, step: Step) -> Any:
        return run_step(image, step) if step == turn else image

    return {
        "what is needed": found,
        "where all ends in black": _rows(fn(before, (first, black))),
        "of two that are equal": _rows(fn(before, (grey, light, grey))),
        "of steps that do hardly anything": _rows(fn(before, (still, little))),
        "with another `run`": _rows(fn(before, (first, turn, last), run=only_turns)),
        "of a step, then a negative twice": _rows(fn(before, (first, turn, turn))),
        "the picture": torch.from_numpy(before - kept.astype(float)),
    }


@tried("08b.29", _seed, cases=("one operation", "two operations, and cut values"))
def changes(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    before = _picture(rng, 8)
    steps = [_step(rng)] if i.kind == 0 else [_step(rng), _step(rng)]
    if i.kind:
        before[:2] = rng.integers(0, 256, (2, 8, 3))
    after = before
    for step in (*steps, Step("saturation", {"amount": int(rng.integers(20, 60))})):
        after = run_step(after, step)
    white = run_step(before, Step("exposure", {"stops": 3}))  # hardly a pixel is whole
    black = run_step(before, Step("brightness", {"amount": -100}))
    warm = run_step(before, Step("temperature", {"amount": 20}))
    edge, hole = warm.copy(), before.copy()
    edge[:6, :, 0], hole[3:5, :, 1] = 255, 0  # all but 16 pixels
    pairs = {
        "": (before, after),
        ", nearly all cut": (before, white),
        ", all black": (before, black),
        ", 16 pixels whole": (before, edge),
        ", zeros in the before": (hole, warm),
    }
    found = {}
    for name, pair in pairs.items():
        told = fn(*(each.copy() for each in pair))
        if not isinstance(told, Changes):
            raise BadResult(f"it must return Changes, not a {type(told).__name__}")
        for field, value in zip(Changes._fields, told, strict=True):
            found[field + name] = number(value)
    return found


WORDS = list(WANTS)


def _intent(found: Any) -> Tensor:
    """Wants as numbers: which, and how much."""
    if not isinstance(found, tuple) or not all(isinstance(w, Want) for w in found):
        raise BadResult("it must return a tuple of Want")
    if odd := [w for w in found if w.name not in WANTS or w.degree not in DEGREES]:
        known = ", ".join(WANTS)
        raise BadResult(f"{str(odd[0])[:30]!r} is none of the wants: {known}")
    degrees = list(DEGREES)
    rows = [[WORDS.index(w.name), degrees.index(w.degree)] for w in found]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


@tried("08b.30", _seed, cases=("colours and light", "grey, or a negative"))
def named(fn: Function, i: Any) -> Results:
    rng, found = np.random.default_rng(i.seed), {}
    big, less = rng.uniform(40, 90), rng.uniform(9, 12)
    tables: dict[str, list[float]] = {
        "one large change and small ones": [less, 0.1 * big, -big, 0.2 * big, 6],
        "a darker picture": [-big, 5, 0.2 * big, -less, 3],
        "a bit darker, much less warm": [-less, 1, 2, -0.9 * big, 3],
        "three large changes": [0.7 * big, 0.8 * big, -0.9 * big, 1, 2],
        "greener": [5, 2, -3, 4, -big],
        "just a bit": [8, 1, 2, 3, 4],
        "just much": [-35, 1, 2, 3, 4],
        "much less contrast": [3, -rng.uniform(110, 145), 2, 4, 1],
    }
    if i.kind:
        tables = {
            "grey": [less, 2, -99, 60, -40],
            "grey with contrast": [2, big, -100, 30, 20],
            "a negative": [-80, -200, 3, 5, 1],
            "a warm negative": [-80, -190, 3, big, 1],
            "nearly grey": [2, 1, -90, 5, 2],
            "a grey negative": [2, -200, -100, 30, 20],
            "grey, with two changes": [big, 0.8 * big, -100, 30, 20],
        }
    for name, table in tables.items():
        found[name] = _intent(fn(Changes(*map(float, table))))
    return found


@tried("08b.32", _seed, cases=("fine levels", "coarse levels"))
def quantised(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    width = float(rng.integers(2, 6)) * (4 if i.kind else 0.5)
    levels = [width * k for k in range(-5, 6)]
    middle = width * (float(rng.integers(1, 4)) + 0.5)
    values = {
        "a value": width * 1.3,
        "a value below 0": -width * 2.8,
        "the middle of two": middle,
        "the middle of two below 0": -middle,
        "beyond the last level": width * 7,
        "below the first level": -width * 6.2,
        "2.5 times the width": width * 2.5,
    }
    found = {name: number(fn(value, levels)) for name, value in values.items()}
    uneven = [width * k for k in (-5, -1, 0, 1, 5)]
    return found | {"of uneven levels": number(fn(width * 2.8, uneven))}


def _ids(words: Any) -> Tensor:
    """Tokens as numbers."""
    if not isinstance(words, tuple | list):
        raise BadResult("it must return a list of tokens")
    if strange := [word for word in words if word not in IDS]:
        raise BadResult(f"{str(strange[0])[:30]!r} is none of TOKENS")
    return torch.tensor([IDS[word] for word in words])


@tried("08b.33", _seed, cases=("plans", "plans with a stop"))
def plan_words(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    plan = [_step(rng), Step("grayscale"), _step(rng)]
    if i.kind:
        plan[2] = Step("exposure", {"stops": float(rng.uniform(0.3, 2.8))})
    between = [("brightness", "amount", 25.0), ("tint", "amount", -3.0)]
    between += [("exposure", "stops", 0.25)]
    return {
        "tokens": _ids(fn(tuple(plan))),
        "tokens of a refusal": _ids(fn(None)),
        "tokens of four steps": _ids(fn((*plan, plan[0]))),
        "ValueError for five steps": refusal(lambda: fn((*plan, *plan[:2]))),
        "tokens of an empty plan": _ids(fn(())),
        "tokens of numbers between levels": _ids(
            fn(tuple(Step(do, {knob: value}) for do, knob, value in between))
        ),
        **{
            f"ValueError for {do}": refusal(partial(fn, (_any_step(do),)))
            for do in ("crop", "mirror", "blur")
        },
    }


def _truths(found: Any) -> Tensor:
    """Truth values as numbers."""
    array(found)
    if found.dtype != torch.bool:
        raise BadResult("the dtype is not bool: say True where a token may come")
    return torch.as_tensor(found).double()


@tried("08b.34", _seed, cases=("a long list", "a short list"))
def next_allowed(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    allowed = list(rng.permutation(sorted(COLOUR))[: 2 if i.kind else 6])
    one = ["brightness", f"amount {10 * int(rng.integers(-10, 11)):g}"]
    said = {
        "after <start>": ["<start>"],
        "after an operation with a percentage": ["<start>", "contrast"],
        "after an operation with stops": ["<start>", "invert", "exposure"],
        "after an operation without a number": ["<start>", "grayscale"],
        "after a number": ["<start>", *one],
        "after the last step that fits": ["<start>", *one, "invert", *one],
        "after one step less": ["<start>", *one, "invert"],
        "after <refuse>": ["<start>", "<refuse>"],
        "after <end>": ["<start>", *one, "<end>"],
        "after <pad>": ["<start>", *one, "<end>", "<pad>"],
        "after the last operation": ["<start>", "invert", "invert", "brightness"],
        "after three without a number": ["<start>", "invert", "grayscale", "invert"],
    }
    return {name: _truths(fn(tuple(words), allowed, 3)) for name, words in said.items()}


def _answers(seed: int) -> Inputs:
    rng = generator(seed)
    counted = np.zeros((4, 9), dtype=bool)
    for row, begin in zip(counted, (3, 5, 2, 6), strict=True):
        row[begin : begin + int(rng.integers(1, 4))] = True
    counted[1, 0] = seed % 2  # nothing speaks of the first token
    return {
        "logits": rng.standard_normal((4, 9, 7)),
        "ids": rng.integers(0, 7, (4, 9)),
        "counted": counted,
    }


@tried("08b.37", _answers, cases=("answers", "a mark on the first token"))
def answer_loss(fn: Function, i: Any) -> Results:
    logits = i.logits.clone().requires_grad_()
    loss = fn(logits, i.ids, i.counted)
    return {"loss": loss, **slopes(loss, logits=logits)}


@tried("08b.36", _seed, cases=("sessions", "sessions, some of no use"))
def golden_set(fn: Function, i: Any) -> Results:
    rng, told = np.random.default_rng(i.seed), list[Any]()
    sessions = [_acts(rng, greedy) for greedy in (True, False, True)]
    still, four = Step("saturation", {"amount": 0}), [_step(rng) for _ in range(4)]
    sessions[0] = [Step("grayscale"), *sessions[0], still]
    sessions += [[still], four, [still, *four[::-1]]]
    if i.kind:
        sessions += [[_step(rng), "undo"], [_step(rng) for _ in range(6)]]
    pictures = [_picture(rng) for _ in sessions]
    logs = [
        EditLog(p, tuple(acts), replayed(p, acts))
        for p, acts in zip(pictures, sessions, strict=True)
    ]
    nameless = logs[2].before

    def naming(log: EditLog) -> Any:
        return () if log.before is nameless else (Want("warmer"),)

    def wording(intent: Any, plan: Any) -> str:
        told.append(plan)
        if not all(isinstance(want, Want) for want in intent):
            raise BadResult("ask wording(intent, plan): what was named, then its plan")
        return f"wish {len(told)}"

    found = fn(logs, naming, wording)
    if not isinstance(found, list) or not all(isinstance(g, Golden) for g in found):
        raise BadResult("it must return a list of Golden")
    rows = [_rows(each.plan) for each in found]
    return {
        "how many": count(len(found)),
        "plans": torch.cat(rows) if rows else torch.zeros(0),
        "plans that `wording` is told": torch.cat([_rows(plan) for plan in told]),
        "pictures": torch.tensor([float(g.picture.astype(float).sum()) for g in found]),
        "wishes, by number": torch.tensor([int(g.wish.split()[1]) for g in found]),
        "wishes that were made": count(len(told)),
    }
