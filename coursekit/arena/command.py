"""`coursekit arena`: a page on this machine to vote on, and what was voted so far."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

FILE = Path("arena.sqlite")


def main(
    models: Annotated[
        str, typer.Option(metavar="A,B,...", help="Who plays (all); A@2: in two steps.")
    ] = "",
    votes: Annotated[
        Path, typer.Option(metavar="FILE", help="Where votes are kept.")
    ] = FILE,
    port: Annotated[int, typer.Option(help="Of the page; 0: a free one.")] = 0,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the votes, no page.")
    ] = None,
    table: Annotated[bool, typer.Option("--table", help="Ratings, no page.")] = False,
) -> int:
    """Vote between two pictures without knowing who drew them.

    Opens a page on this machine, until Ctrl-C. Exit status 0: done, 1: a file is
    missing or damaged, 2: bad input.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch starts
    from coursekit.arena.store import ArenaError
    from coursekit.files import OutOfSpace
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained
    from coursekit.training.checkpoints import CheckpointError

    try:
        if not 0 <= port < 2**16:
            raise ArenaError(f"--port {port}: use 0 to {2**16 - 1}")
        if export is not None or table:
            look(votes, export, table)
        else:
            play(
                [name.strip() for name in models.split(",") if name.strip()],
                votes,
                port,
            )
    except (NotTrained, CheckpointError, OutOfSpace, FileNotFoundError) as error:
        print(f"coursekit arena: {error}", file=sys.stderr)
        return 1
    except (PipelineError, ArenaError) as error:
        print(f"coursekit arena: {error}", file=sys.stderr)
        return 2
    return 0


def look(votes: Path, export: Path | None, shown: bool) -> None:
    """What a file of votes says, as CSV, as a table, or both."""
    from coursekit.arena.store import ArenaError, Store, as_csv
    from coursekit.arena.table import table
    from coursekit.files import write_atomic

    if not votes.is_file():
        raise FileNotFoundError(f"no votes in {votes} yet: cast some, or name --votes")
    found = Store(votes).votes()
    if export is not None:
        if export.suffix.lower() != ".csv" or export.exists():
            raise ArenaError(f"--export {export}: name a new file that ends in .csv")
        write_atomic(export, as_csv(found))
        print(f"{export}: {len(found)} votes")
    if shown:
        print(table(found, []).as_text())


def play(names: list[str], votes: Path, port: int) -> None:
    """Serve the page until Ctrl-C."""
    from coursekit.arena.painter import painter
    from coursekit.arena.server import Server
    from coursekit.arena.store import Store

    store, artist = Store(votes), painter(names)
    try:
        with Server(store, artist, port) as server:
            artist.start()
            print(f"Arena of {', '.join(artist.names)}")
            print(f"Open {server.address} and vote; Ctrl-C stops.", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print(f"\nStopped. {len(store.votes())} votes are kept in {votes}.")
    finally:
        artist.close()
