"""Figure 06a.E, left: going on with teddy bears, and what becomes of the empty places.

A small network learns six places in which nobody is (lecture 6's "nature and houses").
Then it goes on with bears in these places, under new labels. Every so many steps a
probe asks for the old skill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import torch

from coursekit.datasets.teddy.reader import read_second
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import PLACES, Scene
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l06a_training_and_tuning.experiments import stage_runs
from coursekit.training.ema import Ema
from coursekit.training.forgetting import watched
from coursekit.training.loop import Run, train

PLANS: Mapping[str, tuple[float, float]] = {  # share of old rows, part of the rate
    "none": (0.0, 1.0),
    "some": (0.1, 1.0),
    "much": (0.3, 1.0),
    "slow": (0.0, 0.1),
}


def _label(scene: Scene) -> int:
    return PLACES.index(scene.place) + len(PLACES) * len(scene.bears)


def _source(count: int, split: str, bears: bool) -> stage_runs.Source:
    chosen = list(islice(scenes(900 if split == "test" else bears, split), count))
    if not bears:
        chosen = [replace(scene, bears=()) for scene in chosen]
    return stage_runs.source(chosen, _label)


def _empty(model: torch.nn.Module, count: int) -> float:
    """Asked for empty places: the share of pictures in which nobody is read."""
    asked = torch.arange(count) % len(PLACES)
    seen = read_second(stage_runs.drawn(model, asked, seed=7))
    return sum(reading.count == 0 for reading in seen) / count


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """The left half of 06a.E.

    Keys: `plans`; `{plan}_replay` and `{plan}_rate`, the share of old rows in a batch
    and the learning rate as a part of the usual; lists over `{plan}_step`:
    `{plan}_old` and `{plan}_new` with _std, the velocity error on held-out scenes of
    the old kind and the new; `{plan}_old_rise` and `{plan}_new_left` with _std and
    _all, the last of them over the old error at the start, and over the best new error
    of all plans; `{plan}_empty`, the share of empty pictures asked for that are empty;
    `before_empty`, that before going on.
    """
    steps, many, count = (4, 80, 12) if quick else (600, 3000, 120)
    every = max(1, steps // 10)
    seeds = seeds[:1] if quick else seeds
    parts = {name: _source(many, "train", name == "new") for name in ("old", "new")}
    probes = {
        name: stage_runs.probe(_source(2 * count, "test", name == "new"))
        for name in parts
    }

    def begun(seed: int, steps: int, **values: Any) -> Run:
        rate = values.pop("rate", 1.0)
        recipe, data = stage_runs.mixed("stage", parts, seed, **values)
        profile = stage_runs.effort(steps, lr=2e-3 * rate)
        return Run(recipe, profile, data, precision="bf16")

    def one(seed: int) -> Result:
        first = begun(seed, steps, first=(1.0, 0.0))
        for _ in train(first):
            pass
        base, found = first.ema.average, {}
        found["before_empty"] = _empty(first.averaged(), count)
        for plan, (replay, rate) in PLANS.items():
            run = begun(seed + 100, steps, first=(replay, 1 - replay), rate=rate)
            run.model.load_state_dict(base)
            run.ema = Ema(run.model, run.profile.ema)
            looks = columns(watched(run, probes, every))
            looks["old_rise"] = looks["old"][-1] / looks["old"][0]  # type: ignore
            found |= prefixed(plan, looks)
            found[f"{plan}_empty"] = _empty(run.averaged(), count)
        return found

    result: Result = {"steps": steps, "drawn": count, "plans": list(PLANS)}
    for plan, (replay, rate) in PLANS.items():
        result |= {f"{plan}_replay": replay, f"{plan}_rate": rate}
    return result | for_seeds(one, seeds)
