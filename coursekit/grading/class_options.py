"""The options that `coursekit grade` and `coursekit merge` have in common."""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Option

from coursekit.grading import compare, exports, roster, spreadsheet
from coursekit.grading import marks as marks_file
from coursekit.grading.classbook import MINUTE, Book, Policy
from coursekit.grading.report_clean import plain
from coursekit.sources.lectures import lectures

Given = Callable[[], Policy]  # raises ValueError, with one line
_EXPORTS = "canvas=GRADEBOOK.csv, canvas-total=GRADEBOOK.csv, moodle or gradescope"
_FILE, _WORDS = Path | None, list[str] | None
_OPTIONS: dict[str, tuple[Any, Any, str | None, str]] = {
    "roster": (_FILE, None, "FILE", "Class list: ids, and who is missing."),
    "notebook": (_WORDS, None, "NAME", "Only this counts. Repeatable."),
    "attempt": (Literal["latest", "best"], "latest", None, "Of several tries."),
    "deadline": (_WORDS, None, "[NAME=]TIME", "2026-11-30T23:59. Repeatable."),
    "late_factor": (float, 1.0, None, "What a late point is worth."),
    "weight": (_WORDS, None, "NAME=N", "Of a notebook in the sum. Repeatable."),
    "bonus": (_WORDS, None, "EXERCISE", "Not in what is possible. Repeatable."),
    "marks": (_FILE, None, "FILE", "Your marks.csv: points by hand, excuses."),
    "anonymous": (bool, False, None, "Numbers for names; key.csv has both."),
    "compare": (_FILE, None, "OLD", "An earlier report: what has changed?"),
    "export": (_WORDS, None, "KIND", f"{_EXPORTS}. Repeatable."),
}


def policy(**given: Any) -> Policy:
    """What the options say. ValueError, with one line, for what cannot be meant."""
    asked = {name: default for name, (_, default, _, _) in _OPTIONS.items()} | given
    exported = tuple(_export(text) for text in asked["export"] or ())
    if not 0 <= asked["late_factor"] <= 1:
        raise ValueError("--late-factor is a number from 0 to 1")
    if asked["anonymous"] and exported:
        raise ValueError("--export needs names: leave out --anonymous")
    if asked["compare"]:
        compare.read(asked["compare"])
    people, said = roster.read(asked["roster"]) if asked["roster"] else ((), "")
    named = (asked["roster"], asked["marks"], asked["compare"])
    named += tuple(path for _, path in exported)
    return Policy(
        attempt=asked["attempt"],
        deadlines=dict(map(_deadline, asked["deadline"] or ())),
        late_factor=asked["late_factor"],
        notebooks=tuple(dict.fromkeys(map(_known, asked["notebook"] or ()))),
        weights=dict(map(_weight, asked["weight"] or ())),
        bonus=frozenset(asked["bonus"] or ()),
        people=people,
        said=said,
        marks=marks_file.read(asked["marks"]) if asked["marks"] else (),
        marks_file=asked["marks"],
        anonymous=asked["anonymous"],
        compare=asked["compare"],
        exports=exported,
        private=tuple(path for path in named if path not in (None, Path())),
    )


def add(command: Callable[..., int]) -> Callable[..., int]:
    """The command with these options in place of its parameter `policy`.

    It gets a function that makes the policy, or says with a ValueError why not.
    """
    own = dict(inspect.signature(command).parameters)
    del own["policy"]
    for name, (kind, default, metavar, said) in _OPTIONS.items():
        flag = [f"--{name}"] if kind is bool else []  # without a --no-
        option = Option(*flag, metavar=metavar, help=said)
        own[name] = inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )

    def run(**given: Any) -> int:
        wishes = {name: given.pop(name) for name in _OPTIONS}
        return command(policy=lambda: policy(**wishes), **given)

    run.__signature__ = inspect.Signature(list(own.values()))  # type: ignore[attr-defined]
    run.__annotations__ = {name: each.annotation for name, each in own.items()}
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
    with _said(f"--deadline {plain(text, 60)!r}: write [NOTEBOOK=]2026-11-30T23:59"):
        end = datetime.fromisoformat(when)
    if ":" not in when:  # the whole of that day
        end = end.replace(hour=23, minute=59)
    return where and _known(where), end.strftime(MINUTE)


def _weight(text: str) -> tuple[str, float]:
    where, _, value = text.partition("=")
    with _said(f"--weight {plain(text, 60)!r}: write NOTEBOOK=2"):
        weight = spreadsheet.number(value)
    return _known(where), weight


@contextlib.contextmanager
def _said(words: str) -> Iterator[None]:
    try:
        yield
    except ValueError:
        raise ValueError(words) from None


def _export(text: str) -> tuple[str, Path]:
    kind, _, path = text.partition("=")
    if kind not in (("canvas", "canvas-total") if path else ("moodle", "gradescope")):
        raise ValueError(f"--export {plain(text, 60)!r}: write {_EXPORTS}")
    if path:
        exports.canvas(Book((), {}, ()), Path(path), True)  # can it be read?
    return kind, Path(path)
