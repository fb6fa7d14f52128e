"""Figure 06b.F: what each choice in training a consistency model is worth.

With a teacher, Euler or Heun, or without; the target said by averaged weights or by
the student itself; squared errors or robust ones. Equal steps, three seeds.
"""

from collections.abc import Sequence
from dataclasses import replace

from coursekit.experiments.summary import Result, for_seeds
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    students_steps as few,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.law import (
    law_energy,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.one_step import (
    noise,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    base_model,
    judge,
    walk,
)

PLANS = {
    "cd_euler": few.CD_EULER,
    "cd_heun": few.CD_HEUN,
    "cd_live": replace(few.CD_HEUN, decay=0.0),
    "ct": few.CT,
    "ct_averaged": replace(few.CT, decay=0.95),
    "ct_huber": few.CT_HUBER,
}
COUNTS = (1, 2, 4)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.F.

    Keys: `counts`, `steps`; for each of PLANS `{plan}_energy` and `{plan}_tv` over
    counts, `{plan}_ratio`, the energies over the teacher's, `{plan}_one` and
    `{plan}_masses`, energy and shares of the clouds of one jump, `{plan}_heavy`, the
    share of the two heaviest; `teacher_energy`. All with _std.
    """
    steps, many = (10, 200) if quick else (2500, 60_000)

    def one(seed: int) -> Result:
        teacher = base_model(seed, 5) if quick else base_model(seed)
        eps = noise(many, seed)
        far = law_energy(walk(teacher, eps, few.TOP))
        found: Result = {"teacher_energy": far}
        for name, plan in PLANS.items():
            student = few.consistent(replace(plan, steps=steps), teacher, seed, quick)
            crowds = [student.sampler(eps, n) for n in COUNTS]
            energies = [law_energy(crowd) for crowd in crowds]
            looks = [judge(crowd[:3000]) for crowd in crowds]
            found |= {
                f"{name}_energy": energies,
                f"{name}_ratio": [energy / far for energy in energies],
                f"{name}_tv": [look["tv"] for look in looks],
                f"{name}_one": energies[0],
                f"{name}_lost": looks[0]["tv"],
                f"{name}_masses": looks[0]["masses"],
                f"{name}_heavy": sum(looks[0]["masses"][:2]),
            }
        return found

    result = {"counts": list(COUNTS), "steps": steps, "many": many}
    return result | for_seeds(one, seeds[:1] if quick else seeds)
