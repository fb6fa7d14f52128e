"""Authority: SQLite's own integrity check, and the count of the answers of success."""

import csv
import io
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from support.process import ROOT

from coursekit.arena.store import (
    AlreadyCounted,
    ArenaError,
    NeverShown,
    Store,
    Vote,
    as_csv,
)

WORKER = """
import sys, threading
from pathlib import Path
from coursekit.arena.store import Store
store = Store(Path(sys.argv[1]))
def work():
    for i in range(int(sys.argv[3])):
        token = store.show("a bear", i, "a", "b")
        store.vote(token, "left")
        print(token, flush=True)
threads = [threading.Thread(target=work) for _ in range(int(sys.argv[2]))]
[t.start() for t in threads]
[t.join() for t in threads]
"""


def worker(path: Path, threads: int, votes: int) -> "subprocess.Popen[str]":
    """A process that votes and prints each token whose vote was answered."""
    words = [sys.executable, "-c", WORKER, str(path), str(threads), str(votes)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def rows(path: Path) -> list[str]:
    """The tokens of the votes in a sound file."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        return [token for (token,) in file.execute("SELECT token FROM votes")]


@pytest.mark.parametrize("votes", [5, pytest.param(50, marks=pytest.mark.long)])
def test_twenty_threads_and_two_processes_lose_no_vote(tmp_path, votes):
    path = tmp_path / "new" / "votes.sqlite"
    done = [worker(path, 10, votes), worker(path, 10, votes)]  # both make the file
    said = [
        token for each in done for token in each.communicate(timeout=300)[0].split()
    ]
    assert [each.returncode for each in done] == [0, 0]
    assert len(said) == 2 * 10 * votes and set(said) == set(rows(path))


def test_a_killed_process_leaves_a_sound_file_with_every_answered_vote(tmp_path):
    path = tmp_path / "votes.sqlite"
    for patience in (5, 12):
        done = worker(path, 3, 10_000)
        assert done.stdout is not None
        said = [done.stdout.readline().strip() for _ in range(patience)]
        done.send_signal(signal.SIGKILL)
        said += done.communicate(timeout=60)[0].split()
        found = rows(path)
        assert len(found) == len(set(found))
        # The last line may be cut in the middle: whole tokens are 22 letters.
        assert {token for token in said if len(token) == 22} <= set(found)
    Store(path).vote(Store(path).show("after", 0, "a", "b"), "tie")
    assert Store(path).votes()[-1].prompt == "after"


def test_one_pair_has_one_vote_however_many_arrive_at_once(tmp_path):
    store = Store(tmp_path / "votes.sqlite")
    token = store.show("a bear", 1, "a", "b")
    told, gate = [], threading.Barrier(5)

    def cast(won):
        gate.wait()
        try:
            told.append(store.vote(token, won))
        except AlreadyCounted as error:
            told.append(str(error))

    sides = ("left", "right", "tie", "left", "right")
    threads = [threading.Thread(target=cast, args=(won,)) for won in sides]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert told.count(("a", "b")) == 1 and len(store.votes()) == 1
    assert told.count("this pair has its vote already") == 4


def test_a_pair_outlives_the_program_that_showed_it(tmp_path):
    token = Store(tmp_path / "votes.sqlite").show("a bear", 7, "a", "b")
    assert Store(tmp_path / "votes.sqlite").vote(token, "right") == ("a", "b")
    vote = Store(tmp_path / "votes.sqlite").votes()[0]
    assert vote[1:] == ("a bear", 7, "a", "b", "right")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", vote.cast_at)
    with pytest.raises(NeverShown, match="ask for another"):
        Store(tmp_path / "other.sqlite").vote(token, "right")


def test_sides_and_players_are_not_confused(tmp_path):
    store, rng = Store(tmp_path / "votes.sqlite"), random.Random(0)
    sides = [("a", "b") if rng.random() < 0.5 else ("b", "a") for _ in range(1000)]
    loyal = [("left" if left == "a" else "right") for left, _ in sides]
    for won in (loyal, ["left"] * 1000):
        store.add(
            Vote("", "a bear", 0, *pair, side)
            for pair, side in zip(sides, won, strict=True)
        )
    winners = [getattr(vote, vote.won) for vote in store.votes()]
    assert winners[:1000].count("a") == 1000
    assert abs(winners[1000:].count("a") - 500) <= 50


def test_many_votes_come_together_or_not_at_all(tmp_path):
    store = Store(tmp_path / "votes.sqlite")
    good = Vote("", "a bear", 0, "a", "b", "tie")
    with pytest.raises((ArenaError, sqlite3.IntegrityError)):
        store.add([good, good._replace(won="both")])
    assert store.votes() == []


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    text, base = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("my notes, longer than the header of a data base: " * 9)
    with closing(sqlite3.connect(base)) as file:
        file.execute("CREATE TABLE mine (x)")
    for path in (text, base):
        before = path.read_bytes()
        with pytest.raises(ArenaError, match=path.name) as refused:
            Store(path)
        assert "\n" not in str(refused.value)
        assert path.read_bytes() == before
    with pytest.raises(ArenaError):
        Store(tmp_path)


def test_a_spreadsheet_gets_texts_and_no_formulas():
    prompts = [
        '=HYPERLINK("http://x","y")',
        " \t@SUM(1)",
        "+1",
        "-1",
        "<b>\"a\"</b>, 'b'\nc; 1=1",
    ]
    votes = [Vote("2026", text, -3, "a", "b", "tie") for text in prompts]
    table = list(csv.reader(io.StringIO(as_csv(votes), newline="")))
    assert table[0] == ["cast_at", "prompt", "seed", "left", "right", "won"]
    for text, row in zip(prompts, table[1:], strict=True):
        guarded = text.strip()[0] in "=+-@"
        assert row == ["2026", "'" * guarded + text, "-3", "a", "b", "tie"]
        assert row[1].lstrip()[0] not in "=+-@"
