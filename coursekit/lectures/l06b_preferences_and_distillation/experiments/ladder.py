"""Figures 06b.G to 06b.I: all students on one ladder, and three ways to spoil one.

One teacher for each seed, and all students of both modules. Everyone draws from the
same noise in 1, 2, 4, 8 and 32 evaluations and is judged against the exact law.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from coursekit.experiments.cache import kept, kept_network
from coursekit.experiments.depends import mark
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed, sum_up
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    students_judges,
    students_steps,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.law import (
    law_energy,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    RING,
    Student,
    base_model,
    on_clouds,
    points,
    walk,
)
from coursekit.models.mlp import EpsMLP

Trainer = Callable[[EpsMLP, int, bool], Student]

COUNTS = (1, 2, 4, 8, 32)  # evaluations
OWN = students_steps.TOP  # evaluations with which the teacher draws as it should
JUDGED = 40_000  # points for each entry
SHOWN = 300  # points of seed 0 that the widget shows, in hundredths
POWERS = (0.0, 1.0)  # of MeanFlow's loss
# Two students as they are, and what spoils them: fresh weights, targets that lag.
SPOILT: dict[str, Trainer] = {
    "dmd_alone": students_judges.STUDENTS["dmd_alone"],
    "dmd_fresh": partial(students_judges.dmd, weight=0.0, copied=False),
    "shortcut": students_judges.shortcut,
    "shortcut_99": partial(students_judges.shortcut, lag=0.99),
    "shortcut_999": partial(students_judges.shortcut, lag=0.999),
}
SOURCES = {"steps": students_steps, "judges": students_judges}


def noise_of(count: int) -> Tensor:
    """The noise that everybody starts from."""
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(606))


def judged(x: Tensor) -> Result:
    """The distance to the law, squared, and who is on which cloud."""
    return {"energy": law_energy(x), **on_clouds(x)}


def told(x: Tensor) -> str:
    """Points as text, in hundredths."""
    whole = (100 * x[:SHOWN].clamp(-9, 9)).round().int().flatten().tolist()
    return " ".join(map(str, whole))


def climb(name: str, trainer: Trainer, seed: int, quick: bool) -> Result:
    """Train one student and judge it at every count."""
    teacher = teacher_of(seed, quick)
    student = trainer(teacher, seed, quick)
    found: Result = {"evals": student.evals, "seconds": student.seconds}
    noise = noise_of(200 if quick else JUDGED)
    drawn = [student.sampler(noise, count) for count in COUNTS]
    found["shown"] = [told(x) for x in drawn]
    return found | {"rows": [judged(x) for x in drawn]}


def at_leisure(seed: int, quick: bool) -> Result:
    """The teacher with as many evaluations as its students were shown."""
    x = walk(teacher_of(seed, quick), noise_of(200 if quick else JUDGED), OWN)
    return {"shown": told(x), **judged(x)}


def teacher_of(seed: int, quick: bool) -> EpsMLP:
    """The base model of a seed, trained once."""
    if quick:
        return base_model(seed, 3)

    def train(net: EpsMLP) -> None:
        net.load_state_dict(base_model(seed).state_dict())

    return kept_network("ladder_06b/teacher", seed, EpsMLP(), train)


def rungs(source: str, name: str, trainer: Trainer, seed: int, quick: bool) -> Result:
    """`climb`, read back if it was done before with the same code."""
    compute = partial(climb, name, trainer, seed, quick)
    if quick:
        return compute()
    code = mark(f"{SOURCES[source].__name__}.STUDENTS")
    return kept(f"ladder_06b/{name}_{seed}", (name, seed, code), compute)


def kept_own(seed: int, quick: bool) -> Result:
    """`at_leisure`, read back if it was done before."""
    compute = partial(at_leisure, seed, quick)
    return compute() if quick else kept(f"ladder_06b/own_{seed}", seed, compute)


def columns_of(row: Result) -> Result:
    """The numbers among judgements."""
    return {key: row[key] for key in ("energy", "on", "tv", "entropy")}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.H.

    Keys: `counts`, `own`, `judged`, `names`; `floor`, of as many real points, and the
    `entropy` of the true weights; `own_energy`, `own_on`, ... of the teacher at `own`
    evaluations; for each student `{name}_energy`, `_on`, `_tv`, `_entropy` and
    `_ratio`, lists over counts with _std, and `{name}_evals`, `{name}_seconds` of its
    training. ratio: the energy over that of its own teacher at `own` evaluations; both
    are squares of distances. `{name}_shown`: for each count the points of the first
    seed as text, in hundredths, and `own_shown`. `base` is the teacher itself.
    """
    seeds = seeds[:1] if quick else seeds
    floor = law_energy(points(JUDGED, torch.Generator().manual_seed(7)))
    result: Result = {"counts": list(COUNTS), "own": OWN, "judged": JUDGED}
    result |= {
        "floor": abs(floor),
        "entropy": float(RING.weights.log().neg() @ RING.weights),
    }
    own = {s: kept_own(s, quick) for s in seeds}
    result |= {"own_shown": own[seeds[0]]["shown"]}
    result |= prefixed("own", sum_up([columns_of(own[s]) for s in seeds]))

    def one(source: str, name: str, trainer: Trainer, seed: int) -> Result:
        found = rungs(source, name, trainer, seed, quick)
        lists = columns(columns_of(row) for row in found["rows"])
        ratio = [each / own[seed]["energy"] for each in lists["energy"]]
        return {
            **lists,
            "ratio": ratio,
            "evals": found["evals"],
            "seconds": found["seconds"],
        }

    names = []
    for source, module in SOURCES.items():
        for name, trainer in module.STUDENTS.items():
            result |= prefixed(name, for_seeds(one, seeds, source, name, trainer))
            first = rungs(source, name, trainer, seeds[0], quick)
            result[f"{name}_shown"] = first["shown"]
            names.append(name)
    return {**result, "names": names}


def measure_powers(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.G: MeanFlow with two powers of its loss, in one step.

    Keys: `weights` of the clouds and their `entropy`, `powers`; `p{i}_masses`, the
    share of each cloud for the i-th power, with _std; `p{i}_tv`, `p{i}_entropy`,
    `p{i}_on`, `p{i}_energy`, and `p{i}_light`, the share of the lightest cloud.
    """
    seeds = seeds[:1] if quick else seeds

    def one(power: float, seed: int) -> Result:
        name = f"meanflow_{power:g}" if power else "meanflow"
        trainer = partial(students_judges.meanflow, power=power)
        first: Result = rungs("judges", name, trainer, seed, quick)["rows"][0]
        return first | {"light": first["masses"][-1]}

    result: Result = {"powers": list(POWERS), "weights": RING.weights.tolist()}
    result["entropy"] = float(RING.weights.log().neg() @ RING.weights)
    for i, power in enumerate(POWERS):
        result |= prefixed(f"p{i}", for_seeds(one, seeds, power))
    return result


def measure_spoilt(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.I: two students as they are and spoilt, in one step.

    Keys, for each of SPOILT: `{name}_energy` (squared distance to the law), `_on`,
    `_tv`, with _std, and `_all` lists over seeds.
    """
    seeds = seeds[:1] if quick else seeds

    def one(name: str, seed: int) -> Result:
        first = rungs("judges", name, SPOILT[name], seed, quick)["rows"][0]
        return {key: first[key] for key in ("energy", "on", "tv")}

    result: Result = {}
    for name in SPOILT:
        result |= prefixed(name, for_seeds(one, seeds, name))
    return result
