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
    from coursekit.training.distributed import Group, join
    from coursekit.training.loop import TrainingDiverged
    from coursekit.training.runs import CheckpointError
    from coursekit.training.session import BadRequest, Session

    stop = Stop()
    world = join()
    try:
        session = Session(args, world)
        with stop:
            finished = session.go(stop)
        if not finished:
            print(f"Stopped. {session.saved_line()}", file=sys.stderr)
            return 130
        if (args.evaluate or args.publish) and world.rank == 0:
            session.report(args.publish)
    except BadRequest as error:
        print(f"coursekit train: {error}", file=sys.stderr)
        return 2
    except OutOfSpace as error:
        print(f"coursekit train: {error}. {session.saved_line()}", file=sys.stderr)
        return 1
    except (CheckpointError, TrainingDiverged, DataError) as error:
        print(f"coursekit train: {error}", file=sys.stderr)
        return 1
    finally:
        if isinstance(world, Group):
            world.leave()
    return 0


class Stop:
    """Turns Ctrl-C into a request that is honoured between two steps."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = False

    def __enter__(self) -> "Stop":
        """Listen. A second Ctrl-C interrupts at once."""
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, *_: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)

    def __exit__(self, *_: object) -> None:
        """Give Ctrl-C back to whoever had it."""
        signal.signal(signal.SIGINT, self._before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
