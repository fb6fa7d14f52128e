"""How the exercises of notebook 8b are tried: fresh inputs, and a look."""

import math
import re
from collections.abc import Callable
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
    generator,
    number,
    refusal,
)
from coursekit.editing.allow_list import AllowList, Refused
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import PlanError, Step
from coursekit.editing.planner import NoPlan

PROBES = Tries()
tried = PROBES.tried


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
    image[1, :2] = [[0, 0, 250], [0, 100, 250]]
    amount = 50.0 if seed % 2 else -50.0
    return {
        "image": image,
        "amount": amount,
        "other": float(rng.uniform(0.2, 0.9) * amount),
        "stops": float(rng.uniform(0.4, 2.5) * (1 if seed % 2 else -1)),
    }


@tried("08b.200", _image, cases=LEVELS)
def luma(fn: Function, i: Any) -> Results:
    return {"grey": _stored(fn(i.image.numpy()))}


@tried("08b.201", _image, cases=AMOUNTS[::-1])
def contrast(fn: Function, i: Any) -> Results:
    image = i.image.numpy()
    ways = {"pixels": (image, i.amount), "other pixels": (image[::-1], i.other)}
    return {name: _stored(fn(*each)) for name, each in ways.items()}


@tried("08b.202", _image, cases=AMOUNTS[::-1])
def saturation(fn: Function, i: Any) -> Results:
    return contrast(fn, i)


@tried("08b.204", _image, cases=("less light", "more light"))
def exposure(fn: Function, i: Any) -> Results:
    image = i.image.numpy()
    whole = float(np.sign(i.stops))
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


@tried("08b.205", _box, cases=("a box thinner than a pixel", "a box"))
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
        "refuses right before left": no(i.right, i.top, i.left, i.bottom),
        "refuses a box that holds nothing": no(i.left, i.top, i.left, i.bottom),
        "refuses a box that begins outside": no(i.left, -0.1, i.right, i.bottom),
        "refuses a box that ends outside": no(i.left, i.top, 1.01, i.bottom),
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


def _stained(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    stained = image.copy()
    stained[-1, -1] = 0
    return stained


@tried("08b.207", _shuffle, cases=("a broad picture", "a square one"))
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
    }
    found = {}
    for name, edit in edits.items():
        said = fn(edit, i.image.numpy(), i.order.numpy())
        if not isinstance(said, bool | np.bool_):
            array(said)
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


@tried("08b.209", _ends, cases=("any number", "whole numbers"))
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
        "NaN": (plain, math.nan),
        "-Infinity": (plain, -math.inf),
        "True": (whole, True),
        "'1'": (whole, "1"),
        "None": (whole, None),
        "[1]": (whole, [1]),
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


@tried("08b.210", _lists, cases=("a short list", "a long one"))
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
        "not listed, and too many": told(free, *long[: i.steps + 1], out[4]),
        "as many pixels as there may be": told(tight, a, b),
        "a step more: too many pixels": told(tight, a, b, a),
        "not listed, and too many pixels": told(tight, a, b, b, out[5]),
        "a picture with too many pixels": told(tiny, a),
        "nothing to do": told(tiny),
        "an empty list": told(_made(fn, "refusal", frozenset(), i.steps, 10**9), a),
    }


class _Bought:
    """A planner that paints on what it is shown, and counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = answers, 0

    def plan(self, image: NDArray[np.uint8], wish: str) -> Any:
        """The next answer; the last one again and again."""
        image[:] = 7
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@tried("08b.212", _image, cases=("dark pixels", "pixels with greys"))
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

    done, unasked = made(first).edit(image.copy(), wish), _Bought("[]")
    refusal(lambda: made(unasked).edit(image.copy(), strange), NoPlan)
    proposed = made(_Bought(bright)).propose(image.copy(), wish)
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
        "PlanError for an answer that is no text": stopped(None, PlanError),
        "NoPlan for a wish with strange signs": stopped(bright, NoPlan, strange),
        "NoPlan for a wish without end": stopped(bright, NoPlan, "red " * 9999),
        "asked, though the wish is strange": number(1 + unasked.asked),
    }


@tried("08b.214", _image, cases=("pixels", "pixels with greys"))
def upright(fn: Function, i: Any) -> Results:
    image, found = i.image.numpy(), {}
    for orientation in (2, 3, 4, 5, 6, 7, 8, 9):
        turned = fn(image, orientation)
        found[f"orientation {orientation}"] = _stored(turned)
        if np.shares_memory(turned, image):
            raise BadResult("it must return a copy: who edits it would edit the stored")
    found["orientation 6 of one channel"] = _stored(fn(image[..., 0], 6))
    return found


# MARK wishes


# MARK generator
