"""The options that `coursekit grade` and `coursekit merge` have in common."""

import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import BadParameter, Option

from coursekit.grading import compare as earlier
from coursekit.grading import exports, spreadsheet
from coursekit.grading import marks as marks_file
from coursekit.grading import roster as class_list
from coursekit.grading.classbook import MINUTE, Book, Policy
from coursekit.grading.report_clean import plain
from coursekit.sources.lectures import lectures

_EXPORTS = "canvas=GRADEBOOK.csv, canvas-total=GRADEBOOK.csv, moodle or gradescope"
_File = Path | None
_Words = list[str] | None


def policy(
    roster: Annotated[
        _File, Option(metavar="FILE", help="Class list: ids, and who is missing.")
    ] = None,
    notebook: Annotated[
        _Words, Option(metavar="NAME", help="Only this counts. Repeatable.")
    ] = None,
    attempt: Annotated[
        Literal["latest", "best"], Option(help="Of several tries.")
    ] = "latest",
    deadline: Annotated[
        _Words, Option(metavar="[NAME=]TIME", help="2026-11-30T23:59. Repeatable.")
    ] = None,
    late_factor: Annotated[float, Option(help="What a late point is worth.")] = 1.0,
    weight: Annotated[
        _Words, Option(metavar="NAME=N", help="Of a notebook in the sum. Repeatable.")
    ] = None,
    bonus: Annotated[
        _Words, Option(metavar="EXERCISE", help="Not in what is possible. Repeatable.")
    ] = None,
    marks: Annotated[
        _File, Option(metavar="FILE", help="Your marks.csv: points by hand, excuses.")
    ] = None,
    anonymous: Annotated[  # named here, so without a --no-anonymous
        bool, Option("--anonymous", help="Numbers for names; key.csv has both.")
    ] = False,
    compare: Annotated[
        _File, Option(metavar="OLD", help="An earlier report: what has changed?")
    ] = None,
    export: Annotated[
        _Words, Option(metavar="KIND", help=f"{_EXPORTS}. Repeatable.")
    ] = None,
) -> Policy:
    """What the options say. ValueError, with one line, for what cannot be meant."""
    exported = tuple(map(_export, export or ()))
    if not 0 <= late_factor <= 1:
        raise ValueError("--late-factor is a number from 0 to 1")
    if anonymous and exported:
        raise ValueError("--export needs names: leave out --anonymous")
    if compare:
        earlier.read(compare)  # can it be read?
    people, said = class_list.read(roster) if roster else ((), "")
    named = (roster, marks, compare, *(path for _, path in exported))
    return Policy(
        attempt=attempt,
        deadlines=dict(map(_deadline, deadline or ())),
        late_factor=late_factor,
        notebooks=tuple(dict.fromkeys(map(_known, notebook or ()))),
        weights=dict(map(_weight, weight or ())),
        bonus=frozenset(bonus or ()),
        people=people,
        said=said,
        marks=marks_file.read(marks) if marks else (),
        marks_file=marks,
        anonymous=anonymous,
        compare=compare,
        exports=exported,
        private=tuple(path for path in named if path not in (None, Path())),
    )


def add(command: Callable[..., int]) -> Callable[..., int]:
    """The command with the parameters of `policy` in place of the one of that name."""
    options = inspect.signature(policy).parameters
    own = dict(inspect.signature(command).parameters)
    del own["policy"]

    def run(**given: Any) -> int:
        wishes = {name: given.pop(name) for name in options}
        try:
            made = policy(**wishes)
        except ValueError as error:
            raise BadParameter(str(error)) from None
        return command(policy=made, **given)

    every = own | options
    run.__signature__ = inspect.Signature(list(every.values()))  # type: ignore[attr-defined]
    run.__annotations__ = {name: each.annotation for name, each in every.items()}
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
    if kind not in (("canvas", "canvas-total") if path else ("moodle", "gradescope")):
        raise ValueError(f"--export {plain(text, 60)!r}: write {_EXPORTS}")
    if path:
        exports.canvas(Book((), {}, ()), Path(path), True)  # can it be read?
    return kind, Path(path)
