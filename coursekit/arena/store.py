"""What was shown, and which side won: one SQLite file.

A pair is written down when it is shown and a vote when it is cast, so a vote may come
after a restart. Each call opens a connection of its own: threads never share one. The
file keeps no second file beside it while nobody writes, so it can simply be copied.
"""

import csv
import io
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

SIDES = ("left", "right", "tie")
OURS = 0x41524E41  # application_id: says that a file is one of ours
WAIT = 30.0  # seconds for another writer to finish
SCHEMA = """
CREATE TABLE IF NOT EXISTS shown (
  token TEXT PRIMARY KEY, prompt TEXT NOT NULL, seed INTEGER NOT NULL,
  on_left TEXT NOT NULL, on_right TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS votes (
  token TEXT PRIMARY KEY REFERENCES shown, cast_at TEXT NOT NULL,
  won TEXT NOT NULL CHECK (won IN ('left', 'right', 'tie')))"""
COLUMNS = ("cast_at", "prompt", "seed", "left", "right", "won")


class ArenaError(Exception):
    """A vote, a file or a wish that cannot be taken; one line for people."""

    status = 503  # of the answer over HTTP


class NeverShown(ArenaError):
    """A vote on a pair that this file knows nothing of."""

    status = 404


class AlreadyCounted(ArenaError):
    """A second vote on one pair."""

    status = 409


class Vote(NamedTuple):
    """One vote, as it was cast: both sides, and the side that won or "tie"."""

    cast_at: str
    prompt: str
    seed: int
    left: str
    right: str
    won: str


class Store:
    """The votes of one file; any number of threads and processes may use it at once."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises ArenaError for a file of another kind."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as file:
            if file.execute("PRAGMA application_id").fetchone()[0] != OURS:
                if file.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise ArenaError(f"{path} holds no votes: name another file")
                file.execute(f"PRAGMA application_id = {OURS}")
            for statement in SCHEMA.split(";"):
                file.execute(statement)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            opened = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
            with closing(opened) as file:
                yield file
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise ArenaError(f"{self.path}: {error}") from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. It asks for the right to write first: a reader who wants it
        later cannot be made to wait, and would fail."""
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise

    def show(self, prompt: str, seed: int, left: str, right: str) -> str:
        """Write down a pair that is about to be shown; the token that a vote needs."""
        token = secrets.token_urlsafe(16)
        with self._writing() as file:
            row = (token, prompt, seed, left, right)
            file.execute("INSERT INTO shown VALUES (?, ?, ?, ?, ?)", row)
        return token

    def vote(self, token: str, won: str) -> tuple[str, str]:
        """Count a vote for "left", "right" or "tie"; the names of both sides.

        When it returns, the vote is on the disk. Raises NeverShown, AlreadyCounted, or
        ArenaError for another word.
        """
        if won not in SIDES:
            raise ArenaError(f"{won!r} is no side: vote {', '.join(SIDES)}")
        with self._writing() as file:
            pair = file.execute(
                "SELECT on_left, on_right FROM shown WHERE token = ?", (token,)
            ).fetchone()
            if pair is None:
                raise NeverShown("this pair is not known here: ask for another")
            try:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                file.execute("INSERT INTO votes VALUES (?, ?, ?)", (token, now, won))
            except sqlite3.IntegrityError:
                raise AlreadyCounted("this pair has its vote already") from None
        return pair[0], pair[1]

    def add(self, votes: Iterable[Vote]) -> None:
        """Many votes at once, all of them or none: those of a simulated arena."""
        with self._writing() as file:
            for v in votes:
                token = secrets.token_urlsafe(16)
                row = (token, v.prompt, v.seed, v.left, v.right)
                file.execute("INSERT INTO shown VALUES (?, ?, ?, ?, ?)", row)
                file.execute("INSERT INTO votes VALUES (?, ?, ?)", (token, v[0], v.won))

    def votes(self) -> list[Vote]:
        """Every vote, in the order in which they were cast."""
        with self._open() as file:
            rows = file.execute(
                "SELECT cast_at, prompt, seed, on_left, on_right, won FROM votes "
                "JOIN shown USING (token) ORDER BY votes.rowid"
            ).fetchall()
        return [Vote(*row) for row in rows]


def as_csv(votes: Iterable[Vote]) -> str:
    """A table for spreadsheets, its first line the names of the columns.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in vote] for vote in votes)
    return out.getvalue()


def _harmless(cell: str | int) -> str | int:
    risky = isinstance(cell, str) and cell.lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{cell}" if risky else cell
