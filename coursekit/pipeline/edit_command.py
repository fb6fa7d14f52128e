"""`coursekit edit bear.png "make it black and white" -o out.png`

A planner says which operations the wish needs; a list says which of them may run; then
they run, exactly. Nothing is drawn again.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from coursekit.editing.allow_list import AllowList
    from coursekit.editing.open_picture import Opened
    from coursekit.editing.plan import Plan
    from coursekit.editing.planner import Planner

ALLOW_HELP = (
    "What may be done, by name; colour: all that changes colours only (the default). "
    "Say it again for more names."
)
STEPS_HELP = 'The plan itself, in place of a wish: \'[{"do": "grayscale"}]\'.'
WISH_HELP = "What to do, in plain and short English: look at --plan first."
OUT_HELP = "The file to write: .png, .jpg, .webp or .tif."
SIGN_HELP = "Sign the result, as PNG; a signed history of the picture goes on in it."
LOG_HELP = "Add a line of JSON for each operation that ran."


def main(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, ... file.")],
    wish: Annotated[str, typer.Argument(help=WISH_HELP)] = "",
    out: Annotated[Path, typer.Option("-o", "--out", help=OUT_HELP)] = Path(
        "edited.png"
    ),
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Print the plan, for --operations; write nothing."),
    ] = False,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=ALLOW_HELP)
    ] = None,
    operations: Annotated[
        str | None, typer.Option(metavar="JSON", help=STEPS_HELP)
    ] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help=LOG_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    sign: Annotated[
        Path | None, typer.Option(metavar="KEY.pem", help=SIGN_HELP)
    ] = None,
) -> int:
    """Edit a picture by exact operations that a list allows.

    Exit status 0: done, 1: a file cannot be read or written, 2: bad input, or refused.
    """
    from coursekit.editing.allow_list import Refused
    from coursekit.editing.open_picture import PictureError, open_picture
    from coursekit.editing.plan import PlanError, plan_text
    from coursekit.editing.planner import NoPlan
    from coursekit.editing.save_picture import OutputError, check_output
    from coursekit.files import OutOfSpace, try_folder
    from coursekit.pipeline.signing import SigningError, check_signing
    from coursekit.trust.keys import KeyFileError

    try:
        names = allowed(allow)
        if not plan:
            check_output(picture, out, force)
            check_log(log, picture, out)
            check_signing(sign, out)
        opened = open_picture(picture)
        steps = planned(opened, wish, operations, names)
        if plan:
            print(plan_text(steps))
            return 0
        print(f"plan: {', then '.join(map(str, steps)) or 'nothing'}", flush=True)
        try_folder(out.parent)
        run(opened, steps, names, (picture, wish, out), log, sign)
    except (PictureError, OutOfSpace) as error:
        print(f"coursekit edit: {error}", file=sys.stderr)
        return 1
    except (
        PlanError,
        Refused,
        NoPlan,
        OutputError,
        SigningError,
        KeyFileError,
    ) as error:
        print(f"coursekit edit: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = log if log and error.filename == str(log) else out
        print(
            f"coursekit edit: cannot write {where}: {error.strerror or error}",
            file=sys.stderr,
        )
        return 1
    return 0


def allowed(names: Sequence[str] | None) -> "AllowList":
    """The list of --allow. Raises Refused for a name that no operation has."""
    from coursekit.editing.allow_list import AllowList, Refused
    from coursekit.editing.operations import COLOUR, OPERATIONS

    if not names:
        return AllowList()
    if strange := set(names) - set(OPERATIONS) - {"colour"}:
        known = ", ".join(("colour", *OPERATIONS))
        raise Refused(f"--allow {min(strange)!r:.40}: use names of {known}")
    wide = COLOUR if "colour" in names else frozenset()
    return AllowList(wide | (set(names) - {"colour"}))


def check_log(log: Path | None, *others: Path) -> None:
    """OutputError for a log in the place of a picture, before a line goes there."""
    from coursekit.editing.save_picture import OutputError, same_file

    for other in others:
        if log is not None and same_file(log, other):
            raise OutputError(f"--log {log} is a picture's file: take another name")
    if log is not None and not log.parent.is_dir():
        raise OutputError(f"--log {log}: there is no folder {log.parent}")


def planned(
    opened: "Opened", wish: str, operations: str | None, names: "AllowList"
) -> "Plan":
    """A plan that may run: the one that was given, or the planner's for the wish."""
    from coursekit.editing.agent import Agent
    from coursekit.editing.executor import size_of
    from coursekit.editing.plan import read_plan
    from coursekit.editing.planner import NoPlan, check_wish

    if operations is None:
        check_wish(wish)
        return Agent(_planner(names), names).propose(opened.pixels, wish)
    if wish:
        raise NoPlan("say a wish or --operations, not both")
    steps = read_plan(operations)
    names.check(steps, size_of(opened.pixels))
    return steps


def _planner(allowed: "AllowList") -> "Planner":
    """The planner that ships, for what is allowed; NoPlan where it cannot help."""
    from coursekit.editing.operations import COLOUR
    from coursekit.editing.planner import NoPlan  # the next two bring torch along

    if not (names := COLOUR & allowed.names):
        raise NoPlan("a wish gives colour operations only: name others by --operations")
    from coursekit.pipeline import planners
    from coursekit.training.checkpoints import CheckpointError

    try:
        return planners.load_planner(names=names)
    except CheckpointError as error:
        raise NoPlan(str(error)) from None


def run(
    opened: "Opened",
    steps: "Plan",
    names: "AllowList",
    said: tuple[Path, str, Path],
    log: Path | None,
    sign: Path | None = None,
) -> None:
    """Do it, write it, and say what was done."""
    from coursekit.editing.agent import follow
    from coursekit.editing.executor import Call, run_plan
    from coursekit.editing.save_picture import QUALITY, save_picture
    from coursekit.pipeline.signing import signed

    picture, wish, out = said
    about = {"picture": str(picture), "wish": wish, "out": str(out)}
    calls: list[Call] = []
    pixels = run_plan(opened.pixels, steps, names, calls.append)
    alpha = None if opened.alpha is None else follow(opened.alpha, steps)
    edited = replace(opened, pixels=pixels, alpha=alpha)
    if sign is None:
        save_picture(edited, out)
    else:
        save_picture(edited, out, partial(signed, out=out, key=sign, source=picture))
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            for call in calls:
                file.write(json.dumps({**about, **call.row()}) + "\n")
    notes = list(opened.said)
    if out.suffix.lower() in (".jpg", ".jpeg"):
        notes.append(f"JPEG rounds, quality {QUALITY}: .png is exact")
    size = f"{pixels.shape[1]} x {pixels.shape[0]}"
    done = f"{len(steps)} operation{'s' * (len(steps) != 1)}"
    print("; ".join([f"{out}: {done}, {size} pixels", *notes]))
