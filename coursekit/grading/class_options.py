"""The options that `coursekit grade` and `coursekit merge` have in common."""

import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from coursekit.grading import compare as earlier
from coursekit.grading import exports, spreadsheet
from coursekit.grading import marks as marks_file
from coursekit.grading.classbook import MINUTE, Book, Policy
from coursekit.grading.report_clean import plain
from coursekit.grading.types import Person
from coursekit.sources.lectures import lectures

File = Path | None
Words = list[str] | None
Given = Callable[[], Policy]  # raises ValueError


def policy(
    roster: Annotated[
        File, Option(metavar="FILE", help="Class list: ids, and who is missing.")
    ] = None,
    notebook: Annotated[
        Words, Option(metavar="NAME", help="Only this counts. Repeatable.")
    ] = None,
    attempt: Annotated[
        Literal["latest", "best"], Option(help="Which of several tries counts.")
    ] = "latest",
    deadline: Annotated[
        Words, Option(metavar="[NOTEBOOK=]TIME", help="2026-11-30T23:59. Repeatable.")
    ] = None,
    late_factor: Annotated[float, Option(help="What a late point is worth.")] = 1.0,
    weight: Annotated[
        Words, Option(metavar="NOTEBOOK=N", help="In the sum. Repeatable.")
    ] = None,
    bonus: Annotated[
        Words,
        Option(metavar="EXERCISE", help="Not in what is possible. Repeatable."),
    ] = None,
    marks: Annotated[
        File,
        Option(
            metavar="FILE", help="Your marks.csv: points by hand, comments, excuses."
        ),
    ] = None,
    anonymous: Annotated[
        bool, Option("--anonymous", help="Numbers for names; key.csv has both.")
    ] = False,
    compare: Annotated[
        File, Option(metavar="OLD", help="An earlier report: what has changed?")
    ] = None,
    export: Annotated[
        Words,
        Option(
            metavar="KIND",
            help="canvas=GRADEBOOK.csv, canvas-total=GRADEBOOK.csv, moodle or "
            "gradescope. Repeatable.",
        ),
    ] = None,
) -> Policy:
    """What the options say. ValueError, with one line, for what cannot be meant."""
    if not 0 <= late_factor <= 1:
        raise ValueError("--late-factor is a number from 0 to 1")
    exported = tuple(_export(text) for text in export or ())
    if anonymous and exported:
        raise ValueError("--export needs names: leave out --anonymous")
    if compare:
        earlier.read(compare)
    people: tuple[Person, ...] = ()
    said = ""
    if roster:
        from coursekit.grading import roster as class_list

        found = class_list.read(roster)
        people, said = found.people, found.said
    return Policy(
        attempt=attempt,
        deadlines=dict(_deadline(text) for text in deadline or ()),
        late_factor=late_factor,
        notebooks=tuple(dict.fromkeys(_known(each) for each in notebook or ())),
        weights=dict(_weight(text) for text in weight or ()),
        bonus=frozenset(bonus or ()),
        people=people,
        said=said,
        marks=marks_file.read(marks) if marks else (),
        marks_file=marks,
        anonymous=anonymous,
        compare=compare,
        exports=exported,
        private=tuple(
            path
            for path in (roster, marks, compare, *(path for _, path in exported))
            if path not in (None, Path())
        ),
    )


def add(command: Callable[..., int]) -> Callable[..., int]:
    """The command with these options in place of its parameter `policy`.

    What they say wrong is a ValueError of the function that it gets for `policy`.
    """
    ours = inspect.signature(policy).parameters
    own = dict(inspect.signature(command).parameters)
    del own["policy"]

    def run(**given: object) -> int:
        wishes = {each: given.pop(each) for each in ours}
        return command(policy=lambda: policy(**wishes), **given)  # type: ignore[arg-type]

    signature = inspect.Signature([*own.values(), *ours.values()])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (own | dict(ours)).values()}
    run.__doc__ = command.__doc__
    return run


def _known(notebook: str) -> str:
    names = [source.name for source in lectures()]
    if notebook not in names:
        listed = ", ".join(names)
        raise ValueError(f"no notebook {plain(notebook, 40)!r}; there are: {listed}")
    return notebook


def _deadline(text: str) -> tuple[str, str]:
    where, _, when = text.rpartition("=")
    try:
        end = datetime.fromisoformat(when)
    except ValueError:
        said = f"--deadline {plain(text, 60)!r}: write [NOTEBOOK=]2026-11-30T23:59"
        raise ValueError(said) from None
    if ":" not in when:  # the whole of that day
        end = end.replace(hour=23, minute=59)
    return where and _known(where), end.strftime(MINUTE)


def _weight(text: str) -> tuple[str, float]:
    where, _, value = text.partition("=")
    try:
        weight = spreadsheet.number(value)
    except ValueError:
        said = f"--weight {plain(text, 60)!r}: write NOTEBOOK=2"
        raise ValueError(said) from None
    return _known(where), weight


def _export(text: str) -> tuple[str, Path]:
    kind, _, path = text.partition("=")
    kinds = ("canvas", "canvas-total") if path else ("moodle", "gradescope")
    if kind not in kinds:
        said = "canvas=GRADEBOOK.csv, canvas-total=GRADEBOOK.csv, moodle or gradescope"
        raise ValueError(f"--export {plain(text, 60)!r}: write {said}")
    if path:
        exports.canvas(Book((), {}, ()), Path(path), True)  # can it be read?
    return kind, Path(path)
