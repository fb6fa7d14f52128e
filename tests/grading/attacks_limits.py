"""What no grader can prevent: right values by a road that the course did not mean.

These earn points, and the handbook says so. They are here so that a change of mind (or
a lint that warns) shows up as a changed test.
"""

import base64
import io

import numpy as np
from attack_kit import RIGHT, TARGET, Attack, Notebook, base, plain, to_bytes

HEAD = "# exercise 01.4\n"
INVERSE = """
def q_sample(x0, k, eps, schedule):
    one = predict_x0(torch.ones_like(x0), torch.zeros_like(x0), k, schedule)
    part = predict_x0(torch.zeros_like(x0), -torch.ones_like(x0), k, schedule)
    return (x0 + part * eps) / one
"""
# What a later exercise would make of it, if the kernel had that one's reference.
LATER = {
    "name": (
        """
def q_sample(x0, k, eps, schedule):
    return ddim_step(x0, eps, 0 * k, k, 0 * eps, schedule, 0.0)
""",
        "a step of DDIM away from the data, by the name of a later exercise",
    ),
    "package": (
        """
from coursekit.theory.ddpm import ddim_step as step
def q_sample(x0, k, eps, schedule):
    return step(x0, eps, 0 * k, k, 0 * eps, schedule, 0.0)
""",
        "the same, from the package",
    ),
    "package-inverse": (
        "from coursekit.theory.ddpm import predict_x0\n" + INVERSE,
        "the inverse, from the package",
    ),
    "lecture": (
        """
from coursekit.theory import flow, score
def q_sample(x0, k, eps, schedule):
    t = torch.ones(len(x0), dtype=x0.dtype)
    a = at(schedule.alpha_bar.sqrt(), k, x0)
    s = at((1 - schedule.alpha_bar).sqrt(), k, x0)
    return flow.conditional_path(a * x0, s * eps, 0 * t, 0.0) + s * (
        flow.conditional_path(x0, eps, t, 0.0))
""",
        "an exercise of a later lecture",
    ),
}

ROADS = {
    "own-inverse": (
        INVERSE,
        "the student's own solution of a later exercise, turned round",
    ),
    "library": (
        """
def q_sample(x0, k, eps, schedule):
    from diffusers import DDPMScheduler
    made = DDPMScheduler(trained_betas=schedule.beta[1:].numpy())
    made.alphas_cumprod = schedule.alpha_bar[1:].to(x0.dtype)
    return made.add_noise(x0, eps, k - 1)
""",
        "a library does it",
    ),
}


def _memorised(notebook: Notebook) -> bytes:
    """Answers to the learner's own inputs, by heart: fresh inputs make them useless."""
    from coursekit.checks.registry import by_id

    exercise = by_id(TARGET)
    probe, keep = exercise.probe(), {}
    for seed in probe.seeds(0):
        inputs = probe.inputs(seed)
        found = probe.call(exercise.reference(), dict(inputs))
        keep[f"in{seed}"], keep[f"out{seed}"] = inputs["x0"], found["x_k"]
    stored = io.BytesIO()
    np.savez(stored, **keep)
    text = base64.b64encode(stored.getvalue()).decode()
    code = f"""
import base64, io, numpy, torch
KNOWN = numpy.load(io.BytesIO(base64.b64decode('{text}')))
def q_sample(x0, k, eps, schedule):
    for name in KNOWN.files:
        if name[:2] == 'in' and KNOWN[name].shape == tuple(x0.shape):
            return torch.from_numpy(KNOWN['out' + name[2:]])
    return x0 + eps
"""
    return to_bytes(base(notebook, HEAD + code))


ATTACKS = (
    Attack("control-right", plain(RIGHT), "no attack: full points", points=2.0),
    Attack(
        "control-checked",
        plain(RIGHT + "q_sample = check(q_sample)\n"),
        "no attack: the learner's check line stayed in the cell",
        points=2.0,
    ),
    Attack(
        "control-skip-comment",
        plain(RIGHT + "# NBVAL_SKIP\n"),
        "no attack: a comment that nbval would obey",
        points=2.0,
    ),
    Attack(
        "control-wrong-checked",
        plain(
            HEAD + "def q_sample(x0, k, eps, schedule):\n    return x0 + eps\n"
            "q_sample = check(q_sample)\n"
        ),
        "a wrong one with the learner's check line in the cell",
    ),
    Attack("memorised", _memorised, "the learner's own inputs, by heart"),
    *(
        Attack(f"later-{n}", plain(HEAD + code.lstrip()), note)
        for n, (code, note) in LATER.items()
    ),
    *(
        Attack(f"limit-{n}", plain(HEAD + code.lstrip()), note, points=None)
        for n, (code, note) in ROADS.items()
    ),
)
