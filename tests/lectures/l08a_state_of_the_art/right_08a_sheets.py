"""Right versions of the exercises of sheets and prices, in other styles."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np

from coursekit.checks.spec import Function
from coursekit.evaluation.picture_prices import Machine
from coursekit.models.flops import Cost
from coursekit.models.published_shapes import Shape


def part_by_part(shape, width, blocks, shrink=4):
    sheet = asdict(shape)
    both = shape.double + shape.single
    double = int(blocks * (shape.double / both) + 1e-9)
    if shape.double and not double:
        double = 1
    if shape.single and double == blocks:
        raise ValueError("a kind is lost")
    sheet |= {"width": width, "double": double, "single": blocks - double}
    for name in ("hidden", "keys", "text", "bottleneck"):
        if sheet[name]:
            exact = sheet[name] * width // shape.width
            sheet[name] = max(exact - exact % 8, 8)
    left = shrink
    for prime in (2, 3, 5, 7):
        while left % prime == 0 and sheet["patch"] % prime == 0:
            left, sheet["patch"] = left // prime, sheet["patch"] // prime
    if left > shape.factor or shape.factor % left:
        raise ValueError("half a pixel")
    sheet["factor"] = shape.factor // left
    sheet["channels"] = max(int(shape.channels / left**2 + 1e-9), 1)
    return Shape(**{**sheet, "encoder": 0})


def laid_out(size, factor, patch):
    places = range(0, size, factor * patch)
    if places[-1] + factor * patch != size:
        raise ValueError("half a patch")
    return sum(1 for _ in places for _ in places)


def by_hand(shape, tokens):
    w, h, k = shape.width, shape.hidden, shape.keys if shape.keys else shape.width
    sizes = [(w, w), (w, k), (w, k), (w, w), (w, h), (h, w)]
    sizes += [(w, h)] if shape.gated else []
    outs = w + k + k + w + h * (2 if shape.gated else 1) + w
    products = sum(a * b for a, b in sizes)
    return Cost(products + outs, 2 * tokens * products)


def block_by_block(shape, words, tokens):
    def dense(count, inputs, outputs):
        return np.array([inputs * outputs + outputs, 2 * count * inputs * outputs])

    def own(count):
        return np.array(by_hand(shape, count))

    pixels, wide = shape.channels * shape.patch * shape.patch, shape.width
    way = [pixels, shape.bottleneck, wide] if shape.bottleneck else [pixels, wide]
    total = dense(tokens, wide, pixels)
    for a, b in pairwise(way):
        total = total + dense(tokens, a, b)
    if shape.text > 0:
        total = total + dense(words, shape.text, wide)
    seen: set[str] = set()
    vectors = 0 if shape.knobs == "none" else 2
    everything = words + tokens
    for kind, streams in shape.double * [("double", 2)] + shape.single * [("one", 1)]:
        total = total + np.array([0, 4 * everything**2 * wide])
        parts = (words, tokens) if streams == 2 else (everything,)
        total = total + sum(own(count) for count in parts)
        new = shape.knobs == "own" or (shape.knobs == "shared" and kind not in seen)
        vectors += (12 if streams == 2 else 3) if new else 0
        seen.add(kind)
    total = total + (dense(1, wide, vectors * wide) if vectors else 0)
    return Cost(*map(int, total))


def step_by_step(cost, machine, per_hour, calls=0):
    work = (cost.passes * cost.flops + cost.encodings * cost.text) + cost.decoding
    hours = (
        work / machine.peak / machine.utilisation + calls * machine.per_call
    ) / 3600
    return hours * per_hour / (cost.pixels / 1_000_000)


def by_two_equations(peak, flops, calls, alone, together, batch):
    if together <= alone:
        raise ValueError("no slope")
    left = np.array([[1.0, calls], [batch, calls]])
    each, wait = np.linalg.solve(left, np.array([alone, together]))
    return Machine(peak, float(flops / (each * peak)), float(wait))


RIGHT: dict[str, tuple[Function, ...]] = {
    "08a.2": (part_by_part,),
    "08a.4": (laid_out,),
    "08a.6": (by_hand,),
    "08a.7": (block_by_block,),
    "08a.33": (step_by_step,),
    "08a.35": (by_two_equations,),
}
