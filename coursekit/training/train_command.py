"""`coursekit train RECIPE`: train, show, save, go on; evaluate and publish on request.

Kill it at any moment and give the same command again: it goes on where it was.
"""

import argparse
import os
import signal
import sys
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(prog="coursekit train", description=__doc__)
    p.add_argument("recipe", help="a name that `coursekit recipes` lists")
    p.add_argument("--profile", default="quick", choices=("quick", "cpu", "gpu"))
    p.add_argument("--out", type=Path, help="folder of the run (runs/RECIPE-PROFILE)")
    p.add_argument("--device", help="cpu or cuda (gpu profile: cuda, else cpu)")
    p.add_argument("--threads", type=int, help="CPU threads; recorded with the run")
    p.add_argument("--fresh", action="store_true", help="start again from step 0")
    p.add_argument("--resume", action="store_true", help="fail if nothing to resume")
    p.add_argument("--evaluate", action="store_true", help="measure the samples")
    p.add_argument(
        "--publish", action="store_true", help="evaluate, then fill data/checkpoints"
    )
    return p


def main(argv: list[str]) -> int:
    """Run it; 0: done, 1: stopped by the machine, 2: bad input, 130: Ctrl-C."""
    args = parser().parse_args(argv)
    # Threads that wait by spinning starve whoever shares the cores. Read when torch
    # starts, so it is set before the first import.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from coursekit.datasets.fashion import DataError
    from coursekit.training.atomic import OutOfSpace
    from coursekit.training.checkpoints import CheckpointError
    from coursekit.training.distributed import Group, Lost, join
    from coursekit.training.loop import TrainingDiverged
    from coursekit.training.publish import TooLarge, report
    from coursekit.training.session import BadRequest, Session

    session, world = None, None
    try:
        world = join()
        stop = Stop(patient=world.size > 1)
        session = Session(args, world)
        with stop:
            finished = session.go(stop)
        if not finished:
            complain(f"Stopped. {session.saved_line()}")
            return 128 + stop.signal
        if (args.evaluate or args.publish) and world.rank == 0:
            report(session, args.publish)
    except BadRequest as error:
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
