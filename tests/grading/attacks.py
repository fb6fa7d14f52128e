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

import attack_kit as kit
import attacks_files
import numpy as np
from notebook_kit import Notebook, put
from written import around

MAKERS = {  # of the sections in which the code does not run with its cell
    **dict.fromkeys(("returns", "call"), kit.on_call),
    **dict.fromkeys(("reference", "later", "limit"), kit.as_it_is),
    **dict.fromkeys(("control", "text"), lambda code: kit.HEAD + code),
}
NEED_WALLS = {"reference", "spy", "memory", "disk", "process"}
APART = {"notes", "heart"}  # made below
POINTS = {"limit": None, "control": 2.0}  # of a section; the others earn nothing


def written(file: str) -> Iterator[kit.Attack]:
    """The attacks of a text file."""
    for kind, section in kit.hostile(file).items():
        make = MAKERS.get(kind, kit.on_define)
        for name, code in section.codes.items():
            if kind not in APART:
                yield kit.Attack(
                    f"{kind}-{name}",
                    kit.plain(make(code)),
                    section.notes[name],
                    points=POINTS.get(kind, 0.0),
                    needs_sandbox=kind in NEED_WALLS,
                )


def _memorised(notebook: Notebook) -> bytes:
    """Fresh inputs make it useless to know the learner's own by heart."""
    from coursekit.checks.registry import by_id

    exercise = by_id(kit.TARGET)
    probe, keep = exercise.probe(), {}
    for seed in probe.seeds(0):
        inputs = probe.inputs(seed)
        found = probe.call(exercise.reference(), dict(inputs))
        keep[f"in{seed}"], keep[f"out{seed}"] = inputs["x0"], found["x_k"]
    stored = io.BytesIO()
    np.savez(stored, **keep)
    text = base64.b64encode(stored.getvalue()).decode()
    code = kit.hostile("limits")["heart"].codes["memorised"].replace("@KNOWN@", text)
    return kit.to_bytes(kit.base(notebook, kit.HEAD + code))


MEMORISED = kit.Attack("memorised", _memorised, "the learner's own inputs, by heart")


def _notes(notebook: Notebook) -> bytes:
    """01.5's kernel has the reference of 01.4, and leaves it for the kernel of 01.4."""
    spy = kit.hostile("spy")
    guard, codes = spy["reference"].start, spy["notes"].codes
    made = kit.base(notebook, kit.as_it_is(around(guard, codes["find"])))
    put(made, f"# exercise 01.5\n{kit.BOUND}{codes['leave']}", "01.5")
    return kit.to_bytes(made)


NOTES = [
    kit.Attack(
        f"notes-{which}",
        _notes,
        "one kernel leaves a reference for another, wherever it can",
        needs_sandbox=True,
        others={"01.5": 0.0},
    )
    for which in ("first", "second", "third")
]
GROUPS = {
    "limits": [MEMORISED, *written("limits")],
    "forge": [*written("forge")],
    "wire": [*written("wire")],
    "spy": [*written("spy"), *NOTES],
    "harm": [*written("harm")],
    "files": [*attacks_files.ATTACKS, *written("files")],
}
ATTACKS: dict[str, kit.Attack] = {a.name: a for group in GROUPS.values() for a in group}

if len(ATTACKS) != sum(map(len, GROUPS.values())):
    raise ValueError("two attacks have the same name")
