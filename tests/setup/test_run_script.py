"""Authority: what a newcomer must see. An old Python gets one line, an interrupted
set-up is made afresh, a second start installs nothing, and a failed checker fails."""

import ast
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.process import ROOT, python

SOURCE = (ROOT / "run.py").read_text()


@pytest.mark.parametrize("command", [["lab"], ["test"], ["--here", "lab"]])
def test_an_old_python_gets_one_clear_line(command):
    code = (
        "import runpy, sys\n"
        "class Old(tuple):\n    major, minor = 3, 8\n"
        "sys.version_info = Old((3, 8, 10, 'final', 0))\n"
        "runpy.run_path('run.py', run_name='__main__')"
    )
    done = python("-c", code, *command, alone=True, PATH="")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("coursekit needs Python 3.11 or newer; this is 3.8")
    assert "make lab PYTHON=" in line


def test_the_script_parses_on_old_pythons():
    tree = ast.parse(SOURCE, feature_version=(3, 6))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr)
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert all(argument.annotation is None for argument in node.args.args)


def test_the_script_needs_the_standard_library_only():
    for node in ast.walk(ast.parse(SOURCE)):
        names = [alias.name for alias in getattr(node, "names", [])]
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert set(names) <= sys.stdlib_module_names


class Desk:
    """run.py in an empty folder, with the calls it makes written down, not made."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
        self.run = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.run)
        self.root, self.really_follow = folder, self.run.follow
        self.calls: list[str] = []
        self.failing: Callable[[str], object] = lambda call: 0
        self.run.ROOT, self.run.VENV = str(folder), str(folder / ".venv")
        self.run.READY = str(folder / ".venv" / ".coursekit-ready")
        self.run.BUSY = str(folder / ".make" / "setting-up")
        self.run.follow = self.follow
        self.run.works = lambda python: Path(python).exists()
        (folder / "pyproject.toml").write_text("one")
        (folder / "constraints.txt").write_text("one")

    def follow(self, command: list[str], log: list[str]) -> int:
        call = " ".join(command[1:]).replace(str(self.root), "")
        self.calls.append(call)
        log.append("the last line of pip")
        if "venv" in command:
            python = Path(self.run.venv_python())
            python.parent.mkdir(parents=True, exist_ok=True)
            python.write_text("")
            (self.root / ".venv" / "pyvenv.cfg").write_text("version = 3.11")
        return self.failing(call)

    def set_up(self, level: int = 0) -> list[str]:
        """The calls of one set-up."""
        self.calls.clear()
        self.run.set_up(level)
        return [call.split(" -c ")[0] for call in self.calls]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    return Desk(tmp_path)


PIP = "-m pip install --disable-pip-version-check --no-compile"
VENV = "-m venv --clear /.venv"


def test_the_second_start_installs_nothing(desk):
    assert desk.set_up() == [VENV, f"{PIP} -e .[lab]"]
    assert desk.set_up() == []
    assert desk.set_up(level=1) == [f"{PIP} -e .[lab,dev]"]
    assert desk.set_up(level=0) == []


def test_a_changed_list_of_packages_updates_the_environment(desk):
    desk.set_up(level=1)
    (desk.root / "constraints.txt").write_text("two")
    assert desk.set_up(level=0) == [f"{PIP} -e .[lab,dev]"], "what was there stays"


def stop(*ignored: object) -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["-m venv", "-m pip", "an update"])
def test_what_is_interrupted_is_made_afresh(desk, where):
    if where == "an update":
        desk.set_up()
        (desk.root / "pyproject.toml").write_text("two")
        where = ""
    desk.failing = lambda call: stop() if where in call else 0
    with pytest.raises(KeyboardInterrupt):
        desk.set_up()
    desk.failing = lambda call: 0
    assert desk.set_up() == [VENV, f"{PIP} -e .[lab]"]
    assert desk.set_up() == []


def test_a_moved_or_broken_environment_is_noticed(desk):
    desk.set_up()
    Path(desk.run.venv_python()).unlink()
    assert desk.set_up() == [VENV, f"{PIP} -e .[lab]"]
    (desk.root / ".venv" / "pyvenv.cfg").write_text("version = 3.12")
    assert desk.set_up() == [f"{PIP} -e .[lab]"]


def test_torch_can_come_from_another_index(desk, monkeypatch):
    monkeypatch.setenv("TORCH_INDEX", "https://example.org/cpu")
    assert desk.set_up()[1] == f"{PIP} torch --index-url https://example.org/cpu"


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: No matching distribution found for torch<2.14", "PYTHON=python3.12"),
        ("NewConnectionError('<pip...", "go online"),
        ("something else", "Run the same command again"),
    ],
)
def test_a_failed_installation_ends_in_one_line_of_advice(desk, output, advice, capsys):
    def follow(command, log):
        log.append(output)
        return int("pip" in command)

    desk.run.follow = follow
    with pytest.raises(SystemExit) as stopped:
        desk.run.pip("python", ["-e", "."])
    assert stopped.value.code == 1
    assert advice in capsys.readouterr().err.splitlines()[-1]


def test_the_output_of_a_command_is_followed(desk):
    log = []
    code = "print('one'); print('two'); raise SystemExit(3)"
    assert desk.really_follow([sys.executable, "-c", code], log) == 3
    assert log == ["one", "two"]


@pytest.mark.parametrize("broken", ["ruff check", "format", "mypy", "weave", "pytest"])
def test_make_test_fails_when_one_checker_fails(desk, broken, monkeypatch):
    calls = []

    def call(command):
        calls.append(" ".join(command[2:]))
        return int(broken in calls[-1])

    monkeypatch.setattr(desk.run.subprocess, "call", call)
    assert desk.run.test("python", []) == 1
    assert len(calls) == 5
    assert calls[-1].startswith("pytest"), "its closing line comes last"
    monkeypatch.setattr(desk.run.subprocess, "call", lambda command: 0)
    assert desk.run.test("python", []) == 0


@pytest.mark.parametrize("here", [False, True])
def test_only_here_keeps_the_environment_that_is_active(desk, here, monkeypatch):
    """Another one's name in a kernel of ours makes IPython warn in every notebook."""
    monkeypatch.setenv("VIRTUAL_ENV", "another")
    monkeypatch.setattr(desk.run, "set_up", lambda level: "python")
    monkeypatch.setattr(desk.run, "active_python", lambda: "python")
    monkeypatch.setattr(desk.run, "ROOT", str(ROOT))
    monkeypatch.chdir(ROOT)
    assert desk.run.main(["--here", "setup"] if here else ["setup"]) == 0
    assert ("VIRTUAL_ENV" in os.environ) == here


def test_an_incomplete_active_environment_gets_one_line(tmp_path):
    (tmp_path / "run.py").write_text(SOURCE)
    hide = f"""import sys
sys.path = [p for p in sys.path if "site-packages" not in p and p != {str(ROOT)!r}]
sys.meta_path = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
"""
    (tmp_path / "sitecustomize.py").write_text(hide)
    bare = {"PATH": "", "PYTHONPATH": str(tmp_path)}
    done = python("run.py", "--here", "lab", cwd=tmp_path, alone=True, **bare)
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("The active environment lacks coursekit, torch, numpy, ")
    assert line.endswith("-m pip install -e '.[lab,dev]' -c constraints.txt")
