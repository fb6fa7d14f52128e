"""Figure 06a.D: what is on the plate.

One small network, one budget. Of the bears that it learns from, few or many wear the
yellow hat; it is told the hat by a label. Then the same number of yellow hats in
another order: evenly, most of them late, or most of them early.
"""

from collections.abc import Sequence
from itertools import islice

import torch
from torch import nn

from coursekit.datasets.teddy.reader import read_second
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import HATS, Scene
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l06a_training_and_tuning.experiments import stage_runs
from coursekit.training.loop import Run, train

RARE = HATS.index("yellow")
COMMON = [hat for hat in range(len(HATS)) if hat != RARE]
LOW, EVEN, HIGH = 0.02, 0.1, 0.5  # shares of the rare hat
MOST = 2 * EVEN - LOW  # so that from LOW to MOST there are as many as with EVEN
PLANS = {  # name -> the share of the rare hat, at the start and at the end
    "low": (LOW, LOW),
    "even": (EVEN, EVEN),
    "high": (HIGH, HIGH),
    "late": (LOW, MOST),
    "early": (MOST, LOW),
}


def _hat(scene: Scene) -> int:
    return HATS.index(scene.bears[0].hat)


def _source(count: int, seed: int, split: str, rare: bool) -> stage_runs.Source:
    stream = scenes(seed, split, only=lambda scene: (_hat(scene) == RARE) == rare)
    return stage_runs.source(list(islice(stream, count)), _hat)


def _read(model: nn.Module, hats: Sequence[int], count: int) -> float:
    """The share of pictures in which the second reader sees the hat asked for."""
    asked = torch.tensor(hats).repeat(count // len(hats) + 1)[:count]
    seen = read_second(stage_runs.drawn(model, asked, seed=7))
    hits = (r.hat == HATS[i] for r, i in zip(seen, asked.tolist(), strict=True))
    return sum(hits) / count


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.D.

    Keys: `steps`, `batch`, `drawn` (pictures that are read); `plans`; for each plan
    `{plan}_first` and `{plan}_last`, the share of the rare hat; with _std and _all
    `{plan}_{hat}_error`, the velocity error on held-out scenes, and
    `{plan}_{hat}_read`, the share of pictures that show the hat asked for, where hat
    is "rare" or "common"; `{plan}_rows`, how many rare pictures were seen.
    """
    steps, many, count = (3, 80, 10) if quick else (800, 3000, 200)
    seeds = seeds[:1] if quick else seeds
    parts = {"common": _source(many, 0, "train", False)}
    parts["rare"] = _source(many // 5, 1, "train", True)
    probes = {
        name: stage_runs.probe(_source(count, 900, "test", name == "rare"))
        for name in parts
    }

    def one(plan: str, seed: int) -> Result:
        first, last = PLANS[plan]
        recipe, data = stage_runs.mixed(
            plan,
            parts,
            seed,
            first=(1 - first, first),
            last=(1 - last, last),
            steps=steps,
        )
        profile = stage_runs.effort(steps)
        run = Run(recipe, profile, data, precision="bf16")
        for _ in train(run):
            pass
        model = run.averaged()
        labels = [recipe.batch(data, profile.batch, step)[3] for step in range(steps)]
        found = {f"{name}_error": float(look(model)) for name, look in probes.items()}
        return {
            **found,
            "rare_read": _read(model, [RARE], count),
            "common_read": _read(model, COMMON, count),
            "rows": float(sum(int((each == RARE).sum()) for each in labels)),
        }

    result: Result = {"steps": steps, "batch": stage_runs.effort(1).batch}
    result |= {"drawn": count, "plans": list(PLANS)}
    for plan, (first, last) in PLANS.items():
        result |= {f"{plan}_first": first, f"{plan}_last": last}
        result |= prefixed(plan, for_seeds(one, seeds, plan))
    return result
