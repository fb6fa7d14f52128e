"""Authority: the exit statuses of CONTRIBUTING's commands, on the real command line."""

import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from support.process import ROOT, python

from coursekit.arena.store import Store, Vote
from coursekit.cli import run


def said(capsys, *words):
    status = run(["arena", *map(str, words)])
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--models", "teddy-64-dmd"], "name two or more different models"),
        (["--models", "teddy-64-dmd,teddy-64-dmd"], "two or more different"),
        (["--models", "teddy-64-dmd,nobody"], "'nobody' draws no bears: use one of"),
        (["--models", "teddy-64-dmd,teddy-64-dmd@99"], "draws in 1 to"),
        (["--port", "70000"], "--port 70000: use 0 to 65535"),
        (["--port", "many"], "Try: coursekit arena --help"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path, capsys, words, line):
    status, out, err = said(capsys, *words, "--votes", tmp_path / "votes.sqlite")
    assert (status, out) == (2, "")
    assert line in err and err.startswith("coursekit arena: ") and err.count("\n") == 1


def test_a_file_without_votes_is_no_table(tmp_path, capsys):
    status, _, err = said(capsys, "--table", "--votes", tmp_path / "none.sqlite")
    assert status == 1 and "none.sqlite yet: cast some" in err
    assert not list(tmp_path.iterdir())
    other = tmp_path / "notes.txt"
    other.write_text("my notes " * 400)
    status, _, err = said(capsys, "--table", "--votes", other)
    assert status == 2 and "notes.txt" in err and err.count("\n") == 1


def test_votes_are_exported_and_rated(tmp_path, capsys):
    file, table = tmp_path / "votes.sqlite", tmp_path / "votes.csv"
    sides = ["left", "right", "left", "tie"] * 9
    Store(file).add(Vote("", '=1 "<b>"', 0, "a", "b", won) for won in sides)
    status, out, _ = said(capsys, "--votes", file, "--export", table, "--table")
    assert status == 0 and f"{table}: 36 votes" in out
    rows = [line.split() for line in out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["a", "b"] and rows[0][1:3] == ["36", "votes"]
    assert float(rows[0][3]) - float(rows[1][3]) == pytest.approx(89, abs=1)  # 5 : 3
    text = table.read_bytes().decode()
    assert text.startswith("cast_at,prompt,seed,left,right,won\r\n")
    assert text.count('\'=1 ""<b>""') == 36
    status, _, err = said(capsys, "--votes", file, "--export", table)
    assert status == 2 and "name a new file that ends in .csv" in err


def test_a_page_comes_up_and_ctrl_c_ends_it(tmp_path):
    words = ["-m", "coursekit", "arena", "--models", "teddy-64-dmd,teddy-64-dmd@2"]
    with subprocess.Popen(
        [sys.executable, *words, "--votes", str(tmp_path / "votes.sqlite")],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as arena:
        try:
            assert arena.stdout is not None
            assert arena.stdout.readline() == "Arena of teddy-64-dmd, teddy-64-dmd@2\n"
            address = re.search(r"http://127\.0\.0\.1:\d+", arena.stdout.readline())
            assert address is not None
            with urllib.request.urlopen(address[0], timeout=60) as reply:
                assert b"teddy-64" not in reply.read()
            arena.send_signal(signal.SIGINT)
            out, err = arena.communicate(timeout=60)
        finally:
            arena.kill()  # else leaving the block would wait for it
    assert (arena.returncode, err) == (0, "")
    assert out.strip() == f"Stopped. 0 votes are kept in {tmp_path / 'votes.sqlite'}."


def test_help_needs_no_models():
    done = python("-m", "coursekit", "arena", "--help")
    assert done.returncode == 0 and "--models" in done.stdout
