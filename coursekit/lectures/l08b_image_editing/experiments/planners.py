"""Figures 08b.C, 08b.D and 08b.E: what a planner learns from how much, and how right.

C: equal efforts on golden sets of several sizes, and with intents that are wrong on
purpose. D and E: the planner that ships, on held-out golden edits and on free wishes.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coursekit.datasets.edit_intents import Intent
from coursekit.datasets.golden_edits import Golden, golden_edits
from coursekit.editing.allow_list import AllowList
from coursekit.editing.executor import run_plan
from coursekit.editing.plan import Plan
from coursekit.evaluation.edit_intent import mistaken
from coursekit.evaluation.edit_planning import parameter_errors, plans_of
from coursekit.evaluation.edit_wishes import wishes_table
from coursekit.experiments.cache import kept, run_folder
from coursekit.experiments.summary import Result, columns, for_seeds
from coursekit.experiments.train_images import trained
from coursekit.models.edit_planner import EditPlanner
from coursekit.pipeline.planners import load_planner
from coursekit.training.recipe_edit_planner import EDIT_PLANNER, data_of

SIZES = (100, 300, 1000, 3000, 10_000)
NOISES = (0.0, 0.1, 0.3, 0.5)
USUAL = 3000  # golden edits while the noise changes
STEPS, HELD_OUT = 400, 500
KEYS = ("operations", "amount", "refused", "free")


def learnt(size: int, noise: float, quick: bool, seed: int) -> Result:
    """One training: right operations and amounts, refusals, free wishes."""
    steps, many = (2, 20) if quick else (STEPS, HELD_OUT)
    profile = replace(EDIT_PLANNER.quick, steps=steps, pictures=0, save_every=1000)
    recipe = replace(EDIT_PLANNER, seed=seed)

    def wrong(intent: Intent, rng: np.random.Generator) -> Intent:
        return mistaken(intent, noise, rng)

    def compute() -> Result:
        name = f"planners/{size}-{noise}-{seed}"
        golden = golden_edits(size, 100 + seed, named=wrong)
        data = data_of(golden, f"{size} golden edits, {noise} wrong, seed {seed}")
        net = trained(run_folder(name, quick), recipe, profile, data)
        assert isinstance(net, EditPlanner)
        tests = golden_edits(many, 7, "test")
        found = parameter_errors(made(net, tests), tests)
        table = wishes_table(lambda x, wishes: plans_of(net, x, wishes))
        free = table["all"]["right"] / table["all"].total()
        return found | {"free": free}

    return kept(f"planners/{size}-{noise}-{seed}", (profile, recipe, many), compute)


def made(net: EditPlanner, golden: Sequence[Golden]) -> list[Plan | None]:
    """The network's plans for golden wishes."""
    pictures = np.stack([each.picture for each in golden])
    return plans_of(net, pictures, [each.wish for each in golden])


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08b.C.

    Keys: `sizes`, `noises`, `steps`, `usual`; lists over them `sizes_KEY` and
    `noises_KEY` with _std, for KEY in KEYS (`parameter_errors`; `free`: the share of
    free wishes with a right plan); `most_KEY`: of the largest size, with _std and _all.
    """
    sizes, noises = ((20, 40), (0.0, 0.5)) if quick else (SIZES, NOISES)
    usual, seeds = (40, seeds[:1]) if quick else (USUAL, seeds)

    def one(seed: int) -> Result:
        rows = columns(learnt(size, 0.0, quick, seed) for size in sizes)
        wrong = columns(learnt(usual, noise, quick, seed) for noise in noises)
        most = {key: rows[key][-1] for key in KEYS}
        lines = {"sizes": rows, "noises": wrong, "most": most}
        return {
            f"{line}_{key}": found[key] for line, found in lines.items() for key in KEYS
        }

    settings = {"steps": 2 if quick else STEPS, "usual": usual}
    lists = {"sizes": list(sizes), "noises": list(noises)}
    return settings | lists | for_seeds(one, seeds)


def parameters(quick: bool = False) -> Result:
    """Everything of 08b.D: where an edit's error comes from, for the shipped planner.

    Keys: those of `parameter_errors` on `golden` held-out edits; `executor`: the
    largest difference between two runs of one plan, in values;
    `moved`: the share of its plans, right or wrong, that give another picture when
    the pixels are shuffled before instead of after.
    """
    golden = golden_edits(40 if quick else 1000, 13, "test")
    plans = made(load_planner().net, golden)
    order = np.random.default_rng(0).permutation(32 * 32)
    colours, apart, moved = AllowList(), 0, []

    def shuffled(image: np.ndarray) -> np.ndarray:
        return image.reshape(-1, 3)[order].reshape(image.shape)

    for plan, (picture, _, _) in zip(plans, golden, strict=True):
        if plan:
            after, again = (run_plan(picture, plan, colours) for _ in range(2))
            apart = max(apart, int(np.abs(after.astype(int) - again).max()))
            first = run_plan(shuffled(picture), plan, colours)
            moved.append(not np.array_equal(first, shuffled(after)))
    errors = parameter_errors(plans, golden)
    shares = {"executor": apart, "moved": sum(moved) / max(1, len(moved))}
    return errors | shares | {"golden": len(golden)}


def free(quick: bool = False) -> Result:
    """Everything of 08b.E: the shipped planner on wishes in free words.

    Keys: `kinds`; lists over them `right`, `wrong`, `refused` (shares) and `wishes`;
    `all_right`, `all_wrong`, `all_refused`.
    """
    net = load_planner().net
    table = wishes_table(lambda x, wishes: plans_of(net, x, wishes))
    kinds = [kind for kind in table if kind != "all"]
    result: Result = {"kinds": kinds, "wishes": [table[k].total() for k in kinds]}
    for verdict in ("right", "wrong", "refused"):
        result[verdict] = [table[k][verdict] / table[k].total() for k in kinds]
        result[f"all_{verdict}"] = table["all"][verdict] / table["all"].total()
    return result
