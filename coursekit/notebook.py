"""The first cell of every notebook: does this environment fit this notebook?

`start` says nothing when all is well. Otherwise it says one line about what to do.
"""

import importlib.util
import random
import sys

import coursekit
from coursekit import course_folder

_OLDEST_PYTHON = (3, 11)
_NEEDED = ("torch", "numpy", "matplotlib", "PIL", "ipywidgets", "anywidget")


class CannotStart(RuntimeError):
    """The notebook cannot work here; the message says what to do.

    IPython shows the message alone, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def start(name: str, version: str, threads: int = 1, seed: int = 0) -> None:
    """Check the environment, then set threads, seeds and the look of figures.

    name, version: of the notebook; the weave writes both.  A notebook of another
    version gets one line of advice and goes on, since the learner's work is in it.
    threads: for torch. One is right for the small models here: sliders stay smooth,
    and two kernels that share two cores with two threads each run several times slower.
    Raises CannotStart when Python is too old or a library is missing.
    """
    _check_environment()
    advice = compare_versions(name, version, coursekit.__version__)
    if advice:
        print(advice)
    set_threads(threads)
    set_seeds(seed)
    set_style()


def compare_versions(name: str, notebook: str, package: str) -> str:
    """One line of advice when the versions disagree, else an empty text.

    Only major and minor versions count: a patch changes no notebook's meaning.
    """
    ours, theirs = _numbers(notebook), _numbers(package)
    if ours[:2] == theirs[:2]:
        return ""
    if ours < theirs:
        return (
            f"This notebook is of version {notebook}, coursekit of {package}. "
            f"If a cell fails, take the new {name}.ipynb and copy your answers over; "
            "keep this file until then."
        )
    return (
        f"This notebook is of version {notebook}, coursekit of {package}. "
        "Update coursekit: run `git pull` and `make lab`, then restart the kernel."
    )


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: 0.2.0rc1 -> (0, 2)."""
    found: list[int] = []
    for part in version.split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)


def _check_environment() -> None:
    """Raise CannotStart with one line if this kernel cannot run a notebook."""
    if sys.version_info < _OLDEST_PYTHON:
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise CannotStart(
            f"This kernel runs Python {found}, and the course needs 3.11 or newer. "
            "Install a newer Python and run `make lab`."
        )
    missing = [each for each in _NEEDED if importlib.util.find_spec(each) is None]
    if missing:
        raise CannotStart(
            f"This kernel lacks {', '.join(missing)}. Run `make lab`, or "
            "`pip install -e .` in the course folder, and restart the kernel."
        )

    if problem := course_folder.missing():
        raise CannotStart(problem)


def set_threads(threads: int) -> None:
    """Give torch this many threads; a larger model may want all cores."""
    import torch

    torch.set_num_threads(threads)


def set_seeds(seed: int) -> None:
    """Seed every generator a cell may use without saying so."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - learners' cells may still use it
    torch.manual_seed(seed)


def set_style() -> None:
    """The workbook's look (`plots.style`) for every figure of the notebook."""
    import matplotlib

    from coursekit import plots

    before = matplotlib.rcParams.copy()
    with plots.style():
        after = matplotlib.rcParams.copy()
    changed = {key: value for key, value in after.items() if before[key] != value}
    matplotlib.rcParams.update(changed)
