"""Right versions of the exercises on logs, intents and plans, in other styles."""

import numpy as np
import torch

from coursekit.datasets.edit_intents import Want
from coursekit.datasets.golden_edits import Golden
from coursekit.datasets.plan_tokens import LEVELS, TOKENS
from coursekit.editing.executor import run_step
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.evaluation.edit_intent import Changes


def backwards(acts):
    """From the end: each undo waits for a step to take back."""
    waiting, left = 0, []
    depth, dead = 0, set()
    for place, act in enumerate(acts):  # an undo at nothing must not wait
        if act == "undo":
            if depth == 0:
                dead.add(place)
            depth = max(depth - 1, 0)
        else:
            depth += 1
    for place in reversed(range(len(acts))):
        if acts[place] == "undo":
            waiting += place not in dead
        elif waiting:
            waiting -= 1
        else:
            left.insert(0, acts[place])
    return tuple(left)


def by_recursion(before, plan, run=run_step):
    def end(steps):
        image = before.copy()
        for step in steps:
            image = run(image, step)
        return image.tobytes()

    def look(steps, place, goal):
        if place < 0:
            return tuple(steps)
        without = [s for n, s in enumerate(steps) if n != place]
        return look(without if end(without) == goal else steps, place - 1, goal)

    return look(list(plan), len(plan) - 1, end(plan))


def normal_equations(before, after):
    old = before.astype(np.float64).reshape(-1, 3)
    new = after.astype(np.float64).reshape(-1, 3)
    keep = (new.min(1) > 0) & (new.max(1) < 255)
    if np.count_nonzero(keep) < 16:
        keep[:] = True
    old, new = old[keep], new[keep]
    weights = np.array([0.299, 0.587, 0.114])
    y, y2 = old @ weights, new @ weights

    def solve(columns, goal):
        m = np.column_stack(columns)
        return np.linalg.pinv(m) @ goal

    a, b = solve([y, np.ones_like(y)], y2)
    k, w = solve([old[:, 0] - old[:, 2], y], new[:, 0] - new[:, 2])
    green = np.array([-0.5, 1, -0.5])
    _, v = solve([old @ green, y], new @ green)
    middle = (128 * a + b) / 128
    a, middle = (x if abs(x) >= 0.001 else 0.001 for x in (a, middle))
    return Changes(
        (middle - 1) * 100,
        (a / middle - 1) * 100,
        (k / a - 1) * 100,
        w / 0.6 / a * 100,
        -v / 0.3 / a * 100,
    )


def case_by_case(change):
    left, said = change._asdict(), []
    if left["contrast"] < -150:
        said.append(Want("a negative"))
        left.update(light=0, contrast=0)
    if left["colour"] < -95:
        said.append(Want("black and white"))
        left.update(colour=0, warmth=0, tint=0)
    names = {
        "light": ("darker", "brighter"),
        "contrast": ("less contrast", "more contrast"),
        "colour": ("less colourful", "more colourful"),
        "warmth": ("cooler", "warmer"),
        "tint": ("greener", "pinker"),
    }
    top = max(abs(x) for x in left.values())
    for key in sorted(left, key=lambda k: abs(left[k]), reverse=True):
        size = abs(left[key])
        if size < 8 or (key != "light" and 3 * size < top):
            continue
        degree = ""
        if key == "light":
            degree = "a bit" if size < 35 else "much"
        said.append(Want(names[key][left[key] > 0], degree))
    return tuple(said)[:2]


def the_nearest(value, levels):
    return min(levels, key=lambda level: (abs(level - value), -abs(level)))


def appended(plan):
    if plan is None:
        return ["<start>", "<refuse>", "<end>"]
    if len(plan) > 4 or any(step.do not in TOKENS for step in plan):
        raise ValueError("it cannot be written")
    found = ["<start>"]
    for step in plan:
        found += [step.do]
        found += [
            f"{name} {the_nearest(value, LEVELS[name]):g}"
            for name, value in step.values.items()
        ]
    return [*found, "<end>"]


def one_by_one(words, names, most=4):
    last, steps = words[-1], [w for w in words if w in COLOUR]

    def may(token):
        if last in ("<end>", "<pad>"):
            return token == "<pad>"
        if last == "<refuse>":
            return token == "<end>"
        if last in COLOUR and OPERATIONS[last].knobs:
            return token.startswith(OPERATIONS[last].knobs[0].name + " ")
        if token == "<refuse>":
            return last == "<start>"
        if token in COLOUR:
            return token in names and len(steps) < most
        return token == "<end>"

    return torch.tensor([may(token) for token in TOKENS])


def picked(logits, ids, counted):
    rows, places = torch.nonzero(counted[:, 1:], as_tuple=True)
    chances = logits.log_softmax(-1)[rows, places, ids[rows, places + 1]]
    return -chances.mean()


def with_a_filter(logs, named, wording):
    found = []
    for log in logs:
        plan = by_recursion(log.before, backwards(log.acts))
        if len(plan) not in (1, 2, 3, 4):
            continue
        if len(intent := named(log)) == 0:
            continue
        found.append(Golden(wish=wording(intent, plan), plan=plan, picture=log.before))
    return found


RIGHT = {
    "08b.25": (backwards,),
    "08b.27": (by_recursion,),
    "08b.29": (normal_equations,),
    "08b.30": (case_by_case,),
    "08b.32": (the_nearest,),
    "08b.33": (appended,),
    "08b.34": (one_by_one,),
    "08b.37": (picked,),
    "08b.36": (with_a_filter,),
}
