"""Figure 06b.E: what one step draws, and what it takes to draw the data in one.

Four networks with the teacher's weights at the start: one is left alone, one learns
from noise and pictures of strangers, one from the teacher's pairs, and one halves its
steps six times. Three seeds, each with a teacher of its own.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from coursekit.experiments.summary import Result, for_seeds
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    students_steps as few,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.law import (
    law_energy,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    BATCH,
    RING,
    Student,
    base_model,
    judge,
    points,
    walk,
)
from coursekit.models.mlp import EpsMLP

COUNTS = (1, 2, 4, 8)
SHOWN = 300  # points of the first seed that are drawn
LOOKED = 3000  # points for the shares of the clouds


def on_strangers(teacher: EpsMLP, seed: int, quick: bool) -> Student:
    """As `on_pairs`, but x0 has been shuffled and eps has not: a classical slip."""
    steps, count = (20, 500) if quick else (1500, few.PAIRS)
    net, (x0, eps) = few.unfrozen(teacher), few.pairs_of(teacher, seed + 2000, count, 8)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    few.learn_one_step(net, (x0[order], eps), steps, seed)
    return Student(partial(walk, net), 3.0 * steps * BATCH, 0.0)


def noise(count: int, seed: int) -> Tensor:
    """Noise that no training has seen, (count, 2)."""
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed + 70_000))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.E.

    Keys: `counts`; for `teacher` (64 steps), and for each of `base`, `strangers`,
    `pairs`, `progressive`: `{who}_energy` over counts, to the exact law (for the
    teacher a number), `{who}_ratio`, the same over the teacher's, `{who}_spread`, how
    far its points of one step lie from their own mean, root mean square, `{who}_off`,
    how far that mean lies from the data's, `{who}_on` and `{who}_tv` of one step, all
    with _std and of numbers _all; `{who}_cost`, evaluations of the training;
    `floor`, real points; `{who}_points` of one step and the first seed.
    """
    many, looked = (200, 100) if quick else (60_000, LOOKED)
    clouds: Result = {}

    def one(seed: int) -> Result:
        teacher = base_model(seed, 5) if quick else base_model(seed)
        students = {
            "base": Student(partial(walk, teacher), 0.0, 0.0),
            "strangers": on_strangers(teacher, seed, quick),
            "pairs": few.on_pairs(teacher, seed, quick),
            "progressive": few.progressive(teacher, seed, quick),
        }
        eps = noise(many, seed)
        far = law_energy(walk(teacher, eps, few.TOP))
        real = points(many, torch.Generator().manual_seed(seed + 71_000))
        found: Result = {"teacher_energy": far, "floor": law_energy(real)}
        middle = (RING.weights[:, None] * RING.means).sum(0)
        for who, student in students.items():
            drawn = student.sampler(eps, 1).double()
            look = judge(drawn[:looked])
            energies = [law_energy(student.sampler(eps, n)) for n in COUNTS]
            about = drawn - drawn.mean(0)
            found |= {
                f"{who}_energy": energies,
                f"{who}_ratio": [energy / far for energy in energies],
                f"{who}_spread": float(about.square().sum(1).mean().sqrt()),
                f"{who}_off": float((drawn.mean(0) - middle).norm()),
                f"{who}_on": look["on"],
                f"{who}_tv": look["tv"],
                f"{who}_cost": student.evals,
            }
            if seed == seeds[0]:
                clouds[f"{who}_points"] = drawn[:SHOWN].tolist()
        return found

    result = {"counts": list(COUNTS), "many": many}
    result |= for_seeds(one, seeds[:1] if quick else seeds)
    return result | clouds
