"""The first cell: silent where all is well, one line of advice otherwise.

Authority: IPython itself, which decides what a reader of a notebook sees.
"""

from pathlib import Path

import pytest
from support.process import python

import coursekit
from coursekit import notebook
from coursekit.weave.cell_text import setup


@pytest.mark.parametrize(
    ("ours", "package", "words"),
    [
        ("0.1.0", "0.1.0", ""),
        ("0.1.0", "0.1.7", ""),
        ("0.1.3rc1", "0.1.0", ""),
        ("0.1.0", "0.2.0", "take the new 01_x.ipynb and copy your answers over"),
        ("0.9.0", "0.10.0", "take the new 01_x.ipynb"),
        ("0.2.0", "0.1.9", "Update coursekit: run `git pull` and `make lab`"),
        ("1.0", "0.9", "Update coursekit"),
    ],
)
def test_versions(ours, package, words):
    line = notebook.compare_versions("01_x", ours, package)
    assert (words in line) if words else line == ""
    assert "\n" not in line


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(notebook.sys, "version_info", (3, 9, 1))
    with pytest.raises(notebook.CannotStart, match=r"runs Python 3\.9, and the course"):
        notebook.start("01_x", version=coursekit.__version__)


def ipython(code: str, cwd: Path) -> str:
    """What the terminal version of IPython prints for one cell."""
    script = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell as S\n"
        "s = S.instance(colors='nocolor'); s.run_cell(sys.argv[1])"
    )
    done = python("-c", script, code, cwd=cwd)
    return done.stdout + done.stderr


def test_the_woven_first_cell_is_silent(tmp_path):
    code = setup("01_x", coursekit.__version__) + (
        "\nimport torch, matplotlib"
        "\nassert torch.get_num_threads() == 1"
        "\nassert torch.initial_seed() == 0"
        "\nassert not matplotlib.rcParams['axes.spines.top']"
        "\nassert callable(check) and callable(reveal)"
    )
    assert ipython(code, tmp_path) == ""


def test_a_problem_is_one_line_without_a_traceback(tmp_path):
    code = (
        "import sys; from collections import namedtuple\n"
        "from coursekit import notebook\n"
        "notebook._NEEDED = ('torch', 'no_such', 'nor_this')\n"
        f"notebook.start('01_x', version='{coursekit.__version__}')"
    )
    assert ipython(code, tmp_path) == (
        "This kernel lacks no_such, nor_this. Run `make lab`, or `pip install -e .` in "
        "the course folder, and restart the kernel.\n"
    )


def test_without_the_package_the_first_cell_says_how_to_get_it(tmp_path):
    """`coursekit` is made unfindable, as in another kernel."""
    hide = "import sys; sys.modules['coursekit'] = None\n"
    shown = ipython(hide + setup("01_x", coursekit.__version__), tmp_path)
    assert "This kernel has no coursekit. Start JupyterLab with `make lab`" in shown
    assert "Traceback" not in shown and "ModuleNotFoundError" not in shown


def test_colab_without_the_release_gets_the_same_line(tmp_path, monkeypatch):
    """pip may look nowhere, as when there is no such release or no network."""
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    hide = "import sys; sys.modules['coursekit'] = None\n"
    shown = ipython(hide + setup("01_x", "9.9.9"), tmp_path)
    assert "This kernel has no coursekit" in shown
    assert "ERROR" not in shown and "Traceback" not in shown


def test_an_older_notebook_gets_its_line_and_goes_on(tmp_path):
    code = setup("01_x", "0.0.1") + "\nprint('went on')"
    lines = ipython(code, tmp_path).splitlines()
    assert len(lines) == 2 and lines[1] == "went on"
    assert lines[0].startswith("This notebook is of version 0.0.1, coursekit of")
