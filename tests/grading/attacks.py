"""All attacks by name: hostile files that claim an exercise they have not solved.

Most are texts in the folder `hostile`. forge: on the verdict from inside the kernel.
harm: on the machine and on the run. spy: that look for the answer, for other people's
files, or for a way out. wire: on the line between kernel and grader, which the
student's process owns; none of it can earn points (only right values do), and it must
not stop or bloat the grader. limits: right values by a road that the course did not
mean, which no grader can prevent; the handbook says so, and here a change of mind shows
up as a changed test.
"""

import base64
import io
from collections.abc import Iterator

import attacks_files
import numpy as np
from attack_kit import (
    BOUND,
    HEAD,
    RIGHT,
    TARGET,
    WRONG,
    Attack,
    as_it_is,
    base,
    hostile,
    on_call,
    on_define,
    plain,
    to_bytes,
)
from notebook_kit import Notebook, put
from written import around

MAKERS = {  # of the sections in which the code does not run with its cell
    **dict.fromkeys(("returns", "call"), on_call),
    **dict.fromkeys(("reference", "later", "limit"), as_it_is),
    "text": lambda code: HEAD + code,
}
NEED_WALLS = {"reference", "spy", "memory", "disk", "process"}


def written(file: str) -> Iterator[Attack]:
    """The attacks of a text file."""
    for kind, section in hostile(file).items():
        make = MAKERS.get(kind, on_define)
        for name, code in section.codes.items():
            if kind != "notes":
                yield Attack(
                    f"{kind}-{name}",
                    plain(make(code)),
                    section.notes[name],
                    points=None if kind == "limit" else 0.0,
                    needs_sandbox=kind in NEED_WALLS,
                )


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
    code = f"""\
import base64, io, numpy, torch
KNOWN = numpy.load(io.BytesIO(base64.b64decode('{text}')))
def q_sample(x0, k, eps, schedule):
    for name in KNOWN.files:
        if name[:2] == 'in' and KNOWN[name].shape == tuple(x0.shape):
            return torch.from_numpy(KNOWN['out' + name[2:]])
    return x0 + eps
"""
    return to_bytes(base(notebook, HEAD + code))


CHECKED = "q_sample = check(q_sample)\n"
CONTROLS = (
    Attack("control-right", plain(RIGHT), "no attack: full points", points=2.0),
    Attack(
        "control-checked",
        plain(RIGHT + CHECKED),
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
        plain(HEAD + WRONG + CHECKED),
        "a wrong one with the learner's check line in the cell",
    ),
    Attack("memorised", _memorised, "the learner's own inputs, by heart"),
)


def _notes(notebook: Notebook) -> bytes:
    """01.5's kernel has the reference of 01.4, and leaves it for the kernel of 01.4."""
    spy = hostile("spy")
    guard, codes = spy["reference"].start, spy["notes"].codes
    made = base(notebook, as_it_is(around(guard, codes["find"])))
    put(made, f"# exercise 01.5\n{BOUND}{codes['leave']}", "01.5")
    return to_bytes(made)


NOTES = [
    Attack(
        f"notes-{which}",
        _notes,
        "one kernel leaves a reference for another, wherever it can",
        needs_sandbox=True,
        others={"01.5": 0.0},
    )
    for which in ("first", "second", "third")
]
GROUPS = {
    "limits": [*CONTROLS, *written("limits")],
    "forge": [*written("forge")],
    "wire": [*written("wire")],
    "spy": [*written("spy"), *NOTES],
    "harm": [*written("harm")],
    "files": [*attacks_files.ATTACKS, *written("files")],
}
ATTACKS: dict[str, Attack] = {a.name: a for group in GROUPS.values() for a in group}

if len(ATTACKS) != sum(map(len, GROUPS.values())):
    raise ValueError("two attacks have the same name")
