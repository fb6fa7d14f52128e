"""Progress, hints and reveal: what is kept, and that nothing is ever lost.

Authority: the file system. Broken files, two writers at once, a full disk.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from right_versions import right_versions

from coursekit import cli
from coursekit.checks import hints, progress, progress_command
from coursekit.checks.cells import check, check_answer, hint, reveal
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import by_symbol
from coursekit.sources.lectures import Source


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "not yet there"
    monkeypatch.setenv("COURSEKIT_HOME", str(folder))
    monkeypatch.delenv("COURSEKIT_PROGRESS", raising=False)
    return folder


def files(home: Path) -> list[str]:
    """What is there, but for the lock that kernels take turns with."""
    return sorted(p.name for p in home.iterdir() if p.name != "progress.lock")


def test_what_is_solved_stays_solved(home):
    for event in ("TODO", "FAIL", "FAIL", "PASS", "FAIL", "REVEALED"):
        progress.record("01.4", event)
    progress.record("01.5", "FAIL")
    progress.record("01.6", "REVEALED")
    progress.record("01.6", "PASS")
    assert progress.load() == {"01.4": "solved", "01.5": "failed", "01.6": "revealed"}
    assert files(home) == ["progress.json"]


def test_checks_are_recorded(home):
    check(right_versions()["01.4"][0], "01.4")
    check(mistakes_of(by_symbol("q_step"))[0].function, "01.3")
    check_answer("01.21", "b")
    check_answer("01.22", None)
    assert progress.load() == {"01.4": "solved", "01.3": "failed", "01.21": "solved"}


def test_reveal_shows_the_source_and_is_remembered(home, capsys):
    for exercise_id in ("01.4", "01.21", "01.14", "99.1"):
        reveal(exercise_id)
    shown = capsys.readouterr().out
    assert shown.startswith("def q_sample(") and "return" in shown
    assert "\nb: all the noise in x_k at once" in shown
    assert "(xk - sqrt(alpha_bar)*x0)/sqrt(1-alpha_bar)" in shown
    assert "no exercise '99.1'" in shown
    check(right_versions()["01.4"][0], "01.4")
    assert capsys.readouterr().out == "PASS 01.4 q_sample\n"
    assert progress.load() == dict.fromkeys(("01.4", "01.21", "01.14"), "revealed")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"exercises": 3}', "null", "\x00\xff", '{"x": 1}']
)
def test_a_broken_file_is_set_aside(home, content, capsys):
    home.mkdir()
    (home / "progress.json").write_text(content, encoding="latin-1")
    progress.record("01.4", "PASS")
    assert progress.load() == {"01.4": "solved"}
    (aside,) = home.glob("progress.broken-*.json")
    assert aside.read_text(encoding="latin-1") == content
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and str(aside) in err


def test_unknown_states_and_exercises_do_no_harm(home):
    home.mkdir()
    content = {"exercises": {"01.4": "solved", "01.5": "gone", "77.7": "solved"}}
    (home / "progress.json").write_text(json.dumps(content))
    assert progress.load() == {"01.4": "solved", "77.7": "solved"}
    assert progress.summary()["total"]["solved"] == 1
    progress.record("01.6", "PASS")
    assert progress.load()["77.7"] == "solved"


@pytest.mark.parametrize("value", ["off", "OFF", "0"])
def test_it_can_be_switched_off(home, value, monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROGRESS", value)
    progress.record("01.4", "PASS")
    assert not home.exists()


def test_tests_and_ci_leave_the_users_file_alone(monkeypatch):
    for name in ("COURSEKIT_HOME", "COURSEKIT_PROGRESS", "PYTEST_CURRENT_TEST", "CI"):
        monkeypatch.delenv(name, raising=False)
    assert progress.is_on()
    for name in ("PYTEST_CURRENT_TEST", "CI"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "true")
            assert not progress.is_on()


def test_a_full_disk_costs_the_note_not_the_lesson(home, monkeypatch, capsys):
    progress.record("01.4", "PASS")

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        check_answer("01.21", "b")
    out, err = capsys.readouterr()
    assert out.startswith("PASS 01.21: ") and out.count("\n") == 1
    assert "progress is not saved: the disk is full" in err
    assert progress.load() == {"01.4": "solved"}
    assert files(home) == ["progress.json"]


def test_a_home_that_is_a_file(home, capsys):
    home.write_text("mine")
    check_answer("01.21", "b")
    out, err = capsys.readouterr()
    assert out.startswith("PASS 01.21: ") and "progress is not saved" in err
    assert home.read_text() == "mine"


def test_two_writers_lose_nothing(home):
    code = (
        "import sys; from coursekit.checks import progress\n"
        "for i in range(25): progress.record(f'{sys.argv[1]}.{i}', 'PASS')"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, name])
        for name in ("90", "91", "92")
    ]
    assert [w.wait(60) for w in writers] == [0, 0, 0]
    assert len(progress.load()) == 75


def test_a_lock_file_left_by_a_dead_kernel(home):
    home.mkdir(parents=True)
    (home / "progress.lock").touch()
    progress.record("01.4", "PASS")
    assert progress.load() == {"01.4": "solved"}


SOURCE = """# Title

```{exercise} 01.4 coursekit.theory.ddpm:q_sample minutes=5 difficulty=2 points=3
```

```{hint} 01.4
First.
```

````{hint} 01.4
Second, with code:
```python
x = 1
```
````

```{question} 01.21 minutes=2 points=1
# Why
Why?
- [x] so
  - because
```
"""


@pytest.fixture
def lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A course of one lecture."""
    (tmp_path / "01_x.md").write_text(SOURCE)
    sources = [Source(tmp_path / "01_x.md")]
    monkeypatch.setattr(hints, "lectures", lambda root: sources)


@pytest.mark.usefixtures("lecture")
def test_hints_and_headers(capsys):
    assert hints.headers()["01.4"] == {"minutes": 5, "difficulty": 2, "points": 3}
    hint("01.4")
    hint("01.4", 2)
    hint("01.4", 3)
    hint("01.5")
    hint("x")
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == [
        "hint 1 of 2 for 01.4: First.",
        "hint 2 of 2 for 01.4: Second, with code:",
        "```python",
        "x = 1",
        "```",
        "01.4 has hints 1 to 2",
        "no hint for 01.5",
    ]
    assert last.startswith("no exercise 'x'")


@pytest.mark.usefixtures("lecture", "home")
def test_summary_and_table():
    progress.record("01.4", "PASS")
    data = progress.summary()
    assert data["total"] == {
        "notebook": "all", "solved": 1, "revealed": 0, "failed": 0, "todo": 1,
        "points": 3, "points_total": 4, "minutes_left": 2,
    }  # fmt: skip
    assert [row["id"] for row in data["exercises"]] == ["01.4", "01.21"]
    assert json.loads(json.dumps(data)) == data
    lines = progress_command.table(data).splitlines()
    assert [line.split()[0] for line in lines] == ["notebook", "01", "all"]
    assert lines[1].split() == ["01", "1", "0", "0", "1", "3/4"]
    assert progress_command.details(data, "01").splitlines()[0].startswith("+ 01.4")


def test_the_command(home, capsys):
    for more in ([], ["01"], ["--json"]):
        assert cli.run(["progress", *more]) == 0
    capsys.readouterr()
    assert cli.run(["progress", "77"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "no notebook '77' with exercises; there is" in err
