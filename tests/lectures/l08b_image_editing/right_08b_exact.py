"""Right versions of the exercises of exact operations, lists and files."""

import math
from fractions import Fraction

import numpy as np

from coursekit.editing import agent, allow_list, operations
from coursekit.editing.executor import Call, run_step, size_of
from coursekit.editing.operations import OPERATIONS
from coursekit.editing.plan import PlanError, read_plan
from coursekit.editing.planner import check_wish


def channel_by_channel(image):
    red, green, blue = (image[..., n].astype(np.int32) for n in range(3))
    return ((2 * (299 * red + 587 * green + 114 * blue) + 1000) // 2000).astype("uint8")


def in_fractions(image):
    def one(pixel):
        parts = zip((299, 587, 114), pixel.tolist(), strict=True)
        return math.floor(Fraction(sum(a * b for a, b in parts), 1000) + Fraction(1, 2))

    return np.array([[one(p) for p in row] for row in image], dtype=np.uint8)


def by_table(image, amount):
    factor = (100 + amount) / 100
    table = [
        min(max(math.floor((v - 128) * factor + 128.5), 0), 255) for v in range(256)
    ]
    return np.array(table, dtype=np.uint8)[image]


def mixed_with_grey(image, amount):
    grey = channel_by_channel(image).astype(np.float64)
    out = np.empty(image.shape)
    for n in range(3):
        out[..., n] = grey + (1 + amount / 100) * (image[..., n].astype(float) - grey)
    return np.minimum(np.maximum(np.floor(out + 0.5), 0), 255).astype(np.uint8)


def lights(image, stops):
    v = np.arange(256) / 255
    light = np.where(v > 0.04045, ((v + 0.055) / 1.055) ** 2.4, v / 12.92)
    light = np.minimum(light * np.exp2(stops), 1)
    back = np.where(
        light > 0.0031308, 1.055 * np.power(light, 1 / 2.4) - 0.055, 12.92 * light
    )
    return np.floor(back * 255 + 0.5).clip(0, 255).astype(np.uint8)[image]


def side_by_side(size, left, top, right, bottom):
    box = []
    for length, low, high in ((size[0], left, right), (size[1], top, bottom)):
        if math.isnan(low + high) or low < 0 or high > 1 or low >= high:
            raise ValueError("no box")
        box.append((int(low * length), -int(-high * length // 1)))
    return box[0][0], box[1][0], box[0][1], box[1][1]


def place_by_place(edit, image, order):
    height, width = image.shape[:2]
    mixed = np.empty_like(image)
    for new, old in enumerate(order.tolist()):
        mixed[divmod(new, width)] = image[divmod(old, width)]
    plain, other = edit(np.array(image)), edit(mixed)
    if plain.shape != (height, width, 3):
        return False
    return all(
        np.array_equal(other[divmod(new, width)], plain[divmod(old, width)])
        for new, old in enumerate(order.tolist())
    )


class Knob(operations.Knob):
    def refusal(self, value):
        if type(value) not in (int, float):
            return "no number"
        if value != value or value < self.low or value > self.high:
            return f"{value} is not in the range"
        return "" if not self.whole or float(value).is_integer() else "not whole"


class AllowList(allow_list.AllowList):
    def refusal(self, plan, size):
        names = [step.do for step in plan]
        strange = [name for name in names if name not in self.names]
        if strange:
            return f"nobody may {strange[0]} here"
        if not len(names) <= self.steps:
            return f"too many steps, {len(names)}"
        work = math.prod(size) * len(names)
        return f"too much work: {work} pixels" if work > self.pixels else ""


class Agent(agent.Agent):
    def propose(self, image, wish):
        check_wish(wish)
        text = self.planner.plan(np.array(image), wish)
        if type(text) is not str:
            raise PlanError("no text")
        plan = read_plan(text)
        if why := self.allowed.refusal(plan, size_of(image)):
            raise allow_list.Refused(why)
        return plan

    def edit(self, image, wish):
        plan, calls = self.propose(image, wish), ()
        image = image.copy()
        for step in plan:
            assert step.do in OPERATIONS
            new = run_step(image, step)
            sizes = size_of(image), size_of(new)
            calls, image = (*calls, Call(step.do, dict(step.values), *sizes, 0.0)), new
        return agent.Edited(image, plan, calls)


def as_turns(pixels, orientation):
    turns = {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0)
    turned = np.rot90(pixels, turns)
    if orientation in (2, 4, 5, 7):
        turned = np.fliplr(turned)
    return turned.copy()


RIGHT = {
    "08b.9": (channel_by_channel, in_fractions),
    "08b.10": (by_table,),
    "08b.11": (mixed_with_grey,),
    "08b.13": (lights,),
    "08b.14": (side_by_side,),
    "08b.16": (place_by_place,),
    "08b.18": (Knob,),
    "08b.19": (AllowList,),
    "08b.21": (Agent,),
    "08b.23": (as_turns,),
}
