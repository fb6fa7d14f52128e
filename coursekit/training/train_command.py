"""`coursekit train RECIPE`: train, show, save, go on; evaluate and publish on request.

Kill it at any moment and give the same command again: it goes on where it was.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer


def main(
    recipe: Annotated[
        str, typer.Argument(help="A name that `coursekit recipes` lists.")
    ],
    profile: Literal["quick", "cpu", "gpu"] = "quick",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run (runs/RECIPE-PROFILE).")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda (gpu profile: cuda, else cpu).")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="CPU threads; recorded with the run.")
    ] = None,
    precision: Annotated[
        Literal["float32", "bf16"] | None,
        typer.Option(help="Of products; recorded with the run (cpu: bf16 if native)."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again from step 0.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Fail if nothing to resume.")
    ] = False,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Measure the samples.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Evaluate, then fill data/checkpoints.")
    ] = False,
) -> int:
    """Train, show, save, go on; evaluate and publish on request.

    Exit status 0: done, 1: stopped by the machine, 2: bad input, 130: Ctrl-C.
    """
    # Threads that wait by spinning starve whoever shares the cores. Read when torch
    # starts, so it is set before the first import.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from coursekit.datasets.fashion import DataError
    from coursekit.files import OutOfSpace
    from coursekit.training.checkpoints import CheckpointError
    from coursekit.training.distributed import BadSetting, Group, Lost, join
    from coursekit.training.loop import TrainingDiverged
    from coursekit.training.publish import TooLarge, report
    from coursekit.training.session import BadRequest, Request, Session

    session, world = None, None
    try:
        world = join()
        stop = Stop(patient=world.size > 1)
        judged = evaluate or publish
        asked = Request(
            recipe, profile, out, device, threads, fresh, resume, judged, precision
        )
        session = Session(asked, world)
        with stop:
            finished = session.go(stop)
        if not finished:
            complain(f"Stopped. {session.saved_line()}")
            return 128 + stop.signal
        if judged and world.rank == 0:
            report(session, publish)
    except (BadRequest, BadSetting) as error:
        complain(f"coursekit train: {error}")
        return 2
    except (OutOfSpace, Lost) as error:
        saved = session.saved_line() if session else ""
        complain(f"coursekit train: {error}. {saved}".rstrip())
        return 1
    except (CheckpointError, TrainingDiverged, DataError, TooLarge) as error:
        complain(f"coursekit train: {error}")
        return 1
    finally:
        if isinstance(world, Group):
            world.leave()
    return 0


def complain(line: str) -> None:
    """Print a line to stderr; of several processes on a machine one does."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        print(line, file=sys.stderr)


class Stop:
    """Turns Ctrl-C, and the system's polite request, into one honoured between steps.

    Under torchrun every process hears of a Ctrl-C twice, from the terminal and from
    torchrun: `patient` takes the second as the first.
    """

    def __init__(self, patient: bool = False) -> None:
        """Nobody has asked yet. patient: never interrupt at once."""
        self.asked, self.patient = False, patient
        self.signal = int(signal.SIGINT)

    def __enter__(self) -> "Stop":
        """Listen. Alone, a second Ctrl-C interrupts at once."""
        self._before = {
            each: signal.signal(each, self._ask)
            for each in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _ask(self, number: int, *_: object) -> None:
        if not self.asked:
            self.asked, self.signal = True, number
        if not self.patient:
            signal.signal(signal.SIGINT, self._before[signal.SIGINT])

    def __exit__(self, *_: object) -> None:
        """Give the signals back to whoever had them."""
        for each, handler in self._before.items():
            signal.signal(each, handler)
