"""The doctor's look at the machine: Python, torch, libraries, disk and tools."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

import coursekit
from coursekit import course_folder
from coursekit.doctor.finding import Finding

INSTALL = "make setup   (or: python -m pip install -e '.[lab,dev]' -c constraints.txt)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OTHER_NAMES = {  # where the import is not called like the package
    "pillow": "PIL",
    "markdown-it-py": "markdown_it",
    "pytest-xdist": "xdist",
}


def python(root: Path) -> Iterator[Finding]:
    """The interpreter, and which copy of the package it imports."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "Python", f"{version} ({sys.executable})")
    try:
        installed = importlib.metadata.version("coursekit")
    except importlib.metadata.PackageNotFoundError:
        text = "not installed: notebooks will not find it"
        yield Finding("missing", "coursekit", text, INSTALL)
        return
    if installed != coursekit.__version__:
        text = f"installed as {installed}, the source is {coursekit.__version__}"
        yield Finding("warning", "coursekit", text, INSTALL)


def course(root: Path) -> Iterator[Finding]:
    """Whether the course's folder was found, which an install without -e leaves."""
    if problem := course_folder.missing():
        what, _, todo = problem.partition(": ")
        yield Finding("missing", "course", what, todo)


def torch(root: Path) -> Iterator[Finding]:
    """Whether torch really imports, on what it runs, and with how many threads."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
    except Exception as error:
        text = f"does not import: {str(error).splitlines()[0]}"
        yield Finding("missing", "torch", text, INSTALL)
        return
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    threads, cores = torch.get_num_threads(), _cores()
    text = f"{torch.__version__} on {device}, {threads} threads, {cores} cores"
    if threads > cores:
        fix = f"start with OMP_NUM_THREADS={cores}: more threads than cores are slow"
        yield Finding("warning", "torch", text, fix)
    else:
        yield Finding("ok", "torch", text)


def libraries(root: Path) -> Iterator[Finding]:
    """Every library in pyproject.toml: importable, and inside its range of versions."""
    with open(root / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    good = []
    for requirement in project["dependencies"]:
        name, problem = _installed(requirement)
        if problem and name != "torch":  # torch has a line of its own
            yield Finding("missing", name, problem, INSTALL)
        elif name != "torch":
            good.append(name)
    yield Finding("ok", "libraries", f"{len(good)}: {' '.join(good)}")
    wanted = project["optional-dependencies"]["dev"]
    bad = [name for name, problem in map(_installed, wanted) if problem]
    if bad:
        text = f"to run the tests: {' '.join(bad)}"
        yield Finding("optional", "test tools", text, INSTALL)
    else:
        yield Finding("ok", "test tools", " ".join(_installed(w)[0] for w in wanted))


def disk(root: Path) -> Iterator[Finding]:
    """Room for training runs."""
    free = shutil.disk_usage(root).free / 1e9
    if free < 1:
        fix = "free 1 GB: checkpoints of a training run must fit"
        yield Finding("warning", "disk", f"{free:.1f} GB free", fix)
    else:
        yield Finding("ok", "disk", f"{free:.0f} GB free")


def tools(root: Path) -> Iterator[Finding]:
    """A browser that the tests of the widgets can drive."""
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if found:
        yield Finding("ok", "browser", f"{found[0]} (for the widgets' tests)")
    else:
        text = "no Chromium: the widgets' tests in JupyterLab are skipped"
        fix = "install the system's package chromium (Debian: apt install chromium)"
        yield Finding("optional", "browser", text, fix)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed(requirement: str) -> tuple[str, str]:
    """The name in a requirement, and what is wrong with what is installed, or ""."""
    name = re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]
    try:
        version = importlib.metadata.version(name)
        found = importlib.util.find_spec(_OTHER_NAMES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return name, "not installed"
    except (ImportError, ValueError) as error:
        return name, f"does not import: {error}"
    if found is None:
        return name, "its files are gone"
    try:
        from packaging.requirements import Requirement
    except ImportError:  # then its owner, jupyterlab, is already reported
        return name, ""
    specifier = Requirement(requirement).specifier
    if specifier.contains(version, prereleases=True):
        return name, ""
    return name, f"{version} is outside {specifier}"
